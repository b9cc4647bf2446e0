"""What a recipe is, what a running server is, and how its processes are told apart and ended."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol


class Manque(Exception):
    """A server this machine cannot have: why, and what would bring it, in French."""


@dataclass(frozen=True, slots=True)
class Serveur:
    """A server that runs, and what a client needs: kept as JSON for the other processes.

    `pid` 0: nothing runs (tesseract is a program and its data). `naissance` is the kernel's start
    time of that process, so that a number used again is not mistaken for it.
    """

    name: str
    url: str
    folder: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: str = ""
    pid: int = 0
    naissance: int = 0
    details: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self), indent=1)

    @property
    def log(self) -> str:
        """The last lines the server wrote."""
        with suppress(OSError):
            text = (Path(self.folder) / "journal.txt").read_text(encoding="utf-8", errors="replace")
            return "\n".join(text.splitlines()[-25:])
        return ""


@dataclass(frozen=True, slots=True)
class Depart:
    """What a recipe has to start a server with: a folder of its own, and a port."""

    folder: Path
    port: int
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commande:
    """What to run, how to say it is there, and the server it will then be (pid 0)."""

    argv: list[str]
    serveur: Serveur
    environ: dict[str, str] = field(default_factory=dict)
    delai: float = 60.0


class Recette(Protocol):
    """One server: what it needs, how it starts. A file of this folder has one, in RECETTE."""

    name: ClassVar[str]
    # Debian's packages, each with a program or file (a glob) that tells it is there.
    paquets: ClassVar[Mapping[str, str]]
    # The signal that ends it properly, and those it understands.
    fin: ClassVar[int]

    def missing(self) -> str:
        """What is missing besides the packages; empty when nothing is."""
        ...

    def prepare(self) -> None:
        """Download or build it into the cache. Raises Manque."""
        ...

    def start(self, depart: Depart) -> Commande:
        """Write the folder's files (again, if it has them) and say what to run."""
        ...

    def ready(self, serveur: Serveur) -> bool:
        """Whether it answers. May raise OSError: not yet."""
        ...

    def finish(self, serveur: Serveur) -> Serveur:
        """What is to be done once it answers (accounts, buckets): the server as clients see it."""
        ...


def read_naissance(pid: int) -> int:
    """When the kernel started this process (clock ticks since boot); 0 when there is none."""
    with suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = stat.rpartition(")")[2].split()
        return 0 if state == "Z" else int(rest[18])
    return 0


def is_alive(serveur: Serveur) -> bool:
    """Whether the process that was started is still there (pid 0: always)."""
    return serveur.pid == 0 or read_naissance(serveur.pid) == serveur.naissance != 0


def find_family(pid: int) -> list[int]:
    """A process and all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                parent = int(stat.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))

    def walk(one: int) -> Iterator[int]:
        yield one
        for child in children.get(one, []):
            yield from walk(child)

    return list(walk(pid))


def signal_family(serveur: Serveur, number: int) -> None:
    """Send a signal to the server's processes, children included."""
    if serveur.pid and is_alive(serveur):
        for pid in find_family(serveur.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def end(serveur: Serveur, fin: int = signal.SIGTERM, patience: float = 30.0) -> None:
    """Ask it to stop; after `patience` seconds, kill it with all its children."""
    if not serveur.pid:
        return
    if not is_alive(serveur):
        # Killed already: left as it is, PostgreSQL would take it for a server that still runs.
        reap(serveur.pid)
        return
    family = {pid: read_naissance(pid) for pid in find_family(serveur.pid)}
    with suppress(ProcessLookupError):
        os.kill(serveur.pid, signal.SIGCONT)
        os.kill(serveur.pid, fin)
    limit = time.monotonic() + patience
    while is_alive(serveur) and time.monotonic() < limit:
        reap(serveur.pid)
        time.sleep(0.02)
    for pid, naissance in family.items():
        if naissance and read_naissance(pid) == naissance:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    reap(serveur.pid)


def reap(pid: int) -> None:
    """Let go of a child that ended, when it is ours."""
    with suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)
