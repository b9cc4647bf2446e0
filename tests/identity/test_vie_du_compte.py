"""The life of an account: passwords, codes by SMS, the second factor, proofs, reminders."""

import base64
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.domain import Role
from orc.errors import Conflict, Invalid, NotFound, Unavailable
from orc.identity.change import MotDePasseActuelFaux, choose_mot_de_passe
from orc.identity.codes import (
    ESSAIS_MAX,
    MOBILE,
    OUBLI,
    CodeRefuse,
    count_codes_de_secours,
    put_code,
    take_code,
)
from orc.identity.coffre import Coffre
from orc.identity.comptes import (
    NouveauCompte,
    change_mot_de_passe,
    check_identifiant,
    create_compte,
    reset_mot_de_passe,
)
from orc.identity.connexion import ConnexionRefusee, log_in
from orc.identity.coordonnees import ask_verification, confirm, remove_mobile
from orc.identity.etapes import Etape, find_etape, read_roles
from orc.identity.oubli import ask_code, enter_by_code
from orc.identity.passwords import MotDePasseFaible
from orc.identity.preuve import PreuveNecessaire, PreuveRefusee, check_entree, check_preuve, prove
from orc.identity.rappels import (
    find_palier,
    find_rappels,
    read_jours,
    remind_mots_de_passe,
    send_rappels,
)
from orc.identity.second_facteur import (
    begin_totp,
    confirm_totp,
    give_second_facteur,
    read_pending,
    remove_totp,
)
from orc.identity.sessions import Limits, Ouverte, find_session
from orc.identity.throttling import TropDEssais
from orc.identity.totp import make_code
from orc.identity.validite import MotDePasseExpire, find_expiration
from orc.models import CodeEnvoye, Ecriture, Message, Personne, SessionWeb, read_now
from orc.settings import Settings

SECRET, AUTRE, ENCORE = "correct cheval batterie", "agrafe juste tortue", "bocal lampe violon"
LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12))
ICI = "10.0.0.1"
MOBILE_DE_MARIE = "+33612345678"


@pytest.fixture
def coffre() -> Coffre:
    return Coffre(base64.urlsafe_b64encode(bytes(range(32))).decode())


@pytest.fixture
def marie(database: Database) -> int:
    compte = NouveauCompte(
        "marie-xt", "Marie L.", SECRET, "marie@exemple.fr", mobile="06 12 34 56 78",
        departement="33",
    )  # fmt: skip
    with database.writing() as session:
        return create_compte(session, compte, par="test")


def enter(database: Database, secret: str = SECRET) -> Ouverte:
    return find(database, log_in(database, "marie-xt", secret, ICI))


def find(database: Database, cookie: str) -> Ouverte:
    with database.reading() as session:
        found = find_session(session, cookie, LIMITS)
    assert found is not None
    return found


def is_open(database: Database, ouverte: Ouverte) -> bool:
    with database.reading() as session:
        kept = session.get(SessionWeb, ouverte.cle)
        return kept is not None and kept.fermee_le is None


def read_messages(database: Database, canal: str) -> list[Message]:
    with database.reading() as session:
        query = select(Message).where(Message.canal == canal).order_by(Message.id)
        return list(session.scalars(query))


def read_code(database: Database, canal: str = "sms") -> str:
    found = re.search(r"\b\d{8}\b", read_messages(database, canal)[-1].corps)
    assert found is not None
    return found[0]


def age(database: Database, personne_id: int, days: int) -> None:
    with database.writing() as session:
        personne = session.get_one(Personne, personne_id)
        personne.mot_de_passe_le = read_now() - timedelta(days=days)


