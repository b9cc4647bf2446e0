"""A juge's addresses carry no word that was searched: every link of a page is sealed here."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from sqlalchemy.orm import Session

from orc.access import Lecteur
from orc.search.scellees import find_requete, seal_recherches

RECHERCHE = "/recherche?"
CLE = "r"
T = TypeVar("T")


def seal_page(request: Request, page: T) -> T:
    """The page with its links to searches sealed, for a reader whose acts are; else as it is."""
    lecteur: Lecteur | None = getattr(request.state, "lecteur", None)
    if lecteur is None or not lecteur.scelle:
        return page
    said = {url for url in _find_urls(page) if not is_sealed(url)}
    if not said:
        return page
    cles = seal(request, lecteur, {url.removeprefix(RECHERCHE) for url in said})
    sealed: T = _replace(page, {url: make_url(cles[url.removeprefix(RECHERCHE)]) for url in said})
    return sealed


def seal(request: Request, lecteur: Lecteur, requetes: set[str]) -> dict[str, str]:
    """The keys of these query strings, kept for this person."""
    with request.app.state.orc.database.writing() as session:
        return seal_recherches(session, lecteur.personne_id, requetes)


def make_url(cle: str) -> str:
    """The address of a sealed search."""
    return f"{RECHERCHE}{urlencode({CLE: cle})}"


def is_sealed(url: str) -> bool:
    """Whether this address of a search says nothing."""
    return url.startswith(f"{RECHERCHE}{CLE}=") and "&" not in url


def read_mots(session: Session, lecteur: Lecteur, q: str) -> str:
    """The words that the `q` of an address stands for: themselves, or the search of that key."""
    if not lecteur.scelle or not q:
        return q
    requete = find_requete(session, lecteur.personne_id, q) or ""
    return parse_qs(requete).get("q", [""])[0]


def keep_q(session: Session, lecteur: Lecteur, q: str) -> str:
    """The `q` that the links of a page carry on: never words, where the reader's are sealed."""
    return q if not lecteur.scelle or read_mots(session, lecteur, q) else ""


def _find_urls(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(RECHERCHE):
            yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _find_urls(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inside in value.values():
            yield from _find_urls(inside)
    elif isinstance(value, (list, tuple)):
        for inside in value:
            yield from _find_urls(inside)


def _replace(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return known.get(value, value)
    if is_dataclass(value) and not isinstance(value, type):
        return _replace_fields(value, known)
    if isinstance(value, Mapping):
        return {key: _replace(inside, known) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_replace(inside, known) for inside in value)
    return value


def _replace_fields(value: Any, known: Mapping[str, str]) -> Any:
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = _replace(old, known)
        if new is not old and new != old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value
