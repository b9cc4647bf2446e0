"""An OpenID provider that signs what it is told to: for what an honest one never sends."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "orc"


@dataclass
class Faussaire:
    """What it answers; tests change it. `claims` None: an honest answer."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "vraie"}))
    nonce: str = ""
    sujet: str = "alice"
    id_claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    # These replace whole tokens or bodies.
    id_token: str | None = None
    userinfo: tuple[str, str] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None, **header: str) -> str:
        return jwt.encode({"alg": "RS256", "kid": "vraie", **header}, claims, key or self.key)

    def make_claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": self.sujet,
            "iat": now,
            "exp": now + 300,
        }
        return {k: v for k, v in (honest | more).items() if v is not None}

    def answer(self, path: str) -> tuple[str, str]:
        if path == "/.well-known/openid-configuration":
            return "application/json", json.dumps(
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/auth",
                    "token_endpoint": f"{self.url}/token",
                    "userinfo_endpoint": f"{self.url}/me",
                    "jwks_uri": f"{self.url}/jwks",
                    "end_session_endpoint": f"{self.url}/fin",
                }
            )
        if path == "/jwks":
            return "application/json", json.dumps(KeySet([self.key]).as_dict(private=False))
        if path == "/token":
            token = self.id_token or self.sign(
                self.make_claims(**{"nonce": self.nonce, **self.id_claims})
            )
            return "application/json", json.dumps({"access_token": "jeton", "id_token": token})
        if self.userinfo is not None:
            return self.userinfo
        return "application/jwt", self.sign(self.make_claims(**self.person))


@contextmanager
def run_faussaire() -> Iterator[Faussaire]:
    """One, on a port of its own."""
    made = Faussaire()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = made.answer(self.path.partition("?")[0])
            octets = body.encode()
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            made.asked.append((self.path, self.rfile.read(size).decode()))
            self.do_GET()

        def log_message(self, *_said: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
