"""Flows read into SQL: what is there, how links meet, whichever comes first, however often."""

import hashlib
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from orc.db import Database, insert_missing
from orc.index.fields import Genre
from orc.index.make_records import make_records
from orc.ingest.intake import read_flux_into_sql
from orc.models import (
    Anomalie,
    Bordereau,
    Cellule,
    Ecriture,
    Flux,
    Lien,
    Ligne,
    Piece,
    PieceJustificative,
    RefCompta,
    Texte,
    Tiers,
    read_now,
)
from orc.storage import Storage
from tests.flows import UnePj, UnFlux, UnMandat
from tests.sql import make_database

Pj = PieceJustificative


def take_in(
    database: Database, flux: UnFlux | bytes, folder: Path, *, xsd: Path | None = None
) -> int:
    """Register these bytes as a flow, read it; its id."""
    octets = flux if isinstance(flux, bytes) else flux.make()
    digest = hashlib.sha256(octets).hexdigest()
    path = folder / f"{digest}.xml"
    path.write_bytes(octets)
    with database.writing() as session:
        row = {"sha256": digest, "taille": len(octets), "recu_le": read_now()}
        insert_missing(session, Flux, [row])
        flux_id = session.execute(select(Flux.id).filter_by(sha256=digest)).scalar_one()
    read_flux_into_sql(database, flux_id, path, compte_651_sensible=True, xsd=xsd)
    return flux_id


