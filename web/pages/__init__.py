"""One module per screen. A new page adds its router to this list."""

from fastapi import APIRouter

from web.pages import (
    accueil,
    administration,
    aide,
    bordereau,
    certificats,
    connexion,
    demandes,
    exercices,
    habilitations,
    missions,
    oidc,
    parcourir,
    piece,
    pj,
    recherche,
    silo,
    structure,
    techniques,
    traitements,
    visionneuse,
)

ROUTERS: tuple[APIRouter, ...] = (
    accueil.router,
    administration.router,
    aide.router,
    bordereau.router,
    certificats.router,
    connexion.router,
    demandes.router,
    exercices.router,
    oidc.router,
    habilitations.router,
    missions.router,
    parcourir.router,
    piece.router,
    pj.router,
    recherche.router,
    silo.router,
    techniques.router,
    structure.router,
    traitements.router,
    visionneuse.router,
)
