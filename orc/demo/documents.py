"""The other papers of a mandat: RIB, quotes, decisions, délibérations, contracts of forty pages."""

from __future__ import annotations

import datetime as dt
import textwrap
from functools import cache

from orc.demo.alea import make_alea
from orc.demo.factures import Facture, format_date, format_iban, format_siret
from orc.demo.montants import format_papier
from orc.demo.pdf import NOIR, Couleur, Gabarit, Papier
from orc.demo.referentiel import Budget
from orc.demo.tiers import BIC, Tiers, split_rib

LIGNES_PAR_PAGE = 40
LARGEUR = 92
PAGES_CONTRAT = 40
_BLEU: Couleur = (30, 60, 120)
_GRIS: Couleur = (120, 120, 120)


@cache
def _gabarit_courrier(style: str) -> Gabarit:
    """A page of headed paper: `administratif` in Times with a coat of arms, `releve` in Courier."""
    p = Papier()
    p.add_page()
    font = "courier" if style == "releve" else "times"
    if style == "administratif":
        p.paint(18, 14, 16, 19, line=_BLEU)
        p.paint(21, 17, 10, 6, fill=_BLEU)
        p.paint(21, 25, 10, 5, fill=(190, 160, 60))
    p.leave(40, 20, "emetteur", 13, "B", font)
    p.leave(40, 26, "adresse", 9, "", font)
    p.leave(40, 31, "siret", 9, "", font)
    p.leave(192, 20, "reference", 9, "", font, "R")
    p.leave(192, 26, "lieu", 9, "", font, "R")
    p.leave(105, 50, "title", 14, "B", font, "C", _BLEU)
    p.set_draw_color(*_GRIS)
    p.line(60, 54, 150, 54)
    for i in range(LIGNES_PAR_PAGE):
        p.leave(20, 64 + i * 5.2, f"l{i}", 8.5 if style == "releve" else 10.5, "", font)
    p.write_at(105, 290, "1/1", 7, "", font, "C", _GRIS)
    return Gabarit(p.render())


def make_courrier(
    emetteur: tuple[str, str, str], title: str, lignes: list[str], *, reference: str = "",
    lieu: str = "", style: str = "administratif",
) -> bytes:  # fmt: skip
    """A one-page letter; paragraphs are wrapped, lines past the page are cut."""
    corps: list[str] = []
    for ligne in lignes:
        corps += textwrap.wrap(ligne, LARGEUR) if len(ligne) > LARGEUR else [ligne]
    valeurs = {f"l{i}": ligne for i, ligne in enumerate(corps[:LIGNES_PAR_PAGE])}
    valeurs |= dict(zip(("emetteur", "adresse", "siret"), emetteur, strict=True))
    valeurs |= {"title": title, "reference": reference, "lieu": lieu}
    return _gabarit_courrier(style).fill(valeurs)


def header_of_budget(budget: Budget) -> tuple[str, str, str]:
    """Headed paper of a collectivité."""
    c = budget.collectivite
    adresse = f"{c.adresse} - {c.code_postal} {c.ville}"
    return c.nom, adresse, f"SIRET {format_siret(budget.siret)}"


def header_of_tiers(tiers: Tiers) -> tuple[str, str, str]:
    """Headed paper of a firm, an association or a person."""
    siret = f"SIRET {format_siret(tiers.siret)}" if tiers.siret else ""
    return tiers.nom_complet, f"{tiers.adresse} - {tiers.code_postal} {tiers.ville}", siret


def make_rib_pdf(tiers: Tiers) -> bytes:
    """Relevé d'identité bancaire of a third party."""
    banque, guichet, compte, cle = split_rib(tiers.iban)
    lignes = [
        "Titulaire du compte", f"  {tiers.nom_complet}", f"  {tiers.adresse}",
        f"  {tiers.code_postal} {tiers.ville}", "", "Domiciliation : CREDIT DE L'AVELLE", "",
        "Banque     Guichet    N° de compte      Clé RIB",
        f"{banque}      {guichet}      {compte}       {cle}", "",
        f"IBAN  {format_iban(tiers.iban)}", f"BIC   {BIC}", "",
        "Ce relevé est destiné à être remis à vos créanciers ou débiteurs.",
    ]  # fmt: skip
    return make_courrier(
        ("Crédit de l'Avelle", "2 quai des Tanneurs - 99000 ROCHEBRUNE-SUR-AVELLE", ""),
        "RELEVÉ D'IDENTITÉ BANCAIRE", lignes, style="releve",
    )  # fmt: skip


def _articles(facture: Facture) -> list[str]:
    return [
        f"{a.designation:<46}{a.quantite:>7}{format_papier(a.unitaire):>14}{format_papier(a.ht):>16}"
        for a in facture.articles
    ]


