"""A bordereau d'élimination from its draft to the register, by who may, on both databases."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.access.pieces_demande import PieceJointe
from orc.db import Database, Writing
from orc.domain import Domaine, Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.models import (
    BordereauElimination,
    Declaration,
    Ecriture,
    EtapeElimination,
    Lien,
    LigneElimination,
    Message,
    Personne,
    PieceJustificative,
    read_now,
)
from orc.retention.declarations import Genre
from orc.retention.eliminations import (
    PASSAGES,
    Appel,
    Attestation,
    Camp,
    Choix,
    Criteres,
    Etat,
    Geste,
    Regles,
    Reponse,
    Saisie,
    StatutLigne,
    Suite,
    abandon,
    add_eligibles,
    add_pj,
    analyse,
    answer_visa,
    ask_visa,
    attest,
    certify,
    countersign,
    create_bordereau,
    do_geste,
    except_lines,
    find_etapes,
    find_geste,
    find_lignes,
    find_possibles,
    find_typologies,
    get_bordereau,
    hash_list,
    invoke_autorisation,
    make_regles,
    open_delai,
    open_document,
    propose,
    read_bordereau,
    read_registre,
    recuse,
    remind_delais,
    remove_lines,
    select_bordereaux,
    write_list,
)  # fmt: skip
from orc.retention.eliminations.etats import find_passage
from orc.retention.eliminations.verification import ABSENTE, HORS_PERIMETRE
from orc.settings import Settings
from tests.retention.actes import put_declaration, put_gel
from tests.retention.eliminables import (
    AUJOURD_HUI,
    COMMUNE,
    PV,
    VOISINE,
    Monde,
    make_monde,
    read_again,
)
from tests.sql import grant, make_budget, make_cellule

REGLES = Regles(delai_jours=10)
APRES = AUJOURD_HUI + timedelta(days=11)
TOUT = Criteres()


class Dossier:
    """A bordereau and who moves it, one act a transaction."""

    def __init__(self, monde: Monde, par: str = "maire") -> None:
        self.monde = monde
        with monde.database.writing() as session:
            self.id = create_bordereau(
                session, monde.gens[par], COMMUNE, "Factures 2023", today=AUJOURD_HUI
            )

    def do(self, work: Callable[..., Suite], par: str, *given: object, **how: object) -> Suite:
        """One act of this person on the bordereau as it is now."""
        how.setdefault("today", AUJOURD_HUI)
        needs_storage = {propose, ask_visa, answer_visa, attest, certify}
        first = (self.monde.storage,) if work in needs_storage else ()
        pas = how.pop("pas", None)
        with self.monde.database.writing() as session:
            pas = self.read(session).pas if pas is None else pas
            who = self.monde.gens[par]
            return work(session, *first, who, self.id, pas, *given, **how)

    def read(self, session: Writing) -> BordereauElimination:
        """Its row."""
        return session.get_one(BordereauElimination, self.id)

    @property
    def etat(self) -> Etat:
        """Where it is."""
        with self.monde.database.writing() as session:
            return Etat(self.read(session).etat)

    def lines(self) -> dict[str, StatutLigne]:
        """What became of each PJ."""
        with self.monde.database.reading() as session:
            query = select(LigneElimination).where(LigneElimination.bordereau_id == self.id)
            return {line.id_unique: StatutLigne(line.statut) for line in session.scalars(query)}

    def find_line(self, id_unique: str) -> int:
        """The id of the line of this PJ."""
        with self.monde.database.reading() as session:
            query = select(LigneElimination.id).filter_by(bordereau_id=self.id, id_unique=id_unique)
            return session.scalars(query).one()

    def reach(self, etat: Etat, *refuse: str) -> "Dossier":
        """Go as far as this state, these lines refused."""
        steps: list[tuple[Etat, Callable[[], Suite]]] = [
            (Etat.BROUILLON, lambda: self.do(add_eligibles, "maire", TOUT)),
            (Etat.ANALYSEE, lambda: self.do(analyse, "maire")),
            (Etat.PROPOSEE, lambda: self.do(propose, "maire", piece=PV)),
            (Etat.VISA_DEMANDE, lambda: self.do(ask_visa, "maire")),
            (Etat.VISE, lambda: self.answer(*refuse)),
            (Etat.DELAI, lambda: self.do(open_delai, "maire", regles=REGLES)),
            (Etat.A_CONTRESIGNER, self.attest),
            (Etat.ATTESTEE, lambda: self.do(countersign, "secretaire", today=APRES)),
            (Etat.CERTIFIEE, lambda: self.do(certify, "archiviste", regles=REGLES, today=APRES)),
        ]
        for reached, step in steps:
            step()
            if reached is etat:
                break
        return self

    def answer(self, *refuse: str) -> Suite:
        """The archives answer, these lines refused."""
        for nom in refuse:
            line = self.find_line(nom)
            self.do(except_lines, "archiviste", Choix((line,)), "Procès en cours")
        return self.do(answer_visa, "archiviste", Reponse("AD33/2026/17"))

    def attest(self, par: str = "maire", **changes: object) -> Suite:
        """The first attestation."""
        said = {"detruite_le": APRES, "methode": "Effacement sécurisé", "piece": PV, **changes}
        return self.do(attest, par, Attestation(**said), today=APRES)  # type: ignore[arg-type]  # settings by their names

    def hold(self, id_unique: str) -> int:
        """A gel on this PJ."""
        with self.monde.database.writing() as session:
            return put_gel(session, pj=(self.monde.pj[id_unique],))


@pytest.fixture
def monde(database: Database, tmp_path: Path) -> Monde:
    return make_monde(database, tmp_path)


@pytest.fixture
def dossier(monde: Monde) -> Dossier:
    return Dossier(monde)


def test_the_whole_way_to_the_register(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.CERTIFIEE, "PJ00002")
    assert dossier.etat is Etat.CERTIFIEE
    with monde.database.reading() as session:
        found, total = read_registre(session, monde.gens["comptable"].clearance)
        etapes = find_etapes(session, dossier.id, frozenset())
        row = session.get_one(BordereauElimination, dossier.id)
    assert total == 3
    assert {line.ligne.id_unique for line in found} == {"PJ00001", "PJ00003", "PJ00004"}
    assert found[0].autorisation == "Visa : AD33/2026/17"
    assert found[0].detruite_le == APRES
    assert row.numero == "BE-2026-000001"
    assert [e.geste for e in etapes] == [
        Geste.CREER, Geste.AJOUTER, Geste.ANALYSER, Geste.PROPOSER, Geste.DEMANDER_VISA,
        Geste.VISER_EN_PARTIE, Geste.OUVRIR_DELAI, Geste.ATTESTER, Geste.CONTRESIGNER,
        Geste.CERTIFIER,
    ]  # fmt: skip
    assert dossier.lines()["PJ00002"] is StatutLigne.REFUSEE


def test_the_frozen_list_has_the_hash_that_anybody_can_make_again(
    dossier: Dossier, monde: Monde
) -> None:
    dossier.reach(Etat.PROPOSEE)
    with monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        lines = list(write_list(session, row))
        said = [json.loads(line) for line in lines]
    assert sha256(b"".join(lines)).hexdigest() == row.liste_sha256
    assert said[0] == ["orc-elimination-1", row.numero, COMMUNE]
    assert [line[0] for line in said[1:]] == [1, 2, 3, 4]
    assert said[1][1:3] == ["PJ00002", "PJ00002.pdf"]


def test_a_gel_at_any_state_sets_its_line_aside(dossier: Dossier) -> None:
    dossier.reach(Etat.VISE)
    dossier.hold("PJ00001")
    assert dossier.do(open_delai, "maire", regles=REGLES).ecartees == 1
    dossier.hold("PJ00002")
    suite = dossier.attest()
    assert (suite.geste, suite.etat, suite.ecartees) == (Geste.ECARTER, Etat.DELAI, 1)
    assert dossier.attest().etat is Etat.A_CONTRESIGNER
    dossier.hold("PJ00003")
    suite = dossier.do(countersign, "secretaire", today=APRES)
    assert (suite.geste, suite.etat, suite.ecartees) == (Geste.CADUQUE, Etat.DELAI, 1)
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        assert (row.detruite_le, row.methode, row.metrage_mm) == (None, "", None)
    dossier.attest("secretaire")
    dossier.hold("PJ00004")
    suite = dossier.do(countersign, "maire", today=APRES)
    assert (suite.geste, suite.etat, suite.lignes) == (Geste.VIDER, Etat.ABANDONNEE, 0)


def test_a_gel_before_the_visa_sends_the_list_back_to_be_signed_again(dossier: Dossier) -> None:
    dossier.reach(Etat.ANALYSEE)
    dossier.hold("PJ00001")
    assert dossier.do(propose, "maire").geste is Geste.REVENIR
    assert dossier.do(propose, "maire").etat is Etat.PROPOSEE
    dossier.hold("PJ00002")
    assert dossier.do(ask_visa, "maire").etat is Etat.ANALYSEE
    dossier.do(propose, "maire")
    dossier.do(ask_visa, "maire")
    dossier.do(except_lines, "archiviste", Choix(tout=True), "Non")
    dossier.hold("PJ00003")
    assert dossier.do(answer_visa, "archiviste", Reponse("AD")).etat is Etat.ANALYSEE
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        lines, total = find_lignes(session, dossier.id, archives=True)
    assert row.liste_sha256 == ""
    assert total == 4
    assert [x.motif for x in lines if x.id_unique == "PJ00004"] == [""]
    assert all("gel" in x.motif.lower() for x in lines if x.statut is StatutLigne.ECARTEE)


def test_what_is_set_aside_before_the_signature_is_not_in_the_frozen_list(dossier: Dossier) -> None:
    dossier.reach(Etat.BROUILLON)
    dossier.hold("PJ00001")
    assert dossier.do(analyse, "maire").ecartees == 1
    dossier.do(propose, "maire", observations="Vérifié")
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        assert row.observations == "Vérifié"
        assert len(list(write_list(session, row))) == 4
        first, _ = find_lignes(session, dossier.id, statut=StatutLigne.ECARTEE)
    assert [line.rang for line in first] == [0]
    assert first[0].libelle_statut == "Écartée"


def test_a_list_changed_after_its_visa_is_void(dossier: Dossier) -> None:
    dossier.reach(Etat.VISE)
    line = dossier.find_line("PJ00001")
    assert dossier.do(remove_lines, "maire", [line], "Erreur").etat is Etat.ANALYSEE
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        assert (row.liste_sha256, row.autorisation) == ("", "")
    with pytest.raises(Conflict, match="Aucune de ces lignes"):
        dossier.do(remove_lines, "maire", [line])
    assert dossier.do(add_pj, "maire", [dossier.monde.pj["PJ00001"]]).lignes == 4
    assert dossier.do(propose, "maire").etat is Etat.PROPOSEE
    with pytest.raises(Conflict, match="ajouter"):
        dossier.do(add_eligibles, "maire", TOUT)


def test_a_frozen_list_takes_in_only_what_may_go_now(dossier: Dossier) -> None:
    dossier.do(add_pj, "maire", [dossier.monde.pj["PJ00001"]])
    dossier.do(analyse, "maire")
    dossier.do(propose, "maire")
    dossier.hold("PJ00002")
    assert dossier.do(add_eligibles, "maire", Criteres(2023, 2023)).lignes == 3
    assert "PJ00002" not in dossier.lines()


def test_what_is_added_is_of_the_criteria(dossier: Dossier) -> None:
    for nothing in (Criteres(2024), Criteres(None, 2022), Criteres(type_pj="999")):
        with pytest.raises(Conflict, match="ajouter"):
            dossier.do(add_eligibles, "maire", nothing)
    assert dossier.do(add_eligibles, "maire", Criteres(2023, 2023, "006")).lignes == 2


def test_a_pj_is_of_one_bordereau_at_a_time(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.BROUILLON)
    other = Dossier(monde)
    with pytest.raises(Conflict, match="BE-2026-000001"):
        other.do(add_pj, "maire", [monde.pj["PJ00001"]])
    with pytest.raises(Conflict, match="ajouter"):
        other.do(add_eligibles, "maire", TOUT)
    dossier.do(abandon, "maire", "Doublon")
    assert other.do(add_eligibles, "maire", TOUT).lignes == 4


def test_what_may_not_go_or_is_elsewhere_is_not_added(dossier: Dossier, monde: Monde) -> None:
    with pytest.raises(NotFound):
        dossier.do(add_pj, "maire", [123456])
    dossier.hold("PJ00001")
    with pytest.raises(Conflict, match="ne peut pas partir"):
        dossier.do(add_pj, "maire", [monde.pj["PJ00001"]])
    with pytest.raises(Conflict, match="au plus 50000"):
        dossier.do(add_pj, "maire", list(range(60_000)))


def test_a_line_is_refused_once_for_all_in_its_bordereau(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.VISE, "PJ00002")
    assert dossier.etat is Etat.VISE_EN_PARTIE
    with pytest.raises(Conflict, match="ajouter"):
        dossier.do(add_pj, "maire", [monde.pj["PJ00002"]])
    assert Dossier(monde).do(add_pj, "maire", [monde.pj["PJ00002"]]).lignes == 1


def test_exceptions_bear_on_lines_a_typologie_or_all(dossier: Dossier) -> None:
    dossier.reach(Etat.VISA_DEMANDE)
    with dossier.monde.database.reading() as session:
        (first, second) = find_typologies(session, dossier.id)
    assert {first.nombre, second.nombre} == {2}
    dossier.do(except_lines, "archiviste", Choix(typologie=first.nom), "À garder")
    with dossier.monde.database.reading() as session:
        shown = find_typologies(session, dossier.id, archives=True)
        hidden = find_typologies(session, dossier.id)
        lines, _ = find_lignes(session, dossier.id, typologie=first.nom)
    assert [t.exceptees for t in shown] == [2, 0]
    assert [t.exceptees for t in hidden] == [0, 0]
    assert [line.motif for line in lines] == ["", ""]
    dossier.do(except_lines, "archiviste", Choix(tout=True), "")
    with pytest.raises(Conflict, match="choisie"):
        dossier.do(except_lines, "archiviste", Choix((0,)), "Non")
    dossier.do(except_lines, "archiviste", Choix(tout=True), "Tout garder")
    suite = dossier.do(answer_visa, "archiviste", Reponse("AD 3", "Voir nos échanges", PV))
    assert suite.etat is Etat.REFUSE
    assert set(dossier.lines().values()) == {StatutLigne.REFUSEE}
    assert Dossier(dossier.monde).do(add_eligibles, "maire", TOUT).lignes == 4


def test_people_do_what_is_theirs(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.BROUILLON)
    for nom in ("archiviste", "comptable"):
        with pytest.raises(Forbidden):
            dossier.do(analyse, nom)
    for nom in ("agent", "voisin", "juge"):
        with pytest.raises(NotFound):
            dossier.do(analyse, nom)
    dossier.do(analyse, "maire")
    dossier.do(propose, "maire")
    with pytest.raises(Forbidden):
        dossier.do(ask_visa, "archiviste")
    dossier.do(ask_visa, "secretaire")
    with pytest.raises(Forbidden):
        dossier.do(answer_visa, "maire", Reponse("AD"))
    with monde.database.writing() as session, pytest.raises(NotFound):
        create_bordereau(session, monde.gens["voisin"], COMMUNE, "X", today=AUJOURD_HUI)


def test_who_proposes_does_not_visa_and_who_attests_does_not_countersign(
    dossier: Dossier, monde: Monde
) -> None:
    with monde.database.writing() as session:
        both = monde.gens["maire"].personne_id
        grant(session, both, Role.ARCHIVISTE, portee="collectivite", portee_cle=COMMUNE)
    read_again(monde, "maire")
    dossier.reach(Etat.VISA_DEMANDE)
    with pytest.raises(Forbidden, match="vise pas"):
        dossier.do(answer_visa, "maire", Reponse("AD"))
    assert Geste.VISER not in find_gestes_de(dossier, "maire")
    dossier.answer()
    dossier.do(open_delai, "maire", regles=REGLES)
    dossier.attest()
    assert Geste.CONTRESIGNER not in find_gestes_de(dossier, "maire")
    with pytest.raises(Forbidden, match="autre personne"):
        dossier.do(countersign, "maire", today=APRES)
    assert dossier.do(recuse, "secretaire", "Pas fait", today=APRES).etat is Etat.DELAI
    dossier.attest("secretaire")
    assert dossier.do(countersign, "maire", today=APRES).etat is Etat.ATTESTEE


def find_gestes_de(dossier: Dossier, nom: str, regles: Regles = REGLES) -> tuple[Geste, ...]:
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        return find_possibles(session, dossier.monde.gens[nom], row, regles, APRES)


def test_one_is_told_what_one_may_do_now(dossier: Dossier) -> None:
    assert Geste.ANALYSER in find_gestes_de(dossier, "maire")
    assert find_gestes_de(dossier, "archiviste") == ()
    dossier.reach(Etat.PROPOSEE)
    assert Geste.AUTORISER not in find_gestes_de(dossier, "maire")
    general = Regles(autorisation_generale="Arrêté 12")
    assert Geste.AUTORISER in find_gestes_de(dossier, "maire", general)
    assert find_gestes_de(dossier, "comptable") == ()


def test_what_is_declared_no_more_before_the_attestation_sets_every_line_aside(
    dossier: Dossier, monde: Monde
) -> None:
    dossier.reach(Etat.A_CONTRESIGNER)
    with monde.database.writing() as session:
        query = select(Declaration).where(Declaration.genre == Genre.ADHESION_OFFRE.value)
        row = session.scalars(query).one()
        put_declaration(
            session, Genre.ADHESION_OFFRE, COMMUNE, depuis=row.depuis, jusqu_a=AUJOURD_HUI,
            remplace_id=row.id,
        )  # fmt: skip
    assert dossier.do(countersign, "secretaire", today=APRES).etat is Etat.ABANDONNEE
    assert set(dossier.lines().values()) == {StatutLigne.ECARTEE}


def test_nothing_is_attested_without_authorisation_nor_before_the_end_of_its_delai(
    dossier: Dossier,
) -> None:
    dossier.reach(Etat.DELAI)
    said = Attestation(AUJOURD_HUI, "Broyage", PV)
    for day in (AUJOURD_HUI, APRES - timedelta(days=2), APRES - timedelta(days=1)):
        with pytest.raises(Conflict, match="Le délai court"):
            dossier.do(attest, "maire", said, today=day)
    with pytest.raises(Invalid, match="la date le précède"):
        dossier.do(attest, "maire", said, today=APRES)
    for wrong, match in (
        ({"detruite_le": APRES + timedelta(days=1)}, "avant d’être faite"),
        ({"piece": None}, "procès-verbal"),
        ({"methode": " "}, "méthode"),
        ({"metrage_mm": -1}, "métrage"),
    ):
        with pytest.raises(Invalid, match=match):
            dossier.attest(**wrong)
    with dossier.monde.database.writing() as session:
        session.execute(update(BordereauElimination).values(autorisation=""))
    with pytest.raises(Conflict, match="règle 15"):
        dossier.attest()


def test_the_general_authorisation_stands_for_a_visa_where_it_is_set(dossier: Dossier) -> None:
    dossier.reach(Etat.PROPOSEE)
    with pytest.raises(Conflict, match="réglée"):
        dossier.do(invoke_autorisation, "maire", regles=REGLES)
    general = Regles(autorisation_generale="Arrêté 12")
    assert dossier.do(invoke_autorisation, "maire", regles=general).etat is Etat.VISE
    with dossier.monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        assert row.autorisation == "Autorisation générale : Arrêté 12"


def test_a_gel_stops_the_general_authorisation_too(dossier: Dossier) -> None:
    dossier.reach(Etat.PROPOSEE)
    dossier.hold("PJ00001")
    general = Regles(autorisation_generale="Arrêté 12")
    suite = dossier.do(invoke_autorisation, "maire", regles=general)
    assert suite.etat is Etat.ANALYSEE


def test_a_delai_opened_on_nothing_left_abandons(dossier: Dossier) -> None:
    dossier.reach(Etat.VISE)
    for nom in ("PJ00001", "PJ00002", "PJ00003", "PJ00004"):
        dossier.hold(nom)
    assert dossier.do(open_delai, "maire", regles=REGLES).etat is Etat.ABANDONNEE


def test_an_attestation_of_nothing_left_abandons(dossier: Dossier) -> None:
    dossier.reach(Etat.DELAI)
    for nom in ("PJ00001", "PJ00002", "PJ00003", "PJ00004"):
        dossier.hold(nom)
    assert dossier.attest().etat is Etat.ABANDONNEE


def test_when_the_archives_propose_there_are_three_months(monde: Monde) -> None:
    dossier = Dossier(monde, "archiviste")
    dossier.do(add_eligibles, "archiviste", TOUT)
    dossier.do(analyse, "archiviste")
    with pytest.raises(Forbidden):
        dossier.do(propose, "archiviste")
    assert read_objets(monde, "maire") == [
        "Les archives proposent une élimination : bordereau BE-2026-000001"
    ]
    dossier.do(propose, "maire")
    dossier.do(ask_visa, "maire")
    dossier.answer()
    dossier.do(open_delai, "maire", regles=REGLES)
    with monde.database.reading() as session:
        row = session.get_one(BordereauElimination, dossier.id)
        assert row.delai_jusqu_a == date(2026, 9, 1)


def test_the_certificate_is_signed_on_the_side_of_the_settings(dossier: Dossier) -> None:
    dossier.reach(Etat.ATTESTEE)
    with pytest.raises(Forbidden, match="archives"):
        dossier.do(certify, "maire", regles=REGLES, today=APRES)
    producer = Regles(certificat=Camp.PRODUCTEUR)
    assert Geste.CERTIFIER in find_gestes_de(dossier, "maire", producer)
    assert dossier.do(certify, "maire", regles=producer, today=APRES).etat is Etat.CERTIFIEE


def test_the_settings_say_who_certifies() -> None:
    assert make_regles(Settings()) == Regles(60, "", Camp.ARCHIVES)
    with pytest.raises(Invalid, match="CERTIFICAT"):
        make_regles(Settings(elimination_certificat="personne"))


def test_a_stale_page_or_another_state_changes_nothing(dossier: Dossier) -> None:
    dossier.reach(Etat.BROUILLON)
    with pytest.raises(Conflict, match="relisez-le"):
        dossier.do(analyse, "maire", pas=1)
    with pytest.raises(Conflict, match="« Brouillon »"):
        dossier.do(propose, "maire")
    with pytest.raises(Conflict, match="aucune ligne"):
        Dossier(dossier.monde).do(analyse, "maire")


def test_texts_are_given_and_bounded(dossier: Dossier, monde: Monde) -> None:
    with pytest.raises(Invalid, match="abandonné"):
        dossier.do(abandon, "maire", " ")
    with pytest.raises(Invalid, match="caractères"):
        dossier.do(abandon, "maire", "x" * 2001)
    with monde.database.writing() as session, pytest.raises(Invalid, match="caractères"):
        create_bordereau(session, monde.gens["maire"], COMMUNE, "X", "y" * 2001, today=AUJOURD_HUI)


def test_documents_are_given_back_to_who_sees_the_bordereau(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.PROPOSEE)
    with monde.database.reading() as session:
        (etape,) = session.scalars(
            select(EtapeElimination.id).where(EtapeElimination.document != "")
        )
        where = (session, monde.storage)
        found = open_document(*where, monde.gens["comptable"], dossier.id, etape)
        assert found == (PV.nom, PV.octets)
        for who, which in (("voisin", etape), ("maire", etape - 1), ("maire", 999)):
            with pytest.raises(NotFound):
                open_document(*where, monde.gens[who], dossier.id, which)
    bad = PieceJointe("pv.exe", b"MZ")
    with pytest.raises(Invalid, match="se joignent"):
        dossier.do(ask_visa, "maire", piece=bad)


def read_objets(monde: Monde, nom: str) -> list[str]:
    """The subjects of the mails to this person."""
    with monde.database.reading() as session:
        query = select(Message.objet).where(Message.destinataire == f"{nom}@exemple.fr")
        return list(session.scalars(query.order_by(Message.id)))


def test_who_has_to_act_is_told(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.VISE, "PJ00001")
    assert [o.split(" :")[0] for o in read_objets(monde, "archiviste")] == ["Visa demandé"]
    assert [o.split(" :")[0] for o in read_objets(monde, "directrice")] == ["Visa demandé"]
    assert [o.split(" :")[0] for o in read_objets(monde, "maire")] == ["Visa partiel"]
    assert read_objets(monde, "voisin") == read_objets(monde, "agent") == []
    dossier.hold("PJ00002")
    dossier.do(open_delai, "maire", regles=REGLES)
    with monde.database.writing() as session:
        assert remind_delais(session, (), AUJOURD_HUI) == 0
        assert remind_delais(session, (), APRES) == 2
        assert remind_delais(session, (), APRES) == 0
    dossier.hold("PJ00003")
    dossier.attest()
    assert read_objets(monde, "secretaire")[-1].startswith("Lignes écartées")
    dossier.attest()
    assert read_objets(monde, "secretaire")[-1].startswith("À contresigner")
    with monde.database.reading() as session:
        bodies = list(session.scalars(select(Message.corps)))
    assert any("écartée" in body for body in bodies)
    assert all("ORC ne supprime jamais rien" in body for body in bodies)


def test_an_account_closed_or_without_an_address_is_told_nothing(
    dossier: Dossier, monde: Monde
) -> None:
    with monde.database.writing() as session:
        ident = monde.gens["directrice"].personne_id
        session.get_one(Personne, ident).desactive_le = read_now()
    dossier.reach(Etat.VISA_DEMANDE)
    assert read_objets(monde, "directrice") == []


def test_lists_are_of_ones_scope(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.VISA_DEMANDE)
    later = Dossier(monde)
    with monde.database.reading() as session:
        for nom, combien in (("comptable", 2), ("archiviste", 2), ("voisin", 0), ("juge", 0)):
            found, total = select_bordereaux(session, monde.gens[nom].clearance)
            assert (len(found), total) == (combien, combien)
        mine = monde.gens["maire"].clearance
        found, _ = select_bordereaux(session, mine)
        assert [b.id for b in found] == [later.id, dossier.id]
        asked, _ = select_bordereaux(session, mine, etats=[Etat.VISA_DEMANDE], anciens=True)
        assert [(b.id, b.lignes, b.libelle_etat) for b in asked] == [
            (dossier.id, 4, "Visa demandé")
        ]
        assert select_bordereaux(session, mine, siren=VOISINE) == ([], 0)
        assert read_bordereau(session, monde.gens["maire"], later.id).etat is Etat.BROUILLON
        with pytest.raises(NotFound):
            get_bordereau(session, monde.gens["voisin"].clearance, dossier.id)


def test_the_register_is_searched_by_name_id_or_number(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.CERTIFIEE)
    with monde.database.reading() as session:
        mine = monde.gens["comptable"].clearance
        for mots, combien in (("PJ00002", 1), ("pj0000", 4), ("be-2026", 4), ("%", 0)):
            assert read_registre(session, mine, mots=mots)[1] == combien
        assert read_registre(session, mine, siren=VOISINE) == ([], 0)
        assert read_registre(session, monde.gens["voisin"].clearance) == ([], 0)
        row = session.get_one(BordereauElimination, dossier.id)
        attested = hash_list(session, row, attested=True)
        etapes = find_etapes(session, dossier.id, frozenset(Camp))
    assert etapes[-1].liste_sha256 == attested
    assert (etapes[-1].libelle, etapes[-1].libelle_apres) == ("Certificat", "Certifié")


def test_each_step_is_journaled_with_the_list_it_bears_on(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.CERTIFIEE)
    with monde.database.reading() as session:
        acts = session.scalars(select(Ecriture).where(Ecriture.acte == "elimination")).all()
        steps = session.scalars(select(EtapeElimination).order_by(EtapeElimination.id)).all()
    assert len(acts) == len(steps) == 10
    assert [json.loads(a.details)["liste_sha256"] for a in acts] == [s.liste_sha256 for s in steps]


def test_a_line_cited_from_elsewhere_or_gone_is_set_aside(dossier: Dossier, monde: Monde) -> None:
    dossier.reach(Etat.BROUILLON)
    with monde.database.writing() as session:
        lien = session.scalars(select(Lien).where(Lien.pj_id == monde.pj["PJ00001"])).one()
        lien.cellule_id = make_cellule(
            session, make_budget(session, VOISINE), 2023, Domaine.ORDINAIRE
        )
        session.execute(
            update(PieceJustificative)
            .where(PieceJustificative.id == monde.pj["PJ00002"])
            .values(courante=False)
        )
    assert dossier.do(analyse, "maire").ecartees == 2
    with monde.database.reading() as session:
        lines, _ = find_lignes(session, dossier.id, statut=StatutLigne.ECARTEE)
    assert {line.id_unique: line.motif for line in lines} == {
        "PJ00001": HORS_PERIMETRE, "PJ00002": ABSENTE,
    }  # fmt: skip


def test_acts_are_found_by_their_name_signed_or_not() -> None:
    assert find_geste("proposer", signe=True) is Geste.PROPOSER
    assert find_geste("proposer", signe=False) is None
    assert find_geste("creer", signe=False) is None


def test_acts_by_name_want_what_they_need(dossier: Dossier, monde: Monde) -> None:
    dossier.do(add_eligibles, "maire", TOUT)
    with monde.database.writing() as session:
        where = (session, monde.storage, monde.gens["maire"], dossier.id)
        suite = do_geste(Appel(*where, 2, REGLES, AUJOURD_HUI), Geste.ANALYSER, Saisie())
        assert suite.etat is Etat.ANALYSEE
        appel = Appel(*where, 3, REGLES, APRES)
        with pytest.raises(Invalid, match="date de la destruction"):
            do_geste(appel, Geste.ATTESTER, Saisie(piece=PV))


def test_every_act_but_those_of_the_table_is_refused() -> None:
    for etat in Etat:
        for geste in Geste:
            if (etat, geste) not in PASSAGES:
                with pytest.raises(Conflict, match="rien n’a été changé"):
                    find_passage(etat, geste)
    assert not [e for e, _ in PASSAGES if e in (Etat.REFUSE, Etat.CERTIFIEE, Etat.ABANDONNEE)]
