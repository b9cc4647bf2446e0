"""A version of the rules of duration: written by one archiviste, published by another, measured."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.db import Writing, list_values
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.journal import Acte, record_acte
from orc.marques import mark_collectivites
from orc.models import (
    Budget,
    Cellule,
    DecisionCourante,
    Ecriture,
    PieceJustificative,
    RegleDuree,
    VersionRegles,
    read_now,
)
from orc.retention.rapports.portee import Portee, read_ids
from orc.retention.regard import sees_pj
from orc.retention.regle_duree import RegleDeDuree, VersionDeRegles, dump_criteres, dump_regle
from orc.retention.regles import find_durees_de, find_version, read_version
from orc.retention.verrou import hold_retention

MOTIF_MAX = 1000
# What the journal says of a rule written in a brouillon.
MODIFIEE = "modifiee"


class EtatVersion(StrEnum):
    """Where a version is."""

    BROUILLON = "brouillon"
    SOUMISE = "soumise"
    PUBLIEE = "publiee"
    ABANDONNEE = "abandonnee"


LIBELLES_ETATS = {
    EtatVersion.BROUILLON: "Brouillon",
    EtatVersion.SOUMISE: "Soumise",
    EtatVersion.PUBLIEE: "Publiée",
    EtatVersion.ABANDONNEE: "Abandonnée",
}


@dataclass(frozen=True, slots=True)
class LigneImpact:
    """PJ of a collectivité × exercice: how many, of which how many change sort final or term."""

    siren: str
    exercice: int
    examinees: int
    sorts: int
    termes: int

    @property
    def changees(self) -> int:
        """Whether anything changes there."""
        return self.sorts + self.termes


@dataclass(frozen=True, slots=True)
class Impact:
    """What a version changes, counted. `ailleurs`: PJ it changes that who measures does not see."""

    lignes: tuple[LigneImpact, ...]
    ailleurs: int = 0

    @property
    def sirens(self) -> frozenset[str]:
        """The collectivités where something changes."""
        return frozenset(ligne.siren for ligne in self.lignes if ligne.changees)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version changes of a rule; `avant` or `apres` empty: added, or removed."""

    code: str
    champ: str
    avant: str
    apres: str


def find_differences(avant: VersionDeRegles, apres: VersionDeRegles) -> list[Difference]:
    """What the second says otherwise than the first, by code. Pure."""
    before = {regle.code: dump_regle(regle) for regle in avant.regles}
    after = {regle.code: dump_regle(regle) for regle in apres.regles}
    found = []
    for code in sorted(before.keys() | after.keys()):
        one, two = before.get(code, {}), after.get(code, {})
        for champ in one or two:
            said = [_say(side.get(champ)) for side in (one, two)]
            if said[0] != said[1]:
                found.append(Difference(code, champ, said[0], said[1]))
    return found


