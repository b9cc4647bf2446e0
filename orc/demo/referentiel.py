"""The invented world: postes comptables, collectivités, budgets, exercices and their closures.

Nothing here exists. A SIREN is drawn by INSEE from 1 upwards (1 and 2 for public bodies): none
begins with 000, so ours do, with a valid Luhn key. Postal codes, codiques and FINESS begin with 99,
which no département bears.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

PREFIXE_SIREN = "000"
EXERCICES = (2022, 2023, 2024, 2025, 2026)
EXERCICE_OUVERT = 2026
FIN_DES_FLUX = dt.date(2026, 9, 30)


def luhn_key(chiffres: str) -> str:
    """The digit that makes `chiffres` + digit pass Luhn, as SIREN and SIRET do (ISO/IEC 7812-1)."""
    total = 0
    for rang, chiffre in enumerate(reversed(chiffres)):
        double = int(chiffre) * (2 if rang % 2 == 0 else 1)
        total += double - 9 if double > 9 else double
    return str(-total % 10)


def make_siren(numero: int) -> str:
    """Nine digits, from the prefix nobody has; `numero` from 0 to 99 999."""
    corps = f"{PREFIXE_SIREN}{numero:05d}"
    return corps + luhn_key(corps)


def make_siret(siren: str, etablissement: int) -> str:
    """Fourteen digits: the SIREN, four digits of NIC, and the Luhn key of all."""
    corps = f"{siren}{etablissement:04d}"
    return corps + luhn_key(corps)


@dataclass(frozen=True, slots=True)
class Poste:
    """A poste comptable: its codique (IdPost) and its name."""

    codique: str
    libelle: str


@dataclass(frozen=True, slots=True)
class Collectivite:
    """A public body: nature is commune, EPCI, departement, hopital or CCAS."""

    siren: str
    nom: str
    nature: str
    adresse: str
    code_postal: str
    ville: str
    executif: str
    finess: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget: IdPost, IdColl, CodCol, CodBud of EnTetePES. `poids` shares the pieces out."""

    collectivite: Collectivite
    poste: Poste
    siret: str
    codcol: str
    codbud: str
    libelle: str
    nomenclature: str
    principal: bool
    poids: int

    @property
    def cle(self) -> str:
        """A short name for files and seeds: `000000018-101-00`."""
        return f"{self.collectivite.siren}-{self.codcol}-{self.codbud}"


@dataclass(frozen=True, slots=True)
class Cloture:
    """The day an exercice of a budget was closed."""

    budget: Budget
    exercice: int
    close_le: dt.date


SGC = Poste("099010", "SGC ROCHEBRUNE-SUR-AVELLE")
PAIERIE = Poste("099001", "PAIERIE DEPARTEMENTALE DE L'AVELLE")
TRESORERIE = Poste("099020", "TRESORERIE HOSPITALIERE DE L'AVELLE")
POSTES = (PAIERIE, SGC, TRESORERIE)

ROCHEBRUNE = Collectivite(
    make_siren(1), "Commune de Rochebrune-sur-Avelle", "commune",
    "1 place de la Halle", "99100", "ROCHEBRUNE-SUR-AVELLE", "Hélène Vauquelin-Marsac",
)  # fmt: skip
MONTCLAIR = Collectivite(
    make_siren(2), "Commune de Montclair-les-Étangs", "commune",
    "12 rue du Lavoir", "99230", "MONTCLAIR-LES-ETANGS", "Bastien Queyrolle",
)  # fmt: skip
PAYS_AVELLE = Collectivite(
    make_siren(3), "Communauté de communes du Pays d'Avelle", "EPCI",
    "Zone des Trois Ormes", "99110", "SAINT-OURS-D'AVELLE", "Roseline Thiébaut-Garric",
)  # fmt: skip
AVELLE = Collectivite(
    make_siren(4), "Département de l'Avelle", "departement",
    "Hôtel du Département, 8 cours des Arpenteurs", "99000", "ROCHEBRUNE-SUR-AVELLE",
    "Augustin Perrachon",
)  # fmt: skip
HOPITAL = Collectivite(
    make_siren(5), "Centre hospitalier de Rochebrune", "hopital",
    "40 avenue des Tilleuls", "99100", "ROCHEBRUNE-SUR-AVELLE", "Mireille Cazenave-Dorat",
    finess="990000014",
)  # fmt: skip
CCAS = Collectivite(
    make_siren(6), "CCAS de Rochebrune-sur-Avelle", "CCAS",
    "3 rue des Remparts", "99100", "ROCHEBRUNE-SUR-AVELLE", "Hélène Vauquelin-Marsac",
)  # fmt: skip
COLLECTIVITES = (ROCHEBRUNE, MONTCLAIR, PAYS_AVELLE, AVELLE, HOPITAL, CCAS)


