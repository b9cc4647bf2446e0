"""What a search could not look into, within one person's scope: silence would be a lie."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import format_nombre
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Filtre, Query
from orc.models import AIndexer, Cellule, Flux, Piece
from orc.search.paged import among, among_named
from orc.search.statuts import Informe

# States of a text: extrait and sans_texte were searched for all they hold.
A_OCERISER = "a_oceriser"
ILLISIBLES = (
    "illisible",
    "protege",
    "delai",
    "memoire",
    "trop_grand",
    "non_pris_en_charge",
    "vide",
)
# The filter of a search that shows them.
FILTRE = "etat_texte"


@dataclass(frozen=True, slots=True)
class NonCherches:
    """Counts within a Clearance: of PJ as cited, of pieces, of flows; exercices still open.

    `rien`: nothing could be searched at all, the Clearance holds no closed exercice.
    """

    rien: bool = False
    a_oceriser: int = 0
    illisibles: int = 0
    en_attente: int = 0
    flux_ecartes: int = 0
    exercices_ouverts: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.rien
            or self.a_oceriser
            or self.illisibles
            or self.en_attente
            or self.flux_ecartes
            or self.exercices_ouverts
        )


def find_not_searched(
    session: Session,
    engine: SearchEngine,
    filtres: tuple[Filtre, ...] = (),
    *,
    clearance: Clearance,
) -> NonCherches:
    """Count what was left out. `filtres` narrow the PJ counted, the texts' own state aside.

    Counts of PJ come from the index, so that a link to them shows as many.
    """
    if not clearance.cellules:
        return NonCherches(
            rien=True,
            flux_ecartes=_count_flux(session, clearance),
            exercices_ouverts=_find_open(session, clearance),
        )
    kept = tuple(f for f in filtres if f.champ != FILTRE)
    query = Query(genre=Genre.PJ, filtres=kept, facettes=(DemandeFacette(FILTRE, 20),), taille=0)
    states = {
        v.valeur: v.nombre
        for v in Informe(engine, session, clearance).search(query).facettes.get(FILTRE, ())
    }
    return NonCherches(
        a_oceriser=states.get(A_OCERISER, 0),
        illisibles=sum(states.get(etat, 0) for etat in ILLISIBLES),
        en_attente=_count_waiting(session, clearance),
        flux_ecartes=_count_flux(session, clearance),
        exercices_ouverts=_find_open(session, clearance),
    )


def write_not_searched(found: NonCherches) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """One phrase each, with the values of the filter `etat_texte` that show what it counts."""
    phrases: list[tuple[str, tuple[str, ...]]] = []
    if found.rien:
        phrases.append(("tout (aucun exercice clos dans ce périmètre)", ()))
    if found.a_oceriser:
        verb = "attendent" if found.a_oceriser > 1 else "attend"
        phrases.append(
            (f"{format_nombre(found.a_oceriser, 'scan')} {verb} l’océrisation", (A_OCERISER,))
        )
    if found.illisibles:
        what = format_nombre(found.illisibles, "pièce justificative", "pièces justificatives")
        several = "s" if found.illisibles > 1 else ""
        phrases.append((f"{what} illisible{several}", ILLISIBLES))
    if found.en_attente:
        phrases.append((f"{format_nombre(found.en_attente, 'pièce')} en cours d’indexation", ()))
    if found.flux_ecartes:
        phrases.append((f"{format_nombre(found.flux_ecartes, 'flux', 'flux')} en quarantaine", ()))
    if found.exercices_ouverts:
        years = ", ".join(map(str, found.exercices_ouverts))
        several = "s" if len(found.exercices_ouverts) > 1 else ""
        phrases.append((f"exercice{several} {years} non clos", ()))
    return tuple(phrases)


_WAITING = (
    select(func.count())
    .select_from(AIndexer)
    .join(Piece, Piece.id == AIndexer.piece_id)
    .where(among_named(Piece.cellule_id, "cellules"))
)
_ECARTES = select(func.count()).where(
    Flux.etat == "quarantaine",
    Flux.budget_id.in_(select(Cellule.budget_id).where(among_named(Cellule.id, "cellules"))),
)


def _count_waiting(session: Session, clearance: Clearance) -> int:
    return session.scalar(_WAITING, {"cellules": clearance.ordered}) or 0


def _count_flux(session: Session, clearance: Clearance) -> int:
    cellules = sorted(clearance.cellules | clearance.ouvertes)
    return session.scalar(_ECARTES, {"cellules": cellules}) or 0


def _find_open(session: Session, clearance: Clearance) -> tuple[int, ...]:
    if not clearance.ouvertes:
        return ()
    query = select(Cellule.exercice).distinct().where(among(Cellule.id, clearance.ouvertes))
    return tuple(sorted(session.scalars(query)))
