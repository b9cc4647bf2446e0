"""orc worker: a process that does the tasks of some queues, until it is told to end."""

import os
import sys
from typing import Annotated

import typer

from orc.bootstrap import Orc
from orc.cli.console import err, open_orc, out
from orc.errors import Invalid
from orc.ingest.jobs import make_threads
from orc.ingest.reconcile import reconcile_index
from orc.tasks import INDEX, QUEUES
from orc.tasks.distributed import Distributed
from orc.tasks.watch import Cause, Ouvrage

EMBARQUE = (
    "La file de tâches est dans le processus (ORC_QUEUE=inprocess:) : « orc ingest » et "
    "« orc serve » font leur propre travail, aucun « worker » n’est nécessaire."
)


def worker(
    queues: Annotated[
        str, typer.Option(help="Files à traiter, séparées par des virgules.")
    ] = ",".join(QUEUES),
    threads: Annotated[
        int, typer.Option(min=0, max=64, help="Tâches à la fois par file. 0 : selon la file.")
    ] = 0,
) -> None:
    """Traiter les files d’attente (sans objet quand la file est dans le processus).

    SIGTERM : finit ses tâches, ou les rend au bout d’ORC_ARRET_SECONDES.
    """
    with open_orc(ouvrier=True) as orc:
        if not isinstance(orc.tasks, Distributed):
            out.print(EMBARQUE)
            return
        chosen = read_queues(queues)
        cause = work(orc, orc.tasks, chosen, threads)
    if cause is Cause.MEMOIRE:
        err.print("Mémoire au-delà d’ORC_WORKER_MEMOIRE_MO : le worker repart à neuf.")
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program, again


def read_queues(text: str) -> list[str]:
    """The names of queues in a list with commas. Invalid when one is unknown."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in QUEUES]
    if unknown or not names:
        raise Invalid(f"File inconnue : {', '.join(unknown) or '—'}. Il y a {', '.join(QUEUES)}.")
    return list(dict.fromkeys(names))


def reconcile_embedded(orc: Orc) -> None:
    """A power cut may have cost an embedded index its last commit: find what it lost."""
    if orc.engine.one_writer:
        reconcile_index(orc.database, orc.engine)


def work(orc: Orc, tasks: Distributed, queues: list[str], threads: int) -> Cause:
    """Work until the end; what could not end in time is given back and the process leaves."""
    usual = make_threads(orc.settings.workers or os.cpu_count() or 1, orc.oceriseur.threads)
    chosen = {name: threads or usual[name] for name in queues}
    if INDEX in chosen:
        chosen[INDEX] = 1  # a writer gathers the pieces of all: a second thread would wait
    err.print(f"Worker prêt : {', '.join(queues)}.")
    ouvrage = Ouvrage(
        tasks,
        queues,
        memoire_mo=orc.settings.worker_memoire_mo,
        at_start=lambda: reconcile_embedded(orc) if INDEX in chosen else None,
    )
    cause = ouvrage.run(chosen)
    tasks.stop()
    if tasks.running.cles():
        err.print("Des tâches n’ont pas fini à temps : elles sont rendues à la file.")
        sys.stderr.flush()
        os._exit(0)
    return cause
