"""The tasks of ingestion, each a plain function that may run twice, and their order.

file seen -> its flows read into SQL -> texts extracted -> pieces indexed.
"""

import logging
from collections.abc import Mapping

from orc.errors import OrcError
from orc.index.jobs import index_pieces
from orc.index.port import SearchEngine
from orc.ingest.atelier import Atelier
from orc.ingest.texts import extract_textes
from orc.models import Fichier
from orc.silo import FluxLocal
from orc.tasks import FLUX, INDEX, TEXTES

log = logging.getLogger(__name__)


def register_tasks(atelier: Atelier, engine: SearchEngine) -> None:
    """Give the broker the tasks of ingestion."""

    def lire_fichier(fichier_id: int) -> None:
        read_fichier(atelier, fichier_id)

    def extraire_textes(flux_id: int) -> None:
        extract_textes(atelier, flux_id)
        atelier.tasks.enqueue_now("indexer")

    def indexer() -> None:
        index_pieces(atelier.database, atelier.storage, engine)

    atelier.tasks.register(lire_fichier, queue=FLUX)
    atelier.tasks.register(extraire_textes, queue=TEXTES)
    atelier.tasks.register(indexer, queue=INDEX)


def make_threads(workers: int) -> Mapping[str, int]:
    """Threads per queue: one reads flows, one feeds each extraction child, one writes the index."""
    return {FLUX: 1, TEXTES: workers, INDEX: 1}


def read_fichier(atelier: Atelier, fichier_id: int) -> None:
    """Read every flow of a file of the silo; what cannot be used is kept with its reason."""
    with atelier.database.reading() as session:
        row = session.get_one(Fichier, fichier_id)
        url, seen = row.silo, row
    try:
        for flow in atelier.open_silo(url).spool(seen):
            read_place(atelier, fichier_id, flow)
    except OrcError as error:
        _set_fichier(atelier.database, fichier_id, "quarantaine", str(error))
    else:
        _set_fichier(atelier.database, fichier_id, "lu", "")


def read_place(atelier: Atelier, fichier_id: int, flow: FluxLocal) -> None:
    """Read the flow of one place, unless the same bytes were read from another one."""
    raise NotImplementedError
