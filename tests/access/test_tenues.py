"""Grants held: revoked by the comptable or the gestionnaire, renewed by the comptable, ended."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from orc.access.annuaire import find_personnes, get_personne
from orc.access.echeances import is_to_review, make_fin, remind_habilitations
from orc.access.phrases import Noms, read_noms, write_bornes, write_habilitation, write_octroi
from orc.access.ressort import find_codique, find_ressort
from orc.access.structures import find_structure, find_structures
from orc.access.tenues import (
    find_miennes,
    find_tenues,
    find_voyants,
    get_siren,
    renew_tenue,
    revoke_habilitation,
    withdraw_structure,
)
from orc.db import Writing
from orc.domain import Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.models import (
    Collectivite,
    Departement,
    Ecriture,
    Habilitation,
    Message,
    Mission,
    Personne,
    Poste,
    Rattachement,
    Succession,
    read_now,
)
from tests.access.conftest import AUTRE, POSTE, TODAY, A, B, Monde
from tests.sql import grant, make_budget

C = "000000003"


def give_access(monde: Monde, nom: str = "alice") -> Habilitation:
    """The commune A habilitated, and an access for this person; its grant."""
    if find_structure(monde.session, A, TODAY) is None:
        monde.open_structure()
    demande_id = monde.deposit("gestionnaire", identifiant=nom)
    monde.decide("comptable", demande_id)
    query = select(Habilitation).where(Habilitation.demande_id == demande_id)
    return monde.session.scalars(query).one()


def put(session: Writing, *rows: object) -> None:
    for row in rows:
        session.add(row)
        session.flush()


@pytest.mark.parametrize("nom", ["comptable", "collegue", "gestionnaire"])
def test_a_grant_is_revoked_with_its_motif_and_opens_nothing_at_the_next_request(
    monde: Monde, nom: str
) -> None:
    grant = give_access(monde)
    assert monde.get("alice").roles == {Role.ORDONNATEUR}
    with pytest.raises(Invalid, match="Dites pourquoi"):
        revoke_habilitation(monde.session, monde.get(nom), grant.id, " ", today=TODAY)
    revoke_habilitation(monde.session, monde.get(nom), grant.id, "Mutation", today=TODAY)
    assert monde.get("alice").roles == frozenset()
    assert (grant.retire_par, grant.motif_retrait) == (nom, "Mutation")
    last = monde.session.scalars(select(Ecriture).order_by(Ecriture.id.desc())).first()
    assert last is not None
    assert json.loads(last.details) == {"motif": "Mutation", "retiree": grant.id}
    with pytest.raises(NotFound):
        revoke_habilitation(monde.session, monde.get(nom), grant.id, "Encore", today=TODAY)


@pytest.mark.parametrize("nom", ["voisin", "administrateur", "alice", "bob"])
def test_a_grant_outside_one_s_scope_does_not_exist(monde: Monde, nom: str) -> None:
    held = give_access(monde)
    for number in (held.id, 987_654):
        with pytest.raises(NotFound):
            revoke_habilitation(monde.session, monde.get(nom), number, "Motif", today=TODAY)
        with pytest.raises(NotFound):
            renew_tenue(monde.session, monde.get(nom), number, mois=12, today=TODAY)
    assert held.retire_le is None


def test_only_grants_that_structures_designate_are_revoked_there(monde: Monde) -> None:
    juge = monde.make("juge", Role.JUGE, portee="collectivite", portee_cle=A)
    monde.make("archiviste", Role.ARCHIVISTE, portee="collectivite", portee_cle=A)
    sealed = find_miennes(monde.session, juge.personne_id, TODAY)[0]
    with pytest.raises(NotFound):
        revoke_habilitation(monde.session, monde.get("comptable"), sealed.id, "x", today=TODAY)
    assert find_tenues(monde.session, {A}, TODAY) == []


def test_a_grant_is_renewed_when_its_end_is_near_by_the_comptable_alone(monde: Monde) -> None:
    held = give_access(monde)
    held.jusqu_a = TODAY + timedelta(days=61)
    monde.session.flush()
    with pytest.raises(Conflict, match="pas encore à revoir"):
        renew_tenue(monde.session, monde.get("comptable"), held.id, mois=12, today=TODAY)
    held.jusqu_a = date(2026, 6, 30)
    monde.session.flush()
    assert is_to_review(held, TODAY)
    with pytest.raises(NotFound):
        renew_tenue(monde.session, monde.get("gestionnaire"), held.id, mois=12, today=TODAY)
    comptable = monde.get("comptable")
    assert renew_tenue(monde.session, comptable, held.id, mois=12, today=TODAY) == date(2027, 6, 30)
    assert not is_to_review(held, TODAY)


def test_a_renewal_without_an_end_is_what_the_setting_says(monde: Monde) -> None:
    held = give_access(monde)
    held.jusqu_a = TODAY
    monde.session.flush()
    assert renew_tenue(monde.session, monde.get("comptable"), held.id, mois=0, today=TODAY) is None
    with pytest.raises(Conflict):
        renew_tenue(monde.session, monde.get("comptable"), held.id, mois=12, today=TODAY)


def test_nobody_renews_his_own_grant(monde: Monde) -> None:
    lecteur = monde.get("comptable")
    grant(
        monde.session,
        lecteur.personne_id,
        Role.ORDONNATEUR,
        portee="collectivite",
        portee_cle=A,
        jusqu_a=TODAY,
    )
    mine = find_miennes(monde.session, lecteur.personne_id, TODAY)[-1]
    with pytest.raises(Forbidden, match="sa propre"):
        renew_tenue(monde.session, lecteur, mine.id, mois=12, today=TODAY)


def test_a_grant_not_renewed_ends_on_its_day(monde: Monde) -> None:
    held = give_access(monde)
    held.jusqu_a = TODAY
    monde.session.flush()
    assert monde.get("alice").roles == {Role.ORDONNATEUR}
    held.jusqu_a = TODAY - timedelta(days=1)
    monde.session.flush()
    assert monde.get("alice").roles == frozenset()
    assert [p.identifiant for _, p in find_tenues(monde.session, {A}, TODAY)] == ["gestionnaire"]


@pytest.mark.parametrize(
    ("depuis", "mois", "fin"),
    [
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 10, 31), 4, date(2027, 2, 27)),
        (date(2026, 1, 1), 0, None),
    ],
)
def test_a_grant_lasts_its_months(depuis: date, mois: int, fin: date | None) -> None:
    assert make_fin(depuis, mois) == fin


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_a_grant_of_months_lasts_no_longer(depuis: date, mois: int) -> None:
    fin = make_fin(depuis, mois)
    assert fin is not None
    assert 27 * mois < (fin - depuis).days + 1 <= 31 * mois


def test_a_structure_that_ends_ends_the_grants_of_its_people(monde: Monde) -> None:
    give_access(monde)
    comptable = monde.get("comptable")
    for lecteur, siren in ((monde.get("voisin"), A), (comptable, B), (comptable, C)):
        with pytest.raises(NotFound):
            withdraw_structure(monde.session, lecteur, siren, "Fusion", today=TODAY)
    with pytest.raises(Invalid):
        withdraw_structure(monde.session, comptable, A, "", today=TODAY)
    assert withdraw_structure(monde.session, comptable, A, "Fusion", today=TODAY) == 2
    assert monde.get("alice").roles == monde.get("gestionnaire").roles == frozenset()
    assert find_structures(monde.session, {A}, TODAY) == []
    last = monde.session.scalars(select(Ecriture).order_by(Ecriture.id.desc())).first()
    assert last is not None
    assert last.acte == "structure_retiree"


def test_a_structure_is_named_and_dated(monde: Monde) -> None:
    monde.open_structure()
    (vue,) = find_structures(monde.session, {A, B}, TODAY)
    assert (vue.siren, vue.nom, vue.depuis, vue.accordee_par) == (
        A,
        f"Commune {A}",
        TODAY,
        "comptable",
    )


def test_who_sees_a_collectivite_is_counted_without_the_juges(monde: Monde) -> None:
    give_access(monde)
    monde.make("juge", Role.JUGE, portee="collectivite", portee_cle=A)
    monde.make("autre", Role.ORDONNATEUR, portee="collectivite", portee_cle=B)
    closed = monde.make("closed", Role.ORDONNATEUR, portee="collectivite", portee_cle=A)
    monde.session.get_one(Personne, closed.personne_id).desactive_le = read_now()
    monde.session.flush()
    seen = {p.identifiant for _, p in find_voyants(monde.session, A, TODAY)}
    assert seen == {"alice", "comptable", "collegue"}
    put(monde.session, Succession(predecesseur=A, successeur=B, depuis=date(2020, 1, 1)))
    seen = {p.identifiant for _, p in find_voyants(monde.session, A, TODAY)}
    assert "autre" in seen


def test_who_sees_a_collectivite_costs_the_same_statements_whoever_sees_the_others(
    monde: Monde,
) -> None:
    def count() -> int:
        asked: list[str] = []
        hear = lambda *said: asked.append(str(said[2]))  # noqa: E731 - removed below
        bind = monde.session.get_bind()
        event.listen(bind, "before_cursor_execute", hear)
        find_voyants(monde.session, A, TODAY)
        event.remove(bind, "before_cursor_execute", hear)
        return len(asked)

    before = count()
    for number in range(12):
        poste, siren = f"0330{20 + number}", f"9990000{10 + number}"
        monde.make(f"poste{number}", Role.COMPTABLE, portee="poste", portee_cle=poste)
        monde.make(f"loin{number}", Role.ORDONNATEUR, portee="collectivite", portee_cle=siren)
    assert count() == before


@pytest.mark.parametrize(
    ("portee", "cle", "sirens"),
    [
        ("poste", POSTE, {A}),
        ("poste", "099999", set()),
        ("collectivite", B, {B}),
        ("departement", "33", {B}),
        ("budget", f"{A}00011/101/00", set()),
    ],
)
def test_a_comptable_answers_for_what_his_grant_says(
    monde: Monde, portee: str, cle: str, sirens: set[str]
) -> None:
    monde.session.get_one(Collectivite, B).departement = "33"
    monde.session.flush()
    one = monde.make("un", Role.COMPTABLE, portee=portee, portee_cle=cle)
    monde.make("deux", Role.ORDONNATEUR, portee=portee, portee_cle=cle)
    assert find_ressort(monde.session, one.personne_id, TODAY) == sirens
    assert find_ressort(monde.session, monde.get("deux").personne_id, TODAY) == frozenset()


def test_the_poste_that_took_over_answers_and_the_one_that_closed_does_not(monde: Monde) -> None:
    put(
        monde.session,
        Poste(codique=AUTRE, libelle="Nouveau"),
        Poste(codique=POSTE, libelle="Ancien", jusqu_a=date(2025, 12, 31), repris_par=AUTRE),
    )
    assert find_codique(monde.session, A, TODAY) == AUTRE
    assert find_ressort(monde.session, monde.get("comptable").personne_id, TODAY) == frozenset()
    assert find_ressort(monde.session, monde.get("voisin").personne_id, TODAY) == {A, B}
    assert find_codique(monde.session, A, date(2025, 6, 1)) == POSTE


def test_postes_that_took_each_other_over_end(monde: Monde) -> None:
    put(
        monde.session,
        Poste(codique=AUTRE, libelle="X", repris_par=POSTE),
        Poste(codique=POSTE, libelle="Y", repris_par=AUTRE),
    )
    assert find_codique(monde.session, A, TODAY) in {POSTE, AUTRE}


def test_the_rattachement_of_the_day_is_before_what_flows_say(monde: Monde) -> None:
    put(
        monde.session,
        Rattachement(siren=A, codique=AUTRE, depuis=date(2020, 1, 1), jusqu_a=TODAY),
    )
    assert find_codique(monde.session, A, TODAY) == AUTRE
    assert find_ressort(monde.session, monde.get("voisin").personne_id, TODAY) == {A, B}
    assert find_codique(monde.session, A, TODAY + timedelta(days=1)) == POSTE


def test_a_collectivite_of_several_postes_is_answered_for_by_the_one_of_most_budgets(
    session: Writing, monde: Monde
) -> None:
    from orc.domain import CleBudget
    from orc.ingest.referentiel import Libelles, get_budget

    for rank in ("01", "02"):
        get_budget(session, CleBudget(f"{A}00011", "101", rank), Libelles(AUTRE, "Annexe", ""))
    assert find_codique(session, A, TODAY) == AUTRE
    assert find_ressort(session, monde.get("comptable").personne_id, TODAY) == frozenset()


def test_a_grant_is_a_sentence(monde: Monde) -> None:
    session = monde.session
    put(session, Departement(code="33", libelle="Gironde"), Poste(codique=POSTE, libelle="SGC"))
    mission = Mission(
        reference="2026-12",
        ordre="o",
        juridiction="CRC",
        du=TODAY,
        au=TODAY,
        chef_id=monde.get("alice").personne_id,
        ouverte_par="x",
        ouverte_le=read_now(),
    )
    put(session, mission)
    values = {"personne_id": 1, "domaines": "", "droits": "", "accorde_par": "Andrea"}
    grants = [
        Habilitation(role="comptable", portee="poste", portee_cle=POSTE, **values),
        Habilitation(role="comptable", portee="poste", portee_cle="099999", **values),
        Habilitation(role="archiviste", portee="departement", portee_cle="33", **values),
        Habilitation(role="juge", portee="mission", portee_cle=str(mission.id), **values),
        Habilitation(role="ordonnateur", portee="budget", portee_cle=f"{A}00011/101/00", **values),
        Habilitation(role="ordonnateur", portee="budget", portee_cle=f"{C}00011/101/00", **values),
        Habilitation(role="administrateur", portee="rien", portee_cle="", **values),
    ]
    noms = read_noms(session, grants)
    assert [write_octroi(g, noms) for g in grants] == [
        f"Comptable public du poste SGC ({POSTE})",
        "Comptable public du poste 099999",
        "Archiviste du département Gironde (33)",
        "Juge des comptes de la mission 2026-12",
        f"Ordonnateur pour le budget {A}00011/101/00 (Commune {A})",
        f"Ordonnateur pour le budget {C}00011/101/00",
        "Administrateur",
    ]
    grants[0].depuis, grants[0].jusqu_a = date(2023, 1, 1), date(2023, 12, 31)
    assert write_habilitation(grants[0], noms).endswith(
        ", depuis le 01/01/2023, jusqu’au 31/12/2023, accordé par Andrea"
    )
    assert get_siren(grants[0]) == ""


def test_a_scope_is_known_by_its_own_key_a_budget_by_its_collectivite() -> None:
    noms = Noms({("collectivite", A): "Commune"})
    assert noms.knows("collectivite", A)
    assert noms.knows("budget", f"{A}00012/101/00")
    assert noms.knows("rien", "")
    assert not noms.knows("poste", A)
    assert not noms.knows("budget", "123456782")


def test_what_a_grant_opens_is_in_its_sentence() -> None:
    made = Habilitation(
        role="ordonnateur",
        portee="collectivite",
        portee_cle=A,
        exercice_min=2022,
        exercice_max=2024,
        domaines="paie,aide_sociale,sante",
        droits="destruction",
        depuis=TODAY,
        accorde_par="x",
    )
    said = write_habilitation(made, Noms({}))
    assert said == (
        f"Ordonnateur pour {A}, exercices 2022 à 2024, y compris paie, aide sociale et santé, "
        "destruction anticipée, depuis le 01/06/2026, accordé par x"
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (None, None, ""),
        (2022, 2022, "exercice 2022"),
        (None, 2022, "jusqu’à l’exercice 2022"),
        (2022, None, "depuis l’exercice 2022"),
    ],
)
def test_exercices_are_said(low: int | None, high: int | None, said: str) -> None:
    assert write_bornes(low, high) == said


def test_people_are_found_by_name_identifiant_or_address(monde: Monde) -> None:
    give_access(monde)
    session = monde.session
    session.get_one(Personne, monde.get("bob").personne_id).courriel = "robert@x.fr"
    session.flush()
    assert [p.identifiant for p in find_personnes(session, "ROBERT", TODAY)] == ["bob"]
    assert find_personnes(session, "%", TODAY) == []
    assert len(find_personnes(session, " ", TODAY)) == 7
    (alice,) = find_personnes(session, "alice", TODAY)
    assert [h.finie for h in alice.habilitations] == [False]
    later = get_personne(session, alice.id, date(2030, 1, 1))
    assert [h.finie for h in later.habilitations] == [True]
    with pytest.raises(NotFound):
        get_personne(session, 987_654, TODAY)


def test_a_budget_at_no_poste_is_nobody_s(session: Writing, monde: Monde) -> None:
    make_budget(session, C, poste="")
    assert find_codique(session, C, TODAY) == ""
    assert C not in find_ressort(session, monde.get("comptable").personne_id, TODAY)


def test_a_grant_that_ends_is_announced_once_a_step_to_its_holder(monde: Monde) -> None:
    held = give_access(monde)
    alice = monde.session.get_one(Personne, held.personne_id)
    alice.courriel = "alice@x.fr"
    held.jusqu_a = TODAY + timedelta(days=20)
    monde.session.flush()

    def remind(after: int) -> int:
        day = TODAY + timedelta(days=after)
        return remind_habilitations(monde.session, (30, 15, 7, 1), day)

    assert [remind(after) for after in (0, 1, 6, 7, 14, 20)] == [1, 0, 1, 0, 1, 1]
    message = monde.session.scalars(select(Message)).first()
    assert message is not None
    assert (message.destinataire, message.personne_id) == ("alice@x.fr", alice.id)
    assert f"finit le {TODAY + timedelta(days=21):%d/%m/%Y}, dans" in message.corps
    assert f"Ordonnateur pour Commune {A} ({A})" in message.corps
    held.retire_le = read_now()
    monde.session.flush()
    assert remind_habilitations(monde.session, (60,), TODAY) == 0
    assert remind_habilitations(monde.session, (), TODAY) == 0
