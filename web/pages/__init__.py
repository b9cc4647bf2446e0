"""One module per screen. A new page adds its router to this list."""

from fastapi import APIRouter

from web.pages import accueil, aide, connexion, recherche

ROUTERS: tuple[APIRouter, ...] = (
    accueil.router,
    aide.router,
    connexion.router,
    recherche.router,
)
