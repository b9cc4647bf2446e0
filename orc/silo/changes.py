"""What changed in a silo between two looks: pure, by names, sizes, ETags and dates."""

from collections.abc import Iterable
from dataclasses import dataclass

from orc.silo.values import FLUX, FichierConnu, FichierVu, Genre, Illisible


@dataclass(frozen=True, slots=True)
class Ecart:
    """Flows only; `autres` are files that are not flows, `illisibles` what could not be listed."""

    nouveaux: tuple[FichierVu, ...]
    changes: tuple[FichierVu, ...]
    disparus: tuple[FichierConnu, ...]
    inchanges: tuple[FichierVu, ...]
    autres: tuple[FichierVu, ...] = ()
    illisibles: tuple[Illisible, ...] = ()


def compare(known: Iterable[FichierConnu], seen: Iterable[FichierVu]) -> Ecart:
    """Sort what the silo shows against what is known; in doubt, a file has changed.

    A changed or new name says nothing of the content: its digest does, and the caller decides.
    What lies in a folder that could not be listed has not vanished.
    """
    left = {connu.chemin: connu for connu in known}
    nouveaux: list[FichierVu] = []
    changes: list[FichierVu] = []
    inchanges: list[FichierVu] = []
    autres: list[FichierVu] = []
    illisibles: list[Illisible] = []
    for vu in seen:
        if isinstance(vu, Illisible):
            illisibles.append(vu)
        elif vu.genre not in FLUX:
            if vu.genre is Genre.AUTRE:
                autres.append(vu)
        elif (connu := left.pop(vu.chemin, None)) is None:
            nouveaux.append(vu)
        else:
            (inchanges if _is_same(connu, vu) else changes).append(vu)
    hidden = tuple(vu.chemin for vu in illisibles)
    disparus = [c for c in left.values() if not _is_under(c.chemin, hidden)]
    return Ecart(
        tuple(nouveaux),
        tuple(changes),
        tuple(disparus),
        tuple(inchanges),
        tuple(autres),
        tuple(illisibles),
    )


def _is_same(connu: FichierConnu, vu: FichierVu) -> bool:
    if connu.taille != vu.taille:
        return False
    if connu.etag and vu.etag:
        return connu.etag == vu.etag
    if connu.mtime is None or vu.mtime is None:
        return False
    return abs(connu.mtime - vu.mtime) < 1e-6  # a database may keep microseconds only


def _is_under(chemin: str, folders: tuple[str, ...]) -> bool:
    return any(chemin == folder or chemin.startswith(folder + "/") for folder in folders)
