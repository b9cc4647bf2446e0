"""Five layouts of invoice, one per kind of supplier; every figure comes from the mandat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from orc.demo.montants import format_papier
from orc.demo.pdf import BLANC, NOIR, Couleur, Gabarit, Papier
from orc.demo.referentiel import Budget
from orc.demo.tiers import Tiers

LIGNES_MAX = 5
_TEINTES: tuple[Couleur, ...] = (
    (22, 72, 120), (140, 35, 40), (25, 110, 75), (95, 60, 130), (175, 95, 20), (40, 95, 110),
)  # fmt: skip
GRIS: Couleur = (235, 237, 240)
SOMBRE: Couleur = (90, 95, 100)


@dataclass(frozen=True, slots=True)
class Article:
    """One line of an invoice; `ht` in cents is quantity times unit price."""

    designation: str
    quantite: int
    unitaire: int

    @property
    def ht(self) -> int:
        """Quantity times unit price, in cents."""
        return self.quantite * self.unitaire


@dataclass(frozen=True, slots=True)
class Facture:
    """An invoice as its supplier writes it; amounts in cents, `taux` in hundredths of a percent."""

    numero: str
    date: dt.date
    fournisseur: Tiers
    budget: Budget
    articles: tuple[Article, ...]
    taux: int
    tva: int
    commande: str = ""
    objet: str = ""

    @property
    def ht(self) -> int:
        """Sum of the articles, in cents."""
        return sum(article.ht for article in self.articles)


def format_date(jour: dt.date) -> str:
    """`03/02/2023`."""
    return f"{jour.day:02d}/{jour.month:02d}/{jour.year}"


def format_iban(iban: str) -> str:
    """Groups of four, as papers print it."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def format_siret(siret: str) -> str:
    """`000 000 018 00013`."""
    return f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"


def tva_number(siret: str) -> str:
    """The intra-community number of a French SIREN."""
    siren = int(siret[:9])
    return f"FR{(12 + 3 * (siren % 97)) % 97:02d}{siret[:9]}"


def _client(p: Papier, x: float, y: float, *, font: str = "helvetica") -> None:
    p.leave(x, y, "client", 10, "B", font)
    p.leave(x, y + 5, "client_adresse", 9, "", font)
    p.leave(x, y + 10, "client_ville", 9, "", font)
    p.leave(x, y + 15, "client_siret", 8, "", font)


def _lignes(p: Papier, y: float, pas: float, colonnes: tuple[float, ...], font: str) -> None:
    for i in range(LIGNES_MAX):
        p.leave(colonnes[0], y + i * pas, f"d{i}", 9, "", font)
        p.leave(colonnes[1], y + i * pas, f"q{i}", 9, "", font, "R")
        p.leave(colonnes[2], y + i * pas, f"u{i}", 9, "", font, "R")
        p.leave(colonnes[3], y + i * pas, f"m{i}", 9, "", font, "R")


def _totaux(p: Papier, x: float, right: float, y: float, color: Couleur, font: str) -> None:
    p.write_at(x, y, "Total HT", 10, "", font)
    p.leave(right, y, "ht", 10, "", font, "R")
    p.leave(x, y + 6, "libelle_tva", 10, "", font)
    p.leave(right, y + 6, "tva", 10, "", font, "R")
    p.write_at(x, y + 13, "Total TTC", 11, "B", font, color=color)
    p.leave(right, y + 13, "ttc", 11, "B", font, "R", color=color)


def _reglement(p: Papier, t: Tiers, x: float, y: float, font: str = "helvetica") -> None:
    p.write_at(x, y, "Règlement par virement à 30 jours", 8, "B", font)
    p.write_at(x, y + 5, f"IBAN {format_iban(t.iban)}", 8, "", font)
    p.write_at(x, y + 9, f"Titulaire : {t.nom}", 8, "", font)


def _pied(p: Papier, t: Tiers, y: float = 284, font: str = "helvetica") -> None:
    p.write_at(105, y, f"{t.nom} - {t.adresse}, {t.code_postal} {t.ville}", 7, "", font, "C",
               SOMBRE)  # fmt: skip
    p.write_at(105, y + 4, f"SIRET {format_siret(t.siret)} - TVA {tva_number(t.siret)}", 7, "",
               font, "C", SOMBRE)  # fmt: skip


