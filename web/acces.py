"""Who may call each route: a rule on the endpoint itself. A route without one is refused."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

from orc.access import ROLES_DE_LA_DESTRUCTION, ROLES_QUI_LISENT
from orc.domain import Role

F = TypeVar("F", bound=Callable[..., object])

TOUS = frozenset(Role)
LECTEURS = ROLES_QUI_LISENT


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Acces:
    """`roles`: any of these in force; None: anybody, logged in or not.

    `juge_ecrit`: why a juge may call it though it writes; "": none may.
    `destruction`: an ordonnateur also needs the droit « destruction ».
    """

    roles: frozenset[Role] | None
    juge_ecrit: str = ""
    destruction: bool = False

    @property
    def anonyme(self) -> bool:
        """Whether the route answers people who are not logged in."""
        return self.roles is None

    def allows(self, roles: frozenset[Role], *, destruction: bool = False) -> bool:
        """Whether a logged-in person with these rôles may call the route.

        The rule TOUS lets in people whose grants have all ended: they see that they see nothing.
        `destruction`: the person holds that droit as an ordonnateur.
        """
        if self.destruction and not destruction:
            roles = roles - {Role.ORDONNATEUR}
        return self.roles is None or self.roles == TOUS or bool(self.roles & roles)

    def refuses_juge(self, roles: frozenset[Role], method: str) -> bool:
        """Whether a juge is refused because this verb writes: a route has to say that one may."""
        return Role.JUGE in roles and method not in SAFE and not self.juge_ecrit


def acces(*roles: Role) -> Callable[[F], F]:
    """Let in these rôles only."""
    return _mark(Acces(frozenset(roles)))


def acces_connectes(endpoint: F) -> F:
    """Let in whoever is logged in."""
    return _mark(Acces(TOUS))(endpoint)


def acces_lecteurs(endpoint: F) -> F:
    """Let in the rôles that read documents (domaine.md, « Who uses it »)."""
    return _mark(Acces(LECTEURS))(endpoint)


def acces_destruction(*roles: Role) -> Callable[[F], F]:
    """Let in those of early destruction, or only these of them: an ordonnateur by its droit."""
    return _mark(Acces(frozenset(roles) or ROLES_DE_LA_DESTRUCTION, destruction=True))


def acces_anonyme(endpoint: F) -> F:
    """Let in anybody: the login page and what tells that the server lives."""
    return _mark(Acces(None))(endpoint)


def permis_au_juge(motif: str) -> Callable[[F], F]:
    """Let a juge call a route that writes: what it writes is the juge's own, as `motif` says.

    Written under the rule of the route, whose rôles still decide who gets in.
    """

    def mark(endpoint: F) -> F:
        endpoint.__juge__ = motif  # type: ignore[attr-defined]  # read by get_acces
        return endpoint

    return mark


def _mark(rule: Acces) -> Callable[[F], F]:
    def mark(endpoint: F) -> F:
        endpoint.__acces__ = rule  # type: ignore[attr-defined]  # read by get_acces
        return endpoint

    return mark


def avant_les_etapes(endpoint: F) -> F:
    """Open the route to who has a step to go through first: a second factor, a new password."""
    endpoint.__avant_etapes__ = True  # type: ignore[attr-defined]  # read by is_avant_etapes
    return endpoint


def is_avant_etapes(endpoint: object) -> bool:
    """Whether the route opens before the steps of the login are done."""
    return getattr(endpoint, "__avant_etapes__", False) is True


class SansObjet(ValueError):
    """A fault of ours: a route that only reads says that a juge may write by it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"La route {path} n’écrit rien : permis_au_juge n’y a pas de sens.")


class SansRegle(LookupError):
    """A fault of ours: an endpoint does not say who may call it."""

    def __init__(self, endpoint: object) -> None:
        super().__init__(f"La route {endpoint!r} ne dit pas qui peut l’appeler : web/acces.py.")


def get_acces(endpoint: object) -> Acces:
    """The rule of an endpoint. Raises SansRegle where none is written."""
    rule = getattr(endpoint, "__acces__", None)
    if not isinstance(rule, Acces):
        raise SansRegle(endpoint)
    return replace(rule, juge_ecrit=getattr(endpoint, "__juge__", ""))


def find_routes(routers: Iterable[APIRouter]) -> Iterator[APIRoute]:
    """Every route of these routers, in order; other kinds of routes are not used here."""
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise SansRegle(route)
            yield route


def check_routes(routers: Iterable[APIRouter]) -> None:
    """Raise SansRegle or SansObjet if a rule is missing or moot: the server does not start."""
    for route in find_routes(routers):
        rule = get_acces(route.endpoint)
        if rule.juge_ecrit and SAFE.issuperset(route.methods or ()):
            raise SansObjet(route.path)
