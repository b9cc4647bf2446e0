"""Work to do later: enqueued after commit, on the broker of the settings. Messages carry ids."""

from collections.abc import Mapping

from orc.db import Database
from orc.tasks.brokers import IN_PROCESS, mask
from orc.tasks.queues import (
    FLUX,
    INDEX,
    MAIL,
    OCR,
    QUEUES,
    TEXTES,
    Delais,
    FileCoupee,
    Id,
    Ids,
    PasEncore,
    Tache,
    Tasks,
    find_nothing,
    make_cle,
    read_cle,
)

__all__ = [
    "FLUX",
    "INDEX",
    "IN_PROCESS",
    "MAIL",
    "OCR",
    "QUEUES",
    "TEXTES",
    "Delais",
    "FileCoupee",
    "Id",
    "Ids",
    "PasEncore",
    "Tache",
    "Tasks",
    "find_nothing",
    "make_cle",
    "make_tasks",
    "mask",
    "read_cle",
]


def make_tasks(
    url: str, database: Database, threads: Mapping[str, int], delais: Delais | None = None
) -> Tasks:
    """The tasks on the broker of this URL; `threads` per queue, for work in this process.

    Raises Invalid on an unknown URL, Unavailable where its library is not installed.
    """
    if url == IN_PROCESS:
        from orc.tasks.in_process import InProcess  # noqa: PLC0415 - each kind loads its own

        return InProcess(threads, database)
    from orc.tasks.distributed import Distributed  # noqa: PLC0415 - the same

    return Distributed(url, database, delais or Delais())
