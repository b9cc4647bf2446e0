"""What a child takes away from itself before it reads hostile bytes: memory, files, network."""

import contextlib
import ctypes
import os
import resource
import signal
from functools import cache

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PAGE_KO = resource.getpagesize() // 1024
_STDERR_OCTETS = 65_536


def confine(memoire_mo: int) -> None:
    """Bound memory and files, leave the network where the kernel allows it, die with the parent.

    To be called first. The network is left on a best effort: where the kernel
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
    die_with_parent()


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


def find_memory_ko() -> int:
    """The memory this process holds now, in KiB."""
    return int(os.pread(_open_statm(), 128, 0).split()[1]) * _PAGE_KO


@cache
def _open_statm() -> int:
    """Open once: asked after each document."""
    return os.open("/proc/self/statm", os.O_RDONLY)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends, even by kill -9.

    In the pool that thread holds the child as long as it lives. Behind it stand the end of the
    orders (a child between two documents) and RLIMIT_CPU (one that loops).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
