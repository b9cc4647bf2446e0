"""The viewer and the routes that give bytes: what, to whom, under which name, with which row."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

from orc.models import Ecriture, LigneSortie, Sortie
from tests.archive import ABIME, COMMUNE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

FLUX = "PESALR2_principal_2022.xml"
FACTURE = "Facture_Energie_2022-04.pdf"
ROUTES = ("", "/contenu", "/original", "/image", "/mots")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


@pytest.fixture(scope="module")
def ordonnateur(adresse: str) -> Iterator[Navigateur]:
    with open_navigateur(adresse, "ordonnateur") as navigateur:
        yield navigateur


@pytest.fixture
def textes(archive: Archive) -> Iterator[None]:
    """The rows of texts as they were, once the test has changed them."""
    columns = "sha256, etat, nir, type_reel"
    with archive.orc.database.reading() as session:
        kept = session.execute(text(f"SELECT {columns} FROM texte")).mappings().all()  # noqa: S608 - names of our own columns
    yield
    for row in kept:
        change(
            archive,
            "UPDATE texte SET etat = :etat, nir = :nir, type_reel = :type_reel "
            "WHERE sha256 = :sha256",
            **row,
        )


@pytest.fixture
def silo(archive: Archive) -> Iterator[Path]:
    """The flow of 2022 in its silo, put back once the test has harmed it."""
    flux = archive.silo / FLUX
    content = flux.read_bytes()
    yield flux
    flux.write_bytes(content)
    (archive.silo / "autre.xml").unlink(missing_ok=True)
    change(archive, "DELETE FROM emplacement WHERE fichier_id = 900")
    change(archive, "DELETE FROM fichier WHERE id = 900")
    change(archive, "UPDATE fichier SET disparu_le = NULL")


def ask(navigateur: Navigateur, archive: Archive, nom: str, route: str = "") -> httpx.Response:
    return navigateur.get(f"/pj/{archive.pj[nom]}{route}?q=%C3%A9cole")


def change(archive: Archive, statement: str, **values: object) -> None:
    with archive.orc.database.writing() as session:
        session.execute(text(statement), values)


def read_actes(archive: Archive) -> list[Ecriture]:
    with archive.orc.database.reading() as session:
        rows = list(session.scalars(select(Ecriture).order_by(Ecriture.id)))
        session.expunge_all()
        return rows


def test_bytes_come_from_the_silo_as_they_were_sent(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    answer = ask(ordonnateur, archive, FACTURE, "/contenu")
    assert answer.content == archive.contenus[FACTURE]
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('inline; filename="Facture')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_download_is_never_shown_by_the_browser(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    answer = ask(ordonnateur, archive, FACTURE, "/original")
    assert answer.content == archive.contenus[FACTURE]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_reading_and_downloading_leave_a_row_each(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    for route in ("", "/contenu", "/original", "/image"):
        ask(ordonnateur, archive, FACTURE, route)
    rows = [a for a in read_actes(archive)[-4:] if a.objet == f"pj:{archive.pj[FACTURE]}"]
    assert [a.acte for a in rows] == [
        "consultation",
        "consultation",
        "telechargement",
        "consultation",
    ]
    details = json.loads(rows[2].details)
    assert details["piece"] == archive.pieces["principal/2022/127"]
    assert len(details["sha256"]) == 64


def test_what_cannot_be_journaled_is_not_given(archive: Archive, ordonnateur: Navigateur) -> None:
    change(
        archive,
        "CREATE TRIGGER plein BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'plein'); END",
    )
    answer = ask(ordonnateur, archive, FACTURE, "/original")
    change(archive, "DROP TRIGGER plein")
    assert answer.status_code == 500
    assert archive.contenus[FACTURE] not in answer.content


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("nom", ["paie_2022_03.xhl", "Devis_2024.pdf", "Convention.pdf"])
def test_a_pj_reserved_open_or_of_others_does_not_exist(
    archive: Archive, ordonnateur: Navigateur, nom: str, route: str
) -> None:
    refused = ask(ordonnateur, archive, nom, route)
    absent = ordonnateur.get(f"/pj/99999999{route}?q=x")
    assert refused.status_code == absent.status_code == 404
    assert "Cette pièce justificative n’existe pas, ou vous n’y avez pas accès." in refused.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("identifiant", ["administrateur", "partenaire"])
def test_who_opens_no_document_gets_no_byte(
    archive: Archive, adresse: str, identifiant: str, route: str
) -> None:
    with open_navigateur(adresse, identifiant) as navigateur:
        assert ask(navigateur, archive, FACTURE, route).status_code == 403


def test_a_pj_does_not_open_through_a_piece_that_does_not_cite_it(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    path = f"/pj/{archive.pj[FACTURE]}?piece={archive.pieces['principal/2022/128']}"
    assert ordonnateur.get(path).status_code == 404


@pytest.mark.usefixtures("textes")
@pytest.mark.parametrize("route", ["/contenu", "/original", "/image", "/mots"])
def test_an_original_that_shows_a_nir_opens_under_a_sensitive_grant_only(
    archive: Archive, adresse: str, ordonnateur: Navigateur, route: str
) -> None:
    change(archive, "UPDATE texte SET nir = 1")
    refused = ask(ordonnateur, archive, FACTURE, route)
    assert refused.status_code == 403
    assert "numéro de sécurité sociale" in refused.text
    with open_navigateur(adresse, "paie") as granted:
        assert ask(granted, archive, FACTURE, route).status_code == 200


@pytest.mark.usefixtures("textes")
def test_the_text_of_a_document_with_a_nir_stays_readable(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    change(archive, "UPDATE texte SET nir = 1")
    page = ask(ordonnateur, archive, FACTURE).text
    assert "Un numéro de sécurité sociale est masqué dans ce texte." in page
    assert "/original" not in page
    assert "<mark>école</mark>" in page


@pytest.mark.usefixtures("textes")
def test_an_original_whose_text_is_not_read_yet_waits(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    change(archive, "UPDATE texte SET etat = 'a_extraire'")
    assert ask(ordonnateur, archive, FACTURE, "/original").status_code == 409
    page = ordonnateur.get(f"/pj/{archive.pj[FACTURE]}?onglet=document").text
    assert "n’est pas encore lu" in page


def test_bytes_that_changed_in_the_silo_are_not_given(
    archive: Archive, ordonnateur: Navigateur, silo: Path
) -> None:
    content = silo.read_bytes()
    at = content.index(b"<Fichier>") + 200
    swapped = b"A" if content[at : at + 1] != b"A" else b"B"
    silo.write_bytes(content[:at] + swapped + content[at + 1 :])
    answer = ask(ordonnateur, archive, FACTURE, "/original")
    assert answer.status_code == 409
    assert "empreinte" in answer.text
    assert "empreinte" in ordonnateur.get(f"/pj/{archive.pj[FACTURE]}?onglet=details").text


def test_a_flow_that_left_the_silo_is_said(
    archive: Archive, ordonnateur: Navigateur, silo: Path
) -> None:
    silo.unlink()
    assert ask(ordonnateur, archive, FACTURE, "/original").status_code == 503
    change(archive, "UPDATE fichier SET disparu_le = vu_le")
    answer = ask(ordonnateur, archive, FACTURE, "/original")
    assert answer.status_code == 503
    assert FLUX in answer.text


def test_another_file_of_the_same_flow_is_tried(
    archive: Archive, ordonnateur: Navigateur, silo: Path
) -> None:
    silo.rename(silo.with_name("autre.xml"))
    change(
        archive,
        "INSERT INTO fichier (id, silo, chemin, genre, taille, etag, vu_le, etat, motif) "
        "SELECT 900, silo, 'autre.xml', 'xml', taille, '', vu_le, 'lu', '' FROM fichier "
        "WHERE chemin = :flux",
        flux=FLUX,
    )
    change(
        archive,
        "INSERT INTO emplacement (fichier_id, membre, flux_id, motif) "
        "SELECT 900, '', flux_id, '' FROM piece_justificative WHERE id = :id",
        id=archive.pj[FACTURE],
    )
    assert ask(ordonnateur, archive, FACTURE, "/original").content == archive.contenus[FACTURE]


def test_the_viewer_opens_at_the_page_of_the_words(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    page = ask(ordonnateur, archive, FACTURE).text
    assert 'data-page="2"' in page
    assert 'data-trouvailles="2"' in page
    assert "Scan_devis.pdf" in page


def test_boxes_are_fractions_of_the_page(archive: Archive, ordonnateur: Navigateur) -> None:
    path = f"/pj/{archive.pj[FACTURE]}/mots?q=%C3%A9lectricit%C3%A9"
    assert ordonnateur.get(f"{path}&page=1").json() == {"boites": [], "motif": ""}
    boites = ordonnateur.get(f"{path}&page=2").json()["boites"]
    last = read_actes(archive)[-1]
    assert (last.acte, last.objet) == ("consultation", f"pj:{archive.pj[FACTURE]}")
    assert (json.loads(last.details)["quoi"], json.loads(last.details)["page"]) == ("mots", 2)
    assert [b[4] for b in boites] == ["electricite"]
    assert all(0 < value < 1 for value in boites[0][:4])


def test_the_details_say_that_the_digest_was_checked_now(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    page = ordonnateur.get(f"/pj/{archive.pj[FACTURE]}?onglet=details").text
    assert "Empreinte vérifiée à l’instant" in page
    assert "principal-2022-Facture_Energie_2022-04.pdf" in page


def test_a_broken_pj_says_why_and_gives_its_bytes(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    page = ask(ordonnateur, archive, ABIME.nom).text
    assert "Le PDF est abîmé : aucune page n’a pu être lue." in page
    assert ask(ordonnateur, archive, ABIME.nom, "/original").content == ABIME.octets


def test_a_document_that_no_browser_draws_shows_its_text(archive: Archive, adresse: str) -> None:
    with open_navigateur(adresse, "paie") as navigateur:
        page = ask(navigateur, archive, "paie_2022_03.xhl").text
        assert "service des <mark>écoles</mark>" in page
        contenu = ask(navigateur, archive, "paie_2022_03.xhl", "/contenu")
    assert contenu.headers["content-type"] == "application/octet-stream"
    assert contenu.headers["content-disposition"].startswith("attachment")


TYPES = ("application/pdf", "image/png", "image/tiff", "text/html")
ETATS = ("extrait", "a_oceriser", "a_extraire", "illisible")


@pytest.mark.usefixtures("textes")
def test_every_view_of_every_type_and_state_is_shown(
    archive: Archive, ordonnateur: Navigateur
) -> None:
    for type_reel, etat in itertools.product(TYPES, ETATS):
        change(archive, "UPDATE texte SET type_reel = :t, etat = :e", t=type_reel, e=etat)
        for onglet in ("document", "texte", "details"):
            path = f"/pj/{archive.pj[FACTURE]}?onglet={onglet}&q=(%C3%A9cole"
            assert ordonnateur.get(path).status_code == 200, (type_reel, etat, onglet)


def test_a_tiff_page_is_drawn_by_the_server(archive: Archive, ordonnateur: Navigateur) -> None:
    answer = ordonnateur.get(f"/pj/{archive.pj[FACTURE]}/image?page=1&largeur=200")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert ordonnateur.get(f"/pj/{archive.pj[FACTURE]}/image?page=99").status_code == 422


def test_a_pj_that_left_the_silo_says_so(archive: Archive, ordonnateur: Navigateur) -> None:
    pj_id = archive.pj[FACTURE]
    assert "Sortie du silo" not in ordonnateur.get(f"/pj/{pj_id}").text
    row = {"siren": COMMUNE, "exercice": 2022, "motif": "Terme", "par": "A", "liste_sha256": "e"}
    with archive.orc.database.writing() as session:
        quand = datetime(2033, 1, 2, 12, tzinfo=UTC)
        sortie = Sortie(numero="S-2033-000001", quand=quand, nb_pj=1, octets=1, **row)
        session.add(sortie)
        session.flush()
        left = {"id_unique": "", "nom": FACTURE, "sha256": "e", "octets": 1, "sort_final": "D"}
        session.add(LigneSortie(pj_id=pj_id, sortie_id=sortie.id, **left))
    page = ordonnateur.get(f"/pj/{pj_id}").text
    assert "Sortie du silo le 02/01/2033, registre n° S-2033-000001" in page
    with archive.orc.database.writing() as session:
        session.query(LigneSortie).delete()
        session.query(Sortie).delete()
