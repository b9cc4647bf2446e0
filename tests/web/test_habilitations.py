"""Pages of habilitations: asked for, answered, revoked; each sees and does what is its own."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import ColumnElement, delete, func, select, update

from orc.domain import Role
from orc.identity.cles import DroitApi
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.identity.techniques import NouveauTechnique, create_technique
from orc.journal.read import find_visiteurs
from orc.models import (
    Base,
    CleApi,
    CompteTechnique,
    Demande,
    Ecriture,
    Habilitation,
    Mission,
    Personne,
    PieceDemande,
    PorteeMission,
    Structure,
    read_now,
)
from tests.archive import COMMUNAUTE, COMMUNE, MOT_DE_PASSE, POSTE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

NBSP = "\u00a0"
PDF = ("pieces", ("deliberation.pdf", b"%PDF-1.7 deliberation", "application/pdf"))
STRUCTURE = {"objet": "structure", "siren": COMMUNE, "motif": "Délibération du 12/01"}
ACCES = {"objet": "personne", "siren": COMMUNE, "motif": "Service finances"}


# What a test makes and the next one has to be without, children first.
FAITS = (
    PieceDemande, Demande, Structure, CleApi, CompteTechnique, Habilitation, PorteeMission, Mission,
)  # fmt: skip


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("habilitations")) as archive:
        with archive.orc.database.writing() as session:
            for nom in ("alice", "bob", "chef"):
                compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
                archive.personnes[nom] = create_compte(session, compte, par="test")
        yield archive


@pytest.fixture
def archive(ensemble: Archive) -> Iterator[Archive]:
    """One archive for them all, where each test finds only the grants of the first day."""
    with ensemble.orc.database.reading() as session:
        ids = [find_key(table) for table in FAITS]
        before = [session.scalar(select(func.max(key))) or 0 for key in ids]
    yield ensemble
    with ensemble.orc.database.writing() as session:
        for table, key, last in zip(FAITS, ids, before, strict=True):
            session.execute(delete(table).where(key > last))
        first = {"retire_le": None, "retire_par": "", "motif_retrait": ""}
        session.execute(update(Habilitation).values(first))


def find_key(table: type[Base]) -> ColumnElement[int]:
    """The column that numbers the rows of a table."""
    return next(iter(table.__table__.primary_key))


@pytest.fixture(scope="module")
def navigateurs(ensemble: Archive) -> Iterator[dict[str, Navigateur]]:
    """A browser per person, logged in when first asked for."""

    class Navigateurs(dict[str, Navigateur]):
        def __missing__(self, nom: str) -> Navigateur:
            self[nom] = stack.enter_context(open_navigateur(address, nom))
            return self[nom]

    with ExitStack() as stack:
        address = stack.enter_context(serve(ensemble.orc))
        yield Navigateurs()


@pytest.fixture
def ouvrir(archive: Archive, navigateurs: dict[str, Navigateur]) -> dict[str, Navigateur]:
    """The same browsers, once the test has its archive."""
    del archive
    return navigateurs


def deposit(qui: Navigateur, *pieces: tuple[str, object], **fields: str) -> httpx.Response:
    jeton = qui.read_jeton("/demandes")
    sent = list(pieces) or [("rien", ("", b"", "application/octet-stream"))]
    return qui.client.post("/demandes/nouvelle", data={"jeton": jeton, **fields}, files=sent[:9])  # type: ignore[arg-type]  # as a browser sends them


def get_last(archive: Archive, table: type) -> int:
    with archive.orc.database.reading() as session:
        return int(session.scalars(select(table.id).order_by(table.id.desc())).first() or 0)


def decide(qui: Navigateur, archive: Archive, reponse: str, motif: str = "") -> httpx.Response:
    number = get_last(archive, Demande)
    return qui.post(f"/habilitations/demandes/{number}", reponse=reponse, motif=motif)


def open_structure(archive: Archive, ouvrir: dict[str, Navigateur]) -> None:
    assert deposit(ouvrir["alice"], PDF, **STRUCTURE).status_code == 303
    assert decide(ouvrir["comptable"], archive, "accorder").status_code == 303


def test_from_the_demande_to_the_search_to_the_revocation(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    alice, bob, comptable = ouvrir["alice"], ouvrir["bob"], ouvrir["comptable"]
    path = f"/piece/{archive.pieces['principal/2022/127']}"
    assert bob.get(path).status_code == 403
    open_structure(archive, ouvrir)
    assert "Habilitation de la structure" in alice.get("/demandes").text
    assert alice.get(path).status_code == 403
    answer = deposit(alice, **ACCES, identifiant="bob", role="ordonnateur")
    assert answer.headers["location"] == "/demandes?fait=deposee"
    page = comptable.get("/habilitations").text
    assert "Service finances" in page
    assert "Ordonnateur pour Commune de Sainte-Anne" in page
    said = decide(comptable, archive, "accorder").headers["location"]
    assert "vaut dès maintenant" in comptable.get(said).text
    assert bob.get(path).status_code == 200
    assert "Facture_Energie" in bob.get("/recherche?q=consommation").text
    number = get_last(archive, Habilitation)
    said = alice.post(f"/habilitations/{number}/retrait", motif="Mutation", retour="structure")
    assert said.headers["location"] == "/structure?fait=retiree"
    assert "n’ouvre plus rien" in alice.get("/structure?fait=retiree").text
    assert bob.get(path).status_code == 403


def test_the_steps_say_to_whom_and_for_whom(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    alice = ouvrir["alice"]
    assert "SIREN de la collectivité" in alice.get("/demandes/nouvelle").text
    unknown = alice.get("/demandes/nouvelle?siren=123456789")
    assert unknown.status_code == 422
    assert "Aucun poste comptable" in unknown.text
    page = alice.get("/demandes/nouvelle?siren=999 000 018".replace(" ", "%20")).text
    assert f"comptable du poste {POSTE}" in page
    assert "gestionnaire principal" in page
    open_structure(archive, ouvrir)
    assert "un de ses agents" in alice.get(f"/demandes/nouvelle?siren={COMMUNE}").text
    page = ouvrir["bob"].get(f"/demandes/nouvelle?siren={COMMUNE}").text
    assert "pour vous-même" in page
    assert "Assainissement" in page


def test_what_is_wrong_is_said_on_the_form_with_what_was_typed(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    alice = ouvrir["alice"]
    for fields, pieces, said in (
        (STRUCTURE, (), "Joignez l’acte"),
        (STRUCTURE, (("pieces", ("a.html", b"<script>", "text/html")),), "pas de ceux"),
        ({**STRUCTURE, "siren": "12"}, (PDF,), "neuf chiffres"),
        ({**ACCES, "exercice_min": "22"}, (), "quatre chiffres"),
        ({**ACCES, "role": "roi"}, (), "Ce choix n’existe pas"),
        ({**ACCES, "role": "juge"}, (), "ne se demande pas ici"),
        ({**ACCES, "domaine": "secret"}, (), "Ce choix n’existe pas"),
        ({**ACCES, "identifiant": "bob"}, (), "gestionnaire principal"),
    ):
        answer = deposit(alice, *pieces, **fields)
        assert answer.status_code == 422
        assert said in answer.text
    assert "Service finances" in answer.text
    assert get_last(archive, Demande) == 0


def test_a_demande_without_its_token_or_too_large_deposits_nothing(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    alice = ouvrir["alice"]
    assert alice.client.post("/demandes/nouvelle", data=STRUCTURE, files=[PDF]).status_code == 403  # type: ignore[arg-type]  # as a browser sends it
    big = ("pieces", ("a.pdf", b"%PDF-" + b"x" * 13_000_000, "application/pdf"))
    assert deposit(alice, big, **STRUCTURE).status_code == 413
    many = [("pieces", ("a.pdf", b"%PDF-", "application/pdf"))] * 6
    assert deposit(alice, *many, **STRUCTURE).status_code == 400
    assert get_last(archive, Demande) == 0


def test_files_are_sent_nowhere_else(ouvrir: dict[str, Navigateur]) -> None:
    comptable = ouvrir["comptable"]
    jeton = comptable.read_jeton("/")
    answer = comptable.client.post("/exercices/clore", data={"jeton": jeton}, files=[PDF])  # type: ignore[arg-type]  # as a browser sends it
    assert answer.status_code == 400


def test_a_document_is_downloaded_never_shown_and_journaled(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    deposit(ouvrir["alice"], PDF, **STRUCTURE)
    demande, piece = get_last(archive, Demande), get_last(archive, PieceDemande)
    path = f"/demandes/{demande}/pieces/{piece}"
    for nom in ("alice", "comptable"):
        answer = ouvrir[nom].get(path)
        assert answer.content == PDF[1][1]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
    for nom in ("bob", "ordonnateur", "administrateur", "juge"):
        assert ouvrir[nom].get(path).status_code == 404
    with archive.orc.database.reading() as session:
        query = select(Ecriture.acteur).where(Ecriture.objet == f"piece_demande:{piece}")
        assert session.scalars(query).all() == ["alice", "comptable"]


def test_the_form_of_an_answer_grants_nothing_of_its_own(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    open_structure(archive, ouvrir)
    deposit(ouvrir["bob"], **ACCES, role="ordonnateur")
    number = get_last(archive, Demande)
    ouvrir["comptable"].post(
        f"/habilitations/demandes/{number}",
        reponse="accorder",
        role="administrateur",
        domaines="paie",
        portee="departement",
        personne_id="1",
    )
    with archive.orc.database.reading() as session:
        grant = session.get_one(Habilitation, get_last(archive, Habilitation))
        assert (grant.role, grant.portee, grant.domaines) == ("ordonnateur", "collectivite", "")
        assert grant.personne_id == archive.personnes["bob"]


def test_a_refusal_without_a_motif_and_an_answer_given_twice_are_told(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    deposit(ouvrir["alice"], PDF, **STRUCTURE)
    comptable = ouvrir["comptable"]
    assert decide(comptable, archive, "refuser").status_code == 422
    assert decide(comptable, archive, "refuser", "Illisible").status_code == 303
    assert decide(comptable, archive, "accorder").status_code == 409
    assert "Illisible" in ouvrir["alice"].get("/demandes").text
    assert "Dernières réponses" in comptable.get("/habilitations").text
    assert ouvrir["alice"].get("/structure").status_code == 403


def test_a_demande_is_abandoned_by_its_own(archive: Archive, ouvrir: dict[str, Navigateur]) -> None:
    deposit(ouvrir["alice"], PDF, **STRUCTURE)
    number = get_last(archive, Demande)
    assert ouvrir["bob"].post(f"/demandes/{number}/abandon").status_code == 404
    answer = ouvrir["alice"].post(f"/demandes/{number}/abandon")
    assert "abandonnée" in ouvrir["alice"].get(answer.headers["location"]).text


def test_a_grant_that_ends_soon_is_renewed_from_the_list(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    open_structure(archive, ouvrir)
    number, comptable = get_last(archive, Habilitation), ouvrir["comptable"]
    assert "À revoir" not in comptable.get("/habilitations").text
    assert comptable.post(f"/habilitations/{number}/renouvellement").status_code == 409
    soon = date.today() + timedelta(days=10)  # noqa: DTZ011 - as the page
    with archive.orc.database.writing() as session:
        session.get_one(Habilitation, number).jusqu_a = soon
    assert "À revoir" in comptable.get("/habilitations").text
    assert ouvrir["alice"].post(f"/habilitations/{number}/renouvellement").status_code == 403
    assert comptable.post(f"/habilitations/{number}/renouvellement").status_code == 303
    assert "À revoir" not in comptable.get("/habilitations").text


def test_a_structure_is_withdrawn_with_its_people(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    open_structure(archive, ouvrir)
    comptable = ouvrir["comptable"]
    path = "/habilitations/structures"
    assert comptable.post(path, siren=COMMUNAUTE, motif="x").status_code == 404
    assert comptable.post(path, siren=COMMUNE, motif="Fusion").status_code == 303
    assert ouvrir["alice"].get("/structure").status_code == 403


def test_the_page_of_a_structure_lists_its_people_and_technical_accounts(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    open_structure(archive, ouvrir)
    with archive.orc.database.writing() as session:
        compte = NouveauCompte("passerelle", "Passerelle", MOT_DE_PASSE)
        made = create_compte(session, compte, par="t")
        session.add(
            CompteTechnique(
                personne_id=made, siren=COMMUNE, proprietaire_id=archive.personnes["alice"]
            )
        )
        session.flush()
        session.add(
            CleApi(
                personne_id=made,
                debut="orc_ab",
                empreinte="e",
                creee_le=read_now(),
                creee_par="t",
                expire_le=read_now().replace(year=2031, month=1, day=2),
            )
        )
    page = ouvrir["alice"].get("/structure").text
    assert "Passerelle" in page
    assert re.search(r"0[12]/01/2031 à", page)
    assert "Gestionnaire principal pour Commune de Sainte-Anne" in page


def test_an_administrateur_validates_where_the_setting_says_so(tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = make_archive(tmp_path, habilitation_validation_dgfip=True)
        archive = stack.enter_context(made)
        address = stack.enter_context(serve(archive.orc))
        alice, comptable, administrateur = (
            stack.enter_context(open_navigateur(address, nom))
            for nom in ("partenaire", "comptable", "administrateur")
        )
        deposit(alice, PDF, **STRUCTURE)
        assert decide(administrateur, archive, "accorder").status_code == 404
        assert (
            "un administrateur valide"
            in comptable.get(decide(comptable, archive, "accorder").headers["location"]).text
        )
        assert "Accord du comptable" in administrateur.get("/habilitations").text
        assert decide(administrateur, archive, "accorder").status_code == 303
        assert alice.get("/structure").status_code == 200


def test_an_administrateur_makes_closes_and_resets_an_account(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin = ouvrir["administrateur"]
    answer = admin.post(
        "/administration/personnes", identifiant="Lea-xt", nom="Léa Test", courriel="lea@x.fr"
    )
    assert answer.status_code == 200
    shown = re.search(r'orc-empreinte">([^<]+)<', answer.text)
    assert shown is not None
    number = get_last(archive, Personne)
    with archive.orc.database.reading() as session:
        assert session.get_one(Personne, number).provisoire
    again = admin.post("/administration/personnes", identifiant="lea-xt", nom="Autre")
    assert again.status_code == 422
    assert "existe déjà" in again.text
    reset = admin.post(f"/administration/personnes/{number}/mot-de-passe")
    assert shown[1] not in reset.text
    assert "Mot de passe provisoire" in reset.text
    assert "Léa Test" in admin.get("/administration?q=lea").text
    assert "Personne ne correspond" in admin.get("/administration?q=zzz").text
    assert admin.post(f"/administration/personnes/{number}/fermeture").status_code == 303
    page = admin.get(f"/administration/personnes/{number}").text
    assert "compte fermé" in page
    assert "Rouvrir le compte" in page


def test_a_closed_account_is_opened_again_and_its_sessions_are_closed_from_afar(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin, address = ouvrir["administrateur"], str(ouvrir["administrateur"].client.base_url)
    path = f"/administration/personnes/{archive.personnes['paie']}"
    assert admin.post(f"{path}/reouverture").status_code == 409
    with open_navigateur(address, "paie") as paie:
        assert paie.get("/").status_code == 200
        assert admin.post(f"{path}/sessions").headers["location"] == f"{path}?fait=sessions"
        assert paie.get("/").headers["location"] == "/connexion"
        assert admin.post(f"{path}/fermeture").status_code == 303
        assert paie.log_in("paie").status_code == 403
        assert admin.post(f"{path}/reouverture").status_code == 303
        assert "rouvert" in admin.get(f"{path}?fait=rouvert").text
        assert paie.log_in("paie").status_code == 303
        assert paie.get("/recherche").status_code == 200
    with archive.orc.database.reading() as session:
        objet = f"personne:{archive.personnes['paie']}"
        query = select(Ecriture.acte).where(Ecriture.objet == objet, Ecriture.acteur != "paie")
        acts = session.scalars(query.order_by(Ecriture.id.desc()).limit(3)).all()
    assert acts == ["compte_reactive", "compte_desactive", "session_fermee"]
    own = f"/administration/personnes/{archive.personnes['administrateur']}"
    for action in ("reouverture", "sessions"):
        assert admin.post(f"{own}/{action}").status_code == 403


def test_a_technical_account_has_no_password_to_give_and_stays_closed(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin = ouvrir["administrateur"]
    with archive.orc.database.writing() as session:
        nouveau = NouveauTechnique(COMMUNE, "relais", "Relais", "alice", frozenset(DroitApi))
        number = create_technique(session, nouveau, par="test")
    path = f"/administration/personnes/{number}"
    page = admin.get(path).text
    assert "compte technique" in page
    assert "mot de passe provisoire" not in page
    assert admin.post(f"{path}/mot-de-passe").status_code == 409
    assert admin.post(f"{path}/fermeture").status_code == 303
    assert "Rouvrir" not in admin.get(path).text
    assert admin.post(f"{path}/reouverture").status_code == 409


def test_an_administrateur_grants_and_withdraws_never_for_itself(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin, bob = ouvrir["administrateur"], archive.personnes["bob"]
    path = f"/administration/personnes/{bob}"
    made = {"role": "comptable", "portee": "poste", "cle": POSTE, "exercice_min": "2022"}
    assert admin.post(f"{path}/habilitations", **made, jusqu_a="31/12/2099").status_code == 303
    page = admin.get(f"{path}?fait=accordee").text
    assert f"Comptable public du poste Trésorerie {POSTE} ({POSTE}), depuis l’exercice 2022" in page
    assert "jusqu’au 31/12/2099, accordé par administrateur" in page
    for wrong in (
        {**made, "role": "juge"},
        {**made, "portee": "mission"},
        {**made, "cle": ""},
        {**made, "jusqu_a": "demain"},
        {**made, "role": "roi"},
    ):
        assert admin.post(f"{path}/habilitations", **wrong).status_code == 422
    outside = {"role": "archiviste", "portee": "departement", "cle": "33"}
    refused = admin.post(f"{path}/habilitations", **outside)
    assert refused.status_code == 422
    assert "finit par « -xt »" in refused.text.replace("\xa0", " ")
    number = get_last(archive, Habilitation)
    withdrawn = f"/administration/habilitations/{number}/retrait"
    assert admin.post(withdrawn, motif="").status_code == 422
    assert admin.post(withdrawn, motif="Erreur").status_code == 303
    assert admin.post("/administration/habilitations/987654/retrait", motif="x").status_code == 404
    mine = archive.personnes["administrateur"]
    own = f"/administration/personnes/{mine}"
    for action in ("fermeture", "mot-de-passe"):
        assert admin.post(f"{own}/{action}").status_code == 403
    assert admin.post(f"{own}/habilitations", **made).status_code == 403
    with archive.orc.database.reading() as session:
        query = select(Habilitation.id).where(Habilitation.personne_id == mine)
        held = session.scalars(query).one()
    refused = admin.post(f"/administration/habilitations/{held}/retrait", motif="x")
    assert refused.status_code == 403
    assert "le vôtre" in admin.get(own).text


def test_who_sees_a_collectivite_is_shown_without_the_juges(
    ouvrir: dict[str, Navigateur],
) -> None:
    admin = ouvrir["administrateur"]
    assert "Son SIREN, ou le début des mots de son nom" in admin.get("/administration/acces").text
    page = admin.get(f"/administration/acces?siren={COMMUNAUTE}").text
    assert "Communauté du Bocage" in page
    assert "Juge de test" not in page
    page = admin.get(f"/administration/acces?siren={COMMUNE}").text
    assert "Ordonnateur de test" in page
    assert "Comptable public du poste" in page


def test_who_sees_is_asked_by_the_name_of_the_collectivite_too(
    ouvrir: dict[str, Navigateur],
) -> None:
    admin = ouvrir["administrateur"]

    def ask(texte: str) -> str:
        return admin.get(f"/administration/acces?siren={quote(texte)}").text

    assert "<h2>Communauté du Bocage</h2>" in ask("bocage COMMUNAUTE")
    several = ask("co")
    assert "<h2>Laquelle ?</h2>" in several
    assert f'href="/administration/acces?siren={COMMUNAUTE}">Communauté du Bocage</a>' in several
    for unknown in ("zz", "' OR 1=1 --", "?"):
        assert "Aucune collectivité ne porte ce nom." in ask(unknown)
    assert "Qui en a ouvert" in ask(f" {COMMUNE[:3]} {COMMUNE[3:6]} {COMMUNE[6:]} ")


def test_who_saw_a_collectivite_of_late_is_shown_without_the_juges_nor_what_was_seen(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin = ouvrir["administrateur"]
    piece = archive.pieces["communaute/2022/70"]
    path = f"/administration/acces?siren={COMMUNAUTE}"
    assert ouvrir["juge"].get(f"/piece/{piece}").status_code == 200
    assert "<p>Personne.</p>" in admin.get(path).text
    with archive.orc.database.writing() as session:
        octroi = Octroi(Role.ORDONNATEUR, "collectivite", COMMUNAUTE)
        grant_habilitation(session, archive.personnes["bob"], octroi, par="test")
    assert ouvrir["bob"].get(f"/piece/{piece}").status_code == 200
    seen = admin.get(path).text.partition("depuis un mois")[2]
    assert "<strong>Bob</strong> (bob), la dernière fois le" in seen
    assert "Juge" not in seen
    assert "Participation" not in seen
    assert "<p>Personne.</p>" in admin.get("/administration/acces?siren=123456789").text
    with archive.orc.database.reading() as session:
        later = read_now() + timedelta(seconds=1)
        assert find_visiteurs(session, COMMUNAUTE, later) == {}


def test_the_home_page_says_what_happened_to_one_s_accesses_and_what_waits(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    alice, bob, chef = ouvrir["alice"], ouvrir["bob"], ouvrir["chef"]
    assert "Fil d’événements" not in bob.get("/").text
    deposit(alice, PDF, **STRUCTURE)
    assert "1 demande d’habilitation à traiter" in ouvrir["comptable"].get("/").text.replace(
        NBSP, " "
    )
    decide(ouvrir["comptable"], archive, "accorder")
    assert "demande d’habilitation" not in ouvrir["comptable"].get("/").text
    page = alice.get("/").text
    assert "Demande accordée" not in page
    assert "Habilitation accordée : Gestionnaire principal pour Commune" in page
    deposit(alice, **ACCES, identifiant="chef", role="partenaire")
    decide(ouvrir["comptable"], archive, "accorder")
    assert "Demande accordée : Partenaire pour Commune" in alice.get("/").text
    with archive.orc.database.writing() as session:
        session.execute(delete(Habilitation).where(Habilitation.role == "partenaire"))
    deposit(bob, **ACCES, role="ordonnateur")
    decide(ouvrir["comptable"], archive, "refuser", "Mauvais service")
    assert "Demande refusée : Ordonnateur" in bob.get("/").text
    assert "(Mauvais service)" in bob.get("/").text
    assert "Mauvais service" not in alice.get("/").text
    ouvrir["administrateur"].post("/missions", **MISSION)
    assert "Mission 2026-17 : vous en êtes membre" in chef.get("/").text
    mission = f"/missions/{get_last(archive, Mission)}"
    ouvrir["administrateur"].post(f"{mission}/cloture")
    assert "Mission 2026-17 : close" in chef.get("/").text


MISSION = {
    "reference": "2026-17",
    "ordre": "Ordre n° 17",
    "juridiction": "CRC",
    "du": "2020-01-01",
    "au": "2099-12-31",
    "chef": "chef",
    "perimetres": f"{COMMUNE} 2022\n{COMMUNAUTE} 2022-2023\n",
}


def test_a_mission_is_opened_peopled_by_its_head_and_closed(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    admin, chef, bob = ouvrir["administrateur"], ouvrir["chef"], ouvrir["bob"]
    path = f"/piece/{archive.pieces['principal/2022/129']}"
    assert chef.get("/missions").status_code == 403
    answer = admin.post("/missions", **MISSION)
    mission = f"/missions/{get_last(archive, Mission)}"
    assert answer.headers["location"] == f"{mission}?fait=ouverte"
    assert chef.get(path).status_code == 200
    page = chef.get(mission).text
    assert "Commune de Sainte-Anne (999000018), exercice 2022" in page
    assert "chef de la mission" in page
    assert "Clore la mission" not in page
    assert bob.get(path).status_code == 403
    assert chef.post(f"{mission}/membres", identifiant="bob").status_code == 303
    assert bob.get(path).status_code == 200
    assert "Ajouter" not in bob.get(mission).text
    assert bob.post(f"{mission}/membres", identifiant="alice").status_code == 403
    assert chef.post(f"{mission}/membres", identifiant="comptable").status_code == 422
    again = chef.post(f"{mission}/membres", identifiant="inconnu")
    assert "n’existe pas ou est fermé" in again.text
    grant = get_last(archive, Habilitation)
    assert chef.post(f"{mission}/membres/{grant}/retrait").status_code == 303
    assert bob.get(path).status_code == 403
    assert chef.post(f"{mission}/cloture").status_code == 403
    assert admin.post(f"{mission}/cloture").status_code == 303
    assert chef.get(path).status_code == 403
    assert "close" in admin.get(f"{mission}?fait=close").text
    assert "Close" in admin.get("/missions").text


def test_a_juge_writes_nothing_else(archive: Archive, ouvrir: dict[str, Navigateur]) -> None:
    juge = ouvrir["juge"]
    assert deposit(juge, PDF, **STRUCTURE).status_code == 403
    assert juge.post("/missions", **MISSION).status_code == 403
    assert juge.post("/missions/987654/membres", identifiant="bob").status_code == 404
    assert get_last(archive, Demande) == get_last(archive, Mission) == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("du", "hier", "date attendue"),
        ("perimetres", "999000018", "Une ligne s’écrit"),
        ("perimetres", "", "une collectivité au moins"),
        ("chef", "inconnu", "n’existe pas ou est fermé"),
        ("chef", "comptable", "un autre rôle"),
    ],
)
def test_a_mission_that_cannot_be_is_said_with_what_was_typed(
    archive: Archive, ouvrir: dict[str, Navigateur], name: str, value: str, said: str
) -> None:
    answer = ouvrir["administrateur"].post("/missions", **{**MISSION, name: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Ordre n° 17" in answer.text
    assert get_last(archive, Mission) == 0


def test_people_whose_grants_have_ended_still_ask(
    ouvrir: dict[str, Navigateur],
) -> None:
    page = ouvrir["bob"].get("/demandes").text
    assert "Aucune habilitation en vigueur" in page
    assert 'href="/demandes"' in page


def test_what_is_granted_from_the_pages_is_journaled(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    open_structure(archive, ouvrir)
    with archive.orc.database.reading() as session:
        rows = session.scalars(select(Ecriture).order_by(Ecriture.id.desc()).limit(2)).all()
    assert [row.acte for row in rows] == ["decision_de_demande", "habilitation"]
    assert json.loads(rows[1].details)["role"] == "gestionnaire"