def _budget(
    collectivite: Collectivite, poste: Poste, etablissement: int, codes: str, libelle: str,
    nomenclature: str, poids: int,
) -> Budget:  # fmt: skip
    codcol, codbud = codes.split("/")
    siret = make_siret(collectivite.siren, etablissement)
    return Budget(
        collectivite, poste, siret, codcol, codbud, libelle, nomenclature,
        principal=etablissement == 1, poids=poids,
    )  # fmt: skip


BUDGETS = (
    _budget(ROCHEBRUNE, SGC, 1, "101/00", "ROCHEBRUNE BUDGET PRINCIPAL", "M57", 26),
    _budget(ROCHEBRUNE, SGC, 2, "101/01", "ROCHEBRUNE EAU", "M49", 6),
    _budget(CCAS, SGC, 1, "102/00", "CCAS DE ROCHEBRUNE", "M57", 5),
    _budget(MONTCLAIR, SGC, 1, "115/00", "MONTCLAIR BUDGET PRINCIPAL", "M57", 10),
    _budget(MONTCLAIR, SGC, 2, "115/01", "MONTCLAIR ASSAINISSEMENT", "M49", 4),
    _budget(PAYS_AVELLE, SGC, 1, "200/00", "CC DU PAYS D'AVELLE", "M57", 14),
    _budget(PAYS_AVELLE, SGC, 2, "200/02", "CC PAYS D'AVELLE DECHETS", "M57", 5),
    _budget(AVELLE, PAIERIE, 1, "020/00", "DEPARTEMENT DE L'AVELLE", "M57", 20),
    _budget(HOPITAL, TRESORERIE, 1, "300/00", "CH ROCHEBRUNE EXPLOITATION", "M21", 14),
    _budget(HOPITAL, TRESORERIE, 2, "300/E1", "CH ROCHEBRUNE EHPAD", "M21", 4),
)

# An annexe that has not closed its 2025 yet, and the exercice that is open for all.
BUDGET_EN_RETARD = BUDGETS[4]
EXERCICE_EN_RETARD = 2025


def find_budget(codcol: str, codbud: str) -> Budget:
    """The budget of these codes; StopIteration if the world has none."""
    return next(b for b in BUDGETS if (b.codcol, b.codbud) == (codcol, codbud))


def find_cloture(budget: Budget, exercice: int) -> Cloture | None:
    """When this exercice was closed, or None: it is still open."""
    en_retard = budget is BUDGET_EN_RETARD and exercice == EXERCICE_EN_RETARD
    if exercice >= EXERCICE_OUVERT or en_retard:
        return None
    jour = 5 + sum(map(int, budget.codcol)) % 20
    return Cloture(budget, exercice, dt.date(exercice + 1, 6, jour))


def list_clotures() -> list[Cloture]:
    """Every closure of the world, by budget then exercice."""
    toutes = (find_cloture(budget, exercice) for budget in BUDGETS for exercice in EXERCICES)
    return [cloture for cloture in toutes if cloture is not None]
