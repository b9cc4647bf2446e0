"""Passwords as argon2id hashes, checked in the same time whether the account exists or not.

What a password may be is said by its length and by how easily it is guessed, never by its kinds of
characters (ANSSI, CNIL, OWASP ASVS 6.2).
"""

from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orc.errors import Invalid
from orc.identity.strength import is_common, is_easy

LONGUEUR_MIN = 12
LONGUEUR_MAX = 200

# RFC 9106, second recommended option (64 MiB, 3 passes): argon2-cffi's own default.
_HASHER = PasswordHasher()
# Each check takes 64 MiB: a rush of logins waits rather than exhaust the memory.
_AT_ONCE = BoundedSemaphore(4)
# What the password of an unknown person is compared with. No password makes it.
_NOBODY = _HASHER.hash("\0 personne")


class MotDePasseFaible(Invalid):
    """Refused as a password, in words that say what to do."""


def check_mot_de_passe(mot_de_passe: str, proches: Iterable[str] = ()) -> None:
    """Raise MotDePasseFaible on a password too short, common, or made of `proches`.

    `proches`: words of the person (identifiant, name, address).
    """
    if len(mot_de_passe) < LONGUEUR_MIN:
        raise MotDePasseFaible(f"Le mot de passe doit avoir au moins {LONGUEUR_MIN} caractères.")
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise MotDePasseFaible(f"Le mot de passe doit avoir au plus {LONGUEUR_MAX} caractères.")
    if len(set(mot_de_passe)) < 4:
        raise MotDePasseFaible("Le mot de passe est trop simple : variez ses caractères.")
    if is_common(mot_de_passe):
        raise MotDePasseFaible(
            "Ce mot de passe est de ceux que tout le monde essaie, ou a été divulgué : "
            "choisissez-en un autre, par exemple quatre mots sans rapport."
        )
    if is_easy(mot_de_passe, proches):
        raise MotDePasseFaible(
            "Ce mot de passe se devine trop vite : ajoutez un mot sans rapport avec vous ni avec "
            "les autres."
        )


def make_hash(mot_de_passe: str, proches: Iterable[str] = ()) -> str:
    """The hash to keep. Raises MotDePasseFaible."""
    check_mot_de_passe(mot_de_passe, proches)
    with _AT_ONCE:
        return _HASHER.hash(mot_de_passe)


def is_right(empreinte: str | None, mot_de_passe: str) -> bool:
    """Whether this password made this hash; None or "" (nobody) takes as long, never right."""
    with _AT_ONCE:
        try:
            _HASHER.verify(empreinte or _NOBODY, mot_de_passe[:LONGUEUR_MAX])
        except (VerificationError, InvalidHashError):
            return False
    return bool(empreinte)
