"""What an archive says, without what depends on the order of arrival: to compare two of them."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, select
from sqlalchemy.orm import Session

from orc.access import Clearance, make_lecteur
from orc.bootstrap import Orc
from orc.domain import Role
from orc.index.fields import Genre
from orc.models import FLUX_BITS, Base, Budget, Cellule, Flux
from orc.search.find import Question, find
from tests.sql import grant, make_personne

# Counters of work and instants: nothing that a reader sees.
LEFT_OUT = {"tour", "tentatives", "recu_le", "lu_le", "extrait_le", "vu_le", "enregistree_le"}
TABLES = [
    *("flux", "bordereau", "piece", "ligne", "tiers", "piece_justificative", "texte", "lien"),
    *("ref_compta", "marche", "lien_marche", "anomalie", "cellule", "cloture", "budget"),
]
DERIVED = 1 << 62
QUESTIONS = ("", "facture", "mandat", "travaux", "montant:100..5000", '"bon de commande"', "sou*")


def read_archive(orc: Orc) -> dict[str, list[str]]:
    """Every row of every table that matters, in an order of its own."""
    with orc.database.reading() as session:
        names = _Names(session)
        return {name: sorted(names.dump(name)) for name in TABLES}


class _Names:
    """Ids that depend on arrival, by what they stand for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.flux = {f.id: f.sha256[:12] for f in session.scalars(select(Flux))}
        self.budget = {
            b.id: f"{b.siret}/{b.cod_col}/{b.cod_bud}" for b in session.scalars(select(Budget))
        }
        self.cellule = {
            c.id: f"{self.budget[c.budget_id]}/{c.exercice}/{c.domaine}"
            for c in session.scalars(select(Cellule))
        }

    def dump(self, name: str) -> list[str]:
        table: Table = Base.metadata.tables[name]
        columns = [c for c in table.columns if c.name not in LEFT_OUT]
        rows = self.session.execute(select(*columns))
        return [repr([self.tell(name, c.name, row) for c in columns]) for row in rows]

    def tell(self, table: str, column: str, row: Row[Any]) -> Any:
        value = row._mapping[column]
        if column == "flux_id" and getattr(row, "origine", "") == "ref_compta":
            return ""  # the last to come of the piece and of what proves it
        if value is None or column in {"tiers_id", "autres_tiers"}:
            return value
        if column == "id":
            return self.tell_own(table, value)
        known = {"flux_id": self.flux, "budget_id": self.budget, "cellule_id": self.cellule}
        if column in known:
            return known[column][value]
        ranked = column.endswith("_id") and isinstance(value, int)
        return self.tell_ranked(value) if ranked else value

    def tell_own(self, table: str, value: Any) -> Any:
        if table in {"flux", "budget", "cellule", "cloture", "tiers"}:
            return "" if table != "tiers" else value
        return "" if value >= DERIVED else self.tell_ranked(value)

    def tell_ranked(self, value: int) -> str:
        return f"{self.flux[value >> FLUX_BITS]}:{value & ((1 << FLUX_BITS) - 1)}"


def see_everything(orc: Orc) -> Clearance:
    """The Clearance of a comptable of every poste."""
    with orc.database.writing() as session:
        personne = make_personne(session, "tout")
        for poste in set(session.scalars(select(Budget.id_post))):
            grant(session, personne, Role.COMPTABLE, portee="poste", portee_cle=poste)
        session.flush()
        return make_lecteur(session, personne, "tout", "Tout", date(2026, 11, 1)).clearance


def read_answers(orc: Orc) -> dict[str, Any]:
    """What a comptable who sees everything finds."""
    clearance = see_everything(orc)
    answers: dict[str, Any] = {}
    with orc.database.reading() as session:
        names = _Names(session)
        for words in QUESTIONS:
            for genre in (Genre.PIECE, Genre.PJ):
                question = Question(words, genre=genre, taille=200)
                hits = find(orc.engine, session, orc.storage, question, clearance=clearance).hits
                found = sorted(names.tell_ranked(h.piece_id) for h in hits.hits)
                facets = {k: sorted(map(repr, v)) for k, v in hits.facettes.items()}
                answers[f"{words}|{genre}"] = (hits.total, hits.somme, found, facets)
    return answers


def hash_tree(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file under a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
