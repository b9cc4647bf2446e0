"""The way to a cluster: addresses, secrets, timeouts; and what its faults are called here."""

import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.exceptions import SerializationError

from orc.errors import Invalid, Unavailable

INDISPONIBLE = "La recherche est momentanément indisponible : réessayez dans un instant."
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,60}(?:-[a-z_][a-z0-9_]*)*")
_HOST = re.compile(r"[^\s/@,]+")
log = logging.getLogger(__name__)
# The client tells each try and each node with its traceback: what is left of it is said here.
logging.getLogger("elastic_transport").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Acces:
    """What a cluster asks before it answers; all may be empty. `ca` is a file."""

    ca: str = ""
    cle_api: str = field(default="", repr=False)
    utilisateur: str = ""
    mot_de_passe: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Adresse:
    """Nodes of one cluster, and how the indexes of this ORC begin."""

    hosts: tuple[str, ...]
    prefix: str


def read_adresse(url: str) -> Adresse:
    """`http(s)://node:9200,other:9200/orc`. Raises Invalid; secrets are never in an address."""
    scheme, _, rest = url.partition("://")
    netloc, _, prefix = rest.partition("/")
    if "@" in netloc:
        raise Invalid(
            "ORC_INDEX ne contient ni compte ni mot de passe : donnez ORC_INDEX_CLE_API, ou "
            "ORC_INDEX_UTILISATEUR et ORC_INDEX_MOT_DE_PASSE."
        )
    names = netloc.split(",")
    prefix = prefix.rstrip("/") or "orc"
    if not all(_HOST.fullmatch(name) for name in names) or not _PREFIX.fullmatch(prefix):
        raise Invalid(
            f"ORC_INDEX n’est pas une adresse d’Elasticsearch : {url}. Attendu : "
            "https://serveur:9200/orc (plusieurs nœuds : https://un:9200,deux:9200/orc)."
        )
    default = "443" if scheme == "https" else "80"
    hosts = [n if re.search(r":\d+$", n) else f"{n}:{default}" for n in names]
    return Adresse(tuple(f"{scheme}://{host}" for host in hosts), prefix)


def open_client(adresse: Adresse, acces: Acces, secondes: float) -> Elasticsearch:
    """A client; nothing is asked of the cluster yet. Raises Invalid on a wrong CA file."""
    secret: dict[str, object] = {}
    if acces.cle_api:
        secret["api_key"] = acces.cle_api
    elif acces.utilisateur:
        secret["basic_auth"] = (acces.utilisateur, acces.mot_de_passe)
    if acces.ca:
        _check_ca(acces.ca)
        secret["ca_certs"] = acces.ca
    return Elasticsearch(
        list(adresse.hosts),
        request_timeout=secondes,
        max_retries=2,
        retry_on_status=(502, 504),
        retry_on_timeout=False,
        **secret,  # type: ignore[arg-type]  # each name with its own type
    )


def _check_ca(file: str) -> None:
    """The client would find out at its first request only."""
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise Invalid(
            f"ORC_INDEX_TLS_CA ne désigne pas un certificat lisible ({file}) : {error.strerror}."
        ) from error


@contextmanager
def reached() -> Iterator[None]:
    """Say Unavailable whatever the cluster's fault: its words go to the log, never to people."""
    try:
        yield
    except (ApiError, TransportError, SerializationError) as error:
        log.warning("L’index n’a pas répondu : %s", describe(error))
        raise Unavailable(INDISPONIBLE) from error


def describe(error: ApiError | TransportError | SerializationError) -> str:
    """What a log says of a fault: its kind and status, no content of a document."""
    if isinstance(error, ApiError):
        return f"{error.status_code} {error.error}"
    last = str(error).rpartition(": ")[2].rstrip("')")
    return f"{type(error).__name__} {last[:80]}"
