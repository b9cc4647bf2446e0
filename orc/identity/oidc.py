"""An OpenID provider (ProConnect): its addresses, the code exchanged, what its tokens prove.

OpenID Connect Core 1.0, code flow with PKCE (RFC 7636). Nothing here touches SQL: oidc_aller does.
"""

import hashlib
import logging
import secrets
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from orc.errors import Invalid, Unavailable
from orc.identity.sessions import PorteFermee
from orc.settings import Settings

log = logging.getLogger("orc.oidc")

RETOUR = "/connexion/oidc/retour"
ADIEU = "/connexion"
# Only what a public key verifies: with HS256 whoever knows the client's secret could sign.
ALGORITHMES_ADMIS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
)
# How far apart two clocks may be, in seconds.
ECART = 60
# Metadata and keys are asked for again after this many seconds, or when a key is unknown.
GARDE = 600.0
GARDE_MIN = 30.0
OCTETS_MAX = 256 * 1024


class OidcRefuse(PorteFermee):
    """The same words whatever was wrong; the technical log says what."""

    def __init__(self, nom: str) -> None:
        super().__init__(
            f"L’identification par {nom} n’a pas abouti. Recommencez depuis la page de connexion ; "
            "si le refus revient, connectez-vous avec votre mot de passe."
        )


class OidcInjoignable(Unavailable):
    """The provider does not answer, or not what it should."""

    def __init__(self, nom: str) -> None:
        super().__init__(
            f"{nom} ne répond pas. Réessayez dans un moment, ou connectez-vous avec votre mot de "
            "passe."
        )


class _Faux(Exception):
    """What was wrong, in the words of the technical log: never a token, never a person."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What ORC knows of the provider and of itself there."""

    nom: str
    emetteur: str
    client_id: str
    secret: str = field(repr=False)
    adresse: str
    portees: str
    acr: tuple[str, ...]
    amr_second_facteur: frozenset[str]
    algorithmes: tuple[str, ...]
    userinfo_signe: bool
    ca: str
    secondes: float


@dataclass(frozen=True, slots=True)
class Identite:
    """Who the provider says a person is, once everything was verified."""

    emetteur: str
    sujet: str
    courriel: str
    courriel_verifie: bool
    second_facteur: bool
    id_token: str = field(repr=False)


def make_configuration(settings: Settings) -> Configuration | None:
    """The configuration of the settings; None: this door does not exist. Invalid: a bad one."""
    if not settings.oidc_emetteur:
        return None
    if not settings.oidc_client_id or not settings.adresse_publique:
        raise Invalid("ORC_OIDC_EMETTEUR demande aussi ORC_OIDC_CLIENT_ID et ORC_ADRESSE_PUBLIQUE.")
    algorithmes = tuple(settings.oidc_algorithmes.replace(",", " ").split())
    if not algorithmes or not ALGORITHMES_ADMIS.issuperset(algorithmes):
        raise Invalid(
            "ORC_OIDC_ALGORITHMES : attendus parmi " + ", ".join(sorted(ALGORITHMES_ADMIS)) + "."
        )
    _check_address(settings.oidc_emetteur)
    return Configuration(
        nom=settings.oidc_nom,
        emetteur=settings.oidc_emetteur,
        client_id=settings.oidc_client_id,
        secret=settings.oidc_client_secret,
        adresse=settings.adresse_publique.rstrip("/"),
        portees=settings.oidc_portees,
        acr=tuple(settings.oidc_acr_values.split()),
        amr_second_facteur=frozenset(settings.oidc_amr_second_facteur.split()),
        algorithmes=algorithmes,
        userinfo_signe=settings.oidc_userinfo_signe,
        ca=settings.oidc_tls_ca,
        secondes=float(settings.oidc_secondes),
    )


def _check_address(address: str) -> None:
    """HTTPS, but on this very machine: a code or a token never travels in clear."""
    parts = urlsplit(address)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise Invalid("L’adresse du fournisseur d’identité doit commencer par https://.")


