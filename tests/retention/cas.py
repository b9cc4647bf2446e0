"""The cases of the sixteen tests, as a lawyer reads them: docs/seize-tests.md is written from here.

`python -m tests.retention.cas > docs/seize-tests.md`
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from orc.domain import format_date
from orc.retention.decide import Decision, Statut, decide
from orc.retention.facts import Acquittement, Copie, Emargement, Gel, Marche, Preuve
from orc.retention.rules import REGLES, Fondement, Rules
from tests.retention.dossiers import (
    AUJOURD_HUI,
    PAYEE_LE,
    PREUVE,
    make_facts,
    make_gel,
    make_ligne,
    make_mandat,
    make_periode,
    make_titre,
)

ELIGIBLE, EN_ATTENTE, SUSPENDU, REFUS = Statut
TROIS_MAI = Emargement("01", 120_000, PAYEE_LE)


def pay(*emargements: Emargement, montant: int = 120_000) -> dict[str, object]:
    ligne = make_ligne(montant, emargements=emargements)
    return {"citations": (make_mandat(lignes=(ligne,)),)}


def cite(**changes: object) -> dict[str, object]:
    return {"citations": (make_mandat(**changes),)}


def titre(**changes: object) -> dict[str, object]:
    return {"citations": (make_titre(**changes),)}


def make_fenetre(jusqu_a: str) -> Gel:
    gel = make_gel("2018-01-01", jusqu_a)
    return replace(gel, nom="FEDER", autorite="Région", reference="F-1")


def marche(notifie_le: date | None, solde_le: date | None) -> dict[str, object]:
    return {"piece_de_marche": True, "marche": Marche(notifie_le, solde_le, (PREUVE,), (PREUVE,))}


# Test, what is the matter, what is changed of a PJ that may go, the answer, words of the reason.
CAS = [
    ("1", "jamais adhéré à ORC", {"adhesions_orc": ()}, REFUS, "jamais enregistrée"),
    (
        "1",
        "adhésion retirée",
        {"adhesions_orc": (make_periode("2020-01-01", "2025-01-01"),)},
        REFUS,
        "retirée",
    ),
    (
        "1",
        "adhésion à venir",
        {"adhesions_orc": (make_periode("2027-01-01"),)},
        REFUS,
        "au 01/01/2027 seulement",
    ),
    (
        "1",
        "adhésion retirée puis reprise, entre les deux",
        {"adhesions_orc": (make_periode("2020-01-01", "2025-01-01"), make_periode("2027-01-01"))},
        REFUS,
        "au 01/01/2027 seulement",
    ),
    (
        "2",
        "transmise pendant que l’offre était retirée",
        {
            "adhesions_offre": (
                make_periode("2021-01-01", "2021-12-31"),
                make_periode("2023-01-01"),
            ),
        },
        REFUS,
        "transmise le 01/04/2022, hors de l’adhésion",
    ),
    ("2", "offre jamais souscrite", {"adhesions_offre": ()}, REFUS, "l’offre de service"),
    ("2", "transmise avant l’offre", {"recue_le": date(2020, 12, 31)}, REFUS, "hors de l’adhésion"),
    ("2", "transmise on ne sait quand", {"recue_le": None}, REFUS, "date de transmission inconnue"),
    ("3", "comptes hors d’Hélios", {"tenue_helios": ()}, REFUS, "Hélios"),
    (
        "3",
        "comptes sortis d’Hélios",
        {"tenue_helios": (make_periode("2010-01-01", "2026-05-31"),)},
        REFUS,
        "Hélios",
    ),
    ("4", "pas une PJ", {"est_pj": False}, REFUS, "dix ans"),
    ("5", "papier", {"support": "02"}, REFUS, "support"),
    ("5", "cédérom", {"support": "03"}, REFUS, "support"),
    ("5", "support inconnu", {"support": ""}, REFUS, "support"),
    ("6", "aucun acquit", {"acquittement": None}, EN_ATTENTE, "aucun acquit"),
    (
        "6",
        "acquit de refus",
        {"acquittement": Acquittement(False, date(2022, 4, 2), PREUVE)},
        EN_ATTENTE,
        "refuse",
    ),
    (
        "6",
        "acquit douteux",
        {"acquit_douteux": Preuve("il n’est pas daté")},
        EN_ATTENTE,
        "est venu, mais",
    ),
    ("7", "pas encore ouverte", {"copie": Copie(True, None, 9, PREUVE)}, EN_ATTENTE, "pas encore"),
    ("7", "absente de l’archive", {"copie": None}, REFUS, "absente"),
    ("7", "empreinte fausse", {"copie": Copie(False, True, 9, PREUVE)}, REFUS, "empreinte"),
    ("7", "vide", {"copie": Copie(True, True, 0, PREUVE)}, REFUS, "vide"),
    ("7", "illisible", {"copie": Copie(True, False, 9, PREUVE)}, REFUS, "illisible"),
    ("8", "numérisée, rien de déclaré", {"est_numerisee": True}, REFUS, "aucune déclaration"),
    ("8", "on ignore si elle est numérisée", {"est_numerisee": None}, REFUS, "on ignore"),
    ("9a", "aucun retour", cite(etat="", lignes=()), EN_ATTENTE, "aucun retour"),
    ("9a", "en instance", cite(etat="01"), EN_ATTENTE, "pas encore payé"),
    ("9a", "seulement pris en charge", cite(etat="02"), EN_ATTENTE, "pas encore payé"),
    ("9a", "rejeté", cite(etat="04"), REFUS, "rejeté"),
    ("9a", "annulé après prise en charge", cite(rejetee_le=date(2022, 6, 1)), REFUS, "annulé"),
    ("9a", "soldé sans détail", cite(lignes=()), EN_ATTENTE, "sans le détail"),
    ("9a", "payé en partie", pay(Emargement("01", 119_999, PAYEE_LE)), EN_ATTENTE, "1\u202f199,99"),
    ("9a", "payé deux fois", pay(TROIS_MAI, TROIS_MAI), EN_ATTENTE, "2\u202f400,00"),
    (
        "9a",
        "soldé par un mandat correctif",
        pay(Emargement("07", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "corrective",
    ),
    (
        "9a",
        "soldé par un titre correctif",
        pay(Emargement("09", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "corrective",
    ),
    (
        "9a",
        "compensé par un titre",
        pay(Emargement("10", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "titre (10)",
    ),
    (
        "9a",
        "payé selon un retour V2.0, qui n’a pas d’origine",
        pay(Emargement("", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "émargée sans origine",
    ),
    (
        "9a",
        "pénalités de retard",
        pay(Emargement("02", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "pénalités de retard (02)",
    ),
    ("9a", "payé à une date inconnue", pay(Emargement("01", 120_000, None)), EN_ATTENTE, "date"),
    ("9a", "nul et sans paiement", pay(montant=0), EN_ATTENTE, "sans aucun paiement"),
    (
        "9a",
        "payé demain",
        pay(Emargement("01", 120_000, date(2026, 6, 2))),
        EN_ATTENTE,
        "02/06/2026 seulement",
    ),
    (
        "9a",
        "réduit en partie par un mandat correctif, payé du reste",
        pay(Emargement("07", 20_000, PAYEE_LE), Emargement("01", 100_000, PAYEE_LE)),
        EN_ATTENTE,
        "ligne 1 soldée par une pièce corrective",
    ),
    (
        "9a",
        "payé selon un retour, dont un retour suivant dit le paiement neutralisé",
        {"citations": (make_mandat(lignes=(make_ligne(annonce=0),)),)},
        EN_ATTENTE,
        "le dernier retour annonce 0,00",
    ),
    (
        "9a",
        "de deux lignes, l’une payée, l’autre non",
        cite(lignes=(make_ligne(), make_ligne(numero="2", emargements=()))),
        EN_ATTENTE,
        "ligne 2 payée pour 0,00",
    ),
    (
        "9a",
        "annulation, soldée avec son mandat d’origine",
        pay(Emargement("08", -500, PAYEE_LE), montant=-500),
        EN_ATTENTE,
        "mandat (08)",
    ),
    (
        "9a",
        "émis après paiement, puis annulé par un mandat correctif",
        cite(
            type_piece="05",
            lignes=(make_ligne(emargements=(Emargement("07", 120_000, PAYEE_LE),)),),
        ),
        EN_ATTENTE,
        "corrective",
    ),
    (
        "9a",
        "ordre de paiement pris en charge",
        cite(type_piece="11", etat="02"),
        EN_ATTENTE,
        "payé",
    ),
    ("9a", "retours qui se contredisent", cite(doute="deux retours"), EN_ATTENTE, "deux retours"),
    (
        "9a",
        "citée par un mandat rejeté et par celui qui l’a remplacé, payé",
        {"citations": (make_mandat(etat="04"), make_mandat())},
        REFUS,
        "rejeté",
    ),
    ("9a", "pièce d’ordre", cite(type_piece="03"), EN_ATTENTE, "pièce d’ordre"),
    ("9a", "admission en non-valeur", cite(type_piece="07"), EN_ATTENTE, "pièce d’ordre"),
    ("9a", "opération d’ordre", cite(mode_reglement="08"), EN_ATTENTE, "pièce d’ordre"),
    (
        "9a",
        "émis après paiement, rien reçu",
        cite(type_piece="05", etat=""),
        EN_ATTENTE,
        "aucun retour",
    ),
    (
        "9a",
        "émis après paiement, en instance",
        cite(type_piece="05", etat="01"),
        EN_ATTENTE,
        "pas encore pris",
    ),
    ("9b", "titre sans retour", titre(etat=""), EN_ATTENTE, "aucun retour"),
    ("9b", "titre pris en charge en partie", titre(etat="03"), EN_ATTENTE, "pas encore pris"),
    (
        "9b",
        "titre sans date de prise en charge",
        titre(prise_en_charge_le=None),
        EN_ATTENTE,
        "pas encore pris",
    ),
    ("9b", "titre rejeté", titre(etat="04"), REFUS, "rejeté"),
    ("9b", "titre annulé", titre(etat="05"), REFUS, "annulé"),
    (
        "9b",
        "titre rejeté après prise en charge",
        titre(rejetee_le=date(2022, 5, 1)),
        REFUS,
        "annulé",
    ),
    ("9b", "titre en instance", titre(etat="01"), EN_ATTENTE, "pas encore pris"),
    ("9c", "citée par rien", {"citations": ()}, EN_ATTENTE, "jamais éligible"),
    (
        "9c",
        "citée par un mandat payé, mais se rattache aussi à un mandat jamais arrivé",
        {"pieces_absentes": ("au mandat 4399, 2018",)},
        EN_ATTENTE,
        "qui n’est jamais arrivé",
    ),
    (
        "9a",
        "citée par deux mandats, l’un impayé",
        {"citations": (make_mandat(), make_mandat(etat="02"))},
        EN_ATTENTE,
        "pas encore payé",
    ),
    (
        "9b",
        "citée par un mandat et un titre annulé",
        {"citations": (make_mandat(), make_titre(etat="05"))},
        REFUS,
        "annulé",
    ),
    *(
        ("10", "original ou exemplaire unique exigé", {"rubriques": (code,)}, REFUS, code)
        for code in ("03122", "47121", "47122", "51121", "5311")
    ),
    ("10", "partie d’une rubrique à original", {"rubriques": ("53112",)}, REFUS, "53112"),
    (
        "10",
        "rubrique dont une partie exige l’original",
        {"rubriques": ("471",)},
        EN_ATTENTE,
        "trop générale",
    ),
    (
        "10",
        "deux rubriques déclarées, l’une exige l’original",
        {"rubriques": ("41", "5311")},
        REFUS,
        "5311",
    ),
    (
        "10",
        "cession d’un code inconnu",
        cite(lignes=(make_ligne(cession_opposition="09"),)),
        REFUS,
        "cession",
    ),
    (
        "10",
        "cession partielle",
        cite(lignes=(make_ligne(cession_opposition="02"),)),
        REFUS,
        "cession",
    ),
    ("10", "cession totale", cite(lignes=(make_ligne(cession_opposition="03"),)), REFUS, "cession"),
    ("11", "gel", {"gels": (make_gel(),)}, SUSPENDU, "Contentieux"),
    (
        "11",
        "deux gels, l’un levé",
        {"gels": (make_gel("2023-01-01", "2026-05-30"), make_gel())},
        SUSPENDU,
        "Contentieux",
    ),
    (
        "11",
        "gel levé, qui tient encore",
        {"gels": (make_gel("2025-01-01", "2026-06-15"),)},
        SUSPENDU,
        "Contentieux",
    ),
    ("11", "gel à venir", {"gels": (make_gel("2027-01-01"),)}, SUSPENDU, "Contentieux"),
    (
        "12",
        "cofinancement",
        {"cofinancements": (make_fenetre("2031-12-31"),)},
        SUSPENDU,
        "FEDER",
    ),
    ("13", "marché sans dates", {"piece_de_marche": True}, SUSPENDU, "date manque"),
    (
        "13",
        "marché notifié depuis peu",
        marche(date(2022, 1, 1), date(2015, 1, 1)),
        SUSPENDU,
        "5 ans",
    ),
    (
        "13",
        "marché soldé depuis peu",
        marche(date(2010, 1, 1), date(2020, 1, 1)),
        SUSPENDU,
        "10 ans",
    ),
    ("14", "à conserver", {"sort_final": "C"}, REFUS, "conserver"),
    ("14", "à trier", {"sort_final": "T"}, REFUS, "trier"),
    ("14", "sort inconnu", {"sort_final": ""}, EN_ATTENTE, "aucune règle"),
    ("14", "historique", {"historique": Preuve("signalement")}, REFUS, "versement"),
]


# Test, what is particular, what is changed of a PJ that may go, since when it may.
PASSENT = [
    ("4", "née numérique, payée", {}, PAYEE_LE),
    (
        "9a",
        "payée en deux fois, retenue de garantie comprise",
        pay(Emargement("01", 70_000, PAYEE_LE), Emargement("03", 50_000, date(2022, 7, 1))),
        date(2022, 7, 1),
    ),
    (
        "9a",
        "payée, reprise, payée",
        pay(
            TROIS_MAI,
            Emargement("01", -120_000, date(2022, 5, 9)),
            Emargement("01", 120_000, date(2022, 6, 2)),
        ),
        date(2022, 6, 2),
    ),
    (
        "9a",
        "total annoncé par le retour",
        {"citations": (make_mandat(lignes=(make_ligne(annonce=120_000),)),)},
        PAYEE_LE,
    ),
    ("9a", "annulation payée", pay(Emargement("01", -500, PAYEE_LE), montant=-500), PAYEE_LE),
    ("9a", "ordre de paiement payé", cite(type_piece="11"), PAYEE_LE),
    ("9a", "émise après paiement", cite(type_piece="05", etat="02", lignes=()), date(2022, 4, 20)),
    ("9b", "titre pris en charge", titre(), date(2022, 4, 20)),
    (
        "9b",
        "titre encaissé en partie : la prise en charge suffit",
        titre(lignes=(make_ligne(emargements=(Emargement("02", 100, PAYEE_LE),)),)),
        date(2022, 4, 20),
    ),
    ("9b", "titre soldé, forme V2.0", titre(etat="05", forme_v20=True), date(2022, 4, 20)),
    (
        "9c",
        "citée par un mandat payé et un titre pris en charge, de deux exercices",
        {"citations": (make_mandat(), make_titre(prise_en_charge_le=date(2023, 1, 9)))},
        date(2023, 1, 9),
    ),
    (
        "6",
        "acquit tardif",
        {"acquittement": Acquittement(True, date(2023, 1, 1), PREUVE)},
        date(2023, 1, 1),
    ),
    (
        "1",
        "adhésion à ORC retirée puis reprise",
        {"adhesions_orc": (make_periode("2020-01-01", "2022-12-31"), make_periode("2024-02-29"))},
        date(2024, 2, 29),
    ),
    (
        "2",
        "offre retirée puis reprise ; transmise quand elle tenait",
        {
            "adhesions_offre": (
                make_periode("2021-01-01", "2022-12-31"),
                make_periode("2025-01-01"),
            ),
        },
        date(2025, 1, 1),
    ),
    (
        "8",
        "numérisée, déclarée",
        {"est_numerisee": True, "declarations_numerisation": (make_periode("2024-01-01"),)},
        date(2024, 1, 1),
    ),
    ("11", "gel levé", {"gels": (make_gel("2023-01-01", "2026-05-30"),)}, date(2026, 5, 31)),
    (
        "12",
        "cofinancement clos",
        {"cofinancements": (make_fenetre("2024-12-31"),)},
        date(2025, 1, 1),
    ),
    ("13", "vieux marché", marche(date(2010, 1, 1), date(2015, 5, 1)), date(2025, 5, 2)),
    ("10", "rubrique sans original", {"rubriques": ("41",)}, PAYEE_LE),
    ("14", "sort final : détruire", {"sort_final": "D"}, PAYEE_LE),
]


def on(name: str, depuis: str, jusqu_a: str = "") -> dict[str, object]:
    return {name: (make_periode(depuis, jusqu_a),)}


def scan(depuis: str, jusqu_a: str = "") -> dict[str, object]:
    return {"est_numerisee": True, **on("declarations_numerisation", depuis, jusqu_a)}


ACQUIT = Acquittement(True, date(2024, 2, 29), PREUVE)
VINGT_NEUF = Emargement("01", 120_000, date(2024, 2, 29))
# Test, what has a day, what is changed, that day; the answers the day before, that day, the next.
LIMITES = [
    (
        "1",
        "ORC rejoint un 29 février",
        on("adhesions_orc", "2024-02-29"),
        "2024-02-29",
        (REFUS, ELIGIBLE, ELIGIBLE),
    ),
    (
        "1",
        "ORC quitté : le dernier jour compte",
        on("adhesions_orc", "2020-01-01", "2025-12-31"),
        "2025-12-31",
        (ELIGIBLE, ELIGIBLE, REFUS),
    ),
    (
        "2",
        "offre quittée : le dernier jour compte",
        on("adhesions_offre", "2021-01-01", "2025-12-31"),
        "2025-12-31",
        (ELIGIBLE, ELIGIBLE, REFUS),
    ),
    (
        "3",
        "comptes entrés dans Hélios",
        on("tenue_helios", "2024-02-29"),
        "2024-02-29",
        (REFUS, ELIGIBLE, ELIGIBLE),
    ),
    (
        "3",
        "comptes sortis d’Hélios",
        on("tenue_helios", "2010-01-01", "2025-12-31"),
        "2025-12-31",
        (ELIGIBLE, ELIGIBLE, REFUS),
    ),
    (
        "6",
        "acquittée ce jour",
        {"acquittement": ACQUIT},
        "2024-02-29",
        (EN_ATTENTE, ELIGIBLE, ELIGIBLE),
    ),
    (
        "8",
        "chaîne déclarée depuis ce jour",
        scan("2024-02-29"),
        "2024-02-29",
        (REFUS, ELIGIBLE, ELIGIBLE),
    ),
    (
        "8",
        "chaîne déclarée jusqu’à ce jour",
        scan("2020-01-01", "2025-12-31"),
        "2025-12-31",
        (ELIGIBLE, ELIGIBLE, REFUS),
    ),
    ("9a", "payée ce jour", pay(VINGT_NEUF), "2024-02-29", (EN_ATTENTE, ELIGIBLE, ELIGIBLE)),
    (
        "9b",
        "prise en charge ce jour",
        titre(prise_en_charge_le=date(2024, 12, 31)),
        "2024-12-31",
        (EN_ATTENTE, ELIGIBLE, ELIGIBLE),
    ),
    (
        "11",
        "gel levé, dont le délai finit ce jour",
        {"gels": (make_gel("2023-01-01", "2024-02-29"),)},
        "2024-02-29",
        (SUSPENDU, SUSPENDU, ELIGIBLE),
    ),
    (
        "11",
        "gel annoncé pour ce jour : il tient déjà",
        {"gels": (make_gel("2024-02-29"),)},
        "2024-02-29",
        (SUSPENDU, SUSPENDU, SUSPENDU),
    ),
    (
        "12",
        "contrôle clos ce jour",
        {"cofinancements": (make_fenetre("2025-12-31"),)},
        "2025-12-31",
        (SUSPENDU, SUSPENDU, ELIGIBLE),
    ),
    (
        "13",
        "passation : cinq ans d’un marché notifié un 29 février",
        marche(date(2020, 2, 29), date(2010, 1, 1)),
        "2025-02-28",
        (SUSPENDU, SUSPENDU, ELIGIBLE),
    ),
    (
        "13",
        "exécution : dix ans d’un marché soldé un 31 décembre",
        marche(date(2010, 1, 1), date(2014, 12, 31)),
        "2024-12-31",
        (SUSPENDU, SUSPENDU, ELIGIBLE),
    ),
]
# Test 2, the day of sending beside the day the offer was joined (1 January 2021).
TRANSMISES = [("2020-12-31", REFUS), ("2021-01-01", ELIGIBLE), ("2021-01-02", ELIGIBLE)]

MOTS = {ELIGIBLE: "Permise", EN_ATTENTE: "En attente", SUSPENDU: "Suspendue", REFUS: "Refusée"}
SANS_JOUR = "Ce test n’a pas de jour : la réponse ne dépend que de ce qui est dit ci-dessus."
GARDES = {
    "15": (
        ("aucune autorisation n’est enregistrée", "Bloqué"),
        ("le délai court encore, dernier jour compris", "Bloqué"),
        ("le lendemain du délai", "L’attestation peut être signée"),
        ("la destruction est dite faite avant la fin du délai, ou demain", "Bloqué"),
        ("autorisation générale, là où le réglage la dit confirmée", "Vaut visa"),
    ),
    "16": (
        ("une seule personne a attesté", "Bloqué : à contresigner"),
        ("la même personne contresigne", "Bloqué"),
        ("un gel vient entre les deux attestations", "La première tombe, la ligne est écartée"),
        ("une autre personne contresigne", "Destruction attestée"),
    ),
}


def write_page() -> str:
    """The page of the docs: for each test its source, its cases, its limits."""
    return "\n".join((*_write_head(), *(line for n in REGLES for line in _write_test(n)), ""))


def _write_head() -> Iterator[str]:
    yield "# Les seize tests : cas, réponses, limites"
    yield ""
    yield (
        "Chaque ligne est un essai que l’intégration continue rejoue "
        "(`tests/retention/cas.py`) ; cette page en est écrite et ne se modifie pas à la main. "
        "On part d’une pièce justificative née numérique, transmise le 01/04/2022 et acquittée, "
        "citée par un mandat payé le 03/05/2022, d’une collectivité qui a adhéré à ORC (2020) et "
        "à l’offre (2021). Chaque cas change ce qu’il dit, et rien d’autre. La réponse est celle "
        f"du {format_date(AUJOURD_HUI)}, sauf autre jour dit. Les gardes 15 et 16 sont essayées "
        "par `tests/retention/test_eliminations.py`."
    )
    yield ""


def _write_test(numero: str) -> Iterator[str]:
    regle = REGLES[numero]
    reading = "texte" if regle.fondement is Fondement.TEXTE else "interprétation ORC"
    yield f"## {numero} — {regle.intitule}"
    yield ""
    yield f"{regle.reference} ({reading})."
    yield ""
    yield "| Cas | Réponse | Ce qu’ORC en dit |"
    yield "|---|---|---|"
    for _, cas, changes, statut, _ in (c for c in CAS if c[0] == numero):
        reasons = decide(make_facts(**changes), Rules(), AUJOURD_HUI).empechements
        yield f"| {cas} | {MOTS[statut]} | {' ; '.join(r.texte for r in reasons)} |"
    for _, cas, _, depuis in (c for c in PASSENT if c[0] == numero):
        yield f"| {cas} | {MOTS[ELIGIBLE]} | depuis le {format_date(depuis)} |"
    for cas, answer in GARDES.get(numero, ()):
        yield f"| {cas} | {answer} | |"
    yield ""
    yield from _write_limites(numero)


def _write_limites(numero: str) -> Iterator[str]:
    rows = [c for c in LIMITES if c[0] == numero]
    if not rows:
        if numero not in GARDES:
            yield SANS_JOUR
            yield ""
        return
    yield "| Limite | Jour | La veille | Ce jour | Le lendemain |"
    yield "|---|---|---|---|---|"
    for _, cas, _, jour, answers in rows:
        words = " | ".join(MOTS[statut] for statut in answers)
        day = format_date(date.fromisoformat(jour))
        yield f"| {cas} | {day} | {words} |"
    if numero == "2":
        words = " | ".join(MOTS[statut] for _, statut in TRANSMISES)
        yield f"| transmise autour du jour de l’adhésion | 01/01/2021 | {words} |"
    yield ""


def read_around(changes: dict[str, object], jour: str) -> Iterator[Decision]:
    """What is decided the day before, that day and the next."""
    for days in (-1, 0, 1):
        today = date.fromisoformat(jour) + timedelta(days=days)
        yield decide(make_facts(**changes), Rules(), today)


if __name__ == "__main__":
    print(write_page(), end="")
