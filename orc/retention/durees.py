"""Date arithmetic of the durations: start, duration, rounding, last day included or not."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Unite(StrEnum):
    """What a duration is counted in."""

    JOURS = "jours"
    MOIS = "mois"
    ANS = "ans"


class Arrondi(StrEnum):
    """Where a term is put back to, once counted. An exercice is the civil year."""

    AUCUN = "aucun"
    FIN_DE_MOIS = "fin_de_mois"
    FIN_D_ANNEE = "fin_d_annee"
    FIN_D_EXERCICE = "fin_d_exercice"


@dataclass(frozen=True, slots=True)
class Duree:
    """A duration of the rules. `inclus`: what it keeps is still kept on its last day."""

    nombre: int
    unite: Unite
    arrondi: Arrondi = Arrondi.AUCUN
    inclus: bool = True


def find_terme(debut: date, duree: Duree) -> date:
    """The last day counted by this duration from its start event.

    A month or a year ends on the day of the same number, or on the last of a month that has none
    (code de procédure civile, art. 641). A term past the year 9999 is 31/12/9999.
    """
    try:
        return _round(_add(debut, duree), duree.arrondi)
    except (ValueError, OverflowError):
        return date.max


def find_libre(debut: date, duree: Duree) -> date:
    """The first day on which the duration keeps nothing any more."""
    terme = find_terme(debut, duree)
    return terme + timedelta(days=1) if duree.inclus and terme < date.max else terme


def _add(debut: date, duree: Duree) -> date:
    if duree.unite is Unite.JOURS:
        return debut + timedelta(days=duree.nombre)
    months = duree.nombre * (12 if duree.unite is Unite.ANS else 1)
    years, month = divmod(debut.month - 1 + months, 12)
    year = debut.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(debut.day, last))


def _round(day: date, arrondi: Arrondi) -> date:
    if arrondi is Arrondi.AUCUN:
        return day
    if arrondi is Arrondi.FIN_DE_MOIS:
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return date(day.year, 12, 31)
