"""What every answer and every form carries: headers, CSP without inline, cookies, CSRF tokens."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

from fastapi import Request
from starlette.datastructures import FormData, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orc.errors import Forbidden
from orc.settings import Settings

F = TypeVar("F", bound=Callable[..., object])

COOKIE = "orc_session"
COOKIE_AVANT = "orc_avant"
CHAMP_CSRF = "jeton"
ENTETE_CSRF = "x-jeton"
BODY_MAX = 2 * 1024 * 1024
# Where documents are sent; who is not logged in is refused before the body is read.
BODY_PIECES = 12 * 1024 * 1024
PATHS_PIECES = frozenset({"/demandes/nouvelle"})
PREFIXES_PIECES = ("/destruction/", "/api/v1/destruction/")

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

# A page that needs another value sets the header itself: what it says is kept.
HEADERS: Mapping[str, str] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


def put_headers(headers: MutableHeaders, hsts: int = 0) -> None:
    """Add the headers of every answer that it does not set itself; `hsts`: seconds, 0: none."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if hsts:
        headers.setdefault("strict-transport-security", f"max-age={hsts}; includeSubDomains")


def name_cookie(name: str, settings: Settings) -> str:
    """`__Host-` where browsers hold it: HTTPS only, this host only, the whole site."""
    return f"__Host-{name}" if settings.cookie_secure else name


def read_cookie(request: Request, name: str) -> str:
    """What a cookie of ours holds; "": nothing."""
    return request.cookies.get(name_cookie(name, request.app.state.orc.settings), "")


def put_cookie(response: Response, name: str, value: str, settings: Settings) -> None:
    """A cookie of the browser's session that no script reads."""
    response.set_cookie(
        name_cookie(name, settings),
        value,
        httponly=True,
        samesite="lax",
        secure=settings.cookie_secure,
    )


def drop_cookie(response: Response, name: str, settings: Settings) -> None:
    """Let the browser forget a cookie of ours."""
    response.delete_cookie(
        name_cookie(name, settings), httponly=True, samesite="lax", secure=settings.cookie_secure
    )


class Securite:
    """ASGI layer: headers on every answer, faults answered, a cap on bodies."""

    def __init__(
        self, app: ASGIApp, fault: Callable[[Request, Exception], Response], hsts: int = 0
    ) -> None:
        """Wrap `app`; `fault` makes the answer to an exception that nothing else answered.

        `hsts`: seconds during which browsers come back by HTTPS only; 0: not said.
        """
        self.app = app
        self.hsts = hsts
        self.fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                put_headers(MutableHeaders(scope=message), self.hsts)
            await send(message)

        try:
            if _is_too_large(scope):
                await _refuse(send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if status:
                raise  # the answer has begun: the server cuts it short
            await self.fault(Request(scope), error)(scope, receive, send_with_headers)


def _is_too_large(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    chunked = b"transfer-encoding" in headers
    path = scope["path"]
    pieces = path in PATHS_PIECES or path.startswith(PREFIXES_PIECES)
    most = BODY_PIECES if pieces else BODY_MAX
    return chunked or not length.isdigit() or int(length) > most


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"Envoi trop grand."})


def fichiers_admis(most: int) -> Callable[[F], F]:
    """Let the form of this endpoint bring so many files; others bring none."""

    def mark(endpoint: F) -> F:
        endpoint.__fichiers__ = most  # type: ignore[attr-defined]  # read by read_form
        return endpoint

    return mark


def make_token() -> str:
    """A token nobody guesses."""
    return secrets.token_urlsafe(32)


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a form that the browser says another site sent."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise EnvoiRefuse


def check_csrf(request: Request, form: FormData, jeton: str | None) -> None:
    """Refuse a form without the token of its session; before the login, of its own cookie."""
    expected = jeton or read_cookie(request, COOKIE_AVANT)
    given = request.headers.get(ENTETE_CSRF) or form.get(CHAMP_CSRF)
    if not expected or not isinstance(given, str):
        raise EnvoiRefuse
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise EnvoiRefuse


class EnvoiRefuse(Forbidden):
    """The form did not come from a page of this session."""

    def __init__(self) -> None:
        super().__init__(
            "Ce formulaire ne vient pas de votre session : rien n’a été fait. "
            "Rechargez la page, puis recommencez."
        )


def make_local_path(suite: str) -> str:
    """The path to go to after the login: of this site only, else the home page."""
    if not suite.startswith("/") or suite.startswith("//"):
        return "/"
    return "/" if any(c < " " or c == "\\" for c in suite) else suite
