"""One module per screen. A new page adds its router to this list."""

from fastapi import APIRouter

from web.pages import (
    accueil,
    aide,
    bordereau,
    connexion,
    parcourir,
    piece,
    pj,
    recherche,
    visionneuse,
)

ROUTERS: tuple[APIRouter, ...] = (
    accueil.router,
    aide.router,
    bordereau.router,
    connexion.router,
    parcourir.router,
    piece.router,
    pj.router,
    recherche.router,
    visionneuse.router,
)
