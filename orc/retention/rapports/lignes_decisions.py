"""Lines of reports read from the decisions: états, refusals and why, anomalies."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session

from orc.csv_lines import Valeur
from orc.db import list_values
from orc.models import Decision, DecisionCourante, LigneElimination, PieceJustificative
from orc.retention.decide import Statut
from orc.retention.eliminations.lignes import StatutLigne, name_typologie
from orc.retention.etats import select_ids
from orc.retention.rapports.feuille import Colonne, Tableau
from orc.retention.rapports.portee import Noms, Portee, find_exercices, read_ids
from orc.retention.regle_duree import Objet, RegleDeDuree, SortFinal
from orc.retention.regles import find_durees_de, find_version
from orc.retention.rules import REGLES, Fondement

# What a PJ counts as, once: one whose copy is destroyed may no longer go.
LIBELLES_ETATS = {
    Statut.ELIGIBLE.value: "Éligibles",
    Statut.EN_ATTENTE.value: "En attente",
    Statut.SUSPENDU.value: "Suspendues",
    Statut.REFUS.value: "Refusées",
    "": "À décider",
    StatutLigne.DETRUITE.value: "Détruites",
}
LOT = 1000
# Of each statut, how many PJ and how many octets.
Comptes = dict[str, tuple[int, int]]
DEPENSE, RECETTE, ACQUIT = "9a", "9b", "6"
NATURES = {
    "6": "Acquit manquant ou refusé",
    "7": "Copie archivée en défaut",
    "9c": "Citée par aucune pièce",
    "14": "Aucune règle de durée",
}
PAYEE_SANS_ACQUIT = "Payée sans acquit"
CONTRADICTION = "Règles contradictoires"
AUTRE = "Événement manquant"


def make_etats(session: Session, portee: Portee, noms: Noms) -> Tableau:
    """PJ and octets by collectivité, exercice, type and statut."""
    colonnes = (
        Colonne("Collectivité", largeur=4),
        Colonne("Exercice", largeur=1),
        Colonne("Type", largeur=3),
        *(Colonne(libelle, nombre=True) for libelle in LIBELLES_ETATS.values()),
        Colonne("Total", nombre=True),
        Colonne("Volume (octets)", nombre=True, largeur=3),
        Colonne("dont éligibles (octets)", nombre=True, largeur=3),
    )

    def read() -> Iterator[tuple[Valeur, ...]]:
        for (siren, exercice, type_pj), counts in count_etats(session, portee).items():
            numbers = [counts.get(statut, (0, 0))[0] for statut in LIBELLES_ETATS]
            octets = sum(octets for _, octets in counts.values())
            eligibles = counts.get(Statut.ELIGIBLE, (0, 0))[1]
            head = (noms.name(siren), str(exercice) if exercice else "—")
            yield (*head, name_typologie(type_pj), *numbers, sum(numbers), octets, eligibles)

    return Tableau("Pièces justificatives par statut", colonnes, read())


def sum_types(etats: Mapping[tuple[str, int, str], Comptes]) -> dict[tuple[str, int], Comptes]:
    """The same by collectivité × exercice, whatever the type."""
    found: dict[tuple[str, int], Comptes] = {}
    for (siren, exercice, _type_pj), counts in etats.items():
        had = found.setdefault((siren, exercice), {})
        for statut, (number, octets) in counts.items():
            before = had.get(statut, (0, 0))
            had[statut] = (before[0] + number, before[1] + octets)
    return found


def count_etats(session: Session, portee: Portee) -> dict[tuple[str, int, str], Comptes]:
    """PJ and octets by statut, of each collectivité × exercice × TypePJ, as in LIBELLES_ETATS.

    A PJ cited in two exercices counts in both, as on screen (`read_bilan`) and in its lists.
    """
    exercices = portee.make_chaque_exercice()
    exercice = func.coalesce(exercices.c.exercice, 0)
    detruite = exists().where(
        LigneElimination.pj_id == PieceJustificative.id,
        LigneElimination.statut == StatutLigne.DETRUITE.value,
    )
    statut = case(
        (detruite, StatutLigne.DETRUITE.value), else_=func.coalesce(DecisionCourante.statut, "")
    ).label("statut")
    query = (
        select(
            PieceJustificative.siren,
            exercice,
            PieceJustificative.type_pj,
            statut,
            func.count(),
            func.sum(PieceJustificative.taille),
        )
        .outerjoin(exercices, exercices.c.pj_id == PieceJustificative.id)
        .outerjoin(DecisionCourante, DecisionCourante.pj_id == PieceJustificative.id)
        .where(portee.condition, PieceJustificative.courante)
        .group_by(PieceJustificative.siren, exercice, PieceJustificative.type_pj, statut)
    )
    found: dict[tuple[str, int, str], Comptes] = {}
    for siren, year, type_pj, name, number, octets in session.execute(query):
        found.setdefault((siren, year, type_pj), {})[name] = (number, int(octets))
    return {key: found[key] for key in sorted(found)}


def _read_decisions(
    session: Session, portee: Portee, chosen: ColumnElement[bool]
) -> Iterator[tuple[Any, int]]:
    """Decisions of a scope by PJ with its exercice, some at a time: only ids are held whole."""
    ids = select_ids(portee.seen, portee.condition, chosen).execution_options(yield_per=LOT)
    for lot in session.scalars(ids).partitions():
        query = (
            select(
                PieceJustificative.id,
                PieceJustificative.siren,
                PieceJustificative.id_unique,
                PieceJustificative.nom,
                PieceJustificative.taille,
                Decision.raisons,
                Decision.jour,
            )
            .join(DecisionCourante, DecisionCourante.pj_id == PieceJustificative.id)
            .join(Decision, Decision.id == DecisionCourante.decision_id)
            .where(PieceJustificative.id.in_(lot))
            .order_by(PieceJustificative.id)
        )
        years = find_exercices(session, portee, lot)
        yield from ((row, years.get(row.id, 0)) for row in session.execute(query))


COLONNES_PJ = (
    Colonne("Collectivité", largeur=3),
    Colonne("Exercice", largeur=1),
    Colonne("Identifiant unique", largeur=3),
    Colonne("Pièce justificative", largeur=4),
)


def _write_pj(row: Any, exercice: int, noms: Noms) -> tuple[Valeur, ...]:
    return noms.name(row.siren), str(exercice or "—"), row.id_unique, row.nom


def make_refus(session: Session, portee: Portee, noms: Noms) -> Tableau:
    """Each PJ refused, with every reason that refuses it: a line a PJ."""
    colonnes = (
        *COLONNES_PJ,
        Colonne("Motifs", largeur=6),
        Colonne("Fondement", largeur=2),
        Colonne("Références", largeur=4),
        Colonne("Décidée le", largeur=2),
        Colonne("Octets", nombre=True),
    )
    refused = DecisionCourante.statut == Statut.REFUS

    def read() -> Iterator[tuple[Valeur, ...]]:
        for row, exercice in _read_decisions(session, portee, refused):
            against = [r for r in json.loads(row.raisons) if r["statut"] == Statut.REFUS]
            motifs = " ; ".join(f"{r['regle']}. {r['texte']}" for r in against)
            rules = [REGLES[r["regle"]] for r in against if r["regle"] in REGLES]
            texte = any(rule.fondement is Fondement.TEXTE for rule in rules)
            references = " ; ".join(dict.fromkeys(rule.reference for rule in rules))
            fondement = "texte" if texte else "interprétation"
            head = _write_pj(row, exercice, noms)
            yield (*head, motifs, fondement, references, row.jour, row.taille)

    return Tableau("Pièces justificatives refusées", colonnes, read())


def make_anomalies(session: Session, portee: Portee, noms: Noms, today: date) -> Tableau:
    """What somebody has to look at: events that miss or contradict, rules that contradict."""
    colonnes = (*COLONNES_PJ, Colonne("Anomalie", largeur=3), Colonne("Détail", largeur=6))

    def read() -> Iterator[tuple[Valeur, ...]]:
        said = DecisionCourante.anomalie.is_(True)
        for row, exercice in _read_decisions(session, portee, said):
            raisons = json.loads(row.raisons)
            for raison in raisons:
                if raison.get("anomalie"):
                    nature = name_anomalie(raison, raisons)
                    yield (*_write_pj(row, exercice, noms), nature, raison["texte"])
        yield from _read_contradictions(session, portee, noms, today)

    return Tableau("Anomalies", colonnes, read())


def name_anomalie(raison: Mapping[str, Any], raisons: list[Mapping[str, Any]]) -> str:
    """What kind of anomaly a reason is; without acquit, payments tell the worst of them."""
    settled = [r["statut"] for r in raisons if r["regle"] in {DEPENSE, RECETTE}]
    if raison["regle"] == ACQUIT and settled and set(settled) == {Statut.ELIGIBLE.value}:
        return PAYEE_SANS_ACQUIT
    return NATURES.get(raison["regle"], AUTRE)


def _may_contradict(regles: Sequence[RegleDeDuree]) -> Iterator[ColumnElement[bool]]:
    """Where only rules of some types of PJ do not destroy, only these types are looked at."""
    strict = [regle for regle in regles if regle.sort_final is not SortFinal.DETRUIRE]
    if all(regle.criteres.type_pj for regle in strict):
        types = {code for regle in strict for code in regle.criteres.type_pj}
        yield PieceJustificative.type_pj.in_(sorted(types))


def _read_contradictions(
    session: Session, portee: Portee, noms: Noms, today: date
) -> Iterator[tuple[Valeur, ...]]:
    """PJ of which several rules do not agree on the sort final."""
    version = find_version(session, today)
    regles = version.select(Objet.PJ)
    for rows in read_ids(session, portee, *_may_contradict(regles)):
        durees = find_durees_de(session, [row[0] for row in rows], version)
        wrong = {pj_id: d for pj_id, d in durees.items() if d.contradictoire}
        years = {row[0]: row[2] for row in rows}
        query = (
            select(PieceJustificative)
            .where(PieceJustificative.id.in_(list_values(wrong)))
            .order_by(PieceJustificative.id)
        )
        for pj in session.scalars(query):
            detail = f"{', '.join(wrong[pj.id].regles)} : {wrong[pj.id].sort_final} l’emporte"
            head = (noms.name(pj.siren), str(years[pj.id] or "—"), pj.id_unique, pj.nom)
            yield (*head, CONTRADICTION, detail)
