"""An archive of one collectivité in SQL whose PJ may go, and what can be said of it afterwards."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import func, insert, select, update

from orc.db import Database, Writing
from orc.models import (
    Decision,
    Declaration,
    Emplacement,
    Fichier,
    Flux,
    PieceJustificative,
    Texte,
    read_now,
)
from orc.retention.declarations import Genre
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.reponses import UnAcquit, UnRetour

SIREN = "000000001"
AUJOURD_HUI = date(2026, 6, 1)
FLUX = UnFlux(mandats=(UnMandat("1", cite=("PJ1",)),), pjs=(UnePj("PJ1"),))
PAIEMENT = ("01", "2023-06-20", "100.00")
ACQUIT = UnAcquit("2023-05-04", (("PJ1", True),))
PRIS_EN_CHARGE = UnRetour("2023-06-01", "02", prise_en_charge="2023-05-30")
PAYE = UnRetour("2023-08-01", "05", (PAIEMENT,), prise_en_charge="2023-05-30")
EVENEMENTS = (FLUX, ACQUIT, PRIS_EN_CHARGE, PAYE)
ADHESIONS = (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS, Genre.NUMERISATION)

Flow = UnFlux | UnAcquit | UnRetour


def take(database: Database, folder: Path, flows: Iterable[Flow]) -> None:
    """Read these flows into SQL, in this order."""
    for flow in flows:
        take_in(database, flow if isinstance(flow, UnFlux) else flow.make(), folder)


def declare(session: Writing, genre: Genre, depuis: str = "2020-01-01", **values: object) -> int:
    """A declaration on the collectivité; its id."""
    row = {
        "genre": genre.value,
        "siren": SIREN,
        "objet": "",
        "depuis": date.fromisoformat(depuis),
        "valeur": "",
        "saisie_par": "test",
        "saisie_le": read_now(),
        **values,
    }
    return session.execute(insert(Declaration).values(**row).returning(Declaration.id)).scalar_one()


def join_all(database: Database) -> None:
    """The collectivité declared everything, long ago."""
    with database.writing() as session:
        for genre in ADHESIONS:
            declare(session, genre)


def put_in_silo(database: Database) -> None:
    """Every flow read lies in a file of the silo, and its documents were opened."""
    with database.writing() as session:
        for flux_id, nom in session.execute(select(Flux.id, Flux.sha256)).all():
            fichier = Fichier(silo="file:///silo", chemin=f"{nom}.xml", genre="xml", taille=1)
            fichier.vu_le, fichier.etat = read_now(), "lu"
            known = select(Emplacement).where(Emplacement.flux_id == flux_id)
            if session.execute(known).first() is None:
                session.add(fichier)
                session.flush()
                session.add(Emplacement(fichier_id=fichier.id, membre="", flux_id=flux_id))
        values = {"etat": "extrait", "type_reel": "application/pdf", "extracteur": "test"}
        session.execute(update(Texte).where(Texte.etat == "a_extraire").values(**values))


def make_ready(database: Database, folder: Path, flows: Iterable[Flow] = EVENEMENTS) -> int:
    """An archive of these flows where all else is in order; the id of its last PJ."""
    join_all(database)
    take(database, folder, flows)
    put_in_silo(database)
    return find_pj(database)


def find_pj(database: Database, id_unique: str = "PJ1") -> int:
    """The id of a PJ in its last sending."""
    with database.reading() as session:
        query = select(PieceJustificative.id).where(
            PieceJustificative.id_unique == id_unique, PieceJustificative.courante
        )
        return session.scalars(query).one()


def count_decisions(database: Database) -> int:
    """How many decisions were ever recorded."""
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(Decision)).one()
