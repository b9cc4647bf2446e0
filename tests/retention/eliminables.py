"""A small archive whose PJ may go: joined, acknowledged, paid, kept; and people of every side."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import select

from orc.access import Lecteur, make_lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Database, Writing, cut
from orc.domain import Droit, Role
from orc.models import Lien, Personne, Piece, PieceJustificative
from orc.retention.decisions import decide_now
from orc.storage import Storage
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import put_declaration
from tests.retention.archives import ADHESIONS, AUJOURD_HUI, put_in_silo
from tests.retention.reponses import UnAcquit, UnRetour, make_retour
from tests.sql import grant, make_personne

PAR_FLUX = 500
COMMUNE, VOISINE = "000000001", "000000002"
PV = PieceJointe("pv.pdf", b"%PDF-1.7 proces-verbal")
DESTRUCTION = Droit.DESTRUCTION.value
# Two of the producer, two archivistes, who reads, who has the rôle and no droit, who is elsewhere.
PERSONNES: dict[str, tuple[Role, dict[str, object]]] = {
    "maire": (Role.ORDONNATEUR, {"droits": DESTRUCTION}),
    "secretaire": (Role.ORDONNATEUR, {"droits": DESTRUCTION}),
    "archiviste": (Role.ARCHIVISTE, {}),
    "directrice": (Role.ARCHIVISTE, {}),
    "comptable": (Role.COMPTABLE, {}),
    "agent": (Role.ORDONNATEUR, {}),
    "voisin": (Role.ORDONNATEUR, {"droits": DESTRUCTION, "portee_cle": VOISINE}),
    "juge": (Role.JUGE, {}),
}


class SansAttente(Storage):
    """A storage that waits for no disk: thousands of acts join a document here."""

    def sync(self) -> None:
        """Not here."""


@dataclass
class Monde:
    """The database, its storage, the PJ by their IdUnique, people by their name."""

    database: Database
    storage: Storage
    pj: dict[str, int] = field(default_factory=dict)
    gens: dict[str, Lecteur] = field(default_factory=dict)


def make_monde(database: Database, folder: Path, combien: int = 4) -> Monde:
    """So many PJ of a commune, each cited by a paid mandat, all of them ELIGIBLE."""
    noms = [f"PJ{n:05d}" for n in range(1, combien + 1)]
    for some in cut(noms, PAR_FLUX):
        put_pj(database, folder, some)
    monde = Monde(database, SansAttente(str(folder / "textes")))
    with database.writing() as session:
        for genre in ADHESIONS:
            put_declaration(session, genre, COMMUNE, depuis=date(2020, 1, 1))
        put_personnes(session, monde)
        query = select(PieceJustificative.id_unique, PieceJustificative.id)
        monde.pj = dict(session.execute(query).all())
        decided = decide_now(session, sorted(monde.pj.values()), AUJOURD_HUI)
        assert {d.statut.value for d in decided.values()} <= {"eligible"}, decided
    return monde


def put_pj(database: Database, folder: Path, noms: list[str], **values: object) -> None:
    """Ingest these PJ, each of its own mandat of exercice 2023, acknowledged and paid."""
    folder.mkdir(parents=True, exist_ok=True)
    pjs = tuple(
        UnePj(nom, f"%PDF-1.4 {nom}".encode(), nom=f"{nom}.pdf", type_pj="003" if i % 3 else "006")
        for i, nom in enumerate(noms)
    )
    numeros = [str(int(nom[2:])) for nom in noms]
    mandats = tuple(UnMandat(n, cite=(nom,)) for n, nom in zip(numeros, noms, strict=True))
    take_in(database, UnFlux(mandats=mandats, pjs=pjs, **values), folder)  # type: ignore[arg-type]  # as a flow says them
    take_in(database, UnAcquit("2023-05-03", tuple((n, True) for n in noms)).make(), folder)
    payment = (("01", "2023-06-20", "100.00"),)
    paid = [UnRetour("2023-08-01", "05", payment, numero, "2023-05-30") for numero in numeros]
    take_in(database, make_retour(paid), folder)
    put_in_silo(database)


def put_personnes(session: Writing, monde: Monde) -> None:
    """The people of PERSONNES, each with a mail address."""
    for nom, (role, values) in PERSONNES.items():
        ident = make_personne(session, nom)
        session.get_one(Personne, ident).courriel = f"{nom}@exemple.fr"
        scope = {"portee": "collectivite", "portee_cle": COMMUNE, "droits": "", **values}
        grant(session, ident, role, **scope)
        monde.gens[nom] = make_lecteur(session, ident, nom, nom.title(), AUJOURD_HUI)


def read_again(monde: Monde, nom: str) -> Lecteur:
    """The rights of this person as they are now."""
    before = monde.gens[nom]
    with monde.database.reading() as session:
        monde.gens[nom] = make_lecteur(session, before.personne_id, nom, before.nom, AUJOURD_HUI)
    return monde.gens[nom]


def find_cellule(session: Writing, pj_id: int) -> tuple[int, int]:
    """A piece that cites this PJ, and its cellule."""
    query = select(Piece.id, Lien.cellule_id).join(Lien, Lien.piece_id == Piece.id)
    piece_id, cellule_id = session.execute(query.where(Lien.pj_id == pj_id).limit(1)).one()
    return piece_id, cellule_id