def read_all(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """What SQL says in the end, without the ids that depend on the order of arrival."""
    queries = {
        "liens": select(
            Piece.numero, Piece.version, Lien.id_unique, Lien.origine, Pj.sha256, Cellule.domaine
        )
        .join(Lien, Lien.piece_id == Piece.id)
        .join(Cellule, Cellule.id == Lien.cellule_id)
        .outerjoin(Pj, Pj.id == Lien.pj_id),
        "pieces": select(
            Piece.numero, Piece.version, Piece.courante, Piece.ht, Piece.domaine, Flux.nom_fic
        ).join(Flux, Flux.id == Piece.flux_id),
        "pjs": select(Pj.id_unique, Pj.version, Pj.courante, Pj.sha256, Pj.domaine),
        "textes": select(Texte.sha256, Texte.etat),
    }
    with database.reading() as session:
        return {
            name: sorted(map(tuple, session.execute(q)), key=repr) for name, q in queries.items()
        }


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


MANDAT = UnFlux((UnMandat("127", ("FAC1",)),), nom="MANDAT")
PJ = UnFlux(pjs=(UnePj("FAC1"),), nom="PJ")


def test_a_mandat_and_its_pj_in_one_flow_are_linked(database: Database, tmp_path: Path) -> None:
    take_in(database, UnFlux((UnMandat("127", ("FAC1",)),), (UnePj("FAC1"),)), tmp_path)
    (lien,) = read_all(database)["liens"]
    digest = hashlib.sha256(b"%PDF-1.4 rien").hexdigest()
    assert lien == ("127", 1, "FAC1", "pj_ref", digest, "ordinaire")
    assert read_all(database)["textes"] == [(digest, "a_extraire")]


@pytest.mark.parametrize("order", [(MANDAT, PJ), (PJ, MANDAT)])
def test_a_pj_sent_before_or_after_its_mandat_is_linked(
    database: Database, tmp_path: Path, order: tuple[UnFlux, ...]
) -> None:
    for flux in order:
        take_in(database, flux, tmp_path)
    (lien,) = read_all(database)["liens"]
    assert lien[4] is not None


def test_a_pj_of_another_collectivite_is_never_linked(database: Database, tmp_path: Path) -> None:
    take_in(database, MANDAT, tmp_path)
    take_in(database, UnFlux(pjs=(UnePj("FAC1"),), siren="000000002"), tmp_path)
    (lien,) = read_all(database)["liens"]
    assert lien[4] is None


def test_a_paper_pj_waits_for_nothing_and_is_known_as_paper(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, UnFlux((UnMandat("1", papier=("P1",)),)), tmp_path)
    with database.reading() as session:
        assert session.scalars(select(Lien.support)).all() == ["02"]


REF = UnePj("FAC9", refs=(("01", 2023, "01", "127"),))


@pytest.mark.parametrize("first", ["mandat", "pj"])
def test_a_ref_compta_links_a_pj_to_a_mandat_that_does_not_cite_it(
    database: Database, tmp_path: Path, first: str
) -> None:
    flows = [UnFlux((UnMandat("127"),)), UnFlux(pjs=(REF,), nom="PJ")]
    for flux in flows if first == "mandat" else reversed(flows):
        take_in(database, flux, tmp_path)
    (lien,) = read_all(database)["liens"]
    assert lien[:4] == ("127", 1, "FAC9", "ref_compta")
    assert lien[4] is not None


def test_a_ref_compta_that_repeats_a_pj_ref_makes_no_second_link(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, UnFlux((UnMandat("127", ("FAC9",)),), (REF,)), tmp_path)
    assert len(read_all(database)["liens"]) == 1
    assert count(database, RefCompta) == 1


def test_one_pj_serves_several_mandats(database: Database, tmp_path: Path) -> None:
    mandats = tuple(UnMandat(str(n), ("FAC1",)) for n in (1, 2, 3))
    take_in(database, UnFlux(mandats, (UnePj("FAC1"),)), tmp_path)
    assert len(read_all(database)["liens"]) == 3


def test_a_flow_read_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    flux = UnFlux((UnMandat("127", ("FAC1",)),), (UnePj("FAC1"), REF))
    take_in(database, flux, tmp_path)
    once = read_all(database)
    take_in(database, flux, tmp_path)
    assert read_all(database) == once
    assert (count(database, Ligne), count(database, Tiers), count(database, Bordereau)) == (1, 1, 1)


def test_a_piece_sent_again_is_a_version_and_the_latest_flow_is_the_current_one(
    database: Database, tmp_path: Path
) -> None:
    first = UnFlux((UnMandat("127", ht="100.00"),))
    take_in(database, first.sent("2023-06-01", mandats=(UnMandat("127", ht="90.00"),)), tmp_path)
    take_in(database, first, tmp_path)
    pieces = read_all(database)["pieces"]
    assert [(p[1], p[2], p[3]) for p in pieces] == [(1, False, 10000), (2, True, 9000)]


def test_an_annulation_counts_as_minus(database: Database, tmp_path: Path) -> None:
    take_in(database, UnFlux((UnMandat("5", nature="06"),), type_bordereau="02"), tmp_path)
    with database.reading() as session:
        assert session.scalars(select(Piece.ht)).all() == [-10000]
        assert session.scalars(select(Ligne.ht)).all() == [-10000]
        assert session.scalars(select(Bordereau.ht_declare)).all() == [-10000]


@pytest.mark.parametrize(
    ("mandat", "type_pj", "domaine"),
    [
        (UnMandat("1", ("A",), compte="6411"), "003", "paie"),
        (UnMandat("1", ("A",), nature="11"), "003", "paie"),
        (UnMandat("1", ("A",)), "004", "paie"),
        (UnMandat("1", ("A",)), "005", "aide_sociale"),
        (UnMandat("1", ("A",), compte="65111"), "003", "aide_sociale"),
        (UnMandat("1", ("A",), compte="6411"), "005", "aide_sociale"),
        (UnMandat("1", ("A",)), "003", "ordinaire"),
    ],
)
def test_paie_and_aide_sociale_are_told_by_compte_nature_or_type_of_pj(
    database: Database, tmp_path: Path, mandat: UnMandat, type_pj: str, domaine: str
) -> None:
    take_in(database, UnFlux((mandat,), (UnePj("A", type_pj=type_pj),)), tmp_path)
    seen = read_all(database)
    assert seen["pieces"][0][4] == domaine
    assert seen["pjs"][0][4] == domaine
    assert seen["liens"][0][5] == domaine


def test_a_pj_shared_with_a_paie_mandat_is_reserved_everywhere(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, UnFlux((UnMandat("1", ("A",)),), (UnePj("A"),)), tmp_path)
    take_in(database, UnFlux((UnMandat("2", ("A",), compte="6411"),), bordereau="13"), tmp_path)
    seen = read_all(database)
    assert [(p[0], p[4]) for p in seen["pieces"]] == [("1", "ordinaire"), ("2", "paie")]
    assert {lien[5] for lien in seen["liens"]} == {"paie"}


FLOWS = (
    UnFlux((UnMandat("1", ("A", "B")), UnMandat("2", ("A",))), nom="un"),
    UnFlux((UnMandat("3", ("A",), compte="6411"),), bordereau="13", nom="deux"),
    UnFlux(pjs=(UnePj("A"), UnePj("B", type_pj="004")), nom="trois"),
    UnFlux(
        (UnMandat("1", ("A", "B"), ht="12.00"),),
        (UnePj("A", b"%PDF-1.4 bis"), UnePj("C", refs=(("01", 2023, "01", "2"),))),
        date_str="2023-07-01",
        nom="quatre",
    ),
)


@given(order=st.sampled_from(list(permutations(range(len(FLOWS))))))
def test_whatever_the_order_of_arrival_sql_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: tuple[int, ...]
) -> None:
    states = []
    for ranks in (order, range(len(FLOWS))):
        folder = tmp_path_factory.mktemp("ordre")
        database = make_database(folder)
        for rank in ranks:
            take_in(database, FLOWS[rank], folder)
        states.append(read_all(database))
        database.close()
    assert states[0] == states[1]