@pytest.mark.usefixtures("marie")
def test_a_new_password_ends_the_other_sessions_and_changes_the_key(database: Database) -> None:
    here, elsewhere = enter(database), enter(database)
    cookie = choose_mot_de_passe(database, here, SECRET, AUTRE, ICI)
    assert find(database, cookie).cle != here.cle
    assert not is_open(database, elsewhere)
    with pytest.raises(ConnexionRefusee):
        log_in(database, "marie-xt", SECRET, ICI)
    assert "changé" in read_messages(database, "courriel")[-1].objet


@pytest.mark.usefixtures("marie")
def test_no_password_ever_serves_again(database: Database) -> None:
    ouverte = enter(database)
    for old, new in ((SECRET, AUTRE), (AUTRE, ENCORE)):
        ouverte = find(database, choose_mot_de_passe(database, ouverte, old, new, ICI))
    for served in (SECRET, AUTRE, ENCORE):
        with pytest.raises(MotDePasseFaible, match="déjà été le vôtre"):
            choose_mot_de_passe(database, ouverte, ENCORE, served, ICI)
    with database.writing() as session, pytest.raises(MotDePasseFaible, match="jamais servi"):
        change_mot_de_passe(session, "marie-xt", SECRET, par="test")


@pytest.mark.usefixtures("marie")
def test_whoever_changes_a_password_says_the_one_before_and_guesses_are_slowed(
    database: Database,
) -> None:
    ouverte = enter(database)
    for _ in range(5):
        with pytest.raises(MotDePasseActuelFaux):
            choose_mot_de_passe(database, ouverte, "autre chose", AUTRE, ICI)
    with pytest.raises(TropDEssais):
        choose_mot_de_passe(database, ouverte, SECRET, AUTRE, ICI)


@pytest.mark.usefixtures("marie")
def test_a_provisional_password_is_changed_before_anything_else(database: Database) -> None:
    with database.writing() as session:
        given = reset_mot_de_passe(session, "marie-xt", par="contact du 33")
    ouverte = enter(database, given)
    assert find_etape(ouverte, frozenset({Role.COMPTABLE}), frozenset()) is Etape.MOT_DE_PASSE
    ouverte = find(database, choose_mot_de_passe(database, ouverte, "", AUTRE, ICI))
    assert find_etape(ouverte, frozenset({Role.COMPTABLE}), frozenset()) is None


def test_an_expired_password_opens_nothing_and_only_its_owner_learns_it(
    database: Database, marie: int
) -> None:
    age(database, marie, 364)
    assert log_in(database, "marie-xt", SECRET, ICI, validite=365)
    age(database, marie, 366)
    with pytest.raises(MotDePasseExpire) as refusal:
        log_in(database, "marie-xt", SECRET, ICI, validite=365)
    assert refusal.value.departement == "33"
    with pytest.raises(ConnexionRefusee):
        log_in(database, "marie-xt", AUTRE, ICI, validite=365)
    assert log_in(database, "marie-xt", SECRET, ICI, validite=0)


def test_a_password_of_the_last_leap_day_has_its_last_day() -> None:
    start = read_now().replace(year=2024, month=2, day=29, hour=12)
    assert find_expiration(start, 365) == date(2025, 2, 28)
    assert find_expiration(start, 0) is None
    assert find_expiration(None, 365) is None


@pytest.mark.parametrize(
    "role", [r for r in Role if r not in {Role.COMPTABLE, Role.ADMINISTRATEUR}]
)
def test_who_is_not_of_the_administration_ends_in_xt(role: Role) -> None:
    check_identifiant("Alice-XT", role)
    with pytest.raises(Invalid, match="-xt"):
        check_identifiant("alice", role)


def test_an_agent_of_the_administration_may_do_without_xt() -> None:
    for role in (Role.COMPTABLE, Role.ADMINISTRATEUR):
        check_identifiant("alice.martin", role)
        check_identifiant("alice-xt", role)


# --- Forgotten passwords


