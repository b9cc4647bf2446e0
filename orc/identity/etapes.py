"""What a person must do, once the password is given, before any page opens."""

from enum import StrEnum

from orc.domain import Role
from orc.errors import Invalid
from orc.identity.sessions import Ouverte
from orc.settings import Settings


class Etape(StrEnum):
    """A page that must be gone through, by its path."""

    CODE = "/second-facteur/code"
    MOT_DE_PASSE = "/mot-de-passe"
    INSCRIPTION = "/second-facteur"


def read_roles(settings: Settings) -> frozenset[Role]:
    """The rôles that must have a second factor. Raises Invalid on an unknown one."""
    names = [name.strip() for name in settings.second_facteur_roles.split(",") if name.strip()]
    try:
        return frozenset(Role(name) for name in names)
    except ValueError as error:
        raise Invalid(f"ORC_SECOND_FACTEUR_ROLES attend des rôles : {', '.join(Role)}.") from error


def find_etape(ouverte: Ouverte, roles: frozenset[Role], exigent: frozenset[Role]) -> Etape | None:
    """The next thing to do; None: pages open. `exigent`: the rôles that need a second factor."""
    if ouverte.totp and not ouverte.second_facteur:
        return Etape.CODE
    if ouverte.provisoire:
        return Etape.MOT_DE_PASSE
    if roles & exigent and not ouverte.second_facteur:
        return Etape.INSCRIPTION
    return None