def test_a_flow_killed_half_way_is_read_again_without_doubling(
    database: Database, tmp_path: Path
) -> None:
    flux = UnFlux(tuple(UnMandat(str(n), ("A",)) for n in range(1, 50)), (UnePj("A"),))
    flux_id = take_in(database, flux, tmp_path)
    complete = read_all(database)
    with database.writing() as session:
        session.execute(update(Flux).where(Flux.id == flux_id).values(etat="recu"))
        session.execute(update(Lien).values(pj_id=None))
    take_in(database, flux, tmp_path)
    assert read_all(database) == complete


def test_what_is_not_a_flow_is_kept_in_quarantine_with_its_reason(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, b"ceci n'est pas un flux", tmp_path)
    take_in(database, MANDAT, tmp_path)
    with database.reading() as session:
        bad, good = session.scalars(select(Flux).order_by(Flux.id)).all()
        acts = session.scalars(select(Ecriture.acte).order_by(Ecriture.id)).all()
    assert (bad.etat, good.etat) == ("quarantaine", "lu")
    assert len(bad.motif) > 20
    assert acts == ["mise_a_l_ecart", "ingestion"]


def test_real_flows_are_read_with_what_they_hold(
    database: Database, tmp_path: Path, shared: Path
) -> None:
    folder = shared / "pes/exemples"
    recette = folder / "aller/recette_6_bordereaux_25_titres_786_lignes.xml"
    take_in(database, recette.read_bytes(), tmp_path)
    assert (count(database, Bordereau), count(database, Piece)) == (6, 25)
    assert count(database, Ligne) == 786
    latin = folder / "aller/depense_accents_latin1.xml"
    take_in(database, latin.read_bytes(), tmp_path)
    with database.reading() as session:
        codes = session.scalars(select(Anomalie.code).where(Anomalie.flux_id == 2)).all()
    assert "montant_ht_different" in codes
    pj = folder / "aller_avec_pj/depense_1_pj_2_pj_ailleurs_utf8.xml"
    take_in(database, pj.read_bytes(), tmp_path)
    liens = [lien for lien in read_all(database)["liens"] if lien[2].startswith("22610001400134")]
    assert sorted(lien[4] is None for lien in liens) == [False, True, True]


def test_the_schema_says_what_differs_and_refuses_nothing(
    database: Database, tmp_path: Path, shared: Path
) -> None:
    xsd = shared / "pes/xsd/v5.17"
    take_in(database, UnFlux((UnMandat("127"),), exercice=20233), tmp_path, xsd=xsd)
    with database.reading() as session:
        assert session.scalars(select(Flux.etat)).one() == "lu"
        codes = set(session.scalars(select(Anomalie.code)))
    assert "xsd" in codes
    assert count(database, Piece) == 1


def test_a_bordereau_that_holds_reserved_pieces_declares_nothing_to_the_index(
    database: Database, tmp_path: Path
) -> None:
    mandats = (UnMandat("1", ht="100.00"), UnMandat("2", ht="900.00", compte="6411"))
    take_in(database, UnFlux(mandats), tmp_path)
    with database.reading() as session:
        ids = session.scalars(select(Piece.id)).all()
        records = list(make_records(session, Storage(f"memory://{tmp_path}"), ids))
    pieces = [r for r in records if r.genre is Genre.PIECE]
    assert len(pieces) == 2
    assert all("bordereau_ht" not in r.values for r in pieces)
    assert all("bordereau_pieces" not in r.values for r in pieces)


def test_a_piece_reserved_later_by_its_pj_makes_its_whole_bordereau_be_indexed_again(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, UnFlux((UnMandat("1", ("A",)), UnMandat("2"))), tmp_path)
    take_in(database, UnFlux(pjs=(UnePj("A", type_pj="004"),), nom="PJ"), tmp_path)
    with database.reading() as session:
        assert set(session.scalars(select(Piece.tour))) == {1}


@pytest.mark.parametrize("pjs", [(UnePj("A"),), (REF,)])
def test_a_pj_that_comes_later_makes_its_piece_be_indexed_again(
    database: Database, tmp_path: Path, pjs: tuple[UnePj, ...]
) -> None:
    take_in(database, UnFlux((UnMandat("127", ("A",)),)), tmp_path)
    take_in(database, UnFlux(pjs=pjs, nom="PJ"), tmp_path)
    with database.reading() as session:
        assert session.scalars(select(Piece.tour)).all() == [1]
