"""Around every request: its id, its line of the technical log, its place in the metrics."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orc.traces import bind
from web.metrics import Mesures
from web.statics import get_static_url

ENTETE = "x-request-id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
INCONNUE, STATIQUE, AUTRE = "inconnue", "statique", "AUTRE"
# What machines ask all day long.
_QUIET = frozenset({"/sante/vivant", "/sante/pret", "/mesures", STATIQUE})

log = logging.getLogger("orc.web")


class Observation:
    """ASGI layer, the outermost. What it says of a request holds nothing that was typed."""

    def __init__(self, app: ASGIApp, mesures: Mesures) -> None:
        self.app = app
        self.mesures = mesures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        requete = make_request_id(Headers(scope=scope).get(ENTETE, ""))
        start, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[ENTETE] = requete
            await send(message)

        with bind(requete=requete):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                self._tell(scope, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = find_route(scope)
        method = scope["method"] if scope["method"] in _METHODS else AUTRE
        self.mesures.observe(method, route, status, seconds)
        level = logging.DEBUG if route in _QUIET and status < 400 else logging.INFO
        known = {
            "methode": method, "route": route, "statut": status, "ms": round(seconds * 1000, 1)
        }  # fmt: skip
        log.log(level, "requête", extra=known)


def make_request_id(given: str) -> str:
    """The id that a proxy gave, where it is one; else a new one."""
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def find_route(scope: Scope) -> str:
    """The template of the address (`/pj/{pj_id}`): the address itself may hold anything."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    return STATIQUE if scope["path"].startswith(get_static_url("")) else INCONNUE
