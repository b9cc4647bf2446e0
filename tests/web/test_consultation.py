"""Pages of a piece, a bordereau and the walk down: what they show, and to whom."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from orc.models import Ecriture
from tests.archive import COMMUNE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

BUDGET = f"{COMMUNE}00012-101-00"
MANDAT, PAIE, OUVERT, AILLEURS = (
    "principal/2022/127",
    "principal/2022/129",
    "principal/2024/1",
    "communaute/2022/70",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


@pytest.fixture
def ordonnateur(adresse: str) -> Iterator[Navigateur]:
    with open_navigateur(adresse, "ordonnateur") as navigateur:
        yield navigateur


def read_last_acte(archive: Archive) -> Ecriture:
    with archive.orc.database.reading() as session:
        found = session.scalars(select(Ecriture).order_by(Ecriture.id.desc()).limit(1)).one()
        session.expunge(found)
        return found


def test_a_mandat_shows_its_header_its_pj_and_its_lines(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    page = ordonnateur.get(f"/piece/{archive.pieces[MANDAT]}").text
    assert "Mandat 127" in page
    assert "1\u202f804,20\u00a0€" in page
    assert "60612</span> — Énergie et électricité" in page
    assert "Facture_Energie_2022-04.pdf" in page
    assert "•••• 0185" in page
    assert "FR7630001007941234567890185" not in page


def test_a_consultation_is_journaled(archive: Archive, ordonnateur: Navigateur) -> None:
    ordonnateur.get(f"/piece/{archive.pieces[MANDAT]}")
    acte = read_last_acte(archive)
    assert (acte.acte, acte.objet, acte.acteur) == (
        "consultation",
        f"piece:{archive.pieces[MANDAT]}",
        "ordonnateur",
    )


def test_the_presence_of_each_pj_is_said(archive: Archive, ordonnateur: Navigateur) -> None:
    page = ordonnateur.get(f"/piece/{archive.pieces['principal/2022/128']}").text
    assert "Citée, jamais reçue" in page
    assert "Papier" in page
    assert "Illisible" in page


@pytest.mark.parametrize("nom", [PAIE, OUVERT, AILLEURS])
def test_what_may_not_be_seen_answers_as_what_does_not_exist(
    archive: Archive, ordonnateur: Navigateur, nom: str
) -> None:
    refused, absent = (ordonnateur.get(f"/piece/{i}") for i in (archive.pieces[nom], 999_999_999))
    assert refused.status_code == absent.status_code == 404
    assert "Cette pièce n’existe pas, ou vous n’y avez pas accès." in refused.text


@pytest.mark.parametrize("path", ["/piece/x", "/piece/-1", f"/piece/{2**70}", "/bordereau/0"])
def test_an_address_that_names_nothing_is_not_found(ordonnateur: Navigateur, path: str) -> None:
    assert ordonnateur.get(path).status_code == 404


@pytest.mark.parametrize("identifiant", ["administrateur", "partenaire"])
def test_who_opens_no_document_is_refused(archive: Archive, adresse: str, identifiant: str) -> None:
    with open_navigateur(adresse, identifiant) as navigateur:
        for path in (
            f"/piece/{archive.pieces[MANDAT]}",
            f"/bordereau/{archive.bordereaux['principal/2022/depense/12']}",
            "/parcourir",
            f"/parcourir/{COMMUNE}",
        ):
            assert navigateur.get(path).status_code == 403


def test_who_is_not_logged_in_is_asked_to(archive: Archive, adresse: str) -> None:
    with open_navigateur(adresse) as navigateur:
        answer = navigateur.get(f"/piece/{archive.pieces[MANDAT]}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/connexion")


def test_reserved_pieces_of_a_bordereau_are_not_counted(
    archive: Archive, ordonnateur: Navigateur, adresse: str
) -> None:
    path = f"/bordereau/{archive.bordereaux['principal/2022/depense/12']}"
    page = ordonnateur.get(path).text
    assert "Des pièces relèvent d’un domaine réservé." in page
    assert "Déclaré" not in page
    assert "Mandat 129" not in page
    with open_navigateur(adresse, "paie") as navigateur:
        granted = navigateur.get(path).text
    assert "Mandat 129" in granted
    assert "Déclaré" in granted


def test_a_bordereau_that_does_not_add_up_says_so(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    path = f"/bordereau/{archive.bordereaux['principal/2022/recette/3']}"
    assert "fr-alert--warning" not in ordonnateur.get(path).text
    with archive.orc.database.writing() as session:
        session.execute(
            text("UPDATE bordereau SET nb_pieces_declare = 9 WHERE id = :id"),
            {"id": archive.bordereaux["principal/2022/recette/3"]},
        )
    assert "déclare 9 pièces, 1 ont été lues" in ordonnateur.get(path).text


def test_one_walks_down_to_a_piece_by_readable_addresses(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    assert f'href="/parcourir/{COMMUNE}"' in ordonnateur.get("/parcourir").text
    assert f'href="/parcourir/{COMMUNE}/{BUDGET}"' in ordonnateur.get(f"/parcourir/{COMMUNE}").text
    budget = ordonnateur.get(f"/parcourir/{COMMUNE}/{BUDGET}").text
    assert f'href="/parcourir/{COMMUNE}/{BUDGET}/2022"' in budget
    assert "Exercice ouvert" in budget
    exercice = ordonnateur.get(f"/parcourir/{COMMUNE}/{BUDGET}/2022").text
    bordereau = f"/bordereau/{archive.bordereaux['principal/2022/depense/12']}"
    assert f'href="{bordereau}"' in exercice
    assert f'href="/piece/{archive.pieces[MANDAT]}"' in ordonnateur.get(bordereau).text


def test_an_open_exercice_shows_nothing_of_what_it_holds(ordonnateur: Navigateur) -> None:
    page = ordonnateur.get(f"/parcourir/{COMMUNE}/{BUDGET}/2024").text
    assert "Exercice ouvert" in page
    assert "/bordereau/" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/parcourir/999000026",
        f"/parcourir/{COMMUNE}/autre",
        f"/parcourir/{COMMUNE}/{BUDGET}/2010",
        "/parcourir/%2e%2e",
    ],
)
def test_other_collectivites_budgets_and_exercices_do_not_exist(
    ordonnateur: Navigateur, path: str
) -> None:
    assert ordonnateur.get(path).status_code == 404


def test_bordereaux_are_chosen_in_the_address(ordonnateur: Navigateur) -> None:
    path = f"/parcourir/{COMMUNE}/{BUDGET}/2022"
    assert "Recette 3" in ordonnateur.get(f"{path}?sens=recette").text
    assert "Dépense 12" not in ordonnateur.get(f"{path}?sens=recette").text
    assert "Aucun bordereau ne correspond" in ordonnateur.get(f"{path}?mois=202201").text
    assert ordonnateur.get(f"{path}?sens=autre").status_code == 422


def test_a_list_is_shortened_by_a_name(ordonnateur: Navigateur) -> None:
    assert "Commune de Sainte-Anne" in ordonnateur.get("/parcourir?q=anne").text
    assert "Aucune collectivité" in ordonnateur.get("/parcourir?q=<script>").text


def test_the_journal_says_the_exercice_that_was_walked(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    ordonnateur.get(f"/parcourir/{COMMUNE}/{BUDGET}/2022")
    acte = read_last_acte(archive)
    assert acte.objet == f"budget:{archive.budgets['principal']}/exercice:2022"
    assert json.loads(acte.details) == {}


def test_a_juge_leaves_its_rows_in_the_sealed_part(archive: Archive, adresse: str) -> None:
    with open_navigateur(adresse, "juge") as navigateur:
        navigateur.get(f"/piece/{archive.pieces[AILLEURS]}")
    assert read_last_acte(archive).scelle
    assert Path(archive.silo).is_dir()
