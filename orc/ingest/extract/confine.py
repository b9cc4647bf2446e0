"""What a child takes away from itself before it reads hostile bytes: memory, files, network."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import threading

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_STDERR_OCTETS = 65_536


def confine(memoire_mo: int) -> None:
    """Bound memory and files, leave the network where the kernel allows it, die with the parent.

    To be called first, before any thread. The network is left on a best effort: where the kernel
    forbids it to this user, nothing in a reader opens a connection either.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory = memoire_mo * 1024 * 1024
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_FSIZE, _STDERR_OCTETS),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    leave_network()
    threading.Thread(target=_die_with_parent, daemon=True).start()


def leave_network() -> None:
    """Go to a network namespace of its own, empty, and never gain rights; silent where refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def allow_cpu(seconds: float) -> None:
    """Give the next document `seconds` of processor; past them the kernel kills the child."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def find_peak_ko() -> int:
    """The most memory this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _die_with_parent() -> None:
    """The pipe of orders hangs up when the parent ends, whatever ended it: so do we, at once."""
    watched = select.poll()
    watched.register(0, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in watched.poll()):
        pass
    os._exit(0)
