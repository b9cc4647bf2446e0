"""Gels placed, looked at again, released: under the lock of retention, never by one alone."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.db import Writing
from orc.domain import format_date
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.journal import Acte, record_acte
from orc.models import Gel, GelObjet, Piece, PieceJustificative, read_now
from orc.retention.criteres import Criteres, check_criteres, dump_criteres
from orc.retention.gels import CRITERES, EXERCICES, LOT, OBJETS
from orc.retention.portees import find_refus, mark_gel, sees_gel, suspend_held
from orc.retention.qualites import find_qualite, make_vue
from orc.retention.regard import sees_piece, sees_pj
from orc.retention.verrou import hold_retention

TEXTE_MAX = 200
MOTIF_MAX = 1000
LISTE_MAX = 100_000
# A gel nobody looks at again would last for ever: a year, as the reviews of habilitations.
REVUE_MAX = timedelta(days=366)
CHAMPS = {"nom": "le nom du gel", "autorite": "l’autorité", "reference": "la référence"}
_ABSENT = "Ce gel n’existe pas, ou rien de ce qu’il gèle n’est de votre ressort."


@dataclass(frozen=True, slots=True)
class DepotGel:
    """A gel to place: on a list of PJ and pieces by their ids, or on what meets criteria."""

    nom: str
    autorite: str
    reference: str
    motif: str
    revue_le: date
    pj_ids: tuple[int, ...] = ()
    piece_ids: tuple[int, ...] = ()
    criteres: Criteres | None = None


def place_gel(session: Writing, lecteur: Lecteur, depot: DepotGel, *, today: date) -> int:
    """Freeze what the depot names, from today; the id of the gel.

    Accepted whatever the state of what it names. It bears only on what this person sees for
    retention. Raises Invalid, Forbidden, NotFound where something of the list is not seen.
    """
    hold_retention(session)
    qualite = find_qualite(lecteur)
    if qualite is None:
        raise Forbidden("Votre habilitation ne permet pas de geler.")
    depot = _check_depot(depot, today)
    values: dict[str, object]
    if depot.criteres is None:
        _check_seen(session, lecteur, depot)
        values = {"portee": OBJETS, "liste_sha256": make_sha256(depot.pj_ids, depot.piece_ids)}
    else:
        criteres = _restrict_to_vue(session, lecteur, depot.criteres, today)
        values = _make_values(criteres)
    row = Gel(
        nom=depot.nom, autorite=depot.autorite, reference=depot.reference, motif=depot.motif,
        depuis=today, revue_le=depot.revue_le, personne_id=lecteur.personne_id,
        pose_par=lecteur.identifiant, qualite=qualite.value, pose_le=read_now(), **values,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _put_objets(session, row.id, depot)
    _record(
        session, lecteur, Acte.GEL_POSE, row,
        {"reference": row.reference, "portee": row.portee, "siren": row.siren,
         "criteres": row.criteres, "nombre": len(depot.pj_ids) + len(depot.piece_ids)},
    )  # fmt: skip
    mark_gel(session, row)
    suspend_held(session, row)
    return row.id


def _check_depot(depot: DepotGel, today: date) -> DepotGel:
    texts = {name: " ".join(str(getattr(depot, name)).split()) for name in (*CHAMPS, "motif")}
    for name, words in CHAMPS.items():
        if not texts[name]:
            raise Invalid(f"Dites {words}.")
        if len(texts[name]) > TEXTE_MAX:
            raise Invalid(f"C’est trop long : {words}.")
    texts["motif"] = _read_motif(depot.motif, "Dites pourquoi ce gel est posé.")
    _check_revue(depot.revue_le, today)
    listed = len(depot.pj_ids) + len(depot.piece_ids)
    if (depot.criteres is None) == (listed == 0):
        raise Invalid("Un gel porte sur une liste ou sur des critères.")
    if listed > LISTE_MAX:
        raise Invalid(
            f"Un gel porte sur une liste de {LISTE_MAX} pièces au plus : prenez des critères."
        )
    unique = {"pj_ids": tuple(sorted(set(depot.pj_ids)))}
    unique["piece_ids"] = tuple(sorted(set(depot.piece_ids)))
    return replace(depot, **texts, **unique)  # type: ignore[arg-type]  # fields, by their names


def _read_motif(motif: str, missing: str) -> str:
    text = " ".join(motif.split())
    if not text:
        raise Invalid(missing)
    if len(text) > MOTIF_MAX:
        raise Invalid(f"Le motif a plus de {MOTIF_MAX} caractères.")
    return text


def _check_revue(day: date, today: date) -> None:
    if not today < day <= today + REVUE_MAX:
        raise Invalid("La date de revue est à venir, dans un an au plus.")


def _check_seen(session: Session, lecteur: Lecteur, depot: DepotGel) -> None:
    cellules = lecteur.clearance.retention
    pj = _count(session, PieceJustificative, depot.pj_ids, sees_pj(cellules))
    pieces = _count(session, Piece, depot.piece_ids, sees_piece(cellules))
    if (pj, pieces) != (len(depot.pj_ids), len(depot.piece_ids)):
        raise NotFound("Une pièce de cette liste n’existe pas, ou n’est pas de votre ressort.")


def _count(
    session: Session,
    table: type[Piece] | type[PieceJustificative],
    ids: tuple[int, ...],
    seen: ColumnElement[bool],
) -> int:
    lots = [ids[start : start + LOT] for start in range(0, len(ids), LOT)]
    query = select(func.count()).select_from(table)
    return sum(session.scalar(query.where(table.id.in_(lot), seen)) or 0 for lot in lots)


def make_sha256(pj_ids: Collection[int], piece_ids: Collection[int]) -> str:
    """The SHA-256 of a list: a line `pj:7` or `piece:8` each, in order of their numbers."""
    lines = [f"pj:{i}" for i in sorted(pj_ids)] + [f"piece:{i}" for i in sorted(piece_ids)]
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _restrict_to_vue(
    session: Session, lecteur: Lecteur, criteres: Criteres, today: date
) -> Criteres:
    """The criteria within what this person sees of their collectivité."""
    check_criteres(criteres)
    vue = make_vue(session, lecteur, criteres.siren, today)
    if vue is None:
        raise NotFound("Cette collectivité n’existe pas, ou elle n’est pas de votre ressort.")
    within = replace(
        criteres,
        exercice_min=max(filter(None, (criteres.exercice_min, vue.exercice_min)), default=None),
        exercice_max=min(filter(None, (criteres.exercice_max, vue.exercice_max)), default=None),
        budgets=_meet(criteres.budgets, vue.budgets),
        domaines=_meet(criteres.domaines, vue.domaines),
    )
    return check_criteres(within)


def _meet(asked: tuple[str, ...], seen: tuple[str, ...]) -> tuple[str, ...]:
    if not asked or not seen:
        return asked or seen
    both = tuple(value for value in asked if value in seen)
    if not both:
        raise NotFound("Rien de cela n’est de votre ressort.")
    return both


def _make_values(criteres: Criteres) -> dict[str, object]:
    """The columns of a gel by criteria; `exercices` where it bears on the whole of them."""
    low, high = criteres.exercice_min, criteres.exercice_max
    plain = Criteres(
        siren=criteres.siren, exercice_min=low, exercice_max=high, budgets=criteres.budgets,
        domaines=criteres.domaines,
    )  # fmt: skip
    return {
        "portee": EXERCICES if criteres == plain else CRITERES,
        "siren": criteres.siren,
        "exercice_min": low,
        "exercice_max": high,
        "criteres": dump_criteres(criteres),
    }


def _put_objets(session: Writing, gel_id: int, depot: DepotGel) -> None:
    rows: list[dict[str, int | None]] = [
        {"gel_id": gel_id, "pj_id": i, "piece_id": None} for i in depot.pj_ids
    ]
    rows += [{"gel_id": gel_id, "pj_id": None, "piece_id": i} for i in depot.piece_ids]
    if rows:
        session.execute(insert(GelObjet), rows)


def _record(
    session: Writing, lecteur: Lecteur, acte: Acte, gel: Gel, details: dict[str, object]
) -> None:
    record_acte(
        session, acte, acteur=lecteur.identifiant, personne_id=lecteur.personne_id,
        objet=f"gel:{gel.id}", details={"nom": gel.nom, **details},
    )  # fmt: skip


def release_gel(
    session: Writing, lecteur: Lecteur, gel_id: int, motif: str, *, delai: int, today: date
) -> date:
    """Release a gel: the last day it still holds, `delai` days from today.

    By another person than who placed it, who sees all it freezes; an ordonnateur does not release
    what an archiviste or a comptable placed. Raises NotFound, Forbidden, Conflict, Invalid.
    """
    gel = _hold_gel(session, lecteur, gel_id)
    if refus := find_refus(session, lecteur, gel, today):
        raise Forbidden(refus)
    gel.motif_levee = _read_motif(motif, "Dites pourquoi ce gel est levé.")
    gel.leve_par, gel.leve_par_id = lecteur.identifiant, lecteur.personne_id
    gel.leve_le, gel.fin_le = read_now(), today + timedelta(days=delai)
    session.flush()
    _record(
        session, lecteur, Acte.GEL_LEVE, gel,
        {"motif": gel.motif_levee, "fin_le": gel.fin_le.isoformat()},
    )  # fmt: skip
    mark_gel(session, gel)
    return gel.fin_le


def review_gel(
    session: Writing, lecteur: Lecteur, gel_id: int, revue_le: date, motif: str, *, today: date
) -> None:
    """Keep a gel in force, and say when to look at it again and why. As `release_gel` raises."""
    gel = _hold_gel(session, lecteur, gel_id)
    said = _read_motif(motif, "Dites pourquoi ce gel est maintenu.")
    _check_revue(revue_le, today)
    before, gel.revue_le = gel.revue_le, revue_le
    session.flush()
    days = {"avant": before.isoformat(), "revue_le": revue_le.isoformat()}
    _record(session, lecteur, Acte.GEL_REVU, gel, {"motif": said, **days})


def _hold_gel(session: Writing, lecteur: Lecteur, gel_id: int) -> Gel:
    """A gel in force that this person sees, read under the lock of retention."""
    hold_retention(session)
    query = select(Gel).where(Gel.id == gel_id, sees_gel(session, lecteur))
    gel = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if gel is None:
        raise NotFound(_ABSENT)
    if gel.leve_le is not None:
        end = format_date(gel.fin_le)
        raise Conflict(f"{gel.leve_par} a déjà levé ce gel, qui tient jusqu’au {end}.")
    return gel
