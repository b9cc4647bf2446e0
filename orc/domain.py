"""Values every floor speaks of: domaines, rôles, keys of the accounts, money as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Sens(StrEnum):
    """The two sides of the accounts."""

    DEPENSE = "depense"
    RECETTE = "recette"


class Domaine(StrEnum):
    """What a piece deals with, from the least to the most reserved.

    The sensitive ones are hidden unless a habilitation names them; what belongs to several takes
    the last one of this list.
    """

    ORDINAIRE = "ordinaire"
    PAIE = "paie"
    AIDE_SOCIALE = "aide_sociale"
    SANTE = "sante"


SENSIBLES = (Domaine.PAIE, Domaine.AIDE_SOCIALE, Domaine.SANTE)
RANGS = {domaine: rang for rang, domaine in enumerate(Domaine)}

LIBELLES_DOMAINES = {
    Domaine.ORDINAIRE: "Ordinaire",
    Domaine.PAIE: "Paie",
    Domaine.AIDE_SOCIALE: "Aide sociale",
    Domaine.SANTE: "Santé",
}


class Role(StrEnum):
    """Who a person is for ORC; what each may call is said on the routes (web/acces.py)."""

    ORDONNATEUR = "ordonnateur"
    COMPTABLE = "comptable"
    PARTENAIRE = "partenaire"
    JUGE = "juge"
    ARCHIVISTE = "archiviste"
    ADMINISTRATEUR = "administrateur"
    GESTIONNAIRE = "gestionnaire"


class Droit(StrEnum):
    """What a grant opens beyond its rôle, only where it says so."""

    # An ordonnateur's: to prepare and sign early-destruction lists.
    DESTRUCTION = "destruction"
    # An archiviste's: to read the documents of its territory.
    CONTENU = "contenu"


LIBELLES_DROITS = {
    Droit.DESTRUCTION: "Destruction anticipée",
    Droit.CONTENU: "Lecture des documents",
}

LIBELLES_ROLES = {
    Role.ORDONNATEUR: "Ordonnateur",
    Role.COMPTABLE: "Comptable public",
    Role.PARTENAIRE: "Partenaire",
    Role.JUGE: "Juge des comptes",
    Role.ARCHIVISTE: "Archiviste",
    Role.ADMINISTRATEUR: "Administrateur",
    Role.GESTIONNAIRE: "Gestionnaire principal",
}


@dataclass(frozen=True, slots=True)
class CleBudget:
    """What tells a budget from all others in a flow: SIRET of IdColl, CodCol on 3, CodBud on 2."""

    siret: str
    cod_col: str
    cod_bud: str

    @property
    def siren(self) -> str:
        """The collectivité itself: an annexe budget may have a SIRET of its own."""
        return self.siret[:9]


def is_siren(text: str) -> bool:
    """Nine digits."""
    return len(text) == 9 and text.isascii() and text.isdigit()


def strictest(domaines: list[Domaine]) -> Domaine:
    """The domaine of what belongs to several: the most reserved; ordinaire where there is none."""
    return max(domaines, key=RANGS.__getitem__, default=Domaine.ORDINAIRE)


NARROW_SPACE = "\u202f"


def format_entier(nombre: int) -> str:
    """`1234567` as `1 234 567`, thousands kept together by narrow no-break spaces."""
    return f"{nombre:,}".replace(",", NARROW_SPACE)


def format_nombre(nombre: int, singulier: str, pluriel: str = "") -> str:
    """A count and its noun: `1 284 pièces`; zero and one are singular in French."""
    noun = singulier if abs(nombre) < 2 else pluriel or f"{singulier}s"
    return f"{format_entier(nombre)}\u00a0{noun}"


def join_words(words: Sequence[str]) -> str:
    """`a, b et c`."""
    return " et ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def format_montant(centimes: int) -> str:
    """Cents as a person reads them, without the unit: `-123456` gives `− 1 234,56`."""
    euros, reste = divmod(abs(centimes), 100)
    signe = f"−{NARROW_SPACE}" if centimes < 0 else ""
    return f"{signe}{format_entier(euros)},{reste:02d}"


def format_euros(centimes: int) -> str:
    """Cents as a person reads them, with the unit: `1 234,56 €`."""
    return f"{format_montant(centimes)}\u00a0€"


def format_date(jour: date | None) -> str:
    """`12/03/2022`, or nothing when there is no date."""
    return f"{jour:%d/%m/%Y}" if jour else ""
