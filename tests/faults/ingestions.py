"""Ingestions in processes of their own, started in a moment, to be killed at any other."""

import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import sys
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from orc.bootstrap import make_orc
from orc.errors import OrcError
from orc.ingest.run import ingest_silo
from orc.settings import Settings

TODAY = date(2026, 11, 1)
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def start_ingestion(data: Path, silo: Path, *, file_max: int = 0) -> ForkServerProcess:
    """An ingestion in a process group of its own; what it says goes to `data`.log.

    `file_max`: bytes that no file it writes may pass, as on a full disk; 0: no such limit.
    """
    process = _CONTEXT.Process(target=_ingest, args=(str(data), str(silo), file_max))
    process.start()
    return process


def _ingest(data: str, silo: str, file_max: int) -> None:
    os.setsid()
    if file_max:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_max, resource.RLIM_INFINITY))
    log = os.open(f"{data}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    code = 0
    try:
        orc = make_orc(Settings(data=data, workers=2))
        try:
            ingest_silo(orc, orc.engine, silo, clore_passes=False, today=TODAY)
        finally:
            orc.close()
    except OrcError as error:
        os.write(log, f"REFUS {type(error).__name__} {error}\n".encode())
        code = 7
    sys.exit(code)


def kill(process: ForkServerProcess, *, group: bool) -> None:
    """End it without a word, with its children or alone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    if group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.join()
