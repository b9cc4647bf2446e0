"""What a database that does not answer becomes: one kind of Unavailable, said in French."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError

from orc.errors import Invalid, NotFound, Unavailable

# Two transactions met: played again, each will pass. deadlock_detected, serialization_failure.
MET = frozenset({"40P01", "40001"})
TOO_LONG = "57014"
# read_only_sql_transaction: a server that became a copy of another, until it is the first again.
READ_ONLY = "25006"
# untranslatable_character: what JSON may say and a text may not.
NO_TEXT = "22P05"
# numeric_value_out_of_range: a number that no column holds is that of nothing.
TOO_LARGE = "22003"
OCCUPEE = "La base de données est occupée par un autre programme."
INDISPONIBLE = "La base est momentanément indisponible."
log = logging.getLogger(__name__)


class BaseIndisponible(Unavailable):
    """The database does not answer, or cannot write: nothing of the transaction was kept."""


class Collision(BaseIndisponible):
    """Two transactions wanted the same rows: this one was undone, and may be played again."""


@contextmanager
def say_faults() -> Iterator[None]:
    """Errors that pass by themselves become BaseIndisponible; their causes go to the log."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _is_ours(error):
            raise
        raise _make(error) from error
    except exc.TimeoutError as error:
        log.warning("Toutes les connexions à la base sont prises : voir ORC_DATABASE_CONNEXIONS.")
        raise BaseIndisponible(f"{INDISPONIBLE} Trop de demandes à la fois.") from error
    except DataError as error:
        if "NUL" in str(error.orig) or _get_sqlstate(error) == NO_TEXT:
            raise Invalid("Un texte contient un caractère nul, qu’aucun texte n’a.") from error
        if _get_sqlstate(error) == TOO_LARGE:
            raise NotFound("Rien ne porte ce numéro.") from error
        raise
    except DBAPIError as error:
        if not error.connection_invalidated and _get_sqlstate(error) != READ_ONLY:
            raise
        raise _make(error) from error


def _is_ours(error: DBAPIError) -> bool:
    """A statement that SQLite does not understand: no outage, and it will not pass."""
    cause = str(error.orig)
    return cause.startswith(("no such ", "near ")) or "has no column" in cause


def _make(error: DBAPIError) -> BaseIndisponible:
    if _get_sqlstate(error) in MET:
        return Collision(OCCUPEE)
    log.warning("La base ne répond pas : %s", " ".join(str(error.orig).split()))
    return BaseIndisponible(describe_fault(error))


def describe_fault(error: DBAPIError) -> str:
    """Why, in a French sentence that holds nothing of what was asked."""
    cause = str(error.orig)
    if "locked" in cause or "busy" in cause:
        return OCCUPEE
    if "full" in cause or "I/O" in cause:
        return f"La base de données ne peut plus être écrite, faute de place ? ({cause})."
    if _get_sqlstate(error) == TOO_LONG:
        return f"{INDISPONIBLE} Cette demande lui a pris trop de temps."
    return INDISPONIBLE


def _get_sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
