"""API keys of technical accounts: what opens, for how long, how one replaces another."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.domain import Role
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.cles import (
    DroitApi,
    Durees,
    find_cle,
    hash_cle,
    record_refusal,
    remove_cle,
    reset_cles,
    rotate_cle,
    touch_cle,
)
from orc.identity.comptes import change_mot_de_passe, reset_mot_de_passe
from orc.identity.passwords import is_right
from orc.identity.techniques import (
    NouveauTechnique,
    change_technique,
    close_technique,
    create_technique,
    find_techniques,
    get_technique,
)
from orc.identity.throttling import TropDEssais
from orc.models import CleApi, CompteTechnique, EchecConnexion, Ecriture, Personne, read_now
from tests.sql import grant, make_personne

SIREN = "999000018"
DUREES = Durees(timedelta(days=365), timedelta(days=30))
LIRE = frozenset({DroitApi.RECHERCHE, DroitApi.CONSULTATION})


@pytest.fixture
def comptes(database: Database) -> Database:
    """On both databases."""
    with database.writing() as session:
        make_personne(session, "gestion")
        grant(session, make_personne(session, "editeur"), Role.PARTENAIRE, portee="rien")
    return database


def make_technique(comptes: Database, nom: str = "compta", **values: object) -> int:
    given = {"droits": LIRE, "partenaire": "", **values}
    nouveau = NouveauTechnique(SIREN, nom, "Connecteur", "gestion", **given)  # type: ignore[arg-type]  # given by name
    with comptes.writing() as session:
        return create_technique(session, nouveau, par="gestion")


def test_a_key_opens_its_account_and_nothing_of_it_is_kept(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        found = find_cle(session, neuve.cle)
        row = session.get_one(CleApi, neuve.id)
        kept = " ".join(str(value) for value in vars(row).values())
        journal = " ".join(session.scalars(select(Ecriture.details)))
    assert found is not None
    assert (found.personne_id, found.identifiant, found.droits) == (
        compte,
        f"ct-{SIREN}-compta",
        LIRE,
    )
    assert row.empreinte == hashlib.sha256(neuve.cle.encode()).hexdigest()
    assert neuve.cle.startswith(f"orc_{row.debut}_")
    secret = neuve.cle.removeprefix(f"orc_{row.debut}_")
    assert secret not in kept + journal
    assert neuve.cle not in repr(neuve)


def test_a_key_ends_after_its_year(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        year = read_now() + timedelta(days=365)
        assert find_cle(session, neuve.cle, year - timedelta(minutes=5)) is not None
        assert find_cle(session, neuve.cle, year + timedelta(minutes=5)) is None


@pytest.mark.parametrize("wrong", ["", "orc_", "orc_abcdefgh_court", "Bearer", "\0", "é" * 50])
def test_what_is_not_a_key_opens_nothing(comptes: Database, wrong: str) -> None:
    with comptes.reading() as session:
        assert find_cle(session, wrong) is None


def test_one_changed_character_opens_nothing(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        cle = rotate_cle(session, compte, DUREES, par="gestion").cle
    with comptes.reading() as session:
        assert find_cle(session, cle[:-1] + ("A" if cle[-1] != "A" else "B")) is None
        assert find_cle(session, cle + "A") is None
        assert find_cle(session, hash_cle(cle)) is None


def test_the_replaced_key_goes_on_for_the_overlap_and_no_longer(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        old = rotate_cle(session, compte, DUREES, par="gestion")
        new = rotate_cle(session, compte, DUREES, par="gestion", courante=old.id)
    now = read_now()
    with comptes.reading() as session:
        for day, opens in ((0, True), (29, True), (31, False)):
            found = find_cle(session, old.cle, now + timedelta(days=day))
            assert (found is not None) == opens
        assert find_cle(session, new.cle, now + timedelta(days=31)) is not None


def test_a_key_about_to_end_is_not_prolonged_by_its_replacement(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        old = rotate_cle(session, compte, DUREES, par="g", now=read_now() - timedelta(days=360))
        rotate_cle(session, compte, DUREES, par="g")
    with comptes.reading() as session:
        assert session.get_one(CleApi, old.id).expire_le == old.expire_le


def test_two_keys_live_at_most(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        first = rotate_cle(session, compte, DUREES, par="gestion")
        rotate_cle(session, compte, DUREES, par="gestion")
        with pytest.raises(Conflict):
            rotate_cle(session, compte, DUREES, par="gestion")
        remove_cle(session, compte, first.id, par="gestion")
        rotate_cle(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        live = session.scalars(select(CleApi).where(CleApi.retiree_le.is_(None))).all()
        assert len(live) == 2


def test_a_form_sent_twice_makes_one_key(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        rotate_cle(session, compte, DUREES, par="gestion", courante=0)
        with pytest.raises(Conflict):
            rotate_cle(session, compte, DUREES, par="gestion", courante=0)


def test_a_withdrawn_key_is_refused_at_once_and_only_by_its_own_account(comptes: Database) -> None:
    compte, other = make_technique(comptes), make_technique(comptes, "autre")
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
        with pytest.raises(NotFound):
            remove_cle(session, other, neuve.id, par="gestion")
        remove_cle(session, compte, neuve.id, par="gestion")
        with pytest.raises(NotFound):
            remove_cle(session, compte, neuve.id, par="gestion")
    with comptes.reading() as session:
        assert find_cle(session, neuve.cle) is None


def test_a_reset_leaves_the_new_key_alone(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        old = [rotate_cle(session, compte, DUREES, par="gestion") for _ in range(2)]
        new = reset_cles(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        assert [find_cle(session, one.cle) for one in old] == [None, None]
        assert find_cle(session, new.cle) is not None


def test_a_closed_account_has_no_key(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
        close_technique(session, compte, par="gestion")
    with comptes.reading() as session:
        assert find_cle(session, neuve.cle) is None
        which = CompteTechnique.personne_id == compte
        assert get_technique(session, compte, which).ferme


def test_an_account_disabled_by_an_administrateur_loses_its_keys_too(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
        session.get_one(Personne, compte).desactive_le = read_now()
    with comptes.reading() as session:
        assert find_cle(session, neuve.cle) is None


def test_a_key_says_when_it_was_last_seen_once_a_minute(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        first = find_cle(session, neuve.cle)
    assert first is not None
    assert first.to_touch
    with comptes.writing() as session:
        touch_cle(session, neuve.id)
    with comptes.reading() as session:
        again = find_cle(session, neuve.cle)
        later = find_cle(session, neuve.cle, read_now() + timedelta(seconds=61))
    assert again is not None
    assert later is not None
    assert (again.to_touch, later.to_touch) == (False, True)


def test_bad_keys_are_slowed_down_apart_from_people(comptes: Database) -> None:
    bad = "orc_abcdefgh_" + "x" * 43
    for _ in range(5):
        record_refusal(comptes, bad, "192.0.2.7")
    with pytest.raises(TropDEssais):
        record_refusal(comptes, bad, "192.0.2.7")
    with comptes.reading() as session:
        addresses = set(session.scalars(select(EchecConnexion.adresse)))
        refused = session.scalars(select(Ecriture.details).where(Ecriture.acte == "cle_refusee"))
        details = refused.all()
    assert addresses == {"cle:192.0.2.7"}
    assert details
    assert not [text for text in details if "xxxx" in text]


def test_what_is_entrusted_never_reads_a_document(comptes: Database) -> None:
    with pytest.raises(Invalid):
        make_technique(comptes, partenaire="editeur")
    compte = make_technique(comptes, partenaire="editeur", droits=frozenset({DroitApi.SILO}))
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="editeur")
        # Whatever wrote the column: the rule holds where the key is read.
        session.get_one(CompteTechnique, compte).droits = "recherche,consultation,export,silo"
    with comptes.reading() as session:
        found = find_cle(session, neuve.cle)
    assert found is not None
    assert found.droits == {DroitApi.SILO}


def test_keys_do_not_follow_an_account_that_changes_hands(comptes: Database) -> None:
    compte = make_technique(comptes, partenaire="editeur", droits=frozenset({DroitApi.SILO}))
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="editeur")
        passed = change_technique(
            session, compte, droits=LIRE, proprietaire="gestion", partenaire="", par="gestion"
        )
    with comptes.reading() as session:
        assert passed
        assert find_cle(session, neuve.cle) is None


def test_a_change_that_keeps_the_hands_keeps_the_keys(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
        change_technique(
            session,
            compte,
            droits=frozenset({DroitApi.RECHERCHE}),
            proprietaire="gestion",
            partenaire="",
            par="gestion",
        )
    with comptes.reading() as session:
        found = find_cle(session, neuve.cle)
    assert found is not None
    assert found.droits == {DroitApi.RECHERCHE}


@pytest.mark.parametrize(
    "values",
    [
        {"droits": frozenset()},
        {"partenaire": "gestion", "droits": frozenset({DroitApi.SILO})},
        {"partenaire": "inconnu", "droits": frozenset({DroitApi.SILO})},
        {"nom": "Accentué"},
        {"nom": "-tiret"},
        {"nom": ""},
    ],
)
def test_an_account_that_cannot_be_is_refused(comptes: Database, values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        make_technique(comptes, **values)  # type: ignore[arg-type]  # given by name
    with comptes.reading() as session:
        assert not session.scalars(select(CompteTechnique)).all()


def test_two_accounts_have_two_names(comptes: Database) -> None:
    make_technique(comptes)
    with pytest.raises(Conflict):
        make_technique(comptes, "COMPTA")


def test_a_technical_account_never_owns_another(comptes: Database) -> None:
    make_technique(comptes)
    nouveau = NouveauTechnique(SIREN, "b", "B", f"ct-{SIREN}-compta", LIRE)
    with comptes.writing() as session, pytest.raises(Invalid):
        create_technique(session, nouveau, par="gestion")


@pytest.mark.parametrize("password", ["", "\0 personne", "un mot de passe de test"])
def test_no_password_opens_an_account_without_one(password: str) -> None:
    assert not is_right("", password)
    assert not is_right(None, password)


def test_a_technical_account_is_given_no_password(comptes: Database) -> None:
    make_technique(comptes)
    with comptes.writing() as session, pytest.raises(Conflict, match="seule une clé"):
        reset_mot_de_passe(session, f"ct-{SIREN}-compta", par="test")
    with comptes.writing() as session, pytest.raises(Conflict, match="seule une clé"):
        change_mot_de_passe(session, f"ct-{SIREN}-compta", "une longue phrase", par="test")
    with comptes.reading() as session:
        query = select(Personne.mot_de_passe).where(Personne.identifiant == f"ct-{SIREN}-compta")
        assert session.scalar(query) == ""


def test_lists_tell_the_keys_apart_without_showing_them(comptes: Database) -> None:
    compte = make_technique(comptes)
    with comptes.writing() as session:
        neuve = rotate_cle(session, compte, DUREES, par="gestion")
    with comptes.reading() as session:
        (shown,) = find_techniques(session, CompteTechnique.siren == SIREN)
    assert shown.courante == neuve.id
    assert shown.cles[0].debut == neuve.debut
    assert neuve.cle not in repr(shown)


def test_keys_asked_for_at_once_are_still_two_at_most(comptes: Database) -> None:
    compte = make_technique(comptes)

    def rotate() -> bool:
        try:
            with comptes.writing() as session:
                rotate_cle(session, compte, DUREES, par="gestion")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        made = [future.result() for future in [pool.submit(rotate) for _ in range(6)]]
    assert sum(made) == 2
    with comptes.reading() as session:
        assert len(session.scalars(select(CleApi)).all()) == 2
