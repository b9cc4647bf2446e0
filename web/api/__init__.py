"""The same functions for programs, under /api/v1: same rights, same journal, JSON out."""

from fastapi import APIRouter

from web.api import (
    consultation,
    contrat,
    eliminations,
    exercices,
    journal,
    parcours,
    rapports,
    recherche,
    traitements,
)

ROUTERS: tuple[APIRouter, ...] = (
    contrat.router,
    recherche.router,
    consultation.router,
    parcours.router,
    exercices.router,
    eliminations.router,
    traitements.router,
    journal.router,
    rapports.router,
)