def _draw_classique(p: Papier, t: Tiers, teinte: Couleur) -> None:
    p.add_page()
    p.write_at(15, 22, t.nom, 16, "B", color=teinte)
    p.write_at(15, 28, t.adresse, 9)
    p.write_at(15, 33, f"{t.code_postal} {t.ville}", 9)
    p.write_at(15, 38, f"SIRET {format_siret(t.siret)}", 9)
    p.paint(120, 14, 75, 28, line=teinte)
    p.write_at(157, 22, "FACTURE", 14, "B", align="C", color=teinte)
    p.write_at(124, 30, "N°", 9)
    p.leave(191, 30, "numero", 10, "B", align="R")
    p.write_at(124, 36, "Date", 9)
    p.leave(191, 36, "date", 9, align="R")
    _client(p, 110, 58)
    p.leave(15, 88, "commande", 9)
    p.leave(15, 94, "objet", 9, "I")
    p.paint(15, 100, 180, 8, fill=GRIS)
    for x, mot, align in ((17, "Désignation", "L"), (128, "Qté", "R"), (160, "PU HT", "R"),
                          (193, "Montant HT", "R")):  # fmt: skip
        p.write_at(x, 105.5, mot, 9, "B", align=align)
    _lignes(p, 115, 9, (17, 128, 160, 193), "helvetica")
    p.paint(15, 100, 180, 62, line=(150, 150, 150))
    _totaux(p, 135, 193, 174, teinte, "helvetica")
    _reglement(p, t, 15, 210)
    p.leave(15, 226, "echeance", 8)
    p.write_at(15, 240, "Pénalités de retard : taux BCE majoré de huit points. Indemnité "
               "forfaitaire pour frais de recouvrement : 40 euros.", 7, color=SOMBRE)  # fmt: skip
    _pied(p, t)


def _draw_bandeau(p: Papier, t: Tiers, teinte: Couleur) -> None:
    p.add_page()
    p.paint(0, 0, 210, 34, fill=teinte)
    p.write_at(15, 16, t.nom, 18, "B", color=BLANC)
    p.write_at(15, 24, f"{t.adresse} - {t.code_postal} {t.ville}", 9, color=BLANC)
    p.write_at(195, 16, "Facture", 16, "", align="R", color=BLANC)
    p.leave(195, 24, "numero", 11, "B", align="R", color=BLANC)
    p.write_at(15, 46, "Émise le", 8, color=SOMBRE)
    p.leave(15, 51, "date", 10, "B")
    p.leave(15, 58, "echeance", 8)
    p.leave(15, 64, "commande", 8)
    p.write_at(105, 46, "Facturé à", 8, color=SOMBRE)
    _client(p, 105, 52)
    p.leave(15, 84, "objet", 10, "B", color=teinte)
    p.paint(15, 90, 180, 0.6, fill=teinte)
    for x, mot, align in ((15, "Prestation", "L"), (130, "Quantité", "R"), (162, "Prix HT", "R"),
                          (195, "Total HT", "R")):  # fmt: skip
        p.write_at(x, 96, mot, 8, "B", align=align, color=SOMBRE)
    for i in range(0, LIGNES_MAX, 2):
        p.paint(15, 100 + i * 10, 180, 10, fill=(245, 246, 248))
    _lignes(p, 106.5, 10, (17, 130, 162, 195), "helvetica")
    p.paint(115, 160, 80, 26, fill=(245, 246, 248), line=teinte)
    _totaux(p, 119, 192, 168, teinte, "helvetica")
    _reglement(p, t, 15, 168)
    p.write_at(15, 200, "Merci de rappeler le numéro de la facture dans votre virement.", 8, "I")
    _pied(p, t)


