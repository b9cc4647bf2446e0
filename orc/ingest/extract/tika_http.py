"""One request to a Tika server, by its client, with what the client lacks: bounds, TLS, no start.

docs/decisions says which part is the client's. Only this module imports it, when first needed.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from types import MappingProxyType, ModuleType
from typing import Any, Final

from orc.errors import Invalid, Unavailable

# What the client reads of the environment when it is imported: it starts nothing, writes no log.
ENVIRONMENT: Final = MappingProxyType({"TIKA_CLIENT_ONLY": "1", "TIKA_LOG_FILE": ""})
_READ = 1 << 16
_CONNECT_SECONDS = 5.0
_ABSENT = (
    "Le réglage ORC_TIKA demande le client « tika » : installez ORC avec l’option « grand » "
    "(pip install orc-archives[grand])."
)


class Dropped(Exception):
    """No whole answer came: connection refused or dropped, error of the server. In French."""


class Late(Dropped):
    """No whole answer came in the time allowed; the server may well be alive. In French."""


class Refused(Exception):
    """An answer came and asking again would give the same: too long, or a refusal. In French."""


@dataclass(frozen=True, slots=True)
class Acces:
    """Where a Tika server is and how much it may cost: seconds and bytes of one answer.

    `ca`: a PEM file of authorities; "": those of the system.
    """

    url: str = field(repr=False)
    ca: str = ""
    secondes: float = 30
    reponse_octets: int = 32 * 1024 * 1024


class _Answer:
    """What the client reads of an answer, all there already: nothing is left to read."""

    encoding = "utf-8"

    def __init__(self, status: int, content: bytes) -> None:
        self.status_code = status
        self.content = content
        self.headers: Mapping[str, str] = {}


class TikaHttp:
    """Requests to one server, from any thread; connections are kept and never shared at once."""

    def __init__(self, acces: Acces) -> None:
        if not acces.url.startswith(("http://", "https://")):
            raise Invalid(f"Le réglage ORC_TIKA attend http://… ou https://…, pas « {acces.url} ».")
        self._acces = acces
        self._client = load_client()
        self._local = threading.local()

    def ask(self, verb: str, path: str, octets: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the answer, at most `reponse_octets`; raises Dropped or Refused."""
        return self._call(verb, path, octets, headers, self._acces.secondes)

    def find_version(self, seconds: float) -> str:
        """What the server calls itself, asked for no longer than this; raises Dropped, Refused."""
        return self._call("get", "/version", b"", {}, seconds).decode("utf-8", "replace").strip()

    def _call(
        self, verb: str, path: str, octets: bytes, headers: Mapping[str, str], seconds: float
    ) -> bytes:
        import requests  # noqa: PLC0415 - the client's own library: only where a Tika is used
        import urllib3  # noqa: PLC0415 - that of requests

        limit = time.monotonic() + seconds

        def send(url: str, data: bytes, **options: Any) -> _Answer:
            return self._send(verb, url, data, limit, options)

        # `verify`: the client's own default is not to check TLS at all.
        options = {"verify": self._acces.ca or True, "stream": True, "allow_redirects": False}
        try:
            status, content = self._client.callServer(
                verb,
                self._acces.url.rstrip("/"),
                path,
                octets,
                {**headers, "Accept-Encoding": "identity"},
                httpVerbs={verb: send},
                rawResponse=True,
                requestOptions={**options, "timeout": (min(_CONNECT_SECONDS, seconds), seconds)},
            )
        except requests.exceptions.SSLError as error:
            raise Refused("le certificat du serveur n’est pas reconnu") from error
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise Late(f"pas de réponse en {seconds:g} s") from error
        except (urllib3.exceptions.HTTPError, HTTPException, ValueError, OSError) as error:
            # requests.exceptions.RequestException is an OSError.
            raise Dropped("la connexion est refusée ou coupée") from error
        return _check(status, content)

    def _send(
        self, verb: str, url: str, data: bytes, limit: float, options: dict[str, Any]
    ) -> _Answer:
        """What the client calls instead of requests.put: the body is read as a stream, bounded."""
        with self._session().request(verb, url, data=data or None, **options) as answer:
            found = bytearray()
            while chunk := answer.raw.read1(_READ, decode_content=False):
                found += chunk
                if len(found) > self._acces.reponse_octets:
                    mo = self._acces.reponse_octets // 1_000_000
                    raise Refused(f"sa réponse dépasse {mo} Mo")
                if time.monotonic() > limit:
                    raise Late("sa réponse ne finit pas dans le délai")
            return _Answer(answer.status_code, bytes(found))

    def _session(self) -> Any:
        import requests  # noqa: PLC0415 - the client's own library: only where a Tika is used

        if not hasattr(self._local, "session"):
            session = requests.Session()
            # Neither a proxy nor an authority nobody chose in ORC's settings.
            session.trust_env = False
            self._local.session = session
        return self._local.session


def _check(status: int, content: bytes) -> bytes:
    if status == 200:
        return content
    if status >= 500 or status in {408, 429}:
        raise Dropped(f"il répond par une erreur ({status})")
    raise Refused(f"il refuse le document ({status})")


@cache
def load_client() -> ModuleType:
    """The module of the client, unable to download or start a server; raises Unavailable."""
    try:
        import tika.tika as client  # noqa: PLC0415 - the extra « grand »
    except ImportError as error:
        raise Unavailable(_ABSENT) from error
    client.TikaClientOnly = True
    client.startServer = client.getRemoteJar = client.checkTikaServer = _never
    module: ModuleType = client
    return module


def _never(*_: object, **__: object) -> None:
    """What the client calls to download and start a server."""
    raise Unavailable("ORC ne télécharge et ne démarre jamais de serveur Tika.")
