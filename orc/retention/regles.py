"""The rules of duration in force on a day, and what they make of each PJ."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.models import RegleDuree, VersionRegles
from orc.retention.departs import Connu, find_connus
from orc.retention.durees import Arrondi, Duree, Unite, find_libre, find_terme
from orc.retention.regle_duree import (
    STRICTS,
    Evenement,
    Objet,
    RegleDeDuree,
    SortFinal,
    VersionDeRegles,
    read_criteres,
    read_livrees,
)
from orc.retention.rules import Fondement, Rules
from orc.settings import Settings

PASSATION, EXECUTION = "MARCHE-PASSATION", "MARCHE-EXECUTION"
PUBLIEE = "publiee"


@dataclass(frozen=True, slots=True)
class RegleTrouvee:
    """What keeps a PJ: the rule that keeps it the longest, and the strictest sort final of all.

    `debut` None: the start event is not known, so `terme` and `libre` are not either: it is kept.
    `terme` is the last day counted, `libre` the first one that keeps nothing. `regles`: the codes
    of every rule that applies; `contradictoire`: they do not agree on the sort final.
    """

    code: str
    intitule: str
    reference: str
    dua: str
    sort_final: str
    debut: date | None
    terme: date | None
    libre: date | None
    regles: tuple[str, ...]
    contradictoire: bool = False


def find_version(session: Session, day: date) -> VersionDeRegles:
    """The rules in force that day: the last version published for it, or those that ship."""
    query = (
        select(VersionRegles)
        .where(VersionRegles.etat == PUBLIEE, VersionRegles.en_vigueur_le <= day)
        .order_by(VersionRegles.en_vigueur_le.desc(), VersionRegles.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return read_livrees() if row is None else read_version(session, row)


def read_version(session: Session, row: VersionRegles) -> VersionDeRegles:
    """A version of SQL with its rules, in order; a brouillon is in force on no day."""
    query = (
        select(RegleDuree)
        .where(RegleDuree.version_id == row.id)
        .order_by(RegleDuree.rang, RegleDuree.id)
    )
    regles = tuple(_read_row(regle) for regle in session.scalars(query))
    return VersionDeRegles(row.id, f"Version {row.id}", row.en_vigueur_le or date.max, regles)


def _read_row(row: RegleDuree) -> RegleDeDuree:
    return RegleDeDuree(
        code=row.code,
        intitule=row.intitule,
        criteres=read_criteres(json.loads(row.criteres), row.code),
        reference=row.reference,
        fondement=Fondement(row.fondement),
        evenement=Evenement(row.evenement),
        duree=Duree(row.nombre, Unite(row.unite), Arrondi(row.arrondi), row.inclus),
        sort_final=SortFinal(row.sort_final),
        garde=row.garde,
    )


def make_rules(settings: Settings) -> Rules:
    """What an installation settled of what we inferred (domaine.md, the table of tests)."""
    return Rules(
        refuse_avant_offre=settings.destruction_refus_avant_offre,
        ordre_par_prise_en_charge=settings.destruction_ordre_prise_en_charge,
        rubrique_inconnue_passe=settings.destruction_rubrique_inconnue_passe,
        rubriques_originales=_split(settings.destruction_rubriques_originales),
        origines_de_paiement=_split(settings.destruction_origines_de_paiement),
    )


def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def find_rules(session: Session, day: date, settings: Settings | None = None) -> Rules:
    """The rules of the tests that day: settings, and the délais of marchés of the version.

    A version that no longer has one of these two leaves the délai that ships.
    """
    rules, version = make_rules(settings or Settings()), find_version(session, day)
    passation, execution = version.find(PASSATION), version.find(EXECUTION)
    return replace(
        rules,
        marche_passation=passation.duree if passation else rules.marche_passation,
        marche_execution=execution.duree if execution else rules.marche_execution,
    )


def find_durees(session: Session, pj_ids: Collection[int], day: date) -> dict[int, RegleTrouvee]:
    """What keeps each of these PJ by the rules in force that day; absent: no rule applies."""
    return find_durees_de(session, pj_ids, find_version(session, day))


def find_durees_de(
    session: Session, pj_ids: Collection[int], version: VersionDeRegles, objet: Objet = Objet.PJ
) -> dict[int, RegleTrouvee]:
    """The same by another version, published or not; or what keeps the flow of each."""
    regles = version.select(objet)
    connus = find_connus(session, pj_ids, regles)
    found = ((pj_id, decide_duree(connu, regles)) for pj_id, connu in connus.items())
    return {pj_id: trouvee for pj_id, trouvee in found if trouvee is not None}


def decide_duree(connu: Connu, regles: Sequence[RegleDeDuree]) -> RegleTrouvee | None:
    """Of all the rules that apply, the longest keeps, and C wins over T, T over D. Pure."""
    applied = [regle for regle in regles if applies(regle, connu)]
    if not applied:
        return None
    longest = max(applied, key=lambda regle: _rank(regle, connu.debuts))
    debut = connu.debuts.get(longest.evenement)
    sorts = {regle.sort_final for regle in applied}
    return RegleTrouvee(
        code=longest.code,
        intitule=longest.intitule,
        reference=longest.reference,
        dua=longest.dua,
        sort_final=max(sorts, key=STRICTS.__getitem__),
        debut=debut,
        terme=find_terme(debut, longest.duree) if debut else None,
        libre=_find_libre(longest, connu.debuts),
        regles=tuple(regle.code for regle in applied),
        contradictoire=len(sorts) > 1,
    )


def _rank(regle: RegleDeDuree, debuts: Mapping[Evenement, date]) -> tuple[bool, date]:
    """A start that is not known may end after every other."""
    libre = _find_libre(regle, debuts)
    return libre is None, libre or date.max


def _find_libre(regle: RegleDeDuree, debuts: Mapping[Evenement, date]) -> date | None:
    debut = debuts.get(regle.evenement)
    return find_libre(debut, regle.duree) if debut else None


def applies(regle: RegleDeDuree, connu: Connu) -> bool:
    """Whether a PJ meets every criterion of a rule, by any value of it. Pure."""
    asked = regle.criteres
    if asked.marche and not connu.contractuelle:
        return False
    if asked.type_pj and connu.type_pj not in asked.type_pj:
        return False
    if asked.compte and not any(compte.startswith(asked.compte) for compte in connu.comptes):
        return False
    by_piece = (
        (asked.sens, connu.sens),
        (asked.type_piece, connu.types_piece),
        (asked.nature_piece, connu.natures),
    )
    return all(not wanted or not had.isdisjoint(wanted) for wanted, had in by_piece)
