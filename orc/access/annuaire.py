"""The people, for who administers them: found by name, with their grants in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from orc.access.phrases import read_noms, write_habilitation
from orc.errors import NotFound
from orc.models import CompteTechnique, Habilitation, Personne

PERSONNES_MAX = 200


@dataclass(frozen=True, slots=True)
class GrantVue:
    """A grant in words; `id` withdraws it. `finie`: it opens nothing any more, or not yet."""

    id: int
    phrase: str
    finie: bool


@dataclass(frozen=True, slots=True)
class PersonneVue:
    """A person as a list shows it. `technique`: a program's account, which has no password."""

    id: int
    identifiant: str
    nom: str
    courriel: str
    actif: bool
    technique: bool
    habilitations: tuple[GrantVue, ...]


def find_personnes(session: Session, texte: str, today: date) -> list[PersonneVue]:
    """The people whose name, identifiant or address holds this text; the first PERSONNES_MAX."""
    query = select(Personne).order_by(Personne.nom, Personne.id).limit(PERSONNES_MAX)
    if texte := texte.strip():
        columns = (Personne.nom, Personne.identifiant, Personne.courriel)
        query = query.where(or_(*(c.icontains(texte, autoescape=True) for c in columns)))
    return _make(session, list(session.scalars(query)), today)


def get_personne(session: Session, personne_id: int, today: date) -> PersonneVue:
    """A person with its grants. Raises NotFound."""
    personne = session.get(Personne, personne_id)
    if personne is None:
        raise NotFound("Cette personne n’existe pas.")
    return _make(session, [personne], today)[0]


def _make(session: Session, personnes: Sequence[Personne], today: date) -> list[PersonneVue]:
    query = (
        select(Habilitation)
        .where(
            Habilitation.personne_id.in_([p.id for p in personnes]),
            Habilitation.retire_le.is_(None),
        )
        .order_by(Habilitation.id)
    )
    grants = list(session.scalars(query))
    noms = read_noms(session, grants)
    found: dict[int, tuple[GrantVue, ...]] = {}
    for g in grants:
        ended = g.depuis > today or (g.jusqu_a is not None and g.jusqu_a < today)
        vue = GrantVue(g.id, write_habilitation(g, noms), ended)
        found[g.personne_id] = (*found.get(g.personne_id, ()), vue)
    ids = [p.id for p in personnes]
    programs = set(
        session.scalars(
            select(CompteTechnique.personne_id).where(CompteTechnique.personne_id.in_(ids))
        )
    )
    return [
        PersonneVue(
            p.id,
            p.identifiant,
            p.nom,
            p.courriel,
            p.desactive_le is None,
            p.id in programs,
            found.get(p.id, ()),
        )
        for p in personnes
    ]
