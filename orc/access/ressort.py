"""For whom a comptable answers: the collectivités whose accounts his postes keep that day."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from orc.access.clearance import find_habilitations
from orc.access.etendues import close_over, read_etendues
from orc.domain import Role
from orc.models import Budget, Collectivite, Habilitation, Poste, Rattachement


def find_ressort(session: Session, personne_id: int, today: date) -> frozenset[str]:
    """The SIREN of the collectivités for whom this person answers as comptable; mostly none.

    By the rattachements of the day, else by what most of their budgets' flows say. The comptable
    of a poste that another took over answers for nobody any more.
    """
    grants = [
        g for g in find_habilitations(session, personne_id, today) if g.role == Role.COMPTABLE
    ]
    codiques = _find_codiques(session, grants, today)
    found = _find_attached(session, codiques, today) | _find_said(session, codiques, today)
    etendues = read_etendues(session, grants, today)
    for grant in grants:
        if grant.portee == "collectivite":
            found |= close_over(grant.portee_cle, etendues.predecesseurs)
        elif grant.portee == "departement":
            here = Collectivite.departement == grant.portee_cle
            found |= set(session.scalars(select(Collectivite.siren).where(here)))
    return frozenset(found)


def find_codique(session: Session, siren: str, today: date) -> str:
    """The poste that keeps the accounts of a collectivité that day; empty where nothing says it."""
    kept = select(Rattachement.codique).where(Rattachement.siren == siren, _in_force(today))
    said = (
        select(Budget.id_post)
        .where(Budget.siren == siren, Budget.id_post != "")
        .group_by(Budget.id_post)
        .order_by(func.count().desc(), Budget.id_post)
    )
    codique = session.scalar(kept.limit(1)) or session.scalar(said.limit(1)) or ""
    return _follow(session, codique, today)


def _in_force(today: date) -> ColumnElement[bool]:
    return (Rattachement.depuis <= today) & or_(
        Rattachement.jusqu_a.is_(None), Rattachement.jusqu_a >= today
    )


def _find_codiques(
    session: Session, grants: Collection[Habilitation], today: date
) -> frozenset[str]:
    """The postes of these grants and those they took over."""
    aretes = read_etendues(session, grants, today).postes_repris
    roots = {g.portee_cle for g in grants if g.portee == "poste"}
    still = {root for root in roots if _follow(session, root, today) == root}
    return frozenset().union(*(close_over(root, aretes) for root in still))


def _find_attached(session: Session, codiques: Collection[str], today: date) -> set[str]:
    query = select(Rattachement.siren).where(Rattachement.codique.in_(codiques), _in_force(today))
    return set(session.scalars(query))


def _find_said(session: Session, codiques: Collection[str], today: date) -> set[str]:
    """Those that no rattachement speaks of, where most budgets are at one of these postes."""
    some = select(Budget.siren).where(Budget.id_post.in_(codiques))
    attached = select(Rattachement.siren).where(_in_force(today))
    query = (
        select(Budget.siren, Budget.id_post)
        .where(Budget.siren.in_(some), Budget.siren.not_in(attached), Budget.id_post != "")
        .group_by(Budget.siren, Budget.id_post)
        .order_by(Budget.siren, func.count().desc(), Budget.id_post)
    )
    first: dict[str, str] = {}
    for siren, codique in session.execute(query):
        first.setdefault(siren, codique)
    return {siren for siren, codique in first.items() if codique in codiques}


def _follow(session: Session, codique: str, today: date) -> str:
    """The poste that took this one over, whatever the turns; itself where none did."""
    seen: set[str] = set()
    while codique not in seen:
        seen.add(codique)
        poste = session.get(Poste, codique)
        if poste and poste.repris_par and (poste.jusqu_a is None or poste.jusqu_a <= today):
            codique = poste.repris_par
    return codique