def _draw_releve(p: Papier, t: Tiers, teinte: Couleur) -> None:
    p.add_page()
    p.paint(15, 12, 10, 10, fill=teinte)
    p.paint(27, 12, 3, 10, fill=teinte)
    p.write_at(34, 19, t.nom, 14, "B")
    p.write_at(34, 24, f"{t.adresse}, {t.code_postal} {t.ville} - SIRET {t.siret}", 7)
    p.write_at(15, 40, "Votre facture", 20, "B", color=teinte)
    p.write_at(15, 47, "n°", 10)
    p.leave(21, 47, "numero", 10, "B")
    p.write_at(60, 47, "du", 10)
    p.leave(66, 47, "date", 10)
    _client(p, 120, 44)
    p.paint(15, 66, 180, 22, fill=GRIS)
    p.write_at(20, 75, "Montant à régler", 11)
    p.leave(20, 83, "echeance", 9)
    p.leave(190, 80, "ttc_euros", 20, "B", align="R", color=teinte)
    p.leave(15, 98, "objet", 10, "B")
    p.leave(15, 104, "commande", 8)
    p.write_at(15, 114, "Détail de vos consommations", 11, "B", color=teinte)
    p.set_draw_color(*teinte)
    p.line(15, 116, 195, 116)
    for x, mot, align in ((15, "Point de livraison / usage", "L"), (130, "Volume", "R"),
                          (162, "Prix unitaire", "R"), (195, "HT (EUR)", "R")):  # fmt: skip
        p.write_at(x, 122, mot, 8, "I", align=align)
    _lignes(p, 130, 8, (15, 130, 162, 195), "helvetica")
    p.line(15, 172, 195, 172)
    _totaux(p, 130, 195, 180, teinte, "helvetica")
    _reglement(p, t, 15, 205)
    p.write_at(15, 240, "Une question sur votre facture ? Service collectivités, du lundi au "
               "vendredi de 8 h à 18 h.", 8)  # fmt: skip
    _pied(p, t)


def _draw_artisan(p: Papier, t: Tiers, teinte: Couleur) -> None:
    p.add_page()
    f = "courier"
    p.write_at(105, 20, t.nom.upper(), 15, "B", f, "C")
    p.write_at(105, 26, f"{t.adresse} - {t.code_postal} {t.ville}", 9, "", f, "C")
    p.write_at(105, 31, f"Siret : {t.siret}", 9, "", f, "C")
    p.write_at(105, 35, "-" * 84, 9, "", f, "C")
    p.write_at(15, 45, "FACTURE N°", 12, "B", f)
    p.leave(45, 45, "numero", 12, "B", f)
    p.write_at(15, 51, "du", 10, "", f)
    p.leave(22, 51, "date", 10, "", f)
    p.leave(15, 57, "commande", 9, "", f)
    _client(p, 110, 45, font=f)
    p.leave(15, 80, "objet", 10, "B", f)
    p.write_at(15, 92, "LIBELLE", 9, "B", f)
    for x, mot in ((130, "QTE"), (162, "P.U."), (195, "MONTANT HT")):
        p.write_at(x, 92, mot, 9, "B", f, "R")
    p.set_draw_color(*NOIR)
    p.line(15, 94, 195, 94)
    _lignes(p, 102, 8, (15, 130, 162, 195), f)
    p.line(120, 146, 195, 146)
    _totaux(p, 120, 195, 154, NOIR, f)
    _reglement(p, t, 15, 190, f)
    p.leave(15, 208, "echeance", 9, "", f)
    p.write_at(15, 225, "Bon pour service fait", 9, "I", f, color=teinte)
    p.paint(15, 228, 70, 26, line=teinte)
    _pied(p, t, font=f)


