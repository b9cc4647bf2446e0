"""PJ received that nothing cites: counted by flow, with why. No name of a document is told."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import Session

from orc.models import Budget, Collectivite, Flux, Lien, LienMarche, PieceJustificative, RefCompta
from orc.nomenclature import libelle_type_pj
from orc.search.lieux import Code, make_lieu
from orc.search.paged import Paged, read_page

PAR_PAGE = 50
MOTIFS = {
    "rattachee": "Elle se rattache elle-même (RefCompta) à une pièce qui n’est jamais arrivée.",
    "seule": "Aucune pièce ni aucun marché ne la cite, et elle ne se rattache à rien.",
}


@dataclass(frozen=True, slots=True)
class OrphelineLigne:
    """So many PJ of a flow, of one type, that nobody can reach, and why."""

    flux_id: int
    nom_fic: str
    budget: str
    type_pj: Code
    motif: str
    nombre: int


def find_orphelines(
    session: Session, *, page: int = 1, taille: int = PAR_PAGE
) -> Paged[OrphelineLigne]:
    """By flow, latest first. For the whole installation: what is of no piece is of no grant."""
    return read_page(session, _make_query(), _make, page=page, taille=taille)


def count_orphelines(session: Session) -> int:
    """How many PJ there are that nothing cites."""
    found = _make_query().subquery()
    return session.scalar(select(func.sum(found.c.nombre))) or 0


def _make_query() -> Select[*tuple[Any, ...]]:
    pj = PieceJustificative
    cited = exists().where(Lien.siren == pj.siren, Lien.id_unique == pj.id_unique)
    in_marche = exists().where(LienMarche.siren == pj.siren, LienMarche.id_unique == pj.id_unique)
    why = case((exists().where(RefCompta.pj_id == pj.id), "rattachee"), else_="seule")
    found = (
        select(pj.flux_id, pj.budget_id, pj.type_pj, why.label("motif"))
        .where(pj.courante, ~cited, ~in_marche)
        .subquery()
    )
    counted = (
        select(
            found.c.flux_id,
            found.c.budget_id,
            found.c.type_pj,
            found.c.motif,
            func.count().label("nombre"),
        )
        .group_by(found.c.flux_id, found.c.budget_id, found.c.type_pj, found.c.motif)
        .subquery()
    )
    return (
        select(counted, Flux.nom_fic, Budget, Collectivite)
        .join(Flux, Flux.id == counted.c.flux_id)
        .join(Budget, Budget.id == counted.c.budget_id)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .order_by(counted.c.flux_id.desc(), counted.c.type_pj, counted.c.motif)
    )


def _make(row: Any) -> OrphelineLigne:
    lieu = make_lieu(row.Budget, row.Collectivite)
    return OrphelineLigne(
        flux_id=row.flux_id,
        nom_fic=row.nom_fic,
        budget=f"{lieu.nom_collectivite} · {lieu.nom_budget}",
        type_pj=Code(row.type_pj, libelle_type_pj(row.type_pj)),
        motif=MOTIFS[row.motif],
        nombre=row.nombre,
    )
