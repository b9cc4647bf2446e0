"""The same functions for programs, under /api/v1."""

from fastapi import APIRouter

DESCRIPTION = "Recherche et consultation des pièces archivées, dans les droits de la personne."

ROUTERS: tuple[APIRouter, ...] = ()