def make_defi(verificateur: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verificateur.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Fournisseur:
    """One provider, asked from any thread; what it publishes is kept for a few minutes."""

    def __init__(
        self, configuration: Configuration, clock: Callable[[], float] = time.time
    ) -> None:
        self.configuration = configuration
        self._clock = clock
        self._lock = Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._trust: ssl.SSLContext | None = None

    def check_ready(self) -> None:
        """Ask the provider what it publishes, before anything is written. OidcInjoignable."""
        self._endpoint("authorization_endpoint")

    def make_depart(self, state: str, nonce: str, verificateur: str) -> str:
        """The address to send the browser to. Raises OidcInjoignable."""
        configuration = self.configuration
        params = {
            "response_type": "code",
            "client_id": configuration.client_id,
            "redirect_uri": configuration.adresse + RETOUR,
            "scope": configuration.portees,
            "state": state,
            "nonce": nonce,
            "code_challenge": make_defi(verificateur),
            "code_challenge_method": "S256",
            # ProConnect gives `amr` only where it is asked for.
            "claims": '{"id_token":{"amr":{"essential":true}}}',
        }
        if configuration.acr:
            params["acr_values"] = " ".join(configuration.acr)
        return _join(self._endpoint("authorization_endpoint"), params)

    def make_adieu(self, id_token: str) -> str:
        """The address that ends the session at the provider; "" where it has none."""
        if "end_session_endpoint" not in self._get_metadata():
            return ""
        params = {
            "id_token_hint": id_token,
            "post_logout_redirect_uri": self.configuration.adresse + ADIEU,
            "state": secrets.token_urlsafe(16),
        }
        return _join(self._endpoint("end_session_endpoint"), params)

    def get_identite(
        self, code: str, *, verificateur: str, nonce: str, emetteur: str | None
    ) -> Identite:
        """Exchange a code, verify what comes back. Raises OidcRefuse, OidcInjoignable.

        `emetteur`: the `iss` of the way back (RFC 9207), None where there was none.
        """
        try:
            self._check_retour(emetteur)
            access, id_token = self._exchange(code, verificateur)
            claims = self._verify(id_token)
            self._check_id_token(claims, nonce)
            person = self._read_userinfo(access, claims["sub"])
        except (_Faux, JoseError, ValueError, KeyError) as error:
            why = str(error) if isinstance(error, _Faux) else type(error).__name__
            log.warning("oidc refusé : %s", why)
            raise OidcRefuse(self.configuration.nom) from error
        return self._make_identite(claims, person, id_token)

    def _make_identite(
        self, claims: Mapping[str, Any], person: Mapping[str, Any], id_token: str
    ) -> Identite:
        amr = claims.get("amr")
        given = frozenset(a for a in amr if isinstance(a, str)) if isinstance(amr, list) else ()
        courriel = person.get("email")
        return Identite(
            self.configuration.emetteur,
            claims["sub"],
            courriel.strip() if isinstance(courriel, str) else "",
            person.get("email_verified") is True,
            bool(self.configuration.amr_second_facteur.intersection(given)),
            id_token,
        )

    def _check_retour(self, emetteur: str | None) -> None:
        announced = self._get_metadata().get("authorization_response_iss_parameter_supported")
        if emetteur is None and announced is True:
            raise _Faux("retour sans iss")
        if emetteur is not None and emetteur != self.configuration.emetteur:
            raise _Faux("retour d’un autre émetteur")

    def _exchange(self, code: str, verificateur: str) -> tuple[str, str]:
        configuration = self.configuration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": configuration.adresse + RETOUR,
            "code_verifier": verificateur,
        }
        methods = self._get_metadata().get("token_endpoint_auth_methods_supported")
        basic = None
        if isinstance(methods, list) and "client_secret_basic" not in methods:
            form |= {"client_id": configuration.client_id, "client_secret": configuration.secret}
        else:
            basic = httpx.BasicAuth(_quote(configuration.client_id), _quote(configuration.secret))
        answer = self._ask("POST", self._endpoint("token_endpoint"), data=form, auth=basic)
        if answer.status_code != 200:
            raise _Faux(f"code refusé ({answer.status_code})")
        given = _read_json(answer)
        access, id_token = given.get("access_token"), given.get("id_token")
        if not isinstance(access, str) or not isinstance(id_token, str):
            raise _Faux("réponse sans jetons")
        return access, id_token

    def _verify(self, token: str) -> dict[str, Any]:
        """The claims of a signed token, its signature, issuer, audience and dates verified."""
        header = jws.extract_compact(token.encode("ascii")).headers()
        if header.get("alg") not in self.configuration.algorithmes:
            raise _Faux(f"algorithme {str(header.get('alg'))[:20]!r}")
        claims = self._decode(token, str(header.get("kid", "")))
        audience = claims.get("aud")
        several = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self.configuration.emetteur:
            raise _Faux("iss")
        if self.configuration.client_id not in several:
            raise _Faux("aud")
        if claims.get("azp", self.configuration.client_id) != self.configuration.client_id:
            raise _Faux("azp")
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
            raise _Faux("sub")
        now = self._clock()
        if "exp" in claims and not _is_number(claims["exp"], above=now - ECART):
            raise _Faux("exp")
        for name in ("iat", "nbf"):
            if name in claims and not _is_number(claims[name], below=now + ECART):
                raise _Faux(name)
        return claims

    def _decode(self, token: str, kid: str) -> dict[str, Any]:
        algorithms = list(self.configuration.algorithmes)
        keys = self._get_keys()
        if kid and kid not in {key.kid for key in keys.keys}:
            keys = self._get_keys(garde=GARDE_MIN)
        candidates = [
            key
            for key in keys.keys
            if (not kid or key.kid == kid) and key.get("use") in {None, "sig"}
        ]
        for key in candidates:
            try:
                return dict(jwt.decode(token, key, algorithms=algorithms).claims)
            except (JoseError, ValueError) as error:
                log.debug("oidc : clé essayée en vain (%s)", type(error).__name__)
        raise _Faux("signature")

    def _check_id_token(self, claims: Mapping[str, Any], nonce: str) -> None:
        if "exp" not in claims or "iat" not in claims:
            raise _Faux("jeton sans dates")
        given = claims.get("nonce")
        if not isinstance(given, str) or not secrets.compare_digest(given.encode(), nonce.encode()):
            raise _Faux("nonce")
        if self.configuration.acr and claims.get("acr") not in self.configuration.acr:
            raise _Faux("acr")

    def _read_userinfo(self, access: str, sujet: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {access}"}
        answer = self._ask("GET", self._endpoint("userinfo_endpoint"), headers=headers)
        if answer.status_code != 200:
            raise _Faux(f"userinfo ({answer.status_code})")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().casefold()
        if kind == "application/jwt":
            person = self._verify(answer.text.strip())
        elif self.configuration.userinfo_signe:
            raise _Faux("userinfo sans signature")
        else:
            person = _read_json(answer)
        if person.get("sub") != sujet:
            raise _Faux("userinfo d’un autre sujet")
        return person

    def _endpoint(self, name: str) -> str:
        found = self._get_metadata().get(name)
        if not isinstance(found, str):
            raise OidcInjoignable(self.configuration.nom)
        _check_address(found)
        return found

    def _get_metadata(self) -> dict[str, Any]:
        with self._lock:
            if self._metadata is None or self._metadata[0] < time.monotonic() - GARDE:
                address = self.configuration.emetteur.rstrip("/")
                found = self._get_json(f"{address}/.well-known/openid-configuration")
                if found.get("issuer") != self.configuration.emetteur:
                    log.error("oidc : l’émetteur publié n’est pas celui des réglages")
                    raise OidcInjoignable(self.configuration.nom)
                self._metadata = (time.monotonic(), found)
            return self._metadata[1]

    def _get_keys(self, garde: float = GARDE) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            if self._keys is None or self._keys[0] < time.monotonic() - garde:
                found = self._get_json(address)
                self._keys = (time.monotonic(), KeySet.import_key_set(found))  # type: ignore[arg-type]  # a bad one raises
            return self._keys[1]

    def _get_json(self, address: str) -> dict[str, Any]:
        answer = self._ask("GET", address)
        try:
            if answer.status_code == 200:
                return _read_json(answer)
        except (_Faux, ValueError) as error:
            raise OidcInjoignable(self.configuration.nom) from error
        raise OidcInjoignable(self.configuration.nom)

    def _ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        """One answer, bounded; redirections are not followed."""
        try:
            with (
                self._open_client() as client,
                client.stream(method, address, **options) as answer,
            ):
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > OCTETS_MAX:
                        raise OidcInjoignable(self.configuration.nom)
        except httpx.HTTPError as error:
            log.warning("oidc : %s", type(error).__name__)
            raise OidcInjoignable(self.configuration.nom) from error
        return httpx.Response(answer.status_code, headers=_keep_type(answer), content=bytes(body))

    def _open_client(self) -> httpx.Client:
        """A client of one request: logins are rare, and nothing is left open."""
        if self._trust is None:
            self._trust = ssl.create_default_context(cafile=self.configuration.ca or None)
        return httpx.Client(
            verify=self._trust, timeout=self.configuration.secondes, trust_env=False
        )


def _keep_type(answer: httpx.Response) -> dict[str, str]:
    return {"content-type": answer.headers.get("content-type", "")}


def _join(address: str, params: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(params)}"


def _quote(text: str) -> str:
    """RFC 6749, 2.3.1: both are form-encoded before Basic joins them."""
    return urlencode({"": text})[1:]


def _read_json(answer: httpx.Response) -> dict[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise _Faux("réponse sans objet JSON")
    return found


def _is_number(value: object, *, above: float = float("-inf"), below: float = float("inf")) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and above < float(value) < below  # type: ignore[arg-type]  # a number, just seen
