"""What is set aside, with its reason: whole files, members of archives, flows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from orc.models import Emplacement, Fichier, Flux
from orc.search.paged import Paged, read_page
from orc.search.portee_silo import Portee, of_portee

PAR_PAGE = 50


@dataclass(frozen=True, slots=True)
class EcartLigne:
    """A file, a member of an archive or a flow of which nothing can be used, and why."""

    genre: str
    nom: str
    membre: str
    motif: str
    quand: datetime
    flux_id: int | None


def find_ecartes(
    session: Session, portee: Portee, *, page: int = 1, taille: int = PAR_PAGE
) -> Paged[EcartLigne]:
    """Everything in quarantine, latest first: whole files, members of archives, flows."""
    found = _make_query(portee).subquery()
    query = select(found).order_by(found.c.quand.desc(), found.c.nom, found.c.membre)
    return read_page(session, query, lambda row: EcartLigne(*row), page=page, taille=taille)


def count_ecartes(session: Session, portee: Portee) -> int:
    """How many there are."""
    found = _make_query(portee).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _make_query(portee: Portee) -> Any:
    """genre, nom, membre, motif, quand, flux_id; files of no flow are the administrateur's."""
    flux = _select_flux(portee)
    if portee.budgets is not None:
        return flux
    return union_all(flux, _select_fichiers(), _select_membres())


def _select_flux(portee: Portee) -> Select[*tuple[Any, ...]]:
    place = (
        select(func.min(Emplacement.fichier_id))
        .where(Emplacement.flux_id == Flux.id)
        .scalar_subquery()
    )
    name = func.coalesce(
        Fichier.chemin, func.nullif(Flux.nom_fic, ""), func.substr(Flux.sha256, 1, 16)
    )
    return (
        select(
            literal("Flux").label("genre"),
            name.label("nom"),
            literal("").label("membre"),
            Flux.motif.label("motif"),
            Flux.recu_le.label("quand"),
            Flux.id.label("flux_id"),
        )
        .outerjoin(Fichier, Fichier.id == place)
        .where(of_portee(portee), Flux.etat == "quarantaine")
    )


def _select_fichiers() -> Select[*tuple[Any, ...]]:
    return select(
        literal("Fichier"), Fichier.chemin, literal(""), Fichier.motif, Fichier.vu_le, null()
    ).where(Fichier.etat == "quarantaine", Fichier.remplace_le.is_(None))


def _select_membres() -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal("Membre d’archive"),
            Fichier.chemin,
            Emplacement.membre,
            Emplacement.motif,
            Fichier.vu_le,
            null(),
        )
        .join(Emplacement, Emplacement.fichier_id == Fichier.id)
        .where(
            Emplacement.motif != "",
            Emplacement.flux_id.is_(None),
            Fichier.etat != "quarantaine",
            Fichier.remplace_le.is_(None),
        )
    )
