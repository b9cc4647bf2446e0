"""Client certificates on requests: believed from a trusted proxy that knows the secret, only."""

import hmac
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from orc.bootstrap import Orc
from orc.errors import Invalid
from orc.identity.certificats import (
    Certificat,
    is_enrolled,
    opens_account,
    read_certificat,
)

ENTETE_SECRET = b"x-orc-mandataire"
ENTETE_VERIFIE = b"x-orc-certificat-verifie"
ENTETE_CERTIFICAT = b"x-orc-certificat"
ENTETES = frozenset({ENTETE_SECRET, ENTETE_VERIFIE, ENTETE_CERTIFICAT})
CLE = "orc_certificat"


class Certificats:
    """ASGI layer, outside of the one that rewrites the peer's address: it sees the direct peer.

    The three headers never go further, whoever sent them. `secret` empty: nothing is believed.
    """

    def __init__(self, app: ASGIApp, mandataires: str, secret: str) -> None:
        self.app = app
        self.secret = secret.encode()
        self.trusted = read_networks(mandataires) if secret else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            given = [(k, v) for k, v in scope["headers"] if k.lower() in ENTETES]
            if given:
                kept = [(k, v) for k, v in scope["headers"] if k.lower() not in ENTETES]
                scope = {**scope, "headers": kept}
            scope[CLE] = self._find_pem(scope, given)
        await self.app(scope, receive, send)

    def _find_pem(self, scope: Scope, given: Iterable[tuple[bytes, bytes]]) -> str:
        """The PEM text of the certificate, "" where there is none to believe."""
        values = {name: [v for k, v in given if k.lower() == name] for name in ENTETES}
        if not self.secret or not self._is_trusted(scope):
            return ""
        # Twice the same header: which one the proxy wrote cannot be told.
        if any(len(found) != 1 for found in values.values()):
            return ""
        if not hmac.compare_digest(values[ENTETE_SECRET][0], self.secret):
            return ""
        if values[ENTETE_VERIFIE][0] != b"SUCCESS":
            return ""
        return unquote(values[ENTETE_CERTIFICAT][0].decode("latin-1"))

    def _is_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        if not client:
            return False
        try:
            peer = ip_address(client[0])
        except ValueError:
            return False
        return any(peer in network for network in self.trusted)


def read_networks(mandataires: str) -> list[IPv4Network | IPv6Network]:
    """The networks of a list of addresses. Raises Invalid: here, nobody is « everybody »."""
    try:
        named = [one.strip() for one in mandataires.split(",") if one.strip()]
        return [ip_network(one, strict=False) for one in named]
    except ValueError as error:
        raise Invalid(
            "ORC_CERTIFICATS_SECRET demande que ORC_MANDATAIRES donne des adresses ou des réseaux."
        ) from error


def find_certificat(request: Request) -> Certificat | None:
    """The certificate that this browser presented and the proxy verified; None: none that reads."""
    pem = request.scope.get(CLE)
    if not pem:
        return None
    try:
        return read_certificat(pem)
    except Invalid:
        return None


def offers_certificat(request: Request) -> bool:
    """Whether the certificate of this browser opens an account: the login page says so."""
    presented = find_certificat(request)
    if presented is None:
        return False
    orc: Orc = request.app.state.orc
    with orc.database.reading() as session:
        return opens_account(session, presented)


def find_enrolment(request: Request, suite: str) -> str:
    """After a login with the password: where an unknown certificate is offered to be enrolled."""
    presented = find_certificat(request)
    if presented is None:
        return ""
    orc: Orc = request.app.state.orc
    with orc.database.reading() as session:
        known = is_enrolled(session, presented)
    return "" if known else f"/mes-portes?suite={quote(suite, safe='')}"
