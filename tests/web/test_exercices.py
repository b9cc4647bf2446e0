"""Closing exercices and withdrawing closures: what is foreseen, done, journaled and searched."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest
from sqlalchemy import select

from orc.index.jobs import index_pieces
from orc.models import Cloture, Ecriture
from tests.archive import Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


@pytest.fixture
def comptable(adresse: str) -> Iterator[Navigateur]:
    with open_navigateur(adresse, "comptable") as navigateur:
        yield navigateur


def make_cle(archive: Archive, annee: int, budget: str = "principal") -> str:
    return f"{archive.budgets[budget]}-{annee}"


def clore(navigateur: Navigateur, cle: str, le: str = "2025-06-30") -> httpx.Response:
    return navigateur.post("/exercices/clore", e=cle, close_le=le)


def rouvrir(navigateur: Navigateur, cle: str, motif: str = "Erreur de budget") -> httpx.Response:
    return navigateur.post("/exercices/rouvrir", e=cle, motif=motif)


def read_actes(archive: Archive) -> list[tuple[str, str, dict[str, str]]]:
    with archive.orc.database.reading() as session:
        rows = session.scalars(select(Ecriture).order_by(Ecriture.id))
        return [(e.acte, e.objet, json.loads(e.details)) for e in rows]


def find_close_le(archive: Archive, annee: int) -> date | None:
    with archive.orc.database.reading() as session:
        query = select(Cloture.close_le).filter_by(
            budget_id=archive.budgets["principal"], exercice=annee, retiree_le=None
        )
        return session.scalar(query)


def test_the_table_shows_the_exercices_of_the_poste(comptable: Navigateur) -> None:
    page = comptable.get("/exercices").text
    assert "Commune de Sainte-Anne" in page
    assert "Clos le 30/06/2023" in page
    assert "Communauté du Bocage" not in page


def test_the_preview_counts_what_would_appear_and_changes_nothing(
    archive: Archive, comptable: Navigateur
) -> None:
    page = comptable.get(f"/exercices/apercu?e={make_cle(archive, 2024)}").text
    assert "1\u00a0pièce et 1\u00a0pièce justificative" in page
    assert "600,00\u00a0€ de dépenses" in page
    assert find_close_le(archive, 2024) is None


def test_closing_makes_pieces_appear_and_withdrawing_makes_them_disappear(
    archive: Archive, adresse: str, comptable: Navigateur
) -> None:
    orc, cle = archive.orc, make_cle(archive, 2024)
    path = f"/piece/{archive.pieces['principal/2024/1']}"
    with open_navigateur(adresse, "ordonnateur") as ordonnateur:
        assert ordonnateur.get(path).status_code == 404
        answer = clore(comptable, cle)
        assert (answer.status_code, answer.headers["location"]) == (303, "/exercices?fait=clos-1")
        assert ordonnateur.get(path).status_code == 200
        index_pieces(orc.database, orc.storage, orc.engine)
        assert "Devis_2024.pdf" in ordonnateur.get("/recherche?q=devis").text
        assert rouvrir(comptable, cle).status_code == 303
        assert ordonnateur.get(path).status_code == 404
        index_pieces(orc.database, orc.storage, orc.engine)
        assert "Devis_2024.pdf" not in ordonnateur.get("/recherche?q=devis").text
    objet = f"budget:{archive.budgets['principal']}/exercice:2024"
    actes = [(acte, details) for acte, o, details in read_actes(archive) if o == objet]
    assert actes[-2:] == [
        ("cloture", {"close_le": "2025-06-30"}),
        ("retrait_de_cloture", {"motif": "Erreur de budget"}),
    ]


def test_closing_twice_changes_nothing(archive: Archive, comptable: Navigateur) -> None:
    answer = clore(comptable, make_cle(archive, 2022))
    assert answer.headers["location"] == "/exercices?fait=clos-0"
    assert find_close_le(archive, 2022) == date(2023, 6, 30)
    assert "déjà clos" in comptable.get("/exercices?fait=clos-0").text


@pytest.mark.parametrize("le", ["", "hier", "1789-07-14", "2024-13-01"])
def test_a_closure_needs_a_day_that_can_be(
    archive: Archive, comptable: Navigateur, le: str
) -> None:
    answer = clore(comptable, make_cle(archive, 2024), le)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert find_close_le(archive, 2024) is None


def test_a_closure_is_not_dated_in_the_future(archive: Archive, comptable: Navigateur) -> None:
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011 - as the page
    assert clore(comptable, make_cle(archive, 2024), tomorrow.isoformat()).status_code == 422


def test_a_withdrawal_needs_a_motive(archive: Archive, comptable: Navigateur) -> None:
    answer = rouvrir(comptable, make_cle(archive, 2022), motif="  ")
    assert answer.status_code == 422
    assert "Dites pourquoi" in answer.text
    assert find_close_le(archive, 2022) is not None


def test_what_is_not_closed_cannot_be_reopened(archive: Archive, comptable: Navigateur) -> None:
    assert rouvrir(comptable, make_cle(archive, 2024)).status_code == 404
    assert comptable.get(f"/exercices/retrait?e={make_cle(archive, 2024)}").status_code == 409


def test_exercices_of_another_poste_do_not_exist(archive: Archive, comptable: Navigateur) -> None:
    theirs = make_cle(archive, 2022, "communaute")
    for answer in (
        clore(comptable, theirs),
        rouvrir(comptable, theirs),
        comptable.get(f"/exercices/apercu?e={theirs}"),
        comptable.get(f"/exercices/retrait?e={theirs}"),
        clore(comptable, "9999-2022"),
        clore(comptable, "<script>"),
    ):
        assert answer.status_code == 404


def test_choosing_nothing_is_said(comptable: Navigateur) -> None:
    answer = comptable.get("/exercices/apercu")
    assert answer.status_code == 303
    page = comptable.get(answer.headers["location"])
    assert "cochez au moins un exercice" in page.text


@pytest.mark.parametrize("identifiant", ["ordonnateur", "juge", "archiviste", "administrateur"])
def test_only_a_comptable_closes(archive: Archive, adresse: str, identifiant: str) -> None:
    with open_navigateur(adresse, identifiant) as navigateur:
        assert navigateur.get("/exercices").status_code == 403
        assert clore(navigateur, make_cle(archive, 2024)).status_code == 403
        assert rouvrir(navigateur, make_cle(archive, 2022)).status_code == 403
    assert find_close_le(archive, 2024) is None


def test_a_form_of_another_site_closes_nothing(archive: Archive, comptable: Navigateur) -> None:
    answer = comptable.client.post(
        "/exercices/clore", data={"e": make_cle(archive, 2024), "close_le": "2025-06-30"}
    )
    assert answer.status_code == 403
    assert find_close_le(archive, 2024) is None


@pytest.mark.parametrize(
    ("query", "seen"),
    [("etat=ouvert", False), ("etat=clos", True), ("annee=2022", True), ("q=autre", False)],
)
def test_the_table_is_restricted_by_the_address(
    comptable: Navigateur, query: str, *, seen: bool
) -> None:
    assert ("Clos le 30/06/2023" in comptable.get(f"/exercices?{query}").text) is seen
