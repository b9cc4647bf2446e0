"""Payroll XML (.xhl): a DocumentPaye. Its NIR are no one's: month 99, département 00."""

from __future__ import annotations

import datetime as dt

from orc.demo.alea import make_alea
from orc.demo.montants import format_flux
from orc.demo.referentiel import Budget
from orc.demo.tiers import make_personne
from orc.demo.xml_pes import tag

_ESPACE = "http://www.minefi.gouv.fr/cp/helios/pes_v2/paye_1_1"
_GRADES = ("ATTACHE", "REDACTEUR", "ADJOINT ADMINISTRATIF", "ADJOINT TECHNIQUE", "ATSEM", "AGENT")


def _element(bloc: str, libelle: str, code: str, montant: int, ordre: int) -> str:
    return (
        f"<{bloc}>\n" + tag("Libelle", libelle) + tag("Code", code) + tag("Base", "0")
        + tag("Taux", "0") + tag("NbUnite", "0") + tag("Mt", format_flux(montant))
        + tag("Ordre", ordre) + f"</{bloc}>\n"
    )  # fmt: skip


def make_bulletins(brut: int, agents: int) -> list[int]:
    """Gross pay of each agent, in cents; they add up to `brut`."""
    alea = make_alea(brut, "bulletins", agents)
    poids = [alea.randint(80, 160) for _ in range(agents)]
    parts = [brut * p // sum(poids) for p in poids]
    parts[-1] += brut - sum(parts)
    return parts


def make_paie_xml(budget: Budget, mois: dt.date, brut: int, agents: int, nom: str = "") -> bytes:
    """The payroll of a month; the gross pays add up to `brut`. `nom` names the first agent."""
    alea, c, fiches = make_alea(brut, budget.cle, mois), budget.collectivite, []
    for rang, montant in enumerate(make_bulletins(brut, agents), 1):
        agent = make_personne(alea)
        nir = f"{alea.randint(1, 2)}{alea.randint(60, 99)}9900{alea.randint(1, 999):03d}{rang:03d}"
        fiches.append(
            "<PayeIndivMensuel>\n<Agent>\n" + tag("Civilite", agent.civilite)
            + tag("Nom", nom if nom and rang == 1 else agent.nom) + tag("Prenom", agent.prenom)
            + tag("Matricule", 3000 + rang) + tag("NIR", nir) + tag("Statut", "TITULAIRE")
            + tag("Grade", alea.choice(_GRADES)) + tag("Indice", alea.randint(366, 830))
            + "</Agent>\n" + tag("Service", f"SERVICE {alea.randint(1, 12)}")
            + tag("QuotiteTrav", 100) + "<Remuneration>\n"
            + _element("TraitBrut", "TRAITEMENT DE BASE", "010N", montant, 1)
            + _element("Deduction", "COT. RETRAITE", "830C", montant * 11 // 100, 6)
            + _element("Cotisation", "COT. PATRONALE", "801C", montant * 30 // 100, 3)
            + "</Remuneration>\n</PayeIndivMensuel>\n"
        )  # fmt: skip
    texte = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<n:DocumentPaye xmlns:n="{_ESPACE}">\n'
        + tag("IdVer", "1.1") + tag("Annee", mois.year) + tag("Mois", mois.month)
        + "<Employeur>\n" + tag("Nom", c.nom) + tag("Siret", budget.siret) + "</Employeur>\n"
        + "<DonneesIndiv>\n" + "".join(fiches) + "</DonneesIndiv>\n</n:DocumentPaye>\n"
    )  # fmt: skip
    return texte.encode("iso-8859-1", "xmlcharrefreplace")