def make_devis_pdf(facture: Facture) -> bytes:
    """The quote that came before the invoice: same articles, same total."""
    jour = facture.date - dt.timedelta(days=35)
    b = facture.budget.collectivite
    lignes = [
        f"À l'attention de {b.nom}", "", f"Objet : {facture.objet}", "",
        f"{'Désignation':<46}{'Qté':>7}{'PU HT':>14}{'Montant HT':>16}", "-" * 83,
        *_articles(facture), "-" * 83,
        f"{'Total HT':<67}{format_papier(facture.ht):>16}",
        f"{'TVA':<67}{format_papier(facture.tva):>16}",
        f"{'Total TTC':<67}{format_papier(facture.ht + facture.tva):>16}", "",
        "Devis valable trois mois. Bon pour accord, date et signature :",
    ]  # fmt: skip
    return make_courrier(header_of_tiers(facture.fournisseur), "DEVIS", lignes,
                         reference=f"Devis D{facture.numero}", lieu=format_date(jour),
                         style="releve")  # fmt: skip


def make_livraison_pdf(facture: Facture) -> bytes:
    """The delivery note: quantities, no price."""
    lignes = [
        f"Livré à : {facture.budget.collectivite.nom}", facture.budget.collectivite.adresse, "",
        f"Commande : {facture.commande or 'verbale'}", "",
        *(f"[X]  {a.quantite:>5}  {a.designation}" for a in facture.articles), "",
        "Reçu conforme, le service destinataire :", "", "(cachet et signature)",
    ]  # fmt: skip
    return make_courrier(header_of_tiers(facture.fournisseur), "BON DE LIVRAISON", lignes,
                         reference=f"BL {facture.numero}", lieu=format_date(facture.date),
                         style="releve")  # fmt: skip


def make_decompte_pdf(facture: Facture, marche: str, rang: int) -> bytes:
    """The monthly statement of a works contract."""
    cumul = facture.ht * rang
    lignes = [
        f"Marché n° {marche}", f"Titulaire : {facture.fournisseur.nom}",
        f"Objet : {facture.objet}", "",
        f"{'Travaux exécutés depuis le début du marché':<60}{format_papier(cumul):>20}",
        f"{'À déduire, décomptes précédents':<60}{format_papier(cumul - facture.ht):>20}",
        f"{'Montant du présent acompte HT':<60}{format_papier(facture.ht):>20}",
        f"{'TVA':<60}{format_papier(facture.tva):>20}",
        f"{'Net à mandater TTC':<60}{format_papier(facture.ht + facture.tva):>20}", "",
        "Vu et vérifié par le maître d'oeuvre. Le représentant du pouvoir adjudicateur.",
    ]  # fmt: skip
    return make_courrier(header_of_budget(facture.budget), f"DÉCOMPTE MENSUEL N° {rang}", lignes,
                         reference=f"Facture {facture.numero}", lieu=format_date(facture.date),
                         style="releve")  # fmt: skip


def make_deliberation_pdf(
    budget: Budget, numero: str, jour: dt.date, objet: str, phrases: tuple[str, ...]
) -> bytes:
    """A délibération: visas, considérants, vote."""
    c = budget.collectivite
    annee = ("deux", "trois", "quatre", "cinq", "six")[min(max(jour.year, 2022), 2026) - 2022]
    seance = (
        f"L'an deux mille vingt-{annee}, le {format_date(jour)}, l'assemblée délibérante "
        f"({c.nom}), légalement convoquée, s'est réunie sous la présidence de {c.executif}."
    )
    vote = (
        "Après en avoir délibéré, l'assemblée, à l'unanimité des suffrages exprimés, APPROUVE la "
        "présente délibération et AUTORISE son exécution."
    )
    lignes = [
        seance, "",
        f"Objet : {objet}", "",
        "Vu le code général des collectivités territoriales ;",
        "Vu l'avis favorable de la commission des finances ;",
        "Considérant l'intérêt public local qui s'attache à l'opération ;", "",
        *phrases, "",
        vote, "",
        "Pour extrait conforme,", c.executif,
    ]  # fmt: skip
    return make_courrier(header_of_budget(budget), f"DÉLIBÉRATION N° {numero}", lignes,
                         reference=numero, lieu=f"{c.ville}, le {format_date(jour)}")  # fmt: skip


def make_decision_pdf(
    budget: Budget, title: str, reference: str, jour: dt.date, phrases: list[str]
) -> bytes:
    """A decision, certificate or statement signed by the executive."""
    c = budget.collectivite
    lignes = [*phrases, "", f"Fait à {c.ville}, le {format_date(jour)}", c.executif]
    return make_courrier(header_of_budget(budget), title, lignes, reference=reference,
                         lieu=format_date(jour))  # fmt: skip


