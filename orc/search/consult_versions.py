"""The sendings of the same piece or bordereau, and what changed from one to the next."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import format_date, format_euros
from orc.models import Bordereau, Flux, Lien, Ligne, Piece, Tiers
from orc.search.consult_values import Difference, Provenance, VersionVue
from orc.silo.places import find_places

DIFFERENCES_MAX = 40
VERSIONS_MAX = 50


def get_provenance(session: Session, flux_id: int, ligne_xml: int) -> Provenance:
    """The flow, and the files of the silo where it still lies."""
    flux = session.get_one(Flux, flux_id)
    present = [place for place in find_places(session, flux_id) if place.la]
    return Provenance(
        flux_id=flux.id,
        nom_fic=flux.nom_fic,
        sha256=flux.sha256,
        taille=flux.taille,
        date_flux=flux.date_flux,
        recu_le=flux.recu_le,
        ligne_xml=ligne_xml,
        fichiers=tuple(f"{p.chemin} › {p.membre}" if p.membre else p.chemin for p in present[:10]),
    )


def find_versions(
    session: Session, piece: Piece, *, clearance: Clearance
) -> tuple[VersionVue, ...]:
    """The sendings of this piece that may be seen, oldest first, each with what it changed."""
    rows = session.execute(
        select(Piece, Flux)
        .join(Flux, Flux.id == Piece.flux_id)
        .where(
            Piece.budget_id == piece.budget_id,
            Piece.exercice == piece.exercice,
            Piece.sens == piece.sens,
            Piece.numero == piece.numero,
            Piece.type_bordereau == piece.type_bordereau,
            Piece.numero_bordereau == piece.numero_bordereau,
        )
        .order_by(Piece.version, Piece.id)
        .limit(VERSIONS_MAX)
    ).all()
    shown = [(p, flux) for p, flux in rows if clearance.allows(p.cellule_id)]
    if len(shown) < 2:
        return ()
    facts = [_read_facts(session, p, clearance) for p, _ in shown]
    versions = []
    for rank, (p, flux) in enumerate(shown):
        changed = compare(facts[rank - 1], facts[rank]) if rank else ()
        versions.append(
            VersionVue(
                p.id, p.version, p.courante, flux.nom_fic, flux.recu_le, p.ht, p.tva, changed
            )
        )
    return tuple(versions)


def compare(before: dict[str, str], after: dict[str, str]) -> tuple[Difference, ...]:
    """What two sets of facts, by name, say differently; facts of one alone come against ""."""
    names = dict.fromkeys((*before, *after))
    found = [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]
    return tuple(found[:DIFFERENCES_MAX])


def _read_facts(session: Session, piece: Piece, clearance: Clearance) -> dict[str, str]:
    """What a sending says, by name, as a person reads it; reserved PJ are left out."""
    facts = {
        "Type de pièce": piece.type_piece,
        "Nature de pièce": piece.nature_piece,
        "Objet": piece.objet,
        "Service": piece.service,
        "Échéance": format_date(piece.date_echeance),
        "Montant HT": format_euros(piece.ht),
        "TVA": format_euros(piece.tva),
        "Nombre de lignes": str(piece.nb_lignes),
    }
    query = (
        select(Ligne, Tiers.nom)
        .outerjoin(Tiers, Tiers.id == Ligne.tiers_id)
        .where(Ligne.piece_id == piece.id)
        .order_by(Ligne.id)
        .limit(2000)
    )
    for ligne, nom in session.execute(query):
        facts |= _ligne_facts(ligne, nom or "")
    cited = session.execute(
        select(Lien.id_unique, Lien.nom, Lien.cellule_id)
        .where(Lien.piece_id == piece.id)
        .order_by(Lien.id)
    )
    return facts | {
        f"PJ {id_unique}": nom or "citée"
        for id_unique, nom, cellule in cited
        if clearance.allows(cellule)
    }


def _ligne_facts(ligne: Ligne, tiers: str) -> dict[str, str]:
    start = f"Ligne {ligne.numero}"
    return {
        f"{start}, compte": ligne.compte,
        f"{start}, libellé": ligne.libelle,
        f"{start}, HT": format_euros(ligne.ht),
        f"{start}, TVA": format_euros(ligne.tva),
        f"{start}, facture": ligne.facture,
        f"{start}, tiers": tiers,
    }


def find_versions_bordereau(session: Session, bordereau: Bordereau) -> Sequence[Bordereau]:
    """The sendings of a bordereau, oldest first."""
    return session.scalars(
        select(Bordereau)
        .where(
            Bordereau.budget_id == bordereau.budget_id,
            Bordereau.exercice == bordereau.exercice,
            Bordereau.sens == bordereau.sens,
            Bordereau.type_bordereau == bordereau.type_bordereau,
            Bordereau.numero == bordereau.numero,
        )
        .order_by(Bordereau.id)
        .limit(VERSIONS_MAX)
    ).all()


def make_versions_bordereau(
    session: Session, bordereaux: Sequence[Bordereau], *, clearance: Clearance
) -> tuple[VersionVue, ...]:
    """Those sendings, with the sums of the pieces the reader may see; () for a single one."""
    if len(bordereaux) < 2:
        return ()
    sums = _sum_visible(session, [b.id for b in bordereaux], clearance)
    flux = {
        f.id: f
        for f in session.scalars(select(Flux).where(Flux.id.in_([b.flux_id for b in bordereaux])))
    }
    return tuple(
        VersionVue(
            b.id,
            rank,
            b is bordereaux[-1],
            flux[b.flux_id].nom_fic,
            flux[b.flux_id].recu_le,
            *sums.get(b.id, (0, 0)),
        )
        for rank, b in enumerate(bordereaux, start=1)
    )


def _sum_visible(
    session: Session, ids: Iterable[int], clearance: Clearance
) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(Piece.bordereau_id, Piece.cellule_id, func.sum(Piece.ht), func.sum(Piece.tva))
        .where(Piece.bordereau_id.in_(list(ids)))
        .group_by(Piece.bordereau_id, Piece.cellule_id)
    )
    sums: dict[int, tuple[int, int]] = {}
    for bordereau_id, cellule_id, ht, tva in rows:
        if clearance.allows(cellule_id):
            before = sums.get(bordereau_id, (0, 0))
            sums[bordereau_id] = (before[0] + ht, before[1] + tva)
    return sums
