"""Several processes at work on one PostgreSQL, each started in a moment."""

import logging
import multiprocessing
import random
import sys
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from orc.bootstrap import Orc, make_orc
from orc.errors import OrcError
from orc.index.jobs import index_pieces
from orc.ingest.clotures import (
    find_past_exercices,
    record_clotures,
)
from orc.ingest.fichiers import record_fichiers
from orc.ingest.jobs import read_fichier
from orc.ingest.run import ingest_silo
from orc.ingest.texts import extract_textes
from orc.journal import Auteur
from orc.models import Fichier, Flux
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat

TODAY = date(2026, 11, 1)
SIRENS = ("000000001", "000000002")
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def make_flux(rnd: random.Random, number: int) -> UnFlux:
    """A flow that sends again, cites, proves and reserves what others hold, at random."""
    names = [f"PJ{n}" for n in range(8)]
    mandats = tuple(
        UnMandat(
            str(n),
            tuple(rnd.sample(names, rnd.randint(0, 3))),
            ht=f"{rnd.randint(1, 9)}.00",
            compte=rnd.choice(["60612", "60612", "6411"]),
            tiers=f"TIERS {rnd.randint(1, 30)}",
        )
        for n in rnd.sample(range(1, 13), rnd.randint(0, 6))
    )
    pjs = tuple(
        UnePj(
            name,
            b"un texte, le %d" % rnd.randint(1, 3),
            type_pj=rnd.choice(["003", "003", "004"]),
            refs=(("01", 2023, "01", str(rnd.randint(1, 12))),) * rnd.randint(0, 1),
        )
        for name in rnd.sample(names, rnd.randint(0 if mandats else 1, 3))
    )
    return UnFlux(
        mandats,
        pjs,
        siren=rnd.choice(SIRENS),
        date_str=f"2023-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}",
        nom=f"FLUX{number}",
    )


def make_silo(folder: Path, count: int, seed: int = 5) -> Path:
    """So many of these flows, and a closure of what they hold."""
    folder.mkdir()
    rnd = random.Random(seed)  # noqa: S311 - orders to try, no secret
    for number in range(count):
        (folder / f"{number:03}.xml").write_bytes(make_flux(rnd, number).make())
    return folder


def start_ouvrier(data: Path, base: str, silo: Path, seed: int) -> ForkServerProcess:
    """A process that reads the whole silo in an order of its own; it says what fails in a log."""
    process = _CONTEXT.Process(target=_work, args=(str(data), base, str(silo), seed))
    process.start()
    return process


def _work(data: str, base: str, silo: str, seed: int) -> None:
    with Path(f"{data}-{seed}.log").open("w") as log:
        logging.basicConfig(level=logging.WARNING, stream=log)
        orc = open_orc(Path(data), base, seed)
        try:
            read_silo(orc, silo, seed)
        except Exception:
            logging.exception("ouvrier %d", seed)
            sys.exit(1)
        finally:
            orc.close()


def open_orc(data: Path, base: str, seed: int) -> Orc:
    """An ORC whose SQL and texts are shared, and whose index is its own."""
    return make_orc(
        Settings(data=f"{data}-{seed}", database=base, storage=f"file://{data}-textes", workers=1)
    )


def read_silo(orc: Orc, silo: str, seed: int) -> None:
    """Every file, in an order of its own; closures, texts and index on the way."""
    rnd = random.Random(seed)  # noqa: S311 - orders to try, no secret
    ids = list(record_fichiers(orc.database, orc.open_silo(silo)).a_lire)
    rnd.shuffle(ids)
    for rank, fichier_id in enumerate(ids):
        read_fichier(orc, fichier_id)
        if rank % 7 == 3:
            close_past(orc)
            extract_all(orc)
            index_pieces(orc.database, orc.storage, orc.engine)
    close_past(orc)
    extract_all(orc)
    index_pieces(orc.database, orc.storage, orc.engine)


def close_past(orc: Orc) -> int:
    """Close what is past and open; how many exercices."""

    def close(session):  # type: ignore[no-untyped-def]  # tests are not typed
        found = find_past_exercices(session, TODAY)
        return record_clotures(session, found, close_le=TODAY, auteur=Auteur("test"))

    return orc.database.write(close)


def extract_all(orc: Orc) -> None:
    """Texts of every flow known by now."""
    with orc.database.reading() as session:
        ids = [row.id for row in session.query(Flux.id).filter(Flux.etat == "lu")]
        assert session.query(Fichier).count()
    for flux_id in ids:
        extract_textes(orc, flux_id)


def start_ingestion(data: Path, base: str, silo: Path) -> ForkServerProcess:
    """A whole ingestion, as « orc ingest » does it; what it says goes to `data`.log."""
    process = _CONTEXT.Process(target=_ingest, args=(str(data), base, str(silo)))
    process.start()
    return process


def _ingest(data: str, base: str, silo: str) -> None:
    with Path(f"{data}.log").open("w") as log:
        logging.basicConfig(level=logging.WARNING, stream=log)
        try:
            orc = make_orc(Settings(data=data, database=base, workers=1))
            try:
                ingest_silo(orc, orc.engine, silo, clore_passes=True, today=TODAY)
            finally:
                orc.close()
        except OrcError as error:
            log.write(f"REFUS {type(error).__name__} {error}\n")
            sys.exit(7)
