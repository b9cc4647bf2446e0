"""Pages of declarations: asked for, answered, recorded, corrected, ended; each sees its own."""

import html
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.domain import Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import Declaration, Message, Personne, Structure, read_now
from tests.archive import COMMUNAUTE, COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

CHEMIN = f"/destruction/declarations/{COMMUNE}"
PV = {"document": ("pv.pdf", b"%PDF-1.7 proces-verbal", "application/pdf")}
NUMERISATION = {"genre": "numerisation", "depuis": "2022-01-01", "valeur": "NF Z 42-026"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path) as archive:
        with archive.orc.database.writing() as session:
            for nom, octroi in (
                ("destructeur", Octroi(
                    Role.ORDONNATEUR, "collectivite", COMMUNE, droits=(Droit.DESTRUCTION,)
                )),
                ("gestionnaire", Octroi(Role.GESTIONNAIRE, "collectivite", COMMUNE)),
            ):  # fmt: skip
                compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
                archive.personnes[nom] = create_compte(session, compte, par="test")
                grant_habilitation(session, archive.personnes[nom], octroi, par="test")
            session.add(
                Structure(
                    siren=COMMUNE, depuis=date(2020, 1, 1), accordee_par="test",
                    accordee_le=read_now(),
                )
            )  # fmt: skip
            session.execute(update(Personne).values(courriel=Personne.identifiant + "@exemple.fr"))
        yield archive


@pytest.fixture
def ouvrir(archive: Archive) -> Iterator[dict[str, Navigateur]]:
    """A browser per person, logged in when first asked for."""

    class Navigateurs(dict[str, Navigateur]):
        def __missing__(self, nom: str) -> Navigateur:
            self[nom] = stack.enter_context(open_navigateur(address, nom))
            return self[nom]

    with ExitStack() as stack:
        address = stack.enter_context(serve(archive.orc))
        yield Navigateurs()


def get_last(archive: Archive) -> Declaration:
    with archive.orc.database.reading() as session:
        return session.scalars(select(Declaration).order_by(Declaration.id.desc())).first()  # type: ignore[return-value]  # there is one


