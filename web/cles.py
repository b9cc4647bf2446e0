"""API keys on requests: the header, and what each route asks of a key.

A route that says nothing here refuses every key. Cookies never mix with keys: where a call brings
one, its cookies are not read.
"""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from orc.errors import Forbidden
from orc.identity.cles import LIBELLES_DROITS_API, ClePresentee, DroitApi

F = TypeVar("F", bound=Callable[..., object])
API = "/api/"


def cles(*droits: DroitApi) -> Callable[[F], F]:
    """Let in the keys that hold one of these droits; with none named, every key."""

    def mark(endpoint: F) -> F:
        endpoint.__cles__ = frozenset(droits)  # type: ignore[attr-defined]  # read by get_droits
        return endpoint

    return mark


def get_droits(endpoint: object) -> frozenset[DroitApi] | None:
    """The droits of which a key needs one; empty: any key; None: no key calls this route."""
    found = getattr(endpoint, "__cles__", None)
    return found if isinstance(found, frozenset) else None


def read_bearer(request: Request) -> str | None:
    """The key that a call to the API brings; None: it brings none. On a page, none is read."""
    if not request.url.path.startswith(API):
        return None
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.casefold() == "bearer" else None


def check_cle(endpoint: object, cle: ClePresentee) -> None:
    """Refuse a key that does not hold what the route asks. Raises Forbidden."""
    droits = get_droits(endpoint)
    if droits is None:
        raise Forbidden("Cette adresse ne répond pas aux clés d’API.")
    if droits and not droits & cle.droits:
        wanted = " ou ".join(f"« {LIBELLES_DROITS_API[d]} »" for d in sorted(droits))
        raise Forbidden(f"Cette clé n’a pas le droit {wanted}.")