@pytest.mark.usefixtures("marie")
def test_a_code_by_sms_opens_a_session_that_asks_for_a_new_password(
    database: Database, coffre: Coffre
) -> None:
    ask_code(database, coffre, " MARIE-XT ", ICI, 365)
    assert read_messages(database, "sms")[0].destinataire == MOBILE_DE_MARIE
    code = read_code(database)
    with database.reading() as session:
        assert code not in session.scalars(select(CodeEnvoye.empreinte)).one()
    ouverte = find(database, enter_by_code(database, coffre, "marie-xt", code, ICI))
    assert find_etape(ouverte, frozenset(), frozenset()) is Etape.MOT_DE_PASSE
    with pytest.raises(CodeRefuse):
        enter_by_code(database, coffre, "marie-xt", code, ICI)
    choose_mot_de_passe(database, ouverte, "", AUTRE, ICI)
    assert log_in(database, "marie-xt", AUTRE, ICI)


def test_nobody_else_gets_a_code_and_nothing_says_so(
    database: Database, coffre: Coffre, marie: int
) -> None:
    ask_code(database, coffre, "personne", ICI, 365)
    age(database, marie, 400)
    ask_code(database, coffre, "marie-xt", "10.0.0.2", 365)
    with database.writing() as session:
        personne = session.get_one(Personne, marie)
        personne.mot_de_passe_le, personne.mobile = read_now(), ""
    ask_code(database, coffre, "marie-xt", "10.0.0.3", 365)
    assert read_messages(database, "sms") == []
    said = set()
    for identifiant in ("personne", "marie-xt"):
        with pytest.raises(CodeRefuse) as refusal:
            enter_by_code(database, coffre, identifiant, "12345678", ICI)
        said.add(str(refusal.value))
    assert len(said) == 1


@pytest.mark.parametrize("identifiant", ["marie-xt", "personne"])
@pytest.mark.usefixtures("marie")
def test_codes_are_not_asked_for_without_end(
    database: Database, coffre: Coffre, identifiant: str
) -> None:
    for rang in range(3):
        ask_code(database, coffre, identifiant, f"10.0.1.{rang}", 365)
    with pytest.raises(TropDEssais):
        ask_code(database, coffre, identifiant, "10.0.1.9", 365)
    assert log_in(database, "marie-xt", SECRET, ICI), "the login itself is not slowed by it"


def test_a_code_is_guessed_a_few_times_then_no_longer_works(
    database: Database, coffre: Coffre, marie: int
) -> None:
    with database.writing() as session:
        code = put_code(session, coffre, marie, OUBLI)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(ESSAIS_MAX):
        assert take_code(database, coffre, marie, OUBLI, wrong) is None
    assert take_code(database, coffre, marie, OUBLI, code) is None


def test_a_code_lasts_ten_minutes_is_of_one_person_and_of_one_use(
    database: Database, coffre: Coffre, marie: int
) -> None:
    with database.writing() as session:
        bob = create_compte(session, NouveauCompte("bob-xt", "Bob", AUTRE), par="test")
        first = put_code(session, coffre, marie, OUBLI)
        code = put_code(session, coffre, marie, OUBLI)
    assert take_code(database, coffre, bob, OUBLI, code) is None
    assert take_code(database, coffre, marie, MOBILE, code) is None
    if first != code:
        assert take_code(database, coffre, marie, OUBLI, first) is None, "the last one only"
    with database.writing() as session:
        row = session.scalars(select(CodeEnvoye).where(CodeEnvoye.utilise_le.is_(None))).one()
        row.expire_le = read_now() - timedelta(seconds=1)
    assert take_code(database, coffre, marie, OUBLI, code) is None


# --- Coordinates


