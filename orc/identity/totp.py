"""Codes of an authentication application: RFC 6238 (TOTP) on RFC 4226 (HOTP), SHA-1, 30 s."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

CHIFFRES, SECONDES = 6, 30
# A code of the period before or after is taken: clocks differ.
ECART = 1
SECRET_BYTES = 20


def make_secret() -> str:
    """A new shared secret, in base32 as applications take it (RFC 4226: 160 bits)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def make_code(secret: str, pas: int, chiffres: int = CHIFFRES) -> str:
    """The code of this time step (RFC 4226, 5.3)."""
    digest = hmac.new(base64.b32decode(secret), pas.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**chiffres).zfill(chiffres)


def find_pas(secret: str, code: str, seconde: float, dernier: int) -> int | None:
    """The time step whose code this is, later than the last one that served; None: wrong."""
    typed = "".join(code.split())
    if len(typed) != CHIFFRES or not (typed.isascii() and typed.isdigit()):
        return None
    now = int(seconde) // SECONDES
    found = None
    for pas in range(now - ECART, now + ECART + 1):
        # All are compared, whichever is right.
        if hmac.compare_digest(make_code(secret, pas), typed) and pas > dernier:
            found = pas
    return found


def make_uri(secret: str, service: str, identifiant: str) -> str:
    """What the QR code says to the application (the `otpauth` form they all read)."""
    nom, compte = quote(service, safe=""), quote(identifiant, safe="")
    return f"otpauth://totp/{nom}:{compte}?secret={secret}&issuer={nom}&digits={CHIFFRES}&period={SECONDES}"
