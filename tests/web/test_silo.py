"""The page of the silo: whose flows, what is wrong in them, and nothing of what they say."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from orc.models import Anomalie, Budget, Emplacement, Fichier, Flux, read_now
from tests.archive import Archive, make_archive
from tests.web.serving import open_navigateur, serve

VUES = ("completude", "flux", "quarantaine", "anomalies", "fichiers")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        put_troubles(archive)
        yield archive


def put_troubles(archive: Archive) -> None:
    """A flow in quarantine in each collectivité, a broken file, a vanished one, anomalies."""
    with archive.orc.database.writing() as session:
        seen = {"silo": "file:///silo", "genre": "xml", "taille": 9, "vu_le": read_now()}
        add_fichier(
            session, id=901, chemin="casse.zip", etat="quarantaine", motif="Zip abîmé", **seen
        )
        add_fichier(session, id=902, chemin="parti.xml", etat="lu", disparu_le=read_now(), **seen)
        add_fichier(session, id=903, chemin="lot.zip", etat="lu", **seen)
        lost = {"fichier_id": 903, "membre": "pas_un_flux.xml", "motif": "Ce n’est pas un flux PES"}
        session.execute(insert(Emplacement).values(**lost))
        for rank, nom in enumerate(("principal", "communaute")):
            budget = session.get_one(Budget, archive.budgets[nom])
            session.execute(
                insert(Flux).values(
                    id=910 + rank,
                    sha256=f"{910 + rank:064x}",
                    taille=9,
                    etat="quarantaine",
                    motif=f"Tronqué à la ligne {rank + 3}",
                    recu_le=read_now(),
                    nom_fic=f"FLUX_{nom}",
                    budget_id=budget.id,
                    nb_anomalies=1,
                )
            )
            session.execute(
                insert(Anomalie).values(
                    id=910 + rank,
                    flux_id=910 + rank,
                    gravite="alerte",
                    code="date",
                    message=f"Date illisible dans {nom}",
                    chemin="/PES_Aller/DteStr",
                    ligne=rank + 3,
                )
            )
        emplacement = {"fichier_id": 902, "membre": "", "flux_id": 910}
        session.execute(insert(Emplacement).values(**emplacement))


def add_fichier(session: object, **values: object) -> None:
    session.execute(insert(Fichier).values(**values))  # type: ignore[attr-defined]  # a session


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


def read_vues(adresse: str, identifiant: str) -> dict[str, str]:
    with open_navigateur(adresse, identifiant) as navigateur:
        return {vue: navigateur.get(f"/silo?vue={vue}").text for vue in VUES}


def test_an_administrateur_sees_every_flow_and_what_is_wrong(adresse: str) -> None:
    vues = read_vues(adresse, "administrateur")
    assert "FLUX_principal" in vues["flux"]
    assert "FLUX_communaute" in vues["flux"]
    assert "Zip abîmé" in vues["quarantaine"]
    assert "pas_un_flux.xml" in vues["quarantaine"]
    assert "Tronqué à la ligne 3" in vues["quarantaine"]
    assert "Date illisible dans communaute" in vues["anomalies"]
    assert "/PES_Aller/DteStr" in vues["anomalies"]
    assert "parti.xml" in vues["fichiers"]
    assert "Commune de Sainte-Anne" in vues["completude"]


def test_a_comptable_sees_the_flows_of_its_poste_alone(adresse: str) -> None:
    vues = read_vues(adresse, "comptable")
    assert "FLUX_principal" in vues["flux"]
    assert "Tronqué à la ligne 3" in vues["quarantaine"]
    for page in vues.values():
        assert "communaute" not in page
        assert "Communauté du Bocage" not in page
        assert "Zip abîmé" not in page
    assert "parti.xml" in vues["fichiers"]


def test_an_archiviste_has_the_counts_of_its_territory(adresse: str) -> None:
    with open_navigateur(adresse, "archiviste") as navigateur:
        page = navigateur.get("/silo").text
        assert "Commune de Sainte-Anne" in page
        assert "Communauté du Bocage" not in page
        for vue in VUES[1:]:
            assert navigateur.get(f"/silo?vue={vue}").status_code == 403


@pytest.mark.parametrize("identifiant", ["ordonnateur", "juge", "partenaire"])
def test_others_do_not_see_the_silo(adresse: str, identifiant: str) -> None:
    with open_navigateur(adresse, identifiant) as navigateur:
        assert navigateur.get("/silo").status_code == 403


def test_completeness_counts_what_was_cited_and_never_came(adresse: str) -> None:
    page = " ".join(read_vues(adresse, "comptable")["completude"].split())
    # In 2022: two PJ of mandat 127, one of 128 and one never received, one of 129; paper apart.
    assert '<td class="orc-nombre">5</td> <td class="orc-nombre">4</td>' in page
    assert "80,0 %" in page


def test_anomalies_of_one_flow_can_be_asked(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        page = navigateur.get("/silo?vue=anomalies&flux=910").text
    assert "Date illisible dans principal" in page
    assert "Date illisible dans communaute" not in page


def test_flows_are_chosen_by_state(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        page = navigateur.get("/silo?vue=flux&etat=quarantaine").text
        assert "FLUX_principal" in page
        assert "PESALR2" not in page
        assert navigateur.get("/silo?vue=autre").status_code == 422


def test_what_waits_is_counted(adresse: str) -> None:
    with open_navigateur(adresse, "comptable") as navigateur:
        page = navigateur.get("/silo").text
    assert "À océriser : 1" in page
    assert "Illisible : 1" in page


def test_pj_that_nothing_cites_are_counted_for_who_runs_orc_alone(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as browser:
        page = browser.get("/silo?vue=orphelines")
    assert page.status_code == 200
    assert "Toutes les pièces justificatives reçues sont citées." in page.text
    for identifiant in ("comptable", "archiviste"):
        with open_navigateur(adresse, identifiant) as browser:
            assert "vue=orphelines" not in browser.get("/silo").text
            assert browser.get("/silo?vue=orphelines").status_code == 403
