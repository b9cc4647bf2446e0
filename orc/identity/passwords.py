"""Passwords as argon2id hashes, checked in the same time whether the account exists or not."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orc.errors import Invalid

LONGUEUR_MIN = 12
LONGUEUR_MAX = 200

# RFC 9106, second recommended option (64 MiB, 3 passes): argon2-cffi's own default.
_HASHER = PasswordHasher()
# Each check takes 64 MiB: a rush of logins waits rather than exhaust the memory.
_AT_ONCE = BoundedSemaphore(4)
# What the password of an unknown person is compared with. No password makes it.
_NOBODY = _HASHER.hash("\0 personne")


def make_hash(mot_de_passe: str) -> str:
    """The hash to keep. Raises Invalid on a password too short, too long or all alike."""
    if len(mot_de_passe) < LONGUEUR_MIN:
        raise Invalid(f"Le mot de passe doit avoir au moins {LONGUEUR_MIN} caractères.")
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise Invalid(f"Le mot de passe doit avoir au plus {LONGUEUR_MAX} caractères.")
    if len(set(mot_de_passe)) < 4:
        raise Invalid("Le mot de passe est trop simple : variez ses caractères.")
    with _AT_ONCE:
        return _HASHER.hash(mot_de_passe)


def is_right(empreinte: str | None, mot_de_passe: str) -> bool:
    """Whether this password made this hash; None (nobody) takes as long and is never right."""
    with _AT_ONCE:
        try:
            _HASHER.verify(empreinte or _NOBODY, mot_de_passe[:LONGUEUR_MAX])
        except (VerificationError, InvalidHashError):
            return False
    # Empty: an account without password, whose check was made against nobody’s.
    return bool(empreinte)
