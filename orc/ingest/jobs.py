"""The tasks of ingestion, each a plain function that may run twice, and their order.

file seen -> its flows read into SQL -> texts extracted -> pieces indexed.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Event
from time import sleep

from sqlalchemy import select, update

from orc.db import Database, Writing, insert_missing
from orc.errors import OrcError
from orc.index.jobs import index_pieces
from orc.index.port import SearchEngine
from orc.ingest.a_decider import mark_sent_by
from orc.ingest.atelier import Atelier
from orc.ingest.fichiers import ERREUR_INTERNE
from orc.ingest.intake import read_flux_into_sql, set_quarantaine
from orc.ingest.ocr.jobs import enqueue_flux, register_ocr
from orc.ingest.reconcile import (
    find_flux_without_text,
    find_vus,
    has_pieces_to_index,
    is_flux_to_read,
    is_to_read,
    must_read,
    set_fichiers_aside,
    set_textes_aside,
)
from orc.ingest.texts import extract_textes
from orc.models import Emplacement, Fichier, Flux, read_now
from orc.remote.faults import Injoignable
from orc.silo import FichierChange, FichierDisparu, FichierVu, FluxLocal, FluxRefuse, Genre
from orc.tasks import FLUX, INDEX, MAIL, OCR, TEXTES, Ids
from orc.tasks.failures import PASSING

Check = Callable[[], None]
# Flows read before their texts are: their pieces wait, and are looked at again and again.
AHEAD = 4
# The index waits so long for a few pieces to come together, and looks by itself after so long.
GATHER_SECONDS, LOOK_SECONDS = 0.1, 1.0
log = logging.getLogger(__name__)


def register_tasks(atelier: Atelier, engine: SearchEngine) -> None:
    """Give the broker the tasks of ingestion."""
    more = Event()

    def lire_fichier(fichier_id: int) -> None:
        atelier.tasks.wait_for_room(TEXTES, AHEAD)
        # A message may come twice, long after the first.
        if atelier.tasks.in_process or is_to_read(atelier.database, fichier_id):
            read_fichier(atelier, fichier_id)

    def extraire_textes(flux_id: int) -> None:
        extract_textes(atelier, flux_id)
        enqueue_flux(atelier, flux_id)
        more.set()
        atelier.tasks.enqueue_now("indexer")

    def wait_more() -> bool:
        if atelier.tasks.is_stopping() or atelier.tasks.is_idle(but=INDEX):
            return False
        sleep(GATHER_SECONDS)
        more.wait(LOOK_SECONDS)
        more.clear()
        return True

    def indexer() -> None:
        index_pieces(
            atelier.database,
            atelier.storage,
            engine,
            wait_more=wait_more,
            stop=atelier.tasks.is_stopping,
        )

    def of(find: Callable[[Database], Iterable[int]]) -> Callable[[], Iterable[Ids]]:
        return lambda: ((found,) for found in find(atelier.database))

    def find_indexer() -> Iterable[Ids]:
        return [()] if has_pieces_to_index(atelier.database) else []

    register = atelier.tasks.register
    register(lire_fichier, queue=FLUX, unfinished=of(find_vus), set_aside=set_fichiers_aside)
    register(
        extraire_textes,
        queue=TEXTES,
        unfinished=of(find_flux_without_text),
        set_aside=set_textes_aside,
    )
    # Several processes tell an engine of several writers, where they can share the outbox.
    alone = engine.one_writer or atelier.database.engine.dialect.name == "sqlite"
    register(indexer, queue=INDEX, unfinished=find_indexer, unique=True, seule=alone)
    register_ocr(atelier)


def make_threads(workers: int, ocr: int = 1) -> Mapping[str, int]:
    """Threads per queue: one reads flows, one feeds each child, one writes the index."""
    return {FLUX: 1, TEXTES: workers, OCR: ocr, INDEX: 1, MAIL: 1}


def read_fichier(atelier: Atelier, fichier_id: int) -> None:
    """Read every flow of a file of the silo; what cannot be used is kept with its reason.

    A file that moves while it is read is left for the next ingestion, as if never seen.
    """
    with atelier.database.reading() as session:
        row = session.get_one(Fichier, fichier_id)
        url, seen = row.silo, FichierVu(row.chemin, row.taille, row.etag, row.mtime)
    try:
        with atelier.open_silo(url).spool(seen) as places:
            for place in places:
                _read_place(atelier, fichier_id, place, _make_check(atelier, url, seen))
    except Injoignable:
        raise
    except (FichierChange, FichierDisparu) as error:
        log.warning("Remis à la prochaine ingestion : %s", error)
        _set_fichier(atelier.database, fichier_id, "vu", str(error))
    except OrcError as error:
        _set_fichier(atelier.database, fichier_id, "quarantaine", str(error))
    else:
        _set_fichier(atelier.database, fichier_id, "lu", "")


def _make_check(atelier: Atelier, url: str, seen: FichierVu) -> Check:
    """What raises FichierChange once a file read in place is no longer the one that was listed."""

    def check() -> None:
        now = atelier.open_silo(url).find(seen.chemin)
        if (now.taille, now.mtime) != (seen.taille, seen.mtime):
            raise FichierChange(seen.chemin, "il est encore en cours d’écriture.")

    in_place = seen.genre is Genre.XML and url.startswith("file://")
    return check if in_place else lambda: None


def _read_place(
    atelier: Atelier, fichier_id: int, place: FluxLocal | FluxRefuse, check: Check
) -> None:
    check()
    if isinstance(place, FluxRefuse):
        with atelier.database.writing() as session:
            _put_emplacement(session, fichier_id, place.membre, None, str(place.erreur))
        return
    with atelier.database.writing() as session:
        flux = _get_flux(session, place)
        _put_emplacement(session, fichier_id, place.membre, flux.id, "")
        flux_id, known = flux.id, not must_read(flux)
        if known:
            mark_sent_by(session, flux_id)
    if not known:
        with atelier.tasks.hold("flux", flux_id):
            _read_flux(atelier, flux_id, place, check)
    atelier.tasks.enqueue_now("extraire_textes", flux_id)


def _read_flux(atelier: Atelier, flux_id: int, place: FluxLocal, check: Check) -> None:
    if not atelier.tasks.in_process and not is_flux_to_read(atelier.database, flux_id):
        return  # another process read it meanwhile
    try:
        read_flux_into_sql(
            atelier.database,
            flux_id,
            place.chemin_local,
            compte_651_sensible=atelier.settings.compte_651_sensible,
            pj_octets_max=atelier.settings.pj_octets_max,
            check=check,
        )
    except FileNotFoundError as error:
        raise FichierDisparu(place.chemin) from error
    except (*PASSING, FichierChange):
        raise
    except Exception:
        # A fault of ours must not stop the other flows: this one says so, and is tried again.
        log.exception("flux %s (%s)", flux_id, place.chemin)
        set_quarantaine(atelier.database, flux_id, ERREUR_INTERNE)


def _get_flux(session: Writing, place: FluxLocal) -> Flux:
    row = {"sha256": place.sha256, "taille": place.taille, "recu_le": read_now()}
    insert_missing(session, Flux, [row])
    return session.execute(select(Flux).where(Flux.sha256 == place.sha256)).scalar_one()


def _put_emplacement(
    session: Writing, fichier_id: int, membre: str, flux_id: int | None, motif: str
) -> None:
    row = {"fichier_id": fichier_id, "membre": membre, "flux_id": flux_id, "motif": motif}
    insert_missing(session, Emplacement, [row])


def _set_fichier(database: Database, fichier_id: int, etat: str, motif: str) -> None:
    with database.writing() as session:
        session.execute(
            update(Fichier).where(Fichier.id == fichier_id).values(etat=etat, motif=motif)
        )