def test_asked_by_the_gestionnaire_answered_by_the_comptable(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    gestionnaire, comptable = ouvrir["gestionnaire"], ouvrir["comptable"]
    assert "Demander l’adhésion" in gestionnaire.get("/structure").text
    page = gestionnaire.get(CHEMIN).text
    assert "aucune pièce de cette collectivité ne peut être détruite" in page
    assert "Demande d’adhésion à ORC" in page
    assert "3\u00a0conditions manquent" in html.unescape(page)
    assert 'value="numerisation"' not in page
    said = gestionnaire.post(CHEMIN, genre="demande_orc", depuis="2026-01-01", motif="Délibération")
    assert said.headers["location"] == f"{CHEMIN}?fait=demandee"
    assert "le comptable y répond" in gestionnaire.get(said.headers["location"]).text
    with archive.orc.database.reading() as session:
        assert session.scalars(select(Message.destinataire)).all() == ["comptable@exemple.fr"]
    assert "1 en attente" in comptable.get("/destruction/declarations").text
    assert "1\u00a0demande d’adhésion à traiter" in html.unescape(comptable.get("/").text)
    assert "adhésion à traiter" not in html.unescape(gestionnaire.get("/").text)
    page = comptable.get(CHEMIN).text
    assert "Demandes en attente" in page
    assert "Enregistrer l’adhésion" in page
    number = get_last(archive).id
    assert "la réponse du comptable est attendue" in page
    check_answer_again(comptable, number)
    said = comptable.post(
        f"/destruction/declaration/{number}/reponse", siren=COMMUNE, reponse="accorder",
        depuis="2026-01-02",
    )  # fmt: skip
    assert said.headers["location"] == f"{CHEMIN}?fait=repondue"
    page = comptable.get(CHEMIN).text
    assert "Adhésion à ORC" in page
    assert "02/01/2026" in page
    assert "accordée" in page
    assert "2\u00a0conditions manquent" in html.unescape(page)
    again = comptable.post(f"/destruction/declaration/{number}/reponse", reponse="refuser")
    assert again.status_code == 409


def check_answer_again(comptable: Navigateur, number: int) -> None:
    """A refusal without its motif, or a day that is none, is shown again as it was filled."""
    path = f"/destruction/declaration/{number}/reponse"
    for fields, champ, said in (
        ({"reponse": "refuser", "depuis": "2026-01-03"}, "motif", "Dites pourquoi la demande"),
        ({"reponse": "accorder", "depuis": "demain", "motif": "Vu"}, "depuis", "« demain »"),
    ):
        answer = comptable.post(path, siren=COMMUNE, **fields)
        assert answer.status_code == 422
        page = html.unescape(answer.text)
        assert said in page.split(f'id="{champ}-{number}-erreur">')[1].split("<")[0]
        assert f'value="{fields["depuis"]}"' in page
        assert fields.get("motif", "") in page


def test_what_lacks_for_destruction_is_said_as_it_is_declared(
    ouvrir: dict[str, Navigateur],
) -> None:
    qui = ouvrir["comptable"]
    for genre in ("adhesion_orc", "adhesion_offre", "tenue_helios"):
        assert qui.post(CHEMIN, genre=genre, depuis="2025-01-01").status_code == 303
    page = qui.get(CHEMIN).text
    assert "Rien de ce qui est numérisé" in page
    assert f'href="/destruction?siren={COMMUNE}"' in page
    ordonnateur = ouvrir["destructeur"]
    jeton = ordonnateur.read_jeton(CHEMIN)
    ordonnateur.client.post(CHEMIN, data={"jeton": jeton, **NUMERISATION}, files=PV)
    assert "Tout ce qui dépend de la collectivité est déclaré" in qui.get(CHEMIN).text


def test_a_demande_may_be_taken_back(archive: Archive, ouvrir: dict[str, Navigateur]) -> None:
    qui = ouvrir["destructeur"]
    qui.post(CHEMIN, genre="demande_offre", depuis="2026-01-01")
    number = get_last(archive).id
    assert "Abandonner" in qui.get(CHEMIN).text
    qui.post(f"/destruction/declaration/{number}/abandon", siren=COMMUNE)
    assert "abandonnée" in qui.get(CHEMIN).text


def test_digitisation_is_declared_with_its_proof(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    qui = ouvrir["destructeur"]
    refused = qui.post(CHEMIN, **NUMERISATION)
    assert refused.status_code == 422
    assert "Joignez le document" in refused.text
    assert "NF Z 42-026" in refused.text
    jeton = qui.read_jeton(CHEMIN)
    said = qui.client.post(CHEMIN, data={"jeton": jeton, **NUMERISATION}, files=PV)
    assert said.headers["location"] == f"{CHEMIN}?fait=declaree"
    row = get_last(archive)
    where = f"/destruction/declaration/{row.id}/document"
    got = ouvrir["archiviste"].get(where)
    assert got.content == b"%PDF-1.7 proces-verbal"
    assert "attachment" in got.headers["content-disposition"]
    assert qui.get("/destruction/declaration/12345/document").status_code == 404


def test_a_declaration_is_corrected_ended_and_retired(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    qui = ouvrir["comptable"]
    assert qui.post(CHEMIN, genre="adhesion_orc", depuis="2025-01-01").status_code == 303
    first = get_last(archive).id
    page = qui.get(f"{CHEMIN}?corrige={first}").text
    assert "Corriger : Adhésion à ORC" in page
    assert 'value="2025-01-01"' in page
    qui.post(CHEMIN, genre="adhesion_orc", depuis="2024-01-01", remplace=str(first))
    second = get_last(archive)
    assert (second.remplace_id, second.depuis) == (first, date(2024, 1, 1))
    stale = qui.post(CHEMIN, genre="adhesion_orc", depuis="2024-02-01", remplace=str(first))
    assert stale.status_code == 422
    assert "entre-temps" in stale.text
    path = f"/destruction/declaration/{second.id}"
    for acte, fields, said in (
        ("fin", {"motif": "Départ"}, "Dites le dernier jour"),
        ("fin", {"jusqu_a": "2025-12-31"}, "Dites pourquoi"),
        ("retrait", {}, "Dites pourquoi"),
    ):
        answer = qui.post(f"{path}/{acte}", siren=COMMUNE, **fields)
        assert answer.status_code == 422
        page = html.unescape(answer.text)
        assert said in page.split('class="fr-error-text"')[1]
        assert all(f'value="{value}"' in page for value in fields.values())
    qui.post(f"{path}/fin", siren=COMMUNE, jusqu_a="2025-12-31", motif="Retrait")
    third = get_last(archive)
    assert third.jusqu_a == date(2025, 12, 31)
    qui.post(f"/destruction/declaration/{third.id}/retrait", siren=COMMUNE, motif="Erreur")
    page = qui.get(CHEMIN).text
    assert "retirée" in page
    assert "remplacée" in page


def test_what_is_wrong_is_said_on_the_form(ouvrir: dict[str, Navigateur]) -> None:
    qui = ouvrir["comptable"]
    for fields, said in (
        ({"genre": "adhesion_orc"}, "Dites depuis quel jour"),
        ({"genre": "adhesion_orc", "depuis": "hier"}, "ne se lit pas"),
        ({"genre": "n’importe", "depuis": "2024-01-01"}, "Ce choix n’existe pas"),
        ({"genre": "numerisation", "depuis": "2024-01-01"}, "comme ordonnateur"),
        ({"genre": "cofinancement", "depuis": "2024-01-01", "exercice_min": "22"}, "quatre"),
    ):
        answer = qui.post(CHEMIN, **fields)
        assert answer.status_code == 422
        assert said in answer.text


def test_a_pj_is_flagged_from_its_own_page(archive: Archive, ouvrir: dict[str, Navigateur]) -> None:
    qui, pj = ouvrir["archiviste"], archive.pj["Facture_Energie_2022-04.pdf"]
    page = qui.get(f"{CHEMIN}?objet=pj:{pj}").text
    assert "Intérêt historique" in page
    qui.post(
        CHEMIN, genre="historique", objet=f"pj:{pj}", depuis="2024-01-01", motif="Grand chantier"
    )
    assert f'href="/destruction/pj/{pj}"' in qui.get(CHEMIN).text
    assert qui.get(f"/destruction/pj/{pj}").status_code == 200


def test_each_sees_its_own_collectivites(ouvrir: dict[str, Navigateur]) -> None:
    page = ouvrir["archiviste"].get("/destruction/declarations?q=anne").text
    assert "Commune de Sainte-Anne" in page
    assert "Bocage" not in ouvrir["archiviste"].get("/destruction/declarations").text
    assert ouvrir["archiviste"].get("/destruction/declarations?q=zzz").status_code == 200
    for nom in ("archiviste", "comptable", "destructeur", "gestionnaire"):
        path = f"/destruction/declarations/{COMMUNAUTE}"
        assert ouvrir[nom].get(path).status_code == 404
    assert ouvrir["ordonnateur"].get(CHEMIN).status_code == 403
    assert ouvrir["juge"].get(CHEMIN).status_code == 403
