"""ORC run outside of the tests' process: watched, killed, started again, its memory measured."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMANDE = str(Path(sys.executable).with_name("orc"))
_HWM = "VmHWM:"


@dataclass(frozen=True)
class Fin:
    """How a command ended; `rss_mo` is the peak of its own process, its children apart."""

    code: int
    out: str
    err: str
    rss_mo: float
    secondes: float

    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def start(
    data: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """Start `orc ARGS` on this data folder, in a process group of its own."""
    return subprocess.Popen(
        [COMMANDE, *args],
        env={**os.environ, "ORC_DATA": str(data), "ORC_WORKERS": "2", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]", *, timeout: float = 120) -> Fin:
    """Wait for the end, looking at the memory meanwhile."""
    begun = time.monotonic()
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
    watcher.start()
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException:
        kill_group(process)
        raise
    watcher.join()
    return Fin(process.returncode, out, err, max(peaks), time.monotonic() - begun)


def run(data: Path, *args: str, timeout: float = 120, **how: Any) -> Fin:
    """Run `orc ARGS` to its end."""
    return finish(start(data, *args, **how), timeout=timeout)


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill the command and whatever it started, without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def find_members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    found.append(int(folder.name))
    return found


def _watch(process: "subprocess.Popen[str]", peaks: list[float]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peaks.append(int(status.partition(_HWM)[2].split()[0]) / 1024)
        time.sleep(0.05)
