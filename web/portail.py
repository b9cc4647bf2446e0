"""What surrounds the login: conditions, alerts, guides and contacts, as the settings say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orc.errors import Invalid
from orc.identity.annuaire import Contact, check_adresse, find_contact, read_contacts
from orc.settings import Settings

CONDITIONS_MAX = 200_000
CONDITIONS = """
Ce service est réservé aux personnes habilitées, pour les seuls besoins de leurs fonctions.

Votre identifiant et votre mot de passe sont personnels : ne les confiez à personne, pas même à
l’assistance. Fermez votre session quand vous quittez votre poste.

Les pièces consultées peuvent contenir des données personnelles ou protégées par la loi : n’en
faites aucun usage étranger à vos fonctions, et ne les communiquez qu’à qui a le droit d’en
connaître.

Toute connexion, recherche et consultation, et tout téléchargement, sont inscrits au journal. Un
accès frauduleux est puni par les articles 323-1 et suivants du code pénal.
"""


@dataclass(frozen=True, slots=True)
class Lien:
    """A link of the settings."""

    libelle: str
    adresse: str


@dataclass(frozen=True, slots=True)
class Portail:
    """The texts and addresses around a login form; what is empty is not shown."""

    alerte: str
    textes: tuple[Lien, ...]
    aides: tuple[Lien, ...]
    assistance: str


def make_portail(settings: Settings) -> Portail:
    """The texts and addresses of the settings. Raises Invalid on an address no link may have."""
    return Portail(
        alerte=settings.alerte_fraude,
        textes=_make_links(
            ("Conditions d’utilisation", "/conditions"),
            ("Charte d’utilisation", settings.charte),
            ("Politique de sécurité (PGSSI)", settings.pgssi),
        ),
        aides=_make_links(
            ("Guide de l’utilisateur", settings.guide), ("Questions fréquentes", settings.faq)
        ),
        assistance=settings.assistance,
    )


def _make_links(*pairs: tuple[str, str]) -> tuple[Lien, ...]:
    return tuple(Lien(name, check_adresse(adresse)) for name, adresse in pairs if adresse.strip())


def read_conditions(settings: Settings) -> tuple[str, ...]:
    """The paragraphs of the conditions d’utilisation: the operator's file, or ours."""
    if not settings.conditions:
        return _split(CONDITIONS)
    try:
        with Path(settings.conditions).open(encoding="utf-8-sig") as file:
            text = file.read(CONDITIONS_MAX)
    except (OSError, ValueError) as error:
        raise Invalid("ORC_CONDITIONS : le fichier ne se lit pas.") from error
    return _split(text)


def _split(text: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in text.split("\n\n") if p.strip())


def find_contacts(settings: Settings, departement: str = "") -> Sequence[Contact]:
    """The contact of this département; all of them where it is unknown or has none."""
    contacts = read_contacts(settings.contacts)
    found = find_contact(contacts, departement)
    return (found,) if found else contacts
