"""Grants held: who holds what on a poste, in a structure; revoked, renewed, soon to end."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from orc.access.clearance import ROLES_QUI_LISENT, Lecteur, find_habilitations
from orc.access.demandes import ROLES_DEMANDABLES, check_motif, find_gerees
from orc.access.echeances import renew_habilitation
from orc.access.etendues import read_etendues
from orc.access.ressort import find_ressort
from orc.access.structures import close_structure, find_structure
from orc.db import Writing, lock
from orc.domain import Role
from orc.errors import Forbidden, NotFound
from orc.identity.comptes import is_in_force, withdraw_habilitation
from orc.journal import Acte, record_acte
from orc.models import Budget, Collectivite, Habilitation, Personne, Succession

# So many scopes looked at in one statement.
PORTEES_PAR_LOT = 50
_ABSENTE = "Cette habilitation n’existe pas, ou a déjà été retirée."


def find_tenues(
    session: Session, sirens: Collection[str], today: date
) -> list[tuple[Habilitation, Personne]]:
    """The grants in force that structures designate, on these collectivités, with their holder."""
    query = (
        select(Habilitation, Personne)
        .join(Personne, Personne.id == Habilitation.personne_id)
        .where(_is_not_over(today), _is_on(sirens), _is_designated())
        .order_by(Personne.nom, Personne.id, Habilitation.id)
    )
    return [(grant, personne) for grant, personne in session.execute(query)]


def _is_not_over(today: date) -> ColumnElement[bool]:
    return and_(
        Habilitation.retire_le.is_(None),
        or_(Habilitation.jusqu_a.is_(None), Habilitation.jusqu_a >= today),
    )


def _is_designated() -> ColumnElement[bool]:
    return Habilitation.role.in_([role.value for role in ROLES_DEMANDABLES])


def _is_on(sirens: Collection[str]) -> ColumnElement[bool]:
    whole = and_(Habilitation.portee == "collectivite", Habilitation.portee_cle.in_(sirens))
    siren = func.substr(Habilitation.portee_cle, 1, 9)
    return or_(whole, and_(Habilitation.portee == "budget", siren.in_(sirens)))


def get_siren(grant: Habilitation) -> str:
    """The collectivité of a grant on it or on a budget of it; empty for other scopes."""
    return grant.portee_cle[:9] if grant.portee in {"collectivite", "budget"} else ""


def revoke_habilitation(
    session: Writing, lecteur: Lecteur, habilitation_id: int, motif: str, *, today: date
) -> None:
    """Take a grant back: the comptable of its poste, or the gestionnaire of its structure.

    It opens nothing at the next request. Raises NotFound outside one's scope, Invalid without a
    motif.
    """
    mine = find_ressort(session, lecteur.personne_id, today)
    mine |= find_gerees(session, lecteur.personne_id, today)
    grant = _get_tenue(session, habilitation_id, mine, today)
    motif = check_motif(motif, "Dites pourquoi cette habilitation est retirée.")
    withdraw_habilitation(session, grant.id, par=lecteur.identifiant, motif=motif)


def renew_tenue(
    session: Writing, lecteur: Lecteur, habilitation_id: int, *, mois: int, today: date
) -> date | None:
    """Give a grant its next year: the comptable of its poste alone. Its new last day.

    Raises NotFound outside his scope, Forbidden on a grant of his own.
    """
    mine = find_ressort(session, lecteur.personne_id, today)
    grant = _get_tenue(session, habilitation_id, mine, today)
    if grant.personne_id == lecteur.personne_id:
        raise Forbidden("Nul ne renouvelle sa propre habilitation.")
    return renew_habilitation(session, grant, mois=mois, par=lecteur.identifiant, today=today)


def _get_tenue(
    session: Writing, habilitation_id: int, sirens: frozenset[str], today: date
) -> Habilitation:
    query = select(Habilitation).where(
        Habilitation.id == habilitation_id, _is_not_over(today), _is_designated()
    )
    grant = session.scalar(query.with_for_update())
    if grant is None or get_siren(grant) not in sirens:
        raise NotFound(_ABSENTE)
    return grant


def withdraw_structure(
    session: Writing, lecteur: Lecteur, siren: str, motif: str, *, today: date
) -> int:
    """End a structure and every grant that its people hold on it: how many. NotFound, Invalid."""
    lock(session, f"structure:{siren}")
    structure = find_structure(session, siren, today)
    if structure is None or siren not in find_ressort(session, lecteur.personne_id, today):
        raise NotFound("Cette structure n’existe pas, ou elle n’est pas de votre poste.")
    motif = check_motif(motif, "Dites pourquoi cette structure n’est plus habilitée.")
    close_structure(session, structure, par=lecteur.identifiant)
    tenues = find_tenues(session, {siren}, today)
    for grant, _ in tenues:
        withdraw_habilitation(session, grant.id, par=lecteur.identifiant, motif=motif)
    record_acte(
        session,
        Acte.STRUCTURE_RETIREE,
        acteur=lecteur.identifiant,
        personne_id=lecteur.personne_id,
        objet=f"structure:{structure.id}",
        details={"siren": siren, "habilitations": len(tenues), "motif": motif},
    )
    return len(tenues)


def find_voyants(session: Session, siren: str, today: date) -> list[tuple[Habilitation, Personne]]:
    """Whose grants to read cover a budget of this collectivité now; juges are never counted."""
    query = (
        select(Habilitation, Personne)
        .join(Personne, Personne.id == Habilitation.personne_id)
        .where(
            is_in_force(today),
            Habilitation.role.in_([role.value for role in ROLES_QUI_LISENT - {Role.JUGE}]),
            Personne.desactive_le.is_(None),
            may_cover(siren),
        )
        .order_by(Personne.nom, Personne.id, Habilitation.id)
    )
    rows = [(grant, personne) for grant, personne in session.execute(query)]
    scopes = {_get_scope(grant): grant for grant, _ in rows}
    seen = _find_covering(session, scopes, siren, today) | {("collectivite", siren)}
    return [(g, p) for g, p in rows if _get_scope(g) in seen]


Scope = tuple[str, str]


def _get_scope(grant: Habilitation) -> Scope:
    return grant.portee, grant.portee_cle


def may_cover(siren: str) -> ColumnElement[bool]:
    """The grants that may bear on this collectivité: few among all those of France."""
    here = select(Collectivite.departement).where(Collectivite.siren == siren)
    return or_(
        Habilitation.portee.in_(("poste", "mission")),
        Habilitation.portee_cle.startswith(siren),
        Habilitation.portee_cle.in_(select(Succession.successeur)),
        and_(Habilitation.portee == "departement", Habilitation.portee_cle.in_(here)),
    )


def _find_covering(
    session: Session, scopes: Mapping[Scope, Habilitation], siren: str, today: date
) -> set[Scope]:
    """Those of these scopes that cover a budget of this collectivité; a column each."""
    etendues = read_etendues(session, scopes.values(), today)
    found: set[Scope] = set()
    asked = list(scopes.items())
    for start in range(0, len(asked), PORTEES_PAR_LOT):
        some = asked[start : start + PORTEES_PAR_LOT]
        columns = [
            exists().where(Budget.siren == siren, etendues.covers_budget(g)) for _, g in some
        ]
        holds = session.execute(select(*columns)).one()
        found |= {scope for (scope, _), held in zip(some, holds, strict=True) if held}
    return found


def find_miennes(session: Session, personne_id: int, today: date) -> list[Habilitation]:
    """The grants of a person in force."""
    return sorted(find_habilitations(session, personne_id, today), key=lambda grant: grant.id)