def _draw_deux_pages(p: Papier, t: Tiers, teinte: Couleur) -> None:
    p.add_page()
    p.write_at(195, 20, t.nom, 17, "B", align="R", color=teinte)
    p.write_at(195, 26, f"{t.adresse} {t.code_postal} {t.ville}", 8, align="R")
    p.write_at(195, 30, f"SIRET {format_siret(t.siret)}", 8, align="R")
    _client(p, 110, 58)
    p.write_at(15, 50, "Facture n°", 10)
    p.leave(35, 50, "numero", 11, "B")
    p.write_at(15, 56, "Date de facture", 9)
    p.leave(45, 56, "date", 9)
    p.leave(15, 62, "echeance", 9)
    p.leave(15, 68, "commande", 9)
    p.leave(15, 96, "objet", 12, "B", color=teinte)
    p.write_at(15, 108, "Récapitulatif (détail en page 2)", 10, "B")
    p.set_draw_color(*teinte)
    p.line(15, 110, 195, 110)
    _totaux(p, 15, 195, 120, teinte, "helvetica")
    p.line(15, 138, 195, 138)
    _reglement(p, t, 15, 150)
    p.write_at(15, 270, "Page 1/2", 7, color=SOMBRE)
    _pied(p, t)
    p.add_page()
    p.write_at(15, 20, "Détail de la facture n°", 11, "B", color=teinte)
    p.leave(60, 20, "numero", 11, "B", color=teinte)
    p.paint(15, 27, 180, 7, fill=teinte)
    for x, mot, align in ((17, "Abonnements, prestations et fournitures", "L"),
                          (130, "Nombre", "R"), (162, "Tarif HT", "R"),
                          (193, "HT", "R")):  # fmt: skip
        p.write_at(x, 32, mot, 9, "B", align=align, color=BLANC)
    _lignes(p, 42, 9, (17, 130, 162, 193), "helvetica")
    conditions = (
        "Conditions générales : le présent document est établi au titre du contrat en vigueur.",
        "Toute réclamation est adressée au service clients dans les deux mois de l'émission.",
        "Le service fait est constaté par la collectivité avant mise en paiement.",
        "Les sommes sont exigibles dans le délai global de paiement de trente jours.",
    )
    for i, phrase in enumerate(conditions):
        p.write_at(15, 110 + i * 5, phrase, 8, color=SOMBRE)
    p.write_at(15, 270, "Page 2/2", 7, color=SOMBRE)


_DESSINS: dict[str, Callable[[Papier, Tiers, Couleur], None]] = {
    "classique": _draw_classique,
    "bandeau": _draw_bandeau,
    "releve": _draw_releve,
    "artisan": _draw_artisan,
    "deux_pages": _draw_deux_pages,
}
DESSINS = tuple(_DESSINS)
_DESSIN_DU_METIER = {"energie": "releve", "eau": "releve", "telecom": "deux_pages",
                     "informatique": "deux_pages", "batiment": "artisan"}  # fmt: skip


def find_dessin(tiers: Tiers) -> str:
    """The layout a supplier always uses."""
    libre = ("classique", "bandeau", "artisan")[tiers.rang % 3]
    return _DESSIN_DU_METIER.get(tiers.metier, libre)


@cache
def make_gabarit(tiers: Tiers, dessin: str) -> Gabarit:
    """The supplier's invoice, laid out once."""
    papier = Papier("Facture")
    _DESSINS[dessin](papier, tiers, _TEINTES[tiers.rang % len(_TEINTES)])
    return Gabarit(papier.render())


def make_facture_pdf(facture: Facture, dessin: str = "") -> bytes:
    """The invoice as a text PDF, in its supplier's layout."""
    t, b = facture.fournisseur, facture.budget
    echeance = facture.date + dt.timedelta(days=30)
    taux = f"{facture.taux // 100},{facture.taux % 100:02d} %" if facture.taux else ""
    valeurs = {
        "numero": facture.numero,
        "date": format_date(facture.date),
        "echeance": f"Échéance : {format_date(echeance)}",
        "client": b.collectivite.nom,
        "client_adresse": b.collectivite.adresse,
        "client_ville": f"{b.collectivite.code_postal} {b.collectivite.ville}",
        "client_siret": f"SIRET {b.siret}",
        "commande": f"Votre commande : {facture.commande}" if facture.commande else "",
        "objet": facture.objet,
        "ht": format_papier(facture.ht),
        "libelle_tva": f"TVA {taux}" if facture.taux else "TVA non applicable",
        "tva": format_papier(facture.tva),
        "ttc": format_papier(facture.ht + facture.tva),
        "ttc_euros": f"{format_papier(facture.ht + facture.tva)} €",
    }
    for i, article in enumerate(facture.articles):
        valeurs[f"d{i}"] = article.designation
        valeurs[f"q{i}"] = str(article.quantite)
        valeurs[f"u{i}"] = format_papier(article.unitaire)
        valeurs[f"m{i}"] = format_papier(article.ht)
    return make_gabarit(t, dessin or find_dessin(t)).fill(valeurs)
