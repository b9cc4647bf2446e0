"""The key of this installation: secrets enciphered at rest, digests that only it can make."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from orc.errors import Invalid, Unavailable

NOM = "cle-secrets"
KEY_BYTES = 32


class Coffre:
    """Enciphers what must be read again, digests what must only be recognised.

    A short code has few values: a plain digest of it would be undone in a moment, not this one.
    """

    def __init__(self, cle: str) -> None:
        """`cle`: 32 bytes in URL-safe base64. Raises Invalid."""
        try:
            key = base64.urlsafe_b64decode(cle.encode("ascii"))
        except ValueError as error:
            raise Invalid("ORC_CLE_SECRETS attend 32 octets en base64.") from error
        if len(key) != KEY_BYTES:
            raise Invalid("ORC_CLE_SECRETS attend 32 octets en base64.")
        self._fernet = Fernet(_derive(key, b"chiffre"))
        self._digest = _derive(key, b"empreinte")

    def seal(self, secret: str) -> str:
        """The secret, enciphered: never twice the same text."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """The secret again. Raises Unavailable where the key is not the one that sealed it."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise Unavailable(
                "Un secret ne se déchiffre pas : ORC_CLE_SECRETS n’est plus la clé qui l’a chiffré."
            ) from error

    def digest(self, *parts: str) -> str:
        """The same digest for the same parts, which nobody makes without the key."""
        text = "\x1f".join(parts).encode()
        return hmac.new(self._digest, text, hashlib.sha256).hexdigest()


def _derive(key: bytes, use: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.new(key, use, hashlib.sha256).digest())


def open_coffre(cle: str, folder: Path) -> Coffre:
    """The coffre of this key; without one, of the key kept in the data folder, made once (0600)."""
    return Coffre(cle or _read_key(folder / NOM))


def _read_key(path: Path) -> str:
    if not path.exists():
        _make_key(path)
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise Unavailable(f"La clé des secrets ({path.name}) ne se lit pas.") from error


def _make_key(path: Path) -> None:
    """Written whole under another name, then linked: two processes that start agree on one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii") + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
