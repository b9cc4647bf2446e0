"""What goes wrong with a silo, in French; and how the errors of other libraries become ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from orc.errors import Conflict, OrcError, Unavailable
from orc.remote.faults import Altered, Injoignable, Passing


class FichierDisparu(Unavailable):
    """The silo does not hold this file any more, or not now."""

    def __init__(self, chemin: str) -> None:
        super().__init__(f"Le fichier « {chemin} » n’est plus dans le silo.")
        self.chemin = chemin


class FichierChange(Conflict):
    """The file is no longer the one that was read."""

    def __init__(self, chemin: str, motif: str) -> None:
        super().__init__(f"Le fichier « {chemin} » du silo a changé depuis sa lecture : {motif}")
        self.chemin = chemin


class EmpreinteDifferente(FichierChange):
    """The bytes of an attachment are not those whose digest was recorded: not to be shown."""

    def __init__(self, chemin: str) -> None:
        motif = "l’empreinte SHA-256 de la pièce justificative n’est plus la même."
        super().__init__(chemin, motif)


class NoRanges(Unavailable):
    """The server gives whole files only: read it whole, once, into the cache."""

    def __init__(self, chemin: str) -> None:
        super().__init__(f"Le serveur ne donne pas d’extrait du fichier « {chemin} ».")


@contextmanager
def translated(chemin: str) -> Iterator[None]:
    """Turn whatever reading `chemin` raises into Unavailable, in French; ours go through."""
    try:
        yield
    except OrcError:
        raise
    except Passing:
        raise
    except Altered as error:
        raise FichierChange(chemin, "un autre l’a remplacé.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FichierDisparu(chemin) from error
    except Exception as error:  # each protocol has a family of errors of its own
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            # Nothing is wrong with the file: what is asked of it waits, and is asked again.
            raise Injoignable("Il n’y a plus de place dans le dossier de travail.") from error
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unavailable(
            f"Le fichier « {chemin} » du silo ne peut pas être lu : {detail}."
        ) from error
