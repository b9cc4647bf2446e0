"""Which domaine a piece or a PJ belongs to: paie, aide sociale, santé, or ordinaire.

Rules read from domaine.md, « Who uses it », all of them our inference (INF), on the strict side.
"""

from collections.abc import Iterable

from orc.domain import Domaine, strictest

SANTE = frozenset({"M21", "M22"})
AIDE_SOCIALE = frozenset({"M52", "M57"})
PAR_TYPE_PJ = {"004": Domaine.PAIE, "005": Domaine.AIDE_SOCIALE}
NATURE_PAIE = "11"


def decide_domaine(
    *,
    depense: bool,
    nature_piece: str,
    comptes: Iterable[str],
    nomenclature: str,
    compte_651_sensible: bool,
) -> Domaine:
    """The domaine a piece shows by itself, before its PJ are known.

    `nomenclature` is that of its budget (M57, M21…), "" where unknown: then comptes 651 are held
    for aide sociale when `compte_651_sensible` says so.
    """
    found = [Domaine.SANTE] if nomenclature in SANTE else []
    comptes = list(comptes)
    if any(c.startswith("64") for c in comptes) or (depense and nature_piece == NATURE_PAIE):
        found.append(Domaine.PAIE)
    social = nomenclature in AIDE_SOCIALE or (not nomenclature and compte_651_sensible)
    if social and any(c.startswith("651") for c in comptes):
        found.append(Domaine.AIDE_SOCIALE)
    return strictest(found)


def decide_domaine_pj(type_pj: str) -> Domaine:
    """The domaine a PJ shows by its TypePJ alone."""
    return PAR_TYPE_PJ.get(type_pj, Domaine.ORDINAIRE)
