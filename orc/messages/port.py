"""What a message is, what an address may be, and what is asked of whatever sends it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from orc.errors import Invalid

OBJET_MAX, CORPS_MAX = 200, 20_000
# One address, as mail servers take it; names, comments and quoted parts are not for us.
_COURRIEL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"\+[1-9][0-9]{7,14}")
_BLANCS = re.compile(r"[\s.\-()\u00a0\u202f]")
# Boxes of a service, not of a person (domaine.md: addresses are nominative).
_ANONYMES = frozenset(
    """
    accueil admin administrateur administration bureau compta comptabilite commune contact courrier
    direction finances info infos mairie noreply postmaster secretariat service tresorerie webmaster
    """.split()  # noqa: SIM905 - a list of words reads better as a paragraph
)


class Canal(StrEnum):
    """How a message goes."""

    COURRIEL = "courriel"
    SMS = "sms"


class EnvoiRefuse(Invalid):
    """The recipient or the message will never be taken: trying again would give the same."""


@dataclass(frozen=True, slots=True)
class NouveauMessage:
    """A message to write. `secret`: its body is emptied once sent. `unique`: says it once only.

    `expire_le`: after that it is no longer worth sending.
    """

    canal: Canal
    destinataire: str
    objet: str
    corps: str = field(repr=False)
    personne_id: int | None = None
    secret: bool = False
    unique: str | None = None
    expire_le: datetime | None = None


@dataclass(frozen=True, slots=True)
class Envoi:
    """A message on its way; `numero` tells a second copy of it from another message."""

    numero: int
    destinataire: str
    objet: str
    corps: str = field(repr=False)


class Expediteur(Protocol):
    """Whatever takes messages away."""

    @property
    def local(self) -> bool:
        """Whether nothing leaves: the message is read in ORC."""
        ...

    def send(self, envoi: Envoi) -> None:
        """Hand it over. Raises EnvoiRefuse for good, Unavailable for now."""
        ...


def check_courriel(texte: str, *, nominatif: bool = False) -> str:
    """The address, tidied. Raises Invalid; `nominatif`: also on the box of a service."""
    adresse = texte.strip()
    locale, _, domaine = adresse.rpartition("@")
    if len(adresse) > 254 or len(locale) > 64 or not _COURRIEL.fullmatch(adresse):
        raise Invalid("Cette adresse de courriel n’est pas valable : nom@domaine.fr est attendu.")
    if nominatif and locale.casefold().replace(".", "").replace("-", "") in _ANONYMES:
        raise Invalid(
            "L’adresse doit être nominative : celle d’une personne, non celle d’un service."
        )
    return f"{locale}@{domaine.lower()}"


def check_mobile(texte: str) -> str:
    """A mobile number in the international form, `+33612345678`. Raises Invalid."""
    numero = _BLANCS.sub("", texte)
    if re.fullmatch(r"0[67][0-9]{8}", numero):
        numero = f"+33{numero[1:]}"
    if numero.startswith("00"):
        numero = f"+{numero[2:]}"
    if not _MOBILE.fullmatch(numero):
        raise Invalid(
            "Ce numéro de mobile n’est pas valable : 06 12 34 56 78 ou +33 6 12 34 56 78 est "
            "attendu."
        )
    return numero


def check_message(message: NouveauMessage) -> None:
    """Raise Invalid on what could add a header, a recipient, or fill a box."""
    check = check_courriel if message.canal is Canal.COURRIEL else check_mobile
    if check(message.destinataire) != message.destinataire:
        raise Invalid("Le destinataire d’un message est une adresse, et une seule.")
    if any(ord(c) < 32 or ord(c) == 127 or c in "\u0085\u2028\u2029" for c in message.objet):
        raise Invalid("L’objet d’un message tient en une ligne.")
    if len(message.objet) > OBJET_MAX or len(message.corps) > CORPS_MAX:
        raise Invalid("Ce message est trop long.")
