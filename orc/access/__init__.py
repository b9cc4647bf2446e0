"""Habilitations become a Clearance: the only place that makes one, from SQL at each request."""

from orc.access.clearance import (
    NOTHING,
    ROLES_DE_LA_DESTRUCTION,
    ROLES_QUI_LISENT,
    Clearance,
    Lecteur,
    en_vigueur,
    find_habilitations,
    make_clearance,
    make_lecteur,
)
from orc.access.etendues import Etendues, cover_budgets, read_etendues
from orc.access.regards import make_regard

__all__ = [
    "NOTHING",
    "ROLES_DE_LA_DESTRUCTION",
    "ROLES_QUI_LISENT",
    "Clearance",
    "Etendues",
    "Lecteur",
    "cover_budgets",
    "en_vigueur",
    "find_habilitations",
    "make_clearance",
    "make_lecteur",
    "make_regard",
    "read_etendues",
]
