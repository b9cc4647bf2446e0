"""A PJ that may go, and ways to spoil it: what the tests of retention start from."""

from dataclasses import replace
from datetime import date

from orc.domain import Sens
from orc.retention.facts import (
    Acquittement,
    Citation,
    Copie,
    Emargement,
    Facts,
    Gel,
    LignePayee,
    Periode,
    Preuve,
)

AUJOURD_HUI = date(2026, 6, 1)
PREUVE = Preuve("retour périodique", date(2022, 5, 4), "flux abc")
PAYEE_LE = date(2022, 5, 3)


def make_periode(depuis: str, jusqu_a: str = "") -> Periode:
    """`2020-01-01` to the end given, or still."""
    end = date.fromisoformat(jusqu_a) if jusqu_a else None
    return Periode(date.fromisoformat(depuis), end, Preuve("acte", date.fromisoformat(depuis)))


def make_ligne(montant: int = 120_000, **changes: object) -> LignePayee:
    """A line paid in one go."""
    ligne = LignePayee("1", montant, (Emargement("01", montant, PAYEE_LE),))
    return replace(ligne, **changes)  # type: ignore[arg-type]  # the fields of LignePayee


def make_mandat(**changes: object) -> Citation:
    """A mandat paid on 3 May 2022."""
    mandat = Citation(
        Sens.DEPENSE, "mandat 127", "01", PREUVE, etat="05",
        prise_en_charge_le=date(2022, 4, 20), lignes=(make_ligne(),),
    )  # fmt: skip
    return replace(mandat, **changes)  # type: ignore[arg-type]  # the fields of Citation


def make_titre(**changes: object) -> Citation:
    """A titre taken in charge on 20 April 2022."""
    titre = Citation(
        Sens.RECETTE, "titre 12", "01", PREUVE, etat="02", prise_en_charge_le=date(2022, 4, 20)
    )
    return replace(titre, **changes)  # type: ignore[arg-type]  # the fields of Citation


def make_facts(**changes: object) -> Facts:
    """A native PJ of a paid mandat, sent after everything was joined: it may go."""
    facts = Facts(
        recue_le=date(2022, 4, 1),
        est_pj=True,
        support="01",
        adhesions_orc=(make_periode("2020-01-01"),),
        adhesions_offre=(make_periode("2021-01-01"),),
        tenue_helios=(make_periode("2010-01-01"),),
        acquittement=Acquittement(True, date(2022, 4, 2), PREUVE),
        copie=Copie(True, True, 4_096, PREUVE),
        est_numerisee=False,
        citations=(make_mandat(),),
        sort_final="D",
    )
    return replace(facts, **changes)  # type: ignore[arg-type]  # the fields of Facts


def make_gel(depuis: str = "2025-01-01", jusqu_a: str = "") -> Gel:
    """A gel for a dispute."""
    return Gel("Contentieux", "tribunal administratif", "2025-114", make_periode(depuis, jusqu_a))
