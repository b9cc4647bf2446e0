"""PES_Facture: an invoice as structured XML, a PES inside a PES (TypePJ 006), valid on its own."""

from __future__ import annotations

from orc.demo.factures import Facture
from orc.demo.montants import compute_tva, format_flux
from orc.demo.tiers import Tiers
from orc.demo.xml_pes import adresse, close_root, entete, enveloppe, open_root, option, tag


def _tiers(tiers: Tiers, typ: str) -> str:
    identite = tag("IdTiers", tiers.siret) + tag("NatIdTiers", "01") if tiers.siret else ""
    return (
        "<InfoTiers>\n" + identite + tag("RefTiers", tiers.reference)
        + tag("CatTiers", tiers.categorie) + tag("NatJur", tiers.nature_juridique)
        + tag("TypTiers", typ) + option("Civilite", tiers.civilite) + tag("Nom", tiers.nom)
        + option("Prenom", tiers.prenom) + "</InfoTiers>\n" + adresse(tiers)
    )  # fmt: skip


def _lignes(facture: Facture) -> str:
    lignes, reste = [], facture.tva
    for rang, article in enumerate(facture.articles, 1):
        dernier = rang == len(facture.articles)
        tva = reste if dernier else min(reste, compute_tva(article.ht, facture.taux))
        reste -= tva
        lignes.append(
            "<LigneFacture>\n" + tag("Date", facture.date) + tag("Libelle", article.designation)
            + tag("Quantite", article.quantite) + tag("MtUnitaire", format_flux(article.unitaire))
            + tag("MtHT", format_flux(article.ht)) + tag("TauxTVA", format_flux(facture.taux))
            + tag("MtTVA", format_flux(tva)) + tag("MtTTC", format_flux(article.ht + tva))
            + tag("Ordre", rang) + "</LigneFacture>\n"
        )  # fmt: skip
    return "".join(lignes)


def make_facture_pes(facture: Facture, emetteur: Tiers, debiteur: Tiers, typ: str = "01") -> bytes:
    """The XML, in UTF-8; amounts agree with the piece that cites it."""
    total = (
        "<TotalAPayer>\n" + tag("MtTotalHT", format_flux(facture.ht))
        + tag("MtTotalTVA", format_flux(facture.tva))
        + tag("MtTotalTTC", format_flux(facture.ht + facture.tva)) + "</TotalAPayer>\n"
    )  # fmt: skip
    corps = (
        "<PES_Facture>\n" + tag("IdVer", 2) + tag("Annee", facture.date.year)
        + tag("TypeFact", typ) + tag("Date", facture.date)
        + f"<Emetteur>\n{_tiers(emetteur, '20')}</Emetteur>\n<FactureIndiv>\n"
        + tag("DateEmission", facture.date) + tag("NumeroFacture", facture.numero)
        + f"<Debiteur>\n{_tiers(debiteur, '01')}</Debiteur>\n" + tag("Objet", facture.objet)
        + _lignes(facture) + total
        + tag("ModalitesReglement", f"Virement {emetteur.iban}")
        + tag("ConditionsGen", "Paiement à trente jours") + "</FactureIndiv>\n"
        + "<Nomenclatures/>\n</PES_Facture>\n"
    )  # fmt: skip
    texte = (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + open_root("PES_Aller", "aller", "n")
        + enveloppe("PESALR1", f"FACTURE_{facture.numero}", "Ateliers du Grand Livre", "Facture 3")
        + entete(facture.budget, facture.date) + corps + close_root("PES_Aller", "n")
    )  # fmt: skip
    return texte.encode()
