"""Declarations and gels put straight into tables, and the PJ of small flows, for tests."""

from datetime import date

from sqlalchemy import insert, select

from orc.db import Database, Writing
from orc.models import Declaration, Gel, GelObjet, Piece, PieceJustificative, read_now
from orc.retention.criteres import Criteres, dump_criteres
from orc.retention.declarations import Genre

JOUR = date(2024, 1, 1)


def put_declaration(session: Writing, genre: Genre, siren: str, **values: object) -> int:
    """A row as it would be recorded; its id."""
    row = {
        "genre": genre.value, "siren": siren, "objet": "", "depuis": JOUR, "valeur": "",
        "autorite": "", "reference": "", "motif": "", "document": "", "document_sha256": "",
        "saisie_par": "test", "saisie_le": read_now(), "retiree": False, **values,
    }  # fmt: skip
    return session.execute(insert(Declaration).values(**row).returning(Declaration.id)).scalar_one()


def put_gel(
    session: Writing,
    *,
    pj: tuple[int, ...] = (),
    pieces: tuple[int, ...] = (),
    criteres: Criteres | None = None,
    **values: object,
) -> int:
    """A gel as it would be placed; its id."""
    row = {
        "nom": "Contentieux", "autorite": "Tribunal administratif", "reference": "TA-1",
        "motif": "Recours", "portee": "criteres" if criteres else "objets",
        "siren": criteres.siren if criteres else "",
        "criteres": dump_criteres(criteres) if criteres else "", "liste_sha256": "",
        "depuis": JOUR, "revue_le": date(2030, 1, 1), "pose_par": "test", "pose_le": read_now(),
        "qualite": "archiviste",
        "leve_par": "", "motif_levee": "", **values,
    }  # fmt: skip
    gel_id = session.execute(insert(Gel).values(**row).returning(Gel.id)).scalar_one()
    for column, ids in (("pj_id", pj), ("piece_id", pieces)):
        for ident in ids:
            session.execute(insert(GelObjet).values(gel_id=gel_id, **{column: ident}))
    return gel_id


def find_pj(database: Database, id_unique: str, version: int = 1) -> int:
    """The id of a PJ by the key its flow gave it."""
    query = select(PieceJustificative.id).filter_by(id_unique=id_unique, version=version)
    with database.reading() as session:
        return session.scalars(query).one()


def find_piece(database: Database, numero: str, version: int = 1) -> int:
    """The id of a piece by its number."""
    with database.reading() as session:
        query = select(Piece.id).filter_by(numero=numero, version=version)
        return session.scalars(query).one()
