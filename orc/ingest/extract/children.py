"""One child process as its parent holds it: start, send orders, read answers in time, kill."""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

from orc.ingest.extract.protocol import HEADER, MAX_RAW, BadFrame, max_json
from orc.ingest.extract.values import EtatTexte, Limits

_ROOT = Path(__file__).resolve().parents[3]
_F_SETPIPE_SZ = 1031
_PIPE = 1 << 20
_READ = 1 << 16
_MEMORY_WORDS = (b"memory allocation", b"MemoryError", b"bad_alloc", b"out of memory", b"OOM")
_FULL = 0.35
# pdfium can fill its memory in a tenth of a second, and dies without a word.
_LOOK_SECONDS = 0.02
# Starting Python and loading pdfium is not the document's fault.
_START_SECONDS = 30.0


class ChildFailed(Exception):
    """The child was killed or ended while it read a document: the state and the French reason.

    `dehors`: something else than ORC killed it, and its document may well be innocent.
    """

    def __init__(self, etat: EtatTexte, motif: str, *, dehors: bool = False) -> None:
        super().__init__(motif)
        self.etat = etat
        self.motif = motif
        self.dehors = dehors


class Child:
    """A confined process that answers orders one after the other. Not thread-safe.

    `program`: the module it runs, which takes the limits as arguments.
    """

    def __init__(self, limits: Limits, program: str = "orc.ingest.extract.child") -> None:
        self._limits = limits
        self._inherited_ko = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        arguments = (
            limits.secondes,
            limits.memoire_mo,
            limits.pages,
            limits.caracteres,
            limits.octets,
            limits.octets_decompresses,
        )
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [
                sys.executable,
                *("-P", "-s", "-m", program),
                *(str(argument) for argument in arguments),
            ],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_make_environment(),
            cwd="/",
        )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError
        self._in, self._out = stdin.fileno(), stdout.fileno()
        for pipe in (self._in, self._out):
            os.set_blocking(pipe, False)
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE)
        self._answers, self._both = select.poll(), select.poll()
        self._answers.register(self._out, select.POLLIN)
        self._both.register(self._out, select.POLLIN)
        self._both.register(self._in, select.POLLOUT)
        self._to_send: deque[memoryview] = deque()
        self._received = bytearray()
        self._fresh = True
        self.documents = 0
        self.memory_ko = 0
        self._seen_ko = 0

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def send(self, frame: bytes, raw: bytes) -> None:
        """Queue an order; it goes out as fast as the child takes it, here and in `read_answer`."""
        self.documents += 1
        if not self._to_send:
            with contextlib.suppress(OSError):
                sent = os.writev(self._in, (frame, raw))
                frame, raw = frame[sent:], raw[max(0, sent - len(frame)) :]
        self._to_send += [memoryview(part) for part in (frame, raw) if part]

    def read_answer(self) -> tuple[dict[str, Any], bytes]:
        """The next answer, while orders go out; kills the child and raises ChildFailed if late."""
        if self._fresh:
            self._wait(_START_SECONDS)
            self._fresh = False
        said, raw = self._wait(self._limits.secondes)
        held = said.get("memoire_ko")
        self.memory_ko = held if isinstance(held, int) else 0
        return said, raw

    def _wait(self, seconds: float) -> tuple[dict[str, Any], bytes]:
        limit = time.monotonic() + seconds
        try:
            while (answer := self._take()) is None:
                self._exchange(limit)
        except BadFrame as error:
            self.kill()
            motif = f"Le lecteur a donné une réponse anormale : {error}."
            raise ChildFailed(EtatTexte.ILLISIBLE, motif) from None
        return answer

    def _exchange(self, limit: float) -> None:
        """Wait until the pipes move, and move them."""
        left = limit - time.monotonic()
        if left <= 0:
            self.kill()
            motif = f"La lecture a dépassé {self._limits.secondes:g} secondes : elle a été arrêtée."
            raise ChildFailed(EtatTexte.DELAI, motif)
        poll = self._both if self._to_send else self._answers
        moved = poll.poll(min(left, _LOOK_SECONDS) * 1000)
        if not moved:
            self._look_at_memory()
        for pipe, event in moved:
            if pipe == self._in and event & select.POLLOUT:
                self._write()
            elif pipe == self._out and not self._read():
                raise self._explain_end()

    def _write(self) -> None:
        while self._to_send:
            try:
                written = os.write(self._in, self._to_send[0])
            except BlockingIOError:
                return
            except OSError:
                # The child has ended: reading says why.
                self._to_send.clear()
                return
            self._to_send[0] = self._to_send[0][written:]
            if not self._to_send[0]:
                self._to_send.popleft()

    def _read(self) -> bool:
        try:
            got = os.read(self._out, _READ)
        except BlockingIOError:
            return True
        self._received += got
        return bool(got)

    def _take(self) -> tuple[dict[str, Any], bytes] | None:
        """A whole answer out of what was received, or None; raises BadFrame as soon as it is."""
        if len(self._received) < HEADER.size:
            return None
        json_size, raw_size = HEADER.unpack_from(self._received)
        if json_size > max_json(self._limits) or raw_size > MAX_RAW:
            raise BadFrame("elle est trop longue")
        middle, end = HEADER.size + json_size, HEADER.size + json_size + raw_size
        if len(self._received) < end:
            return None
        try:
            said = json.loads(bytes(self._received[HEADER.size : middle]))
        except (ValueError, RecursionError):
            raise BadFrame("elle n’est pas lisible") from None
        if not isinstance(said, dict):
            raise BadFrame("elle n’est pas de la forme attendue")
        raw = bytes(self._received[middle:end])
        del self._received[:end]
        return said, raw

    def _explain_end(self) -> ChildFailed:
        """Why the child is gone, by the signal that ended it and what it printed."""
        code = self._reap()
        self._errors.seek(0)
        printed = self._errors.read(65_536)
        self.kill()
        if code == -signal.SIGXCPU:
            motif = "La lecture a dépassé le temps de calcul permis : elle a été arrêtée."
            return ChildFailed(EtatTexte.DELAI, motif)
        # pdfium aborts without a word when memory is refused to it, often while doubling a buffer.
        full = code < 0 and self._seen_ko > _FULL * self._limits.memoire_mo * 1024
        if full or any(word in printed for word in _MEMORY_WORDS):
            motif = f"La lecture a dépassé {self._limits.memoire_mo} Mo de mémoire."
            return ChildFailed(EtatTexte.MEMOIRE, motif)
        if code == -signal.SIGKILL:
            motif = "Le lecteur a été arrêté de l’extérieur, sans doute faute de mémoire."
            return ChildFailed(EtatTexte.MEMOIRE, motif, dehors=True)
        named = signal.Signals(-code).name if code < 0 else f"code {code}"
        motif = f"Le lecteur s’est arrêté brutalement ({named}) : le document n’a pas pu être lu."
        return ChildFailed(EtatTexte.ILLISIBLE, motif)

    def _look_at_memory(self) -> None:
        """Remember the most memory a long reading held: a dead child tells nothing."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            status = Path(f"/proc/{self.pid}/status").read_text()
            self._seen_ko = max(self._seen_ko, int(status.partition("VmHWM:")[2].split()[0]))

    def _reap(self) -> int:
        """How the child ended, as subprocess says it."""
        for _ in range(200):
            with contextlib.suppress(ChildProcessError):
                pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
                if pid:
                    # Linux counts in a child's peak what its parent held when it was started.
                    if usage.ru_maxrss > self._inherited_ko:
                        self._seen_ko = max(self._seen_ko, usage.ru_maxrss)
                    self._process.returncode = os.waitstatus_to_exitcode(status)
                    return self._process.returncode
            time.sleep(0.01)
        # It closed its output and lives on.
        return 0

    def kill(self) -> None:
        """End the process at once and give back all it held. May be called again."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        self._errors.close()
        self._to_send.clear()


def _make_environment() -> dict[str, str]:
    """Nothing of ours (addresses, secrets) goes to a child; one arena keeps its memory small."""
    return {
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "RAYON_NUM_THREADS": "1",
        "TOKIO_WORKER_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
    }
