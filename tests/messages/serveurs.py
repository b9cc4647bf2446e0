"""A real mail server and a real SMS gateway, on loopback, that keep what they are given."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scripts.recettes import systeme

COMPTE, SECRET, JETON = "orc", "s:cret/du relais", "jeton-de-la-passerelle"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "serveur.pem", folder / "serveur.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@dataclass
class Boite:
    """What a server received; `answer` is what it says to the next ones."""

    recus: list[tuple[str, str, str]] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    answer: str | int = ""
    entetes: list[dict[str, str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.answer:
            return str(self.answer)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: object, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recus.append((envelope.rcpt_tos[0], message["Subject"], message.get_content()))
        return "250 OK"


def _authenticate(
    _server: object, _session: object, _envelope: object, _how: str, data: Any
) -> Any:
    right = (data.login, data.password) == (COMPTE.encode(), SECRET.encode())
    return AuthResult(success=right)


@contextmanager
def serve_mail(forme: str, folder: Path) -> Iterator[tuple[Boite, str, str]]:
    """A mail server, `smtp`, `smtps` or `smtp+clair`: its box, its URL, its authority."""
    pem, secret = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    boite, port = Boite(), systeme.find_port()
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": port}
    if forme == "smtps":
        options |= {"ssl_context": context}
    if forme == "smtp":
        options |= {"tls_context": context, "require_starttls": True}
    if forme != "smtp+clair":
        options |= {"authenticator": _authenticate, "auth_required": forme == "smtp"}
        options |= {"auth_require_tls": forme == "smtp"}
    controller = Controller(boite, **options)
    controller.start()
    compte = "" if forme == "smtp+clair" else "orc:s%3Acret%2Fdu%20relais@"
    try:
        yield boite, f"{forme}://{compte}127.0.0.1:{port}", str(pem)
    finally:
        controller.stop()


@contextmanager
def serve_sms() -> Iterator[tuple[Boite, str]]:
    """A gateway that wants JETON and takes JSON: its box, its URL."""
    boite = Boite()

    class Passerelle(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            boite.entetes.append(dict(self.headers.items()))
            status = int(boite.answer or 201)
            if self.headers["authorization"] != f"Bearer {JETON}":
                status = 401
            if status < 300:
                found = json.loads(body)
                boite.recus.append((found["to"], "", found["text"]))
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passerelle)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield boite, f"http://127.0.0.1:{server.server_address[1]}/envois?source=orc"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
