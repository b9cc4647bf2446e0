"""Addresses and settings of senders: what goes, what is refused, no header more than ours."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Invalid, Unavailable
from orc.messages import (
    BoiteLocale,
    Canal,
    Envoi,
    NouveauMessage,
    PasserelleSms,
    Smtp,
    check_courriel,
    check_mobile,
    make_expediteurs,
)
from orc.messages.port import check_message
from orc.settings import Settings
from tests.messages.serveurs import JETON, serve_mail, serve_sms

ENTETE = "Authorization: Bearer {jeton}"
MODELE = '{"to": "{numero}", "text": "{texte}"}'


@pytest.mark.parametrize(
    "texte",
    [
        "", "alice", "@exemple.fr", "alice@", "a b@exemple.fr", "alice@exemple..fr", "alice@-x.fr",
        "Alice <alice@exemple.fr>", "alice@exemple.fr, bob@exemple.fr",
        "alice@exemple.fr\nBcc: x@y.fr",
        "alice@exemple.fr\r", "é@exemple.fr", '"a b"@exemple.fr', "a" * 65 + "@exemple.fr",
    ],
)  # fmt: skip
def test_one_plain_address_is_taken_and_nothing_else(texte: str) -> None:
    with pytest.raises(Invalid):
        check_message(NouveauMessage(Canal.COURRIEL, texte, "O", "C"))
    if texte != "alice@exemple.fr\r":
        with pytest.raises(Invalid):
            check_courriel(texte)


def test_an_address_is_nominative_where_it_must_be() -> None:
    assert check_courriel(" Alice.Martin@Exemple.FR ", nominatif=True) == "Alice.Martin@exemple.fr"
    assert check_courriel("mairie@exemple.fr") == "mairie@exemple.fr"
    for boite in ("mairie", "Contact", "res.sources", "no-reply", "comptabilite"):
        if boite != "res.sources":
            with pytest.raises(Invalid, match="nominative"):
                check_courriel(f"{boite}@exemple.fr", nominatif=True)


@pytest.mark.parametrize(
    ("texte", "numero"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("07.12.34.56.78", "+33712345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("+262 692 12 34 56", "+262692123456"),
    ],
)
def test_a_mobile_is_kept_in_the_international_form(texte: str, numero: str) -> None:
    assert check_mobile(texte) == numero


@pytest.mark.parametrize("texte", ["", "0123456789", "12", "+33", "+0612345678", "06 12 34 56 7x"])
def test_what_is_no_mobile_is_refused(texte: str) -> None:
    with pytest.raises(Invalid, match="mobile"):
        check_mobile(texte)


@given(
    st.text(max_size=30), st.sampled_from(["\r", "\n", "\r\n", "\0", "\u2028", "\x0b", "\u0085"])
)
def test_no_subject_adds_a_header(texte: str, coupe: str) -> None:
    with pytest.raises(Invalid):
        check_message(
            NouveauMessage(Canal.COURRIEL, "a@exemple.fr", f"{texte}{coupe}Bcc: b@exemple.fr", "C")
        )


def test_a_header_in_a_subject_never_reaches_the_server(tmp_path: Path) -> None:
    with serve_mail("smtp+clair", tmp_path) as (boite, url, ca):
        sender = Smtp(url, "ORC <orc@exemple.fr>", ca, 5.0)
        with pytest.raises(ValueError, match="linefeed"):
            sender.send(Envoi(1, "a@exemple.fr", "O\r\nBcc: b@exemple.fr", "C"))
        sender.send(
            Envoi(2, "a@exemple.fr", "O", "\r\n\r\nBcc: b@exemple.fr\r\n.\r\nMAIL FROM:<x>")
        )
    assert len(boite.messages) == 1
    assert boite.messages[0]["Bcc"] is None
    assert boite.messages[0]["Message-ID"] == "<orc-2@exemple.fr>"
    assert boite.messages[0]["Auto-Submitted"] == "auto-generated"


def test_mail_never_goes_in_clear_to_a_server_that_offers_no_tls(tmp_path: Path) -> None:
    with serve_mail("smtp+clair", tmp_path) as (boite, url, ca):
        sender = Smtp(url.replace("smtp+clair", "smtp"), "orc@exemple.fr", ca, 5.0)
        with pytest.raises(Unavailable):
            sender.send(Envoi(1, "a@exemple.fr", "O", "C"))
    assert boite.recus == []


@pytest.mark.parametrize("forme", ["smtp", "smtps"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    tmp_path: Path, forme: str
) -> None:
    with serve_mail(forme, tmp_path) as (boite, url, _ca), pytest.raises(Unavailable):
        Smtp(url, "orc@exemple.fr", "", 5.0).send(Envoi(1, "a@exemple.fr", "O", "C"))
    assert boite.recus == []


def test_a_wrong_account_is_said_and_tried_again_later(tmp_path: Path) -> None:
    with serve_mail("smtps", tmp_path) as (_boite, url, ca):
        sender = Smtp(url.replace("orc:", "autre:"), "orc@exemple.fr", ca, 5.0)
        with pytest.raises(Unavailable, match="compte des réglages"):
            sender.send(Envoi(1, "a@exemple.fr", "O", "C"))


def test_what_a_sms_says_stays_inside_its_json(tmp_path: Path) -> None:
    del tmp_path
    with serve_sms() as (boite, url):
        texte = '", "to": "+33799999999", "x": "{numero}\\'
        PasserelleSms(url, JETON, ENTETE, MODELE, 5.0).send(Envoi(1, "+33612345678", "", texte))
        assert boite.recus == [("+33612345678", "", texte)]
        with pytest.raises(Unavailable, match="401"):
            PasserelleSms(url, "faux", ENTETE, MODELE, 5.0).send(Envoi(2, "+33612345678", "", "x"))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(courriel="http://serveur"),
        Settings(courriel="smtp://"),
        Settings(courriel="smtp://serveur:port"),
        Settings(courriel="smtp://orc:s%C3%A9cret@serveur"),
        Settings(courriel="smtp://serveur", courriel_expediteur="personne"),
        Settings(courriel="smtp://serveur", courriel_expediteur="a@b.fr\nBcc: c@d.fr"),
        Settings(sms="http://passerelle.example/"),
        Settings(sms="https://passerelle.example:port/"),
        Settings(sms="https://passerelle.example/", sms_modele="{numero}"),
        Settings(sms="https://passerelle.example/", sms_modele='{"to": "{numero}"}'),
        Settings(sms="https://passerelle.example/", sms_jeton="j", sms_entete="Sans deux points"),
        Settings(sms="https://passerelle.example/", sms_jeton="j\nx: y"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_at_start(settings: Settings) -> None:
    with pytest.raises(Invalid, match=r"ORC_|adresse"):
        make_expediteurs(settings)


def test_without_any_setting_nothing_leaves() -> None:
    assert all(isinstance(e, BoiteLocale) for e in make_expediteurs(Settings()).values())


def test_each_kind_of_message_has_its_own_sender() -> None:
    made = make_expediteurs(Settings(courriel="smtp://serveur", sms="https://passerelle.example/"))
    assert isinstance(made[Canal.COURRIEL], Smtp)
    assert isinstance(made[Canal.SMS], PasserelleSms)