@pytest.mark.usefixtures("marie")
def test_an_address_counts_once_its_code_came_back_and_the_old_one_is_told(
    database: Database, coffre: Coffre
) -> None:
    ouverte = enter(database)
    ask_verification(database, coffre, ouverte, "courriel", "marie.l@exemple.fr", ICI)
    with database.reading() as session:
        assert session.get_one(Personne, ouverte.personne_id).courriel == "marie@exemple.fr"
    with pytest.raises(CodeRefuse):
        confirm(database, coffre, ouverte, "courriel", "00000000x")
    confirm(database, coffre, ouverte, "courriel", read_code(database, "courriel"))
    with database.reading() as session:
        personne = session.get_one(Personne, ouverte.personne_id)
        assert personne.courriel == "marie.l@exemple.fr"
        assert personne.courriel_verifie_le is not None
    assert read_messages(database, "courriel")[-1].destinataire == "marie@exemple.fr"


@pytest.mark.usefixtures("marie")
def test_a_mobile_is_proved_by_sms_and_may_be_forgotten(database: Database, coffre: Coffre) -> None:
    ouverte = enter(database)
    ask_verification(database, coffre, ouverte, "mobile", "07 00 00 00 01", ICI)
    confirm(database, coffre, ouverte, "mobile", read_code(database))
    with database.writing() as session:
        assert session.get_one(Personne, ouverte.personne_id).mobile == "+33700000001"
        remove_mobile(session, ouverte)
        assert session.get_one(Personne, ouverte.personne_id).mobile == ""
        with pytest.raises(NotFound):
            remove_mobile(session, ouverte)


@pytest.mark.usefixtures("marie")
def test_the_box_of_a_service_is_nobodys_and_codes_are_not_sent_without_end(
    database: Database, coffre: Coffre
) -> None:
    ouverte = enter(database)
    with pytest.raises(Invalid, match="nominative"):
        ask_verification(database, coffre, ouverte, "courriel", "mairie@exemple.fr", ICI)
    for rang in range(5):
        ask_verification(database, coffre, ouverte, "courriel", f"m{rang}@exemple.fr", ICI)
    with pytest.raises(TropDEssais):
        ask_verification(database, coffre, ouverte, "courriel", "m@exemple.fr", ICI)


# --- Second factor and proofs


