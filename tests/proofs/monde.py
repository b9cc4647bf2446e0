"""A random world of collectivités, postes, missions and pieces; and who sees what, in plain Python.

`find_cellules_seen` is written over the rows alone: it asks nothing of orc.access, nor of SQL.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from orc.bootstrap import make_orc
from orc.db import Reading, Writing
from orc.domain import Domaine
from orc.index.jobs import index_pieces
from orc.index.outbox import mark_pieces
from orc.models import (
    Base,
    Budget,
    Cellule,
    Cloture,
    Collectivite,
    Lien,
    Mission,
    Personne,
    Piece,
    PorteeMission,
    Poste,
    Rattachement,
    Succession,
    read_now,
)
from orc.settings import Settings
from tests.archive import Archive, Envoi

TODAY = date(2026, 6, 1)
SIRENS = tuple(f"99900001{n}" for n in range(5))
POSTES = ("033001", "033002", "033003", "033004")
DEPARTEMENTS = ("33", "34", "2A")
EXERCICES = (2021, 2022, 2023)
MOTS = ("rivage", "clocher", "verger", "moulin")
TIERS = ("TANNERIE", "TISSAGE", "TUILERIE")
DAYS = tuple(TODAY + timedelta(days=d) for d in (-400, -1, 0, 1, 400))


@dataclass
class Monde:
    """The archive, and the rows it is made of as plain values."""

    archive: Archive
    missions: list[int] = field(default_factory=list)
    cles_budgets: list[str] = field(default_factory=list)


@contextmanager
def make_monde(folder: Path, seed: int, **settings: object) -> Iterator[Monde]:
    """A world of this seed, indexed."""
    orc = make_orc(Settings(data=str(folder / "orc"), **settings))  # type: ignore[arg-type]  # settings by name
    try:
        monde = Monde(Archive(orc, folder))
        chance = random.Random(seed)  # noqa: S311 - the same world each time
        with orc.database.writing() as session:
            put_referentiel(session, monde, chance)
            put_missions(session, monde, chance)
            put_pieces(session, monde, chance)
            mark_pieces(session, select(Piece.id).where(Piece.id > 0))
        index_pieces(orc.database, orc.storage, orc.engine)
        yield monde
    finally:
        orc.close()


def put(session: Writing, *rows: Base) -> None:
    session.add_all(rows)
    session.flush()


def put_referentiel(session: Writing, monde: Monde, chance: random.Random) -> None:
    """Collectivités, who keeps their accounts, who took over whom, which exercices are closed."""
    for siren in SIRENS:
        put(session, Collectivite(siren=siren, departement=chance.choice(DEPARTEMENTS)))
    for codique in POSTES:
        values: dict[str, Any] = {"codique": codique, "libelle": "", "departement": "33"}
        other = chance.choice(["", "", *POSTES])
        put(session, Poste(**values, jusqu_a=chance.choice([None, *DAYS]), repris_par=other))
    for rank, siren in enumerate(SIRENS):
        if chance.random() < 0.5:
            values = {"siren": siren, "codique": chance.choice(POSTES)}
            put(
                session,
                Rattachement(
                    **values, depuis=chance.choice(DAYS), jusqu_a=chance.choice([None, *DAYS])
                ),
            )
        if chance.random() < 0.8:
            before = SIRENS[(rank + chance.randint(1, 3)) % len(SIRENS)]
            values = {"predecesseur": before, "successeur": siren}
            put(session, Succession(**values, depuis=chance.choice(DAYS[:4])))
        for number in range(chance.randint(1, 2)):
            put_budget(session, monde, chance, siren, number)


def put_budget(
    session: Writing, monde: Monde, chance: random.Random, siren: str, number: int
) -> None:
    """A budget of this collectivité; some exercices closed, some reopened since."""
    codes = {"siret": f"{siren}0001{number}", "cod_col": "101", "cod_bud": f"0{number}"}
    budget = Budget(siren=siren, **codes, id_post=chance.choice(["", *POSTES]))
    put(session, budget)
    monde.archive.budgets[f"{siren}-{number}"] = budget.id
    monde.cles_budgets.append("/".join(codes.values()))
    for exercice in EXERCICES:
        if chance.random() < 0.8:
            withdrawn = read_now() if chance.random() < 0.2 else None
            values = {"close_le": TODAY, "enregistree_le": read_now(), "enregistree_par": "test"}
            put(
                session,
                Cloture(budget_id=budget.id, exercice=exercice, **values, retiree_le=withdrawn),
            )


def put_missions(session: Writing, monde: Monde, chance: random.Random) -> None:
    """Missions under way, to come, over and closed, of one or two collectivités each."""
    chef = Personne(identifiant="chef", nom="Chef", mot_de_passe="!", cree_le=read_now())
    put(session, chef)
    for rank in range(4):
        mission = Mission(
            reference=f"M{rank}", ordre="ordre", juridiction="CRC", chef_id=chef.id,
            du=chance.choice(DAYS[:4]), au=chance.choice(DAYS[1:]),
            ouverte_par="test", ouverte_le=read_now(),
            close_le=read_now() if chance.random() < 0.2 else None,
        )  # fmt: skip
        put(session, mission)
        monde.missions.append(mission.id)
        for siren in chance.sample(SIRENS, chance.randint(1, 2)):
            low, high = sorted(chance.choices(EXERCICES, k=2))
            values = {"siren": siren, "exercice_min": low, "exercice_max": high}
            put(session, PorteeMission(mission_id=mission.id, **values))


def put_pieces(session: Writing, monde: Monde, chance: random.Random) -> None:
    """A few pieces in each budget × exercice, of any domaine, some with PJ."""
    numero = 0
    for nom in monde.archive.budgets:
        for exercice in EXERCICES:
            envoi = Envoi(session, monde.archive, nom, exercice)
            for sens in ("depense", "recette"):
                envoi.put_bordereau("1", date(exercice, chance.randint(1, 12), 3), sens=sens)
                for _ in range(chance.randint(1, 3)):
                    numero += 1
                    envoi.put_piece(
                        str(numero), f"{chance.choice(MOTS)} commun", chance.randint(1, 10**6), 0,
                        tiers=chance.choice(TIERS), domaine=chance.choice(list(Domaine)),
                    )  # fmt: skip
                    for rank in range(chance.randint(0, 2)):
                        envoi.put_pj(
                            str(numero), None, id_unique=f"PJ-{numero}-{rank}", nom="plan.pdf"
                        )


@dataclass(frozen=True)
class Octroi:
    """A grant as hypothesis draws it: the columns of habilitation."""

    role: str
    portee: str
    portee_cle: str
    exercice_min: int | None
    exercice_max: int | None
    domaines: str
    droits: str
    depuis: date
    jusqu_a: date | None
    retire_le: datetime | None


@dataclass(frozen=True)
class Rows:
    """Every row that says who sees what, and the pieces with what is counted of them."""

    budgets: dict[int, Budget]
    cellules: dict[int, Cellule]
    pieces: dict[int, Piece]
    liens: dict[int, Lien]
    closes: set[tuple[int, int]]
    collectivites: dict[str, Collectivite]
    postes: list[Poste]
    rattachements: list[Rattachement]
    successions: list[Succession]
    missions: dict[int, Mission]
    portees: list[PorteeMission]


def read_rows(session: Reading) -> Rows:
    """All of them: `SELECT *`, nothing chosen."""
    return Rows(
        budgets={b.id: b for b in session.scalars(select(Budget))},
        cellules={c.id: c for c in session.scalars(select(Cellule))},
        pieces={p.id: p for p in session.scalars(select(Piece))},
        liens={x.id: x for x in session.scalars(select(Lien))},
        closes={
            (c.budget_id, c.exercice)
            for c in session.scalars(select(Cloture))
            if c.retiree_le is None
        },
        collectivites={c.siren: c for c in session.scalars(select(Collectivite))},
        postes=list(session.scalars(select(Poste))),
        rattachements=list(session.scalars(select(Rattachement))),
        successions=list(session.scalars(select(Succession))),
        missions={m.id: m for m in session.scalars(select(Mission))},
        portees=list(session.scalars(select(PorteeMission))),
    )


def find_cellules_seen(rows: Rows, grants: Sequence[Octroi]) -> set[int]:
    """The cellules that domaine.md says these grants show on TODAY."""
    return {
        cellule.id
        for cellule in rows.cellules.values()
        if (cellule.budget_id, cellule.exercice) in rows.closes
        and any(shows(rows, grant, cellule) for grant in grants)
    }


def shows(rows: Rows, grant: Octroi, cellule: Cellule) -> bool:
    """Whether one grant shows one cellule: rôle, dates, domaine, exercices, scope."""
    reads = grant.role in {"ordonnateur", "comptable", "juge"} or (
        grant.role == "archiviste" and "contenu" in grant.droits.split(",")
    )
    live = grant.retire_le is None and grant.depuis <= TODAY <= (grant.jusqu_a or TODAY)
    named = cellule.domaine == "ordinaire" or cellule.domaine in grant.domaines.split(",")
    low, high = grant.exercice_min or 0, grant.exercice_max or 9999
    if not (reads and live and named and low <= cellule.exercice <= high):
        return False
    return is_within(rows, grant, rows.budgets[cellule.budget_id], cellule.exercice)


def is_within(rows: Rows, grant: Octroi, budget: Budget, exercice: int) -> bool:
    """Whether a budget is in the scope of a grant, that exercice."""
    cle = grant.portee_cle
    if grant.portee == "collectivite":
        return cle in find_after(rows, budget.siren)
    if grant.portee == "budget":
        return cle == f"{budget.siret}/{budget.cod_col}/{budget.cod_bud}"
    if grant.portee == "departement":
        return rows.collectivites[budget.siren].departement == cle
    if grant.portee == "poste":
        return any(cle in find_after_poste(rows, codique) for codique in find_postes(rows, budget))
    if grant.portee == "mission":
        mission = rows.missions.get(int(cle))
        return (
            mission is not None
            and mission.close_le is None
            and mission.du <= TODAY <= mission.au
            and any(
                portee.mission_id == mission.id
                and portee.siren in find_after(rows, budget.siren)
                and portee.exercice_min <= exercice <= portee.exercice_max
                for portee in rows.portees
            )
        )
    return False


def find_after(rows: Rows, siren: str) -> set[str]:
    """This collectivité and all that came after it: who holds a right on them sees its pieces."""
    found = {siren}
    while (
        more := {
            s.successeur for s in rows.successions if s.predecesseur in found and s.depuis <= TODAY
        }
        - found
    ):
        found |= more
    return found


def find_postes(rows: Rows, budget: Budget) -> set[str]:
    """Who keeps its accounts: what the referential says today, else what the flows said."""
    said = {
        r.codique
        for r in rows.rattachements
        if r.siren == budget.siren and r.depuis <= TODAY <= (r.jusqu_a or TODAY)
    }
    return said or {budget.id_post}


def find_after_poste(rows: Rows, codique: str) -> set[str]:
    """This poste and those that took its books over."""
    found = {codique}
    while (
        more := {
            p.repris_par
            for p in rows.postes
            if p.codique in found and p.repris_par and (p.jusqu_a is None or p.jusqu_a <= TODAY)
        }
        - found
    ):
        found |= more
    return found
