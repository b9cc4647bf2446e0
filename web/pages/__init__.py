"""One module per screen. A new page adds its router to this list."""

from fastapi import APIRouter

from web.pages import (
    accueil,
    aide,
    bordereau,
    certificats,
    connexion,
    exercices,
    oidc,
    parcourir,
    piece,
    pj,
    recherche,
    silo,
    techniques,
    traitements,
    visionneuse,
)

ROUTERS: tuple[APIRouter, ...] = (
    accueil.router,
    aide.router,
    bordereau.router,
    certificats.router,
    connexion.router,
    exercices.router,
    oidc.router,
    parcourir.router,
    piece.router,
    pj.router,
    recherche.router,
    silo.router,
    techniques.router,
    traitements.router,
    visionneuse.router,
)