def _say(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def measure_impact(
    session: Session, version: VersionDeRegles, day: date, territoire: frozenset[int]
) -> Impact:
    """What this version would change of every PJ, that day; nothing is written."""
    current = find_version(session, day)
    counts: dict[tuple[str, int], list[int]] = {}
    ailleurs = 0
    for rows in read_ids(session, Portee(None)):
        ids = [row[0] for row in rows]
        before = find_durees_de(session, ids, current)
        after = find_durees_de(session, ids, version)
        changed = []
        for pj_id, siren, exercice, _octets in rows:
            one, two = before.get(pj_id), after.get(pj_id)
            sorts = (one and one.sort_final) != (two and two.sort_final)
            termes = (one and one.libre) != (two and two.libre)
            line = counts.setdefault((siren, exercice), [0, 0, 0])
            line[0] += 1
            line[1] += sorts
            line[2] += termes and not sorts
            if sorts or termes:
                changed.append(pj_id)
        ailleurs += len(changed) - _count_seen(session, changed, territoire)
    lignes = tuple(LigneImpact(*key, *counts[key]) for key in sorted(counts))
    return Impact(lignes, ailleurs)


def _count_seen(session: Session, pj_ids: Sequence[int], territoire: frozenset[int]) -> int:
    query = select(PieceJustificative.id).where(
        PieceJustificative.id.in_(list_values(pj_ids)), sees_pj(territoire)
    )
    return len(session.scalars(query).all())


def dump_impact(impact: Impact) -> str:
    """An impact as the version keeps it."""
    lignes = [[n.siren, n.exercice, n.examinees, n.sorts, n.termes] for n in impact.lignes]
    return json.dumps({"lignes": lignes, "ailleurs": impact.ailleurs})


def load_impact(column: str) -> Impact | None:
    """The impact a version keeps; None: it was not measured yet."""
    if not column:
        return None
    said = json.loads(column)
    return Impact(tuple(LigneImpact(*row) for row in said["lignes"]), said["ailleurs"])


def find_lignes_vues(
    session: Session, impact: Impact, cellules: frozenset[int]
) -> list[LigneImpact]:
    """Those of which every PJ is seen from these cellules: a count tells nothing of the others."""
    query = (
        select(Budget.siren, Cellule.exercice)
        .join(Budget, Budget.id == Cellule.budget_id)
        .where(Cellule.id.not_in(list_values(cellules)))
        .distinct()
    )
    hidden = {(siren, exercice) for siren, exercice in session.execute(query)}
    partly = {siren for siren, _ in hidden}
    return [
        ligne
        for ligne in impact.lignes
        if (ligne.siren, ligne.exercice) not in hidden
        and (ligne.exercice or ligne.siren not in partly)
    ]


def find_versions(session: Session) -> list[VersionRegles]:
    """Every version, the last first; those that ship are not among them."""
    return list(session.scalars(select(VersionRegles).order_by(VersionRegles.id.desc())))


def get_version(session: Session, version_id: int) -> VersionRegles:
    """A version. Raises NotFound."""
    found = session.get(VersionRegles, version_id)
    if found is None:
        raise NotFound("Cette version des règles n’existe pas.")
    return found


def create_brouillon(session: Writing, qui: Lecteur, motif: str, today: date) -> int:
    """A new version to work on: a copy of what is in force. Raises Conflict while one is open."""
    hold_retention(session)
    etats = (EtatVersion.BROUILLON, EtatVersion.SOUMISE)
    if session.scalar(select(VersionRegles.id).where(VersionRegles.etat.in_(etats)).limit(1)):
        raise Conflict("Une version est déjà en préparation : publiez-la ou abandonnez-la d’abord.")
    version = VersionRegles(
        etat=EtatVersion.BROUILLON,
        motif=_read_motif(motif),
        redigee_par_id=qui.personne_id,
        redigee_par=qui.nom,
        redigee_le=read_now(),
    )
    session.add(version)
    session.flush()
    _put_regles(session, version.id, find_version(session, today).regles)
    _record(session, qui, version, "brouillon")
    return version.id


def _read_motif(motif: str) -> str:
    motif = motif.strip()
    if not 0 < len(motif) <= MOTIF_MAX:
        raise Invalid(f"Dites pourquoi, en {MOTIF_MAX} caractères au plus.")
    return motif


def _put_regles(session: Writing, version_id: int, regles: Sequence[RegleDeDuree]) -> None:
    session.execute(delete(RegleDuree).where(RegleDuree.version_id == version_id))
    if regles:
        session.execute(insert(RegleDuree), list(_make_rows(version_id, regles)))


def _make_rows(version_id: int, regles: Sequence[RegleDeDuree]) -> Iterator[dict[str, object]]:
    for rang, regle in enumerate(regles):
        row = dump_regle(regle)
        yield {
            **row,
            "criteres": dump_criteres(regle.criteres),
            "version_id": version_id,
            "rang": rang,
        }


def replace_regle(
    session: Writing, qui: Lecteur, version_id: int, code: str, regle: RegleDeDuree | None
) -> None:
    """Put a rule in a brouillon in the place of `code` (or at the end); None: remove it."""
    hold_retention(session)
    version = _get_in(session, version_id, EtatVersion.BROUILLON)
    regles = list(read_version(session, version).regles)
    at = next((rang for rang, r in enumerate(regles) if r.code == code), len(regles))
    regles[at : at + 1] = [regle] if regle else []
    if len({r.code for r in regles}) != len(regles):
        raise Conflict(f"Une autre règle a déjà le code {regle.code if regle else code}.")
    _put_regles(session, version_id, regles)
    version.redigee_par_id, version.redigee_par = qui.personne_id, qui.nom
    version.redigee_le = read_now()
    _record(session, qui, version, MODIFIEE, code=regle.code if regle else code)


def has_written(session: Session, version: VersionRegles, personne_id: int) -> bool:
    """Whether this person wrote any of it, last or not: it may not publish it."""
    query = select(Ecriture.details).where(
        Ecriture.acte == Acte.REGLES_DE_DUREE.value,
        Ecriture.objet == _name(version),
        Ecriture.personne_id == personne_id,
    )
    said = (json.loads(details)["etat"] for details in session.scalars(query))
    return version.redigee_par_id == personne_id or MODIFIEE in said


def submit_version(session: Writing, qui: Lecteur, version_id: int, impact: Impact) -> None:
    """Hand a brouillon over, with what it would change. Raises Conflict, Invalid."""
    hold_retention(session)
    version = _get_in(session, version_id, EtatVersion.BROUILLON)
    if not read_version(session, version).regles:
        raise Invalid("Une version a au moins une règle.")
    version.etat, version.impact = EtatVersion.SOUMISE, dump_impact(impact)
    _record(session, qui, version, "soumise")


def publish_version(
    session: Writing,
    qui: Lecteur,
    version_id: int,
    impact: Impact,
    en_vigueur_le: date,
    today: date,
) -> None:
    """Publish what another wrote, from today at the earliest; what it changes is decided again.

    Who publishes sees all it changes. Raises Conflict, Forbidden, Invalid.
    """
    hold_retention(session)
    version = _get_in(session, version_id, EtatVersion.SOUMISE)
    if has_written(session, version, qui.personne_id):
        raise Forbidden("Une version est publiée par une autre personne que celle qui l’a écrite.")
    if impact.ailleurs:
        raise Forbidden(
            "Cette version change des pièces hors de votre territoire : un archiviste qui les voit "
            "toutes peut la publier."
        )
    if en_vigueur_le < today:
        raise Invalid("Une version n’entre pas en vigueur dans le passé.")
    version.etat, version.impact = EtatVersion.PUBLIEE, dump_impact(impact)
    version.en_vigueur_le, version.publiee_le = en_vigueur_le, read_now()
    version.publiee_par_id, version.publiee_par = qui.personne_id, qui.nom
    session.flush()
    if impact.sirens:
        mark_collectivites(session, impact.sirens)
        _look_again(session, impact.sirens, en_vigueur_le)
    _record(session, qui, version, "publiee")


def _look_again(session: Writing, sirens: frozenset[str], day: date) -> None:
    """The day it begins to hold, what it changes is decided once more."""
    later = or_(DecisionCourante.revoir_le.is_(None), DecisionCourante.revoir_le > day)
    session.execute(
        update(DecisionCourante)
        .where(DecisionCourante.siren.in_(sorted(sirens)), later)
        .values(revoir_le=day)
    )


def abandon_version(session: Writing, qui: Lecteur, version_id: int) -> None:
    """Give up a version that is not published. Raises Conflict."""
    hold_retention(session)
    version = get_version(session, version_id)
    if version.etat not in {EtatVersion.BROUILLON, EtatVersion.SOUMISE}:
        raise Conflict("Cette version n’est plus en préparation : elle reste ce qu’elle est.")
    version.etat = EtatVersion.ABANDONNEE
    _record(session, qui, version, "abandonnee")


def _get_in(session: Writing, version_id: int, etat: EtatVersion) -> VersionRegles:
    version = get_version(session, version_id)
    if version.etat != etat:
        raise Conflict(f"Cette version est « {LIBELLES_ETATS[EtatVersion(version.etat)]} ».")
    return version


def _name(version: VersionRegles) -> str:
    return f"regles:{version.id}"


def _record(
    session: Writing, qui: Lecteur, version: VersionRegles, fait: str, **details: str
) -> None:
    record_acte(
        session,
        Acte.REGLES_DE_DUREE,
        acteur=qui.identifiant,
        personne_id=qui.personne_id,
        objet=_name(version),
        details={"etat": fait, "motif": version.motif, **details},
    )
