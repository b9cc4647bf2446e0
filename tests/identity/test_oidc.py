"""What a provider's tokens must prove, one lie at a time; ways back that serve once."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from orc.db import Database
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.oidc import (
    Fournisseur,
    Identite,
    OidcInjoignable,
    OidcRefuse,
    make_configuration,
    make_defi,
)
from orc.identity.oidc_aller import (
    DUREE,
    SansCompte,
    enter_by_oidc,
    find_identites,
    link_identite,
    remove_identite,
    start_aller,
    take_aller,
)
from orc.identity.sessions import Venue
from orc.models import AllerOidc, IdentiteFederee, Personne, SessionWeb, read_now
from orc.settings import Settings
from tests.identity.faussaire import CLIENT, Faussaire, run_faussaire
from tests.sql import make_personne

NONCE = "nonce de ce passage"
VERIFICATEUR = "v" * 64


@pytest.fixture
def faussaire() -> Iterator[Faussaire]:
    with run_faussaire() as made:
        made.nonce = NONCE
        yield made


def open_fournisseur(faussaire: Faussaire, **settings: Any) -> Fournisseur:
    given = {"oidc_emetteur": faussaire.url, "oidc_client_id": CLIENT, **settings}
    configuration = make_configuration(
        Settings(adresse_publique="https://orc.exemple.fr", oidc_client_secret="s", **given)
    )
    assert configuration is not None
    return Fournisseur(configuration)


def ask(fournisseur: Fournisseur, emetteur: str | None = None) -> Identite:
    return fournisseur.get_identite(
        "code", verificateur=VERIFICATEUR, nonce=NONCE, emetteur=emetteur
    )


def test_an_honest_answer_says_who_it_is(faussaire: Faussaire) -> None:
    faussaire.person = {"email": "alice@exemple.fr", "email_verified": True}
    faussaire.id_claims = {"amr": ["pwd", "mfa"]}
    found = ask(open_fournisseur(faussaire), faussaire.url)
    assert (found.emetteur, found.sujet) == (faussaire.url, "alice")
    assert (found.courriel, found.courriel_verifie) == ("alice@exemple.fr", True)
    assert found.second_facteur
    ((path, sent),) = faussaire.asked
    assert path == "/token"
    assert parse_qs(sent)["code_verifier"] == [VERIFICATEUR]


def test_the_departure_asks_for_code_pkce_and_amr(faussaire: Faussaire) -> None:
    fournisseur = open_fournisseur(faussaire, oidc_acr_values="eidas2")
    sent = parse_qs(urlsplit(fournisseur.make_depart("etat", NONCE, VERIFICATEUR)).query)
    assert sent["response_type"] == ["code"]
    assert sent["code_challenge_method"] == ["S256"]
    assert sent["code_challenge"] == [make_defi(VERIFICATEUR)]
    assert sent["redirect_uri"] == ["https://orc.exemple.fr/connexion/oidc/retour"]
    assert sent["acr_values"] == ["eidas2"]
    assert "amr" in sent["claims"][0]
    assert VERIFICATEUR not in str(sent)


def test_the_challenge_is_that_of_the_norm() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert make_defi(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "celui d’un autre passage"},
        {"nonce": None},
        {"iss": "https://ailleurs.example"},
        {"iss": None},
        {"aud": "un-autre-client"},
        {"aud": ["un-autre-client"]},
        {"aud": None},
        {"aud": [CLIENT, "autre"], "azp": "autre"},
        {"exp": None},
        {"exp": "demain"},
        {"exp": True},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 12},
    ],
    ids=str,
)
def test_one_wrong_claim_is_a_refusal(faussaire: Faussaire, claims: dict[str, Any]) -> None:
    faussaire.id_claims = claims
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -3600), ("iat", 3600), ("nbf", 3600)])
def test_a_claim_out_of_its_time_is_a_refusal(
    faussaire: Faussaire, claim: str, seconds: int
) -> None:
    faussaire.id_claims = {claim: int(time.time()) + seconds}
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


def make_unsigned(claims: dict[str, Any]) -> str:
    parts = [json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode(), b""]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_token_without_signature_is_a_refusal(faussaire: Faussaire) -> None:
    faussaire.id_token = make_unsigned(faussaire.make_claims(nonce=NONCE))
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


def test_the_client_s_secret_signs_nothing(faussaire: Faussaire) -> None:
    claims = faussaire.make_claims(nonce=NONCE)
    secret = OctKey.import_key("s" * 32)
    faussaire.id_token = jwt.encode({"alg": "HS256", "kid": "vraie"}, claims, secret)
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


@pytest.mark.parametrize("kid", ["vraie", "inconnue", ""])
def test_the_key_of_another_signs_nothing(faussaire: Faussaire, kid: str) -> None:
    other = RSAKey.generate_key(2048)
    claims = faussaire.make_claims(nonce=NONCE)
    faussaire.id_token = faussaire.sign(claims, other, kid=kid)
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "é.é.é", "..", "{}", "a" * 5000])
def test_what_is_no_token_is_a_refusal(faussaire: Faussaire, token: str) -> None:
    faussaire.id_token = token or "."
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


def test_an_unsigned_userinfo_is_a_refusal_unless_the_setting_says(faussaire: Faussaire) -> None:
    faussaire.userinfo = ("application/json", json.dumps({"sub": "alice"}))
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))
    assert ask(open_fournisseur(faussaire, oidc_userinfo_signe=False)).sujet == "alice"


def test_an_unsigned_userinfo_disguised_as_signed_is_a_refusal(faussaire: Faussaire) -> None:
    faussaire.userinfo = ("application/jwt", make_unsigned(faussaire.make_claims()))
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


@pytest.mark.parametrize(
    "person",
    [{"sub": "mallory"}, {"sub": None}, {"iss": "https://ailleurs.example"}, {"aud": "autre"}],
    ids=str,
)
def test_the_userinfo_of_another_is_a_refusal(faussaire: Faussaire, person: dict[str, Any]) -> None:
    faussaire.person = person
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire))


def test_an_answer_from_another_issuer_is_a_refusal(faussaire: Faussaire) -> None:
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire), "https://ailleurs.example")


def test_a_level_that_was_not_asked_for_is_a_refusal(faussaire: Faussaire) -> None:
    faussaire.id_claims = {"acr": "eidas1"}
    with pytest.raises(OidcRefuse):
        ask(open_fournisseur(faussaire, oidc_acr_values="eidas2 eidas3"))
    faussaire.id_claims = {"acr": "eidas3"}
    assert ask(open_fournisseur(faussaire, oidc_acr_values="eidas2 eidas3")).sujet == "alice"


def test_a_password_alone_is_no_second_factor(faussaire: Faussaire) -> None:
    for amr in (["pwd"], "mfa", [["mfa"]], None):
        faussaire.id_claims = {"amr": amr}
        assert not ask(open_fournisseur(faussaire)).second_facteur


def test_every_refusal_has_the_same_words(faussaire: Faussaire) -> None:
    said = set()
    for claims in ({"nonce": "x"}, {"exp": 1}, {"aud": "x"}):
        faussaire.id_claims = claims
        with pytest.raises(OidcRefuse) as refusal:
            ask(open_fournisseur(faussaire))
        said.add(str(refusal.value))
    assert len(said) == 1


def test_a_provider_that_names_itself_otherwise_is_not_used(faussaire: Faussaire) -> None:
    with pytest.raises(OidcInjoignable):
        ask(open_fournisseur(faussaire, oidc_emetteur=faussaire.url + "/"))


def test_a_provider_that_is_away_is_said() -> None:
    with run_faussaire() as gone:
        pass
    with pytest.raises(OidcInjoignable):
        ask(open_fournisseur(gone, oidc_secondes=2))


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_emetteur": "http://fournisseur.example"},
        {"oidc_algorithmes": "none"},
        {"oidc_algorithmes": "HS256"},
        {"oidc_algorithmes": ""},
        {"oidc_client_id": ""},
        {"adresse_publique": ""},
    ],
    ids=str,
)
def test_settings_that_would_be_unsafe_are_refused(settings: dict[str, str]) -> None:
    given = {
        "oidc_emetteur": "https://fournisseur.example",
        "oidc_client_id": CLIENT,
        "adresse_publique": "https://orc.exemple.fr",
        **settings,
    }
    with pytest.raises(Invalid):
        make_configuration(Settings(**given))  # type: ignore[arg-type]  # given by name


@pytest.fixture
def comptes(database: Database) -> Database:
    """On both databases."""
    with database.writing() as session:
        alice = session.get_one(Personne, make_personne(session, "alice"))
        alice.courriel, alice.courriel_verifie_le = "Alice@exemple.fr", read_now()
        bob = session.get_one(Personne, make_personne(session, "bob"))
        bob.courriel = "bob@exemple.fr"
    return database


def test_a_way_back_serves_once_and_to_its_browser_only(comptes: Database) -> None:
    with comptes.writing() as session:
        aller = start_aller(session, "navigateur", "/recherche")
        assert take_aller(session, aller.state, "un autre navigateur") is None
        assert take_aller(session, "un autre état", "navigateur") is None
        assert take_aller(session, aller.state, "navigateur") == aller
        assert take_aller(session, aller.state, "navigateur") is None


def test_a_way_back_waits_ten_minutes(comptes: Database) -> None:
    now = read_now()
    with comptes.writing() as session:
        aller = start_aller(session, "navigateur", "/", now)
        assert take_aller(session, aller.state, "navigateur", now + DUREE) is None
        late = start_aller(session, "navigateur", "/", now)
        start_aller(session, "autre", "/", now + DUREE + timedelta(seconds=1))
        kept = session.scalars(select(AllerOidc.etat)).all()
    assert len(kept) == 1
    assert late.state not in kept[0]


def enter(comptes: Database, lier: str = "non", **values: Any) -> str:
    given: dict[str, Any] = {
        "emetteur": "https://fournisseur.example",
        "sujet": "s1",
        "courriel": "alice@exemple.fr",
        "courriel_verifie": True,
        "second_facteur": False,
        "id_token": "",
        **values,
    }
    venue = Venue("oidc", second_facteur=given["second_facteur"])
    return enter_by_oidc(comptes, Identite(**given), nom="ProConnect", lier=lier, venue=venue)


@pytest.mark.parametrize(
    ("lier", "values"),
    [
        ("non", {}),
        ("verifie", {"courriel_verifie": False}),
        ("verifie", {"courriel": ""}),
        ("verifie", {"courriel": "inconnu@exemple.fr"}),
        # Bob's address was never verified here.
        ("toujours", {"courriel": "bob@exemple.fr"}),
    ],
)
def test_nobody_is_let_in_on_an_address_alone(
    comptes: Database, lier: str, values: dict[str, Any]
) -> None:
    with pytest.raises(SansCompte):
        enter(comptes, lier, **values)
    with comptes.reading() as session:
        assert not session.scalars(select(SessionWeb)).all()
        assert not session.scalars(select(IdentiteFederee)).all()


def test_a_verified_address_links_once_then_the_subject_alone_counts(comptes: Database) -> None:
    enter(comptes, "verifie", second_facteur=True)
    enter(comptes, "non", courriel="changé@ailleurs.example", courriel_verifie=False)
    with pytest.raises(SansCompte):
        enter(comptes, "verifie", sujet="s2")  # alice is linked there already
    with comptes.reading() as session:
        doors = [
            (s.porte, s.second_facteur_le is None) for s in session.scalars(select(SessionWeb))
        ]
    assert sorted(doors) == [("oidc", False), ("oidc", True)]


def test_a_closed_account_stays_closed_and_its_identity_passes_to_nobody(comptes: Database) -> None:
    enter(comptes, "verifie")
    with comptes.writing() as session:
        alice = session.scalars(select(Personne).where(Personne.identifiant == "alice")).one()
        alice.desactive_le = read_now()
        other = session.get_one(Personne, make_personne(session, "alice2"))
        other.courriel, other.courriel_verifie_le = "alice@exemple.fr", read_now()
    with pytest.raises(SansCompte):
        enter(comptes, "verifie")


def test_two_accounts_of_one_address_are_told_apart_by_nobody(comptes: Database) -> None:
    with comptes.writing() as session:
        twin = session.get_one(Personne, make_personne(session, "alice2"))
        twin.courriel, twin.courriel_verifie_le = "alice@exemple.fr", read_now()
    with pytest.raises(SansCompte):
        enter(comptes, "verifie")


def test_an_identity_opens_one_account_until_it_is_unlinked(comptes: Database) -> None:
    identite = Identite(
        "https://f.example", "s9", "", courriel_verifie=False, second_facteur=False, id_token=""
    )
    with comptes.writing() as session:
        alice, bob = (make_personne(session, nom) for nom in ("alice", "bob"))
        link_identite(session, alice, identite)
        link_identite(session, alice, identite)
        with pytest.raises(Conflict):
            link_identite(session, bob, identite)
        (kept,) = find_identites(session, alice)
        with pytest.raises(NotFound):
            remove_identite(session, bob, kept.id, par="bob")
        remove_identite(session, alice, kept.id, par="alice")
        assert not find_identites(session, alice)


@pytest.mark.parametrize("said", [False, None, "true", 1])
def test_an_address_is_verified_only_where_the_provider_says_so(
    faussaire: Faussaire, said: object
) -> None:
    faussaire.person = {"email": "alice@exemple.fr", "email_verified": said}
    assert not ask(open_fournisseur(faussaire)).courriel_verifie
