"""The same functions for programs, under /api/v1: same rights, same journal, JSON out."""

from fastapi import APIRouter

from web.api import (
    consultation,
    contrat,
    destruction,
    eliminations,
    exercices,
    faits,
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
    destruction.router,
    eliminations.router,
    faits.router,
    traitements.router,
    journal.router,
    rapports.router,
)