def enrol(database: Database, coffre: Coffre, ouverte: Ouverte) -> tuple[Ouverte, str, list[str]]:
    """The session with its second factor, the secret, the recovery codes."""
    with database.writing() as session:
        begin_totp(session, coffre, ouverte.personne_id)
        personne = session.get_one(Personne, ouverte.personne_id)
        secret = read_pending(coffre, personne)
        assert secret not in personne.totp
    code = make_code(secret, int(read_now().timestamp()) // 30 - 1)
    cookie, codes = confirm_totp(database, coffre, ouverte, code, ICI)
    return find(database, cookie), secret, list(codes)


def now_code(secret: str) -> str:
    return make_code(secret, int(read_now().timestamp()) // 30)


@pytest.mark.usefixtures("marie")
def test_once_enrolled_the_second_factor_is_asked_for_and_a_code_serves_once(
    database: Database, coffre: Coffre
) -> None:
    here, secret, _ = enrol(database, coffre, enter(database))
    assert find_etape(here, frozenset(), frozenset()) is None
    late = enter(database)
    assert find_etape(late, frozenset(), frozenset()) is Etape.CODE
    code = now_code(secret)
    cookie = give_second_facteur(database, coffre, late, code, ICI)
    assert find(database, cookie).second_facteur
    assert find(database, cookie).cle != late.cle
    other = enter(database)
    with pytest.raises(CodeRefuse):
        give_second_facteur(database, coffre, other, code, ICI)


@pytest.mark.usefixtures("marie")
def test_a_recovery_code_replaces_the_application_once(database: Database, coffre: Coffre) -> None:
    _, _, codes = enrol(database, coffre, enter(database))
    assert len(set(codes)) == 10
    give_second_facteur(database, coffre, enter(database), codes[3].upper(), ICI)
    with pytest.raises(CodeRefuse):
        give_second_facteur(database, coffre, enter(database), codes[3], ICI)
    with database.reading() as session:
        assert count_codes_de_secours(session, enter(database).personne_id) == 9


@pytest.mark.usefixtures("marie")
def test_guessing_the_second_factor_is_slowed_and_journaled(
    database: Database, coffre: Coffre
) -> None:
    enrol(database, coffre, enter(database))
    late = enter(database)
    for _ in range(5):
        with pytest.raises(CodeRefuse):
            give_second_facteur(database, coffre, late, "000000", ICI)
    with pytest.raises(TropDEssais):
        give_second_facteur(database, coffre, late, "000000", ICI)
    with database.reading() as session:
        query = select(Ecriture).where(Ecriture.acte == "connexion_refusee")
        assert len(session.scalars(query).all()) == 5


@pytest.mark.usefixtures("marie")
def test_a_code_by_sms_does_not_go_round_the_second_factor(
    database: Database, coffre: Coffre
) -> None:
    enrol(database, coffre, enter(database))
    ask_code(database, coffre, "marie-xt", ICI, 365)
    cookie = enter_by_code(database, coffre, "marie-xt", read_code(database), ICI)
    assert find_etape(find(database, cookie), frozenset(), frozenset()) is Etape.CODE


@pytest.mark.usefixtures("marie")
def test_a_second_factor_is_taken_away_before_another_and_its_codes_with_it(
    database: Database, coffre: Coffre
) -> None:
    here, _, codes = enrol(database, coffre, enter(database))
    with database.writing() as session:
        with pytest.raises(Conflict):
            begin_totp(session, coffre, here.personne_id)
        remove_totp(session, here.personne_id, par="test")
        with pytest.raises(NotFound):
            remove_totp(session, here.personne_id, par="test")
    assert take_code(database, coffre, here.personne_id, "secours", codes[0]) is None
    with pytest.raises(Conflict):
        confirm_totp(database, coffre, here, "000000", ICI)


@pytest.mark.usefixtures("marie")
def test_a_wrong_first_code_puts_nothing_in_force(database: Database, coffre: Coffre) -> None:
    ouverte = enter(database)
    with database.writing() as session:
        begin_totp(session, coffre, ouverte.personne_id)
    with pytest.raises(CodeRefuse):
        confirm_totp(database, coffre, ouverte, "12345", ICI)
    assert not enter(database).totp


@pytest.mark.usefixtures("marie")
def test_roles_that_need_a_second_factor_enrol_before_anything_else(database: Database) -> None:
    ouverte = enter(database)
    exigent = read_roles(Settings())
    assert exigent == {Role.ADMINISTRATEUR, Role.JUGE, Role.ARCHIVISTE}
    for role in Role:
        expected = Etape.INSCRIPTION if role in exigent else None
        assert find_etape(ouverte, frozenset({role}), exigent) is expected
    assert read_roles(Settings(second_facteur_roles="")) == frozenset()
    with pytest.raises(Invalid, match="ORC_SECOND_FACTEUR_ROLES"):
        read_roles(Settings(second_facteur_roles="maire"))


@pytest.mark.usefixtures("marie")
def test_a_proof_is_the_password_or_the_code_and_lasts_ten_minutes(
    database: Database, coffre: Coffre
) -> None:
    cookie = log_in(database, "marie-xt", SECRET, ICI)
    ouverte = find(database, cookie)
    with pytest.raises(PreuveNecessaire):
        check_preuve(ouverte)
    # The password that opened the session serves for what it is opened for.
    check_entree(ouverte)
    with pytest.raises(PreuveNecessaire):
        check_entree(ouverte, read_now() + timedelta(minutes=11))
    with pytest.raises(PreuveNecessaire):
        check_entree(replace(ouverte, totp=True))
    with pytest.raises(PreuveNecessaire):
        check_entree(replace(ouverte, porte="oubli"))
    with pytest.raises(PreuveRefusee):
        prove(database, coffre, ouverte, AUTRE, ICI)
    prove(database, coffre, ouverte, SECRET, ICI)
    ouverte = find(database, cookie)
    check_preuve(ouverte, read_now() + timedelta(minutes=9))
    with pytest.raises(PreuveNecessaire):
        check_preuve(ouverte, read_now() + timedelta(minutes=11))
    enrolled, secret, _ = enrol(database, coffre, ouverte)
    with pytest.raises(CodeRefuse):
        prove(database, coffre, enrolled, SECRET, ICI)
    prove(database, coffre, enrolled, now_code(secret), ICI)


def test_who_has_neither_password_nor_application_proves_nothing(
    database: Database, coffre: Coffre, marie: int
) -> None:
    ouverte = enter(database)
    with database.writing() as session:
        session.get_one(Personne, marie).mot_de_passe = ""
    with pytest.raises(Conflict):
        prove(database, coffre, ouverte, "", ICI)


def test_a_secret_sealed_by_another_key_is_said_and_opens_nothing(
    database: Database, coffre: Coffre
) -> None:
    with database.writing() as session:
        ident = create_compte(session, NouveauCompte("zoe-xt", "Zoé", SECRET), par="test")
        begin_totp(session, coffre, ident)
    other = Coffre(base64.urlsafe_b64encode(bytes(32)).decode())
    with database.reading() as session, pytest.raises(Unavailable):
        read_pending(other, session.get_one(Personne, ident))


# --- Reminders


def test_each_reminder_is_of_the_smallest_delay_not_passed_yet() -> None:
    jours, end = (30, 15, 7, 1), date(2026, 12, 31)
    found = {left: find_palier(end, end - timedelta(days=left), jours) for left in range(-1, 33)}
    assert found[31] is None
    assert (found[30], found[16], found[15], found[8], found[7], found[2], found[1]) == (
        30, 30, 15, 15, 7, 7, 1,
    )  # fmt: skip
    assert found[0] is None
    assert found[-1] is None


def test_a_person_is_reminded_four_times_and_once_each(database: Database, marie: int) -> None:
    jours = read_jours("1, 7,15,30")
    start = read_now().astimezone().date()
    with database.writing() as session:
        session.get_one(Personne, marie).mot_de_passe_le = read_now()
        for day in range(367):
            for _ in range(2):
                remind_mots_de_passe(session, 365, jours, start + timedelta(days=day))
    found = read_messages(database, "courriel")
    assert [m.objet.replace("\u00a0", " ") for m in found] == [
        f"Votre mot de passe expire dans {n} jour{'s' if n > 1 else ''}" for n in (30, 15, 7, 1)
    ]
    assert all("{" not in m.corps and "marie-xt" in m.corps for m in found)


def test_a_password_changed_meanwhile_is_reminded_of_its_new_date_only(
    database: Database, marie: int
) -> None:
    age(database, marie, 350)
    today = read_now().astimezone().date()
    with database.writing() as session:
        assert remind_mots_de_passe(session, 365, (30, 15, 7, 1), today) == 1
    age(database, marie, 0)
    with database.writing() as session:
        assert remind_mots_de_passe(session, 365, (30, 15, 7, 1), today) == 0
        assert remind_mots_de_passe(session, 0, (30, 15, 7, 1), today) == 0


@pytest.mark.usefixtures("marie")
def test_the_work_of_the_day_is_due_until_it_is_done(database: Database) -> None:
    assert list(find_rappels(database)) == [()]
    send_rappels(database, 365, (30,), read_now().astimezone().date())
    assert list(find_rappels(database)) == []


def test_delays_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(Invalid, match="ORC_RAPPELS_JOURS"):
        read_jours("30,quinze")


def test_an_account_says_who_made_it_and_where(database: Database, marie: int) -> None:
    with database.reading() as session:
        personne = session.get_one(Personne, marie)
    assert (personne.cree_par, personne.departement, personne.mobile) == (
        "test", "33", MOBILE_DE_MARIE,
    )  # fmt: skip
