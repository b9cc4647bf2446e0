"""What every sender of messages does, on real servers: mail by SMTP, SMS by HTTP, local mailbox."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from orc.errors import Unavailable
from orc.messages import BoiteLocale, Envoi, EnvoiRefuse, Expediteur, PasserelleSms, Smtp
from tests.messages.serveurs import JETON, Boite, serve_mail, serve_sms

MODELE = '{"to": "{numero}", "text": "{texte}", "priorite": 1}'
ENTETE = "Authorization: Bearer {jeton}"
DE = "Archives <ne-pas-repondre@orc.example>"


@dataclass
class Cas:
    """A sender, whom it writes to, the box at the other end, what makes the server refuse."""

    expediteur: Expediteur
    destinataire: str
    boite: Boite | None
    refus: str | int = ""
    attente: str | int = ""


def make_smtp(forme: str) -> Callable[[ExitStack, Path], Cas]:
    def make(stack: ExitStack, folder: Path) -> Cas:
        boite, url, ca = stack.enter_context(serve_mail(forme, folder))
        refus, attente = "550 no such user", "451 try later"
        return Cas(Smtp(url, DE, ca, 5.0), "alice@exemple.fr", boite, refus, attente)

    return make


def make_sms(stack: ExitStack, _folder: Path) -> Cas:
    boite, url = stack.enter_context(serve_sms())
    return Cas(PasserelleSms(url, JETON, ENTETE, MODELE, 5.0), "+33612345678", boite, 400, 503)


def make_local(_stack: ExitStack, _folder: Path) -> Cas:
    return Cas(BoiteLocale(), "alice@exemple.fr", None)


ADAPTERS = {
    "smtp": make_smtp("smtp"),
    "smtps": make_smtp("smtps"),
    "smtp+clair": make_smtp("smtp+clair"),
    "sms": make_sms,
    "local": make_local,
}


@pytest.fixture(params=sorted(ADAPTERS))
def cas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cas]:
    with ExitStack() as stack:
        yield ADAPTERS[request.param](stack, tmp_path)


def test_a_message_arrives_whole_accents_and_lines_included(cas: Cas) -> None:
    corps = 'Bonjour,\n\nVoici l’été : 1 234,56 €. « Ça », "cela" et {texte}\n.\nfin\n'
    cas.expediteur.send(Envoi(7, cas.destinataire, "Échéance de l’année", corps))
    if cas.boite is None:
        assert cas.expediteur.local
        return
    assert not cas.expediteur.local
    to, objet, received = cas.boite.recus[0]
    assert to == cas.destinataire
    assert received.replace("\r\n", "\n") == corps
    assert objet in {"", "Échéance de l’année"}


def test_what_a_server_refuses_for_good_is_not_tried_again(cas: Cas) -> None:
    if cas.boite is None:
        return
    cas.boite.answer = cas.refus
    with pytest.raises(EnvoiRefuse, match="refuse"):
        cas.expediteur.send(Envoi(1, cas.destinataire, "O", "C"))


def test_what_a_server_puts_off_is_tried_again(cas: Cas) -> None:
    if cas.boite is None:
        return
    cas.boite.answer = cas.attente
    with pytest.raises(Unavailable):
        cas.expediteur.send(Envoi(1, cas.destinataire, "O", "C"))


def test_a_server_that_is_gone_is_unavailable_and_the_secret_is_not_told(tmp_path: Path) -> None:
    for name in ("smtp", "smtps", "smtp+clair", "sms"):
        with ExitStack() as stack:
            gone = ADAPTERS[name](stack, tmp_path)
        with pytest.raises(Unavailable) as refusal:
            gone.expediteur.send(Envoi(1, gone.destinataire, "O", "le code 1234"))
        assert "1234" not in str(refusal.value)
        assert "secret" not in str(refusal.value)
