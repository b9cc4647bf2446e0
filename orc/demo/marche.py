"""A public contract: its PES_Marche block, its identifiers, its forty pages."""

from __future__ import annotations

import datetime as dt

from orc.demo.cellule import Cellule
from orc.demo.documents import make_contrat_pdf
from orc.demo.montants import compute_tva, format_flux
from orc.demo.tiers import list_firmes
from orc.demo.valeurs import Marche
from orc.demo.xml_pes import adresse, bancaire, tag

_OBJETS = (
    "Réfection de la voirie du bourg", "Construction du pôle enfance",
    "Extension de la médiathèque",
    "Restauration du pont de la Combe", "Renouvellement du réseau d'eau", "Rénovation du gymnase",
)  # fmt: skip


def make_marche(c: Cellule, rang: int, jour: dt.date, clause: str = "") -> Marche:
    """A contract notified at `jour`, its pièce contractuelle (TypePJ 009) included."""
    contrat = f"{c.exercice}{c.budget.codcol}{rang:03d}"
    objet = f"{c.alea.choice(_OBJETS)}, lot {rang}"
    titulaire = c.alea.choice(list_firmes(c.alea.choice(("voirie", "batiment")), c.seed))
    ht = c.alea.randint(8_000_000, 90_000_000)
    b = c.budget
    pj = c.make_pj(
        "contrat", f"CCAP_{contrat}.pdf", f"Marché {contrat} acte d'engagement",
        lambda: make_contrat_pdf(b, contrat, objet, titulaire, ht, jour, clause), "009",
    )  # fmt: skip
    return Marche(contrat, objet, titulaire, ht, jour, pj)


def _titulaire(m: Marche) -> str:
    t = m.titulaire
    return (
        "<Titulaire>\n" + tag("TypeTitulaireMarche", "01") + tag("NatIdTitulaire", "01")
        + tag("IdTitulaire", t.siret) + tag("DenominationSociale", t.nom)
        + tag("RefTiers", t.reference) + tag("CatTiers", "50") + tag("NatJur", "03")
        + adresse(t) + bancaire(t)
        + "<ConditionsExecutionTitulaire>\n" + tag("RegimeAvance", "01")
        + "<Garantie>\n" + tag("TypeGarantie", "02") + tag("TauxGarantie", "5")
        + "</Garantie>\n" + tag("FormePrix", "01") + tag("VariationPrix", "01")
        + "</ConditionsExecutionTitulaire>\n</Titulaire>\n"
    )  # fmt: skip


def write_marche(c: Cellule, m: Marche) -> str:
    """The Marche element."""
    b = c.budget
    return (
        "<Marche>\n<IdentifiantMarche>\n" + tag("IdContrat", m.contrat)
        + tag("NumeroOrdreModification", "00") + tag("SequenceEnvoi", "1")
        + tag("CaractereCorrectifEnregistrement", "0") + "</IdentifiantMarche>\n"
        + tag("URLProfilAcheteur", "https://marches.avelle.invalid/")
        + "<Acheteurs>\n<Acheteur>\n" + tag("IdAcheteur", b.siret)
        + tag("NomAcheteur", b.collectivite.nom[:38]) + "</Acheteur>\n</Acheteurs>\n"
        + tag("NatureMarche", "01") + tag("Objet", m.objet) + tag("CodeCPV", "45233140-2")
        + tag("ProcedureMarche", "01")
        + "<LieuExecution>\n" + tag("CodeLieuExecution", b.collectivite.code_postal)
        + tag("TypeCode", "01") + tag("NomLieuExecution", b.collectivite.ville)
        + "</LieuExecution>\n" + tag("DureeEnMois", 18) + tag("MontantHTNotifie", format_flux(m.ht))
        + tag("CaractereEstimatifMontantNotifie", "0")
        + tag("MontantTVANotifie", format_flux(compute_tva(m.ht, 2000)))
        + tag("Reconductibilite", "01") + tag("Penalite", "1")
        + tag("DateNotification", m.notification)
        + f"<Operateurs>\n{_titulaire(m)}</Operateurs>\n"
        + "<ConditionsExecution>\n" + tag("ModaliteExecution", "01") + tag("MultiBudget", "0")
        + tag("CCAGReference", "01") + "</ConditionsExecution>\n<PJRefs>\n<PJRef>\n"
        + tag("Support", "01") + tag("IdUnique", m.pj.id_unique) + tag("TypePJ", "009")
        + tag("NomPJ", m.pj.nom) + "</PJRef>\n</PJRefs>\n</Marche>\n"
    )  # fmt: skip
