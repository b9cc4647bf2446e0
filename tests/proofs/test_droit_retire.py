"""Between the search and the document a right may end: SQL says it again before every byte."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, update

from orc.db import Writing
from orc.models import Cellule, Cloture, Habilitation, Piece, read_now
from tests.archive import Archive, make_archive
from tests.web.matrice import Essai, Reponse, open_essai

PDF = b"%PDF"


@pytest.fixture
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """One for each test: its rights are taken away."""
    with make_archive(tmp_path_factory.mktemp("retire")) as made:
        yield made


@pytest.fixture
def essai(archive: Archive) -> Iterator[Essai]:
    with open_essai(archive) as made:
        yield made


def make_addresses(archive: Archive) -> tuple[str, ...]:
    """Everything that shows the invoice of mandat 127, or its bytes."""
    pj, piece = archive.pj["Facture_Energie_2022-04.pdf"], archive.pieces["principal/2022/127"]
    bordereau = archive.bordereaux["principal/2022/depense/12"]
    return (
        f"/piece/{piece}",
        f"/bordereau/{bordereau}",
        f"/pj/{pj}?piece={piece}",
        f"/pj/{pj}?piece={piece}&onglet=texte&q=école",
        f"/pj/{pj}?piece={piece}&onglet=details",
        f"/pj/{pj}/contenu?piece={piece}",
        f"/pj/{pj}/original?piece={piece}",
        f"/pj/{pj}/mots?piece={piece}&q=école&page=2",
        f"/pj/{pj}/image?piece={piece}",
        f"/api/v1/pieces/{piece}",
        f"/api/v1/bordereaux/{bordereau}",
        f"/api/v1/pj/{pj}?piece={piece}",
        f"/api/v1/pj/{pj}/texte?piece={piece}",
        f"/api/v1/pj/{pj}/original?piece={piece}",
    )


def show(essai: Essai, nom: str = "ordonnateur") -> dict[str, Reponse]:
    return {a: essai.send("GET", a, nom) for a in make_addresses(essai.archive)}


def withdraw(session: Writing, archive: Archive) -> None:
    """The grant itself."""
    session.execute(
        update(Habilitation)
        .where(Habilitation.personne_id == archive.personnes["ordonnateur"])
        .values(retire_le=read_now())
    )


def reopen(session: Writing, _archive: Archive) -> None:
    """The closure of the exercice."""
    session.execute(update(Cloture).where(Cloture.exercice == 2022).values(retiree_le=read_now()))


def reserve(session: Writing, archive: Archive) -> None:
    """The domaine of the piece and of its PJ: they become reserved, the index not told."""
    from orc.models import Lien

    paie = session.scalar(
        select(Cellule.id).where(
            Cellule.budget_id == archive.budgets["principal"],
            Cellule.exercice == 2022,
            Cellule.domaine == "paie",
        )
    )
    ids = [archive.pieces["principal/2022/127"]]
    session.execute(update(Piece).where(Piece.id.in_(ids)).values(cellule_id=paie, domaine="paie"))
    session.execute(update(Lien).where(Lien.piece_id.in_(ids)).values(cellule_id=paie))


@pytest.mark.parametrize("end", [withdraw, reopen])
def test_a_right_that_ends_after_the_search_shows_nothing_more(
    essai: Essai, archive: Archive, end
) -> None:
    assert "Facture_Energie" in essai.send("GET", "/recherche?q=consommation", "ordonnateur").text
    assert {a: r.status for a, r in show(essai).items()} == dict.fromkeys(
        make_addresses(archive), 200
    )
    with archive.orc.database.writing() as session:
        end(session, archive)
    for address, answer in show(essai).items():
        assert answer.status in {403, 404}, address
        assert PDF not in answer.content
        assert "Jules-Ferry" not in answer.text
    found = essai.send("GET", "/recherche?q=consommation", "ordonnateur").text
    assert "Facture_Energie" not in found


def test_an_index_late_on_sql_shows_no_record_that_one_may_not_see(
    essai: Essai, archive: Archive
) -> None:
    with archive.orc.database.writing() as session:
        reserve(session, archive)
    for path in ("/recherche?q=consommation", "/recherche?q=consommation&onglet=pieces"):
        for query in (path, f"/api/v1{path.replace('onglet=pieces', 'genre=piece')}"):
            text = essai.send("GET", query, "ordonnateur").text
            assert "Facture_Energie" not in text
            assert "Jules-Ferry" not in text
            assert "Électricité de l’école" not in text
    bordereau = archive.bordereaux["principal/2022/depense/12"]
    for address, answer in show(essai).items():
        if f"/{bordereau}" not in address:
            assert answer.status == 404, address
        assert "Facture_Energie" not in answer.text


def test_an_index_that_holds_what_sql_lost_shows_nothing_of_it(
    essai: Essai, archive: Archive
) -> None:
    from orc.models import Lien, Ligne

    piece = archive.pieces["principal/2022/127"]
    with archive.orc.database.writing() as session:
        for table in (Lien, Ligne):
            session.execute(delete(table).where(table.piece_id == piece))
        session.execute(delete(Piece).where(Piece.id == piece))
    for path in ("/recherche?q=consommation", "/recherche?q=consommation&onglet=pieces"):
        answer = essai.send("GET", path, "ordonnateur")
        assert answer.status == 200
        assert "Facture_Energie" not in answer.text
        assert "Jules-Ferry" not in answer.text
