"""From rows to records: what each is found by, and what must never be on it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from orc.index.fields import BY_NAME, Genre
from orc.index.make_records import make_format, make_records
from orc.index.record import Record
from orc.models import Lien, Ligne, Piece, PieceJustificative, Texte
from orc.storage import Storage
from tests.archive import Archive, make_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("records")) as archive:
        yield archive


@pytest.fixture
def session(archive: Archive) -> Iterator[Session]:
    """What a test changes is rolled back."""
    with archive.orc.database.reading() as session:
        yield session


def records_of(archive: Archive, session: Session, *names: str) -> list[Record]:
    ids = [archive.pieces[name] for name in names]
    return list(make_records(session, archive.orc.storage, ids))


def of_genre(records: list[Record], genre: Genre) -> list[Record]:
    return [r for r in records if r.genre is genre]


def test_a_piece_has_records_for_itself_its_lignes_and_its_pj(archive, session):
    records = records_of(archive, session, "principal/2022/127")
    assert [r.genre for r in records] == [Genre.PIECE, Genre.LIGNE, Genre.PJ, Genre.PJ]
    assert {r.piece_id for r in records} == {archive.pieces["principal/2022/127"]}
    piece = records[0]
    assert piece.values["montant"] == (180420,)
    assert piece.values["nb_pj"] == (2,)
    assert piece.values["compte"] == ("60612",)
    assert piece.values["etat_texte"] == ("extrait", "a_oceriser")
    assert "Jules-Ferry" in piece.values["texte"][0]


def test_every_value_belongs_to_a_field_and_is_never_empty(archive, session):
    records = records_of(archive, session, *archive.pieces)
    assert len(of_genre(records, Genre.PIECE)) == len(archive.pieces)
    for record in records:
        assert record.values.keys() <= BY_NAME.keys()
        for name, values in record.values.items():
            assert values, name
            assert None not in values, name
            assert "" not in values, name
            assert len(values) == 1 or BY_NAME[name].multi, name


def test_a_pj_more_reserved_than_its_piece_is_not_on_the_piece(archive, session):
    piece_id = archive.pieces["principal/2022/127"]
    paie = session.scalar(
        select(Piece.cellule_id).where(Piece.id == archive.pieces["principal/2022/129"])
    )
    nom = "Facture_Energie_2022-04.pdf"
    session.execute(
        update(Lien).where(Lien.piece_id == piece_id, Lien.nom == nom).values(cellule_id=paie)
    )
    records = records_of(archive, session, "principal/2022/127")
    piece, ligne = records[:2]
    assert "texte" not in piece.values
    assert nom not in piece.values["nom_pj"]
    assert "texte" not in ligne.values
    assert piece.values["nb_pj"] == (1,)
    (reserved,) = [r for r in of_genre(records, Genre.PJ) if r.cellule == paie]
    assert reserved.values["nom_pj"] == (nom,)


def test_a_pj_cited_by_one_ligne_carries_that_ligne_only(archive, session):
    piece_id = archive.pieces["principal/2022/128"]
    row = (
        session.execute(select(Ligne.__table__).where(Ligne.piece_id == piece_id)).mappings().one()
    )
    other = dict(row) | {"id": row["id"] + 900_000, "numero": "2", "compte": "6232"}
    session.execute(Ligne.__table__.insert().values(**other))
    first = session.scalars(select(Lien.id).where(Lien.piece_id == piece_id)).first()
    session.execute(update(Lien).where(Lien.id == first).values(ligne_numero="2"))
    records = records_of(archive, session, "principal/2022/128")
    by_id = {r.numero: r.values["compte"] for r in of_genre(records, Genre.PJ)}
    assert by_id.pop(first) == ("6232",)
    assert set(by_id.values()) == {("2151", "6232")}
    assert records[0].values["compte"] == ("2151", "6232")
    assert [r.values["montant"] for r in of_genre(records, Genre.LIGNE)] == [(1200000,)] * 2


def test_a_pj_that_never_came_or_is_on_paper_says_so(archive, session):
    records = of_genre(records_of(archive, session, "principal/2022/128"), Genre.PJ)
    found = {r.values["presence"][0] for r in records}
    assert found >= {"papier", "attendue"}
    absent = [r for r in records if r.values["presence"] == ("attendue",)]
    assert "format" not in absent[0].values
    assert absent[0].values["nom_pj"] == ("Facture_manquante.pdf",)


def test_a_text_lost_from_the_storage_hides_nothing_and_says_so(archive, session, tmp_path):
    ids = [archive.pieces["principal/2022/127"]]
    records = list(make_records(session, Storage(str(tmp_path / "vide")), ids))
    assert records[0].values["etat_texte"][0] == "illisible"
    assert "texte" not in records[0].values


def test_a_pj_whose_text_is_unknown_is_there_without_it(archive, session):
    digest = select(PieceJustificative.sha256)
    session.execute(delete(Texte).where(Texte.sha256.in_(digest)))
    records = records_of(archive, session, "principal/2022/127")
    assert len(of_genre(records, Genre.PJ)) == 2
    assert "texte" not in records[0].values


def test_unknown_pieces_are_left_out(archive, session):
    assert list(make_records(session, archive.orc.storage, [404])) == []
    assert list(make_records(session, archive.orc.storage, [])) == []


def test_a_siret_is_also_its_siren_and_the_version_is_the_turn(archive, session):
    records = records_of(archive, session, "principal/2022/127")
    assert records[0].values["siret"] == ("99988877700011", "999888777")
    tour = session.scalar(select(Piece.tour).where(Piece.id == records[0].piece_id))
    assert {r.version for r in records} == {tour}


@pytest.mark.parametrize(
    ("mime", "nom"),
    [
        ("application/pdf", "pdf"),
        ("image/tiff", "tiff"),
        ("application/x-pes-facture+xml", "pes-facture"),
        ("application/vnd.oasis.opendocument.text", "odt"),
        ("application/vnd.rar", "rar"),
        ("", ""),
    ],
)
def test_a_format_is_a_short_name(mime, nom):
    assert make_format(mime) == nom
