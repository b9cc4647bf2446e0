"""The documents a PJ carries, as the viewer names them."""

from dataclasses import dataclass

from orc.models.parties import find_place
from orc.search.consult_values import LIBELLES_TEXTES, find_libelle_format
from orc.search.open_pj import PjVisible


@dataclass(frozen=True, slots=True)
class PartieVue:
    """One of them: its first page in the text of the PJ (0: none), and what became of it."""

    nom: str
    libelle_format: str
    nb_pages: int
    page: int
    etat: str
    motif: str


def find_parties(pj: PjVisible) -> tuple[PartieVue, ...]:
    """Every document that this PJ carries, in its order."""
    found, page = [], pj.nb_pages_propres + 1
    for partie in pj.parties:
        found.append(
            PartieVue(
                nom=partie.nom,
                libelle_format=find_libelle_format(partie.type),
                nb_pages=partie.nb_pages,
                page=page if partie.nb_pages else 0,
                etat="" if partie.etat == "extrait" else LIBELLES_TEXTES.get(partie.etat, ""),
                motif=partie.motif,
            )
        )
        page += partie.nb_pages
    return tuple(found)


def name_page(pj: PjVisible, page: int) -> str:
    """What a page of the text of a PJ is called: « page 3 », or « facture.pdf, page 1 »."""
    place = find_place(pj.parties, pj.nb_pages_propres, page)
    if place is None:
        return f"page {page}"
    return f"{place.partie.nom}, page {place.page}"