_SUJETS = (
    "Le titulaire", "Le maître d'oeuvre", "Le représentant du pouvoir adjudicateur",
    "Le sous-traitant agréé", "Le coordonnateur de sécurité", "Le mandataire du groupement",
)  # fmt: skip
_VERBES = (
    "remet dans un délai de quinze jours", "vérifie contradictoirement", "notifie par écrit",
    "conserve pendant toute la durée du marché", "soumet à l'agrément de l'acheteur",
    "produit à l'appui de chaque demande de paiement", "actualise à chaque phase",
)  # fmt: skip
_OBJETS = (
    "le calendrier détaillé d'exécution", "les fiches techniques des matériaux",
    "le plan d'assurance qualité", "les attestations d'assurance décennale",
    "le dossier des ouvrages exécutés", "les constats d'avancement", "le registre de chantier",
    "le plan particulier de sécurité", "les bordereaux de suivi des déchets",
)  # fmt: skip
_SUITES = (
    "sous peine de l'application des pénalités prévues au présent cahier.",
    "sans que cela ouvre droit à une rémunération supplémentaire.",
    "dans les conditions fixées par le cahier des clauses administratives générales.",
    "et en adresse copie au comptable assignataire.", "avant toute réception, même partielle.",
)  # fmt: skip
_ARTICLES = (
    "Objet du marché", "Pièces constitutives", "Durée et délais", "Prix et règlement",
    "Variation des prix", "Avances", "Retenue de garantie", "Sous-traitance", "Pénalités",
    "Assurances", "Réception", "Garanties", "Résiliation", "Litiges",
)  # fmt: skip


@cache
def _gabarit_contrat(pages: int, variante: int) -> Gabarit:
    """A contract with its cover, its clauses, and a free clause in the middle of page 3."""
    p, alea = Papier("Marché public"), make_alea(0, "contrat", pages, variante)
    p.add_page()
    p.paint(20, 60, 170, 70, line=_BLEU)
    p.leave(105, 40, "acheteur", 16, "B", "times", "C")
    p.write_at(105, 78, "MARCHÉ PUBLIC", 22, "B", "times", "C", _BLEU)
    p.leave(105, 92, "numero", 14, "B", "times", "C")
    p.leave(105, 106, "objet", 12, "", "times", "C")
    p.write_at(105, 120, "Acte d'engagement et cahier des clauses particulières", 11, "I", "times",
               "C")  # fmt: skip
    for i, nom in enumerate(("titulaire", "titulaire_siret", "montant", "notification")):
        p.leave(25, 160 + 8 * i, nom, 11, "", "times")
    for page in range(2, pages + 1):
        p.add_page()
        p.write_at(20, 18, f"Article {page - 1} - {_ARTICLES[page % len(_ARTICLES)]}", 13, "B",
                   "times", color=_BLEU)  # fmt: skip
        y = 28.0
        for alinea in range(1, 8):
            phrases = " ".join(
                f"{alea.choice(_SUJETS)} {alea.choice(_VERBES)} {alea.choice(_OBJETS)} "
                f"{alea.choice(_SUITES)}" for _ in range(2)
            )  # fmt: skip
            for ligne in textwrap.wrap(f"{page - 1}.{alinea} {phrases}", 98):
                p.write_at(20, y, ligne, 10.5, "", "times")
                y += 5.4
            y += 3
            if page == 3 and alinea == 3:
                p.leave(20, y + 1, "clause", 10.5, "", "times")
                y += 9
        p.leave(20, 288, "numero", 7, "", "times", color=_GRIS)
        p.write_at(190, 288, f"Page {page} sur {pages}", 7, "", "times", "R", NOIR)
    return Gabarit(p.render())


def make_contrat_pdf(
    budget: Budget, numero: str, objet: str, titulaire: Tiers, ht: int, jour: dt.date,
    clause: str = "", pages: int = PAGES_CONTRAT,
) -> bytes:  # fmt: skip
    """A contract of `pages` pages; `clause` is printed on page 3."""
    return _gabarit_contrat(pages, int(numero[-2:]) % 3).fill(
        {
            "acheteur": budget.collectivite.nom,
            "numero": f"Marché n° {numero}",
            "objet": objet,
            "titulaire": f"Titulaire : {titulaire.nom}",
            "titulaire_siret": f"SIRET {titulaire.siret}",
            "montant": f"Montant : {format_papier(ht)} € HT",
            "notification": f"Notifié le {format_date(jour)}",
            "clause": clause or f"Le présent marché est passé pour {objet.lower()}.",
        }
    )
