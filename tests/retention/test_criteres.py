"""Criteria: a closed list; what SQL finds is what the same words mean in Python."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from orc.db import Database
from orc.errors import Invalid
from orc.models import (
    Bordereau,
    Lien,
    LienMarche,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    Tiers,
)
from orc.retention.criteres import (
    Criteres,
    check_criteres,
    compile_criteres,
    dump_criteres,
    find_formes,
    load_criteres,
    make_criteres,
)
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.sql import make_database

COMMUNE, AUTRE = "000000001", "000000002"
NOMS = ("ÉNERGIE DU BOCAGE", "Papeterie Lenoir", "TRAVAUX PUBLICS", "énergie du val")
COMPTES, MARCHES = ("60612", "6067", "2151"), ("", "M1", "M2")


@dataclass(frozen=True)
class Fait:
    """What one PJ is, as the oracle reads it: each piece that cites it, and the contracts."""

    pj: PieceJustificative
    pieces: tuple[tuple[Piece, date | None, tuple[tuple[Ligne, tuple[Tiers, ...]], ...]], ...]
    contrats: tuple[str, ...]


def fill(database: Database, folder: Path) -> list[Fait]:
    """Two communes, three exercices, shared PJ, orphans, a PJ cited by a contract only."""
    for siren in (COMMUNE, AUTRE):
        for rank, exercice in enumerate((2021, 2022, 2023)):
            mandats = tuple(
                UnMandat(
                    f"{n}", cite=(f"P{n}", f"P{(n + 1) % 4}"), ht=f"{100 * (n + rank)}.00",
                    compte=COMPTES[(n + rank) % 3], marche=MARCHES[(n + rank) % 3],
                    tiers=NOMS[(n + 2 * rank) % 4],
                )
                for n in range(1, 4)
            )  # fmt: skip
            pjs = tuple(
                UnePj(f"P{n}-{exercice}" if n == 9 else f"P{n}", f"{siren}{n}{exercice}".encode(),
                      type_pj=("003", "009")[n % 2])
                for n in (*range(4), 9)
            )  # fmt: skip
            take_in(
                database,
                UnFlux(
                    mandats, pjs, siren, exercice, bordereau=f"{exercice}",
                    date_str=f"{exercice}-05-02", nom=f"F{siren}{exercice}",
                ),
                folder,
            )  # fmt: skip
    with database.writing() as session:
        alone = session.scalars(select(PieceJustificative).filter_by(id_unique="P9-2022")).first()
        assert alone is not None
        session.add(
            Marche(
                id=1, flux_id=alone.flux_id, budget_id=alone.budget_id, siren=alone.siren,
                cle="M1", id_contrat="M1",
            )
        )  # fmt: skip
        session.flush()
        session.add(LienMarche(id=1, marche_id=1, siren=alone.siren, id_unique="", pj_id=alone.id))
        ligne = session.scalars(select(Ligne).order_by(Ligne.id)).first()
        other = session.scalars(select(Tiers).where(Tiers.nom == NOMS[3])).first()
        undated = session.scalars(select(Bordereau).where(Bordereau.exercice == 2021)).first()
        assert ligne is not None
        assert other is not None
        assert undated is not None
        ligne.autres_tiers = f"{other.id}"
        undated.date_emission = None
    return read_faits(database)


def read_faits(database: Database) -> list[Fait]:
    with database.reading() as session:
        tiers = {t.id: t for t in session.scalars(select(Tiers))}
        dates = {b.id: b.date_emission for b in session.scalars(select(Bordereau))}
        marches = {m.id: m.cle for m in session.scalars(select(Marche))}
        pieces = {p.id: p for p in session.scalars(select(Piece))}
        lignes = session.scalars(select(Ligne)).all()
        liens, contrats = (
            session.scalars(select(Lien)).all(),
            session.scalars(select(LienMarche)).all(),
        )

        def find_tiers(ligne: Ligne) -> tuple[Tiers, ...]:
            ids = [ligne.tiers_id, *map(int, filter(None, ligne.autres_tiers.split(",")))]
            return tuple(tiers[i] for i in ids if i is not None)

        def read_piece(ident: int) -> tuple[Piece, date | None, tuple[object, ...]]:
            piece = pieces[ident]
            mine = tuple((n, find_tiers(n)) for n in lignes if n.piece_id == ident)
            return piece, dates[piece.bordereau_id], mine

        return [
            Fait(
                pj,
                tuple(read_piece(i) for i in {k.piece_id for k in liens if k.pj_id == pj.id}),  # type: ignore[misc]  # as Fait has them
                tuple(marches[k.marche_id] for k in contrats if k.pj_id == pj.id),
            )
            for pj in session.scalars(select(PieceJustificative))
        ]


def meets(fait: Fait, c: Criteres) -> bool:
    """What the criteria mean, in plain Python."""
    pj = fait.pj
    cles = {*fait.contrats, *(n.marche_cle for _, _, some in fait.pieces for n, _ in some)}
    on_pj = (
        (not c.siren or pj.siren == c.siren)
        and (not c.domaines or pj.domaine in c.domaines)
        and (not c.types_pj or pj.type_pj in c.types_pj)
        and (not c.budgets or f"{pj.siren}00011/101/00" in c.budgets)
        and (not c.marches or bool(cles & set(c.marches)))
    )
    if not on_pj:
        return False
    plain = replace(c, siren="", domaines=(), types_pj=(), budgets=(), marches=())
    if plain == Criteres():
        return True
    if not fait.pieces:
        return replace(plain, exercice_min=None, exercice_max=None) == Criteres()
    return any(fits(*piece, c) for piece in fait.pieces)


def fits(
    piece: Piece, jour: date | None, lignes: Sequence[tuple[Ligne, tuple[Tiers, ...]]], c: Criteres
) -> bool:
    montant = abs(piece.ht + piece.tva)
    people = [t for _, some in lignes for t in some]
    formes = [form for nom in c.noms for form in find_formes(nom)]
    known = any(t.identifiant in c.tiers or any(f in t.nom for f in formes) for t in people)
    return (
        (c.exercice_min is None or piece.exercice >= c.exercice_min)
        and (c.exercice_max is None or piece.exercice <= c.exercice_max)
        and (not c.sens or piece.sens == c.sens)
        and (not c.numeros or piece.numero in c.numeros)
        and (c.montant_min is None or montant >= c.montant_min)
        and (c.montant_max is None or montant <= c.montant_max)
        and (c.emis_du is None or jour is None or jour >= c.emis_du)
        and (c.emis_au is None or jour is None or jour <= c.emis_au)
        and (not c.comptes or any(n.compte.startswith(c.comptes) for n, _ in lignes))
        and (not (c.tiers or c.noms) or known)
    )


def some_of(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), st.none(), strategy)


CRITERES = st.builds(
    Criteres,
    siren=st.sampled_from((COMMUNE, AUTRE, "")),
    exercice_min=maybe(st.integers(2020, 2023)),
    exercice_max=maybe(st.integers(2021, 2024)),
    budgets=st.one_of(st.just(()), some_of(f"{COMMUNE}00011/101/00", "x", "1/2")),
    domaines=st.one_of(st.just(()), some_of("ordinaire", "paie")),
    types_pj=st.one_of(st.just(()), some_of("003", "009")),
    marches=st.one_of(st.just(()), some_of("M1", "M2", "M3")),
    sens=st.sampled_from(("", "", "depense", "recette")),
    numeros=st.one_of(st.just(()), some_of("1", "2", "3")),
    tiers=st.one_of(st.just(()), st.just(()), some_of("00000000100011", "7")),
    noms=st.one_of(st.just(()), some_of("Énergie", "energie", "PUBLICS", "%", "papeterie")),
    comptes=st.one_of(st.just(()), some_of("60", "2151", "606", "_")),
    emis_du=maybe(st.dates(date(2021, 1, 1), date(2023, 12, 31))),
    emis_au=maybe(st.dates(date(2021, 1, 1), date(2023, 12, 31))),
    montant_min=maybe(st.integers(0, 60_000)),
    montant_max=maybe(st.integers(0, 60_000)),
)  # fmt: skip


def test_sql_finds_what_the_words_mean(database: Database, tmp_path: Path) -> None:
    faits = fill(database, tmp_path)
    assert len({len(f.pieces) for f in faits}) > 1

    @given(CRITERES)
    @settings(deadline=None)
    def check(criteres: Criteres) -> None:
        with database.reading() as session:
            query = select(PieceJustificative.id).where(compile_criteres(criteres))
            found = set(session.scalars(query))
        assert found == {f.pj.id for f in faits if meets(f, criteres)}

    check()


@given(CRITERES)
def test_what_is_kept_is_read_back(criteres: Criteres) -> None:
    try:
        check_criteres(criteres)
    except Invalid:
        with pytest.raises(Invalid):
            load_criteres(dump_criteres(criteres))
    else:
        assert load_criteres(dump_criteres(criteres)) == criteres


@pytest.mark.parametrize(
    "said",
    [
        {"inconnu": 1},
        {"siren": 1},
        {"exercice_min": "2022"},
        {"exercice_min": True},
        {"emis_du": "hier"},
        {"emis_du": 3},
        {"noms": "x"},
        {"noms": [1]},
        {"noms": [""]},
        {"noms": ["x" * 201]},
        {"noms": [f"x{rank}" for rank in range(101)]},
        {"exercice_min": 2023, "exercice_max": 2022},
        {"montant_min": 2, "montant_max": 1},
        {"emis_du": "2023-01-02", "emis_au": "2023-01-01"},
    ],
)
def test_what_is_not_of_the_list_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        make_criteres(said)


@pytest.mark.parametrize("column", ["{", "[]", "3"])
def test_what_is_no_criteria_is_refused(column: str) -> None:
    with pytest.raises(Invalid):
        load_criteres(column)


def test_a_value_is_never_sql(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    hostile = Criteres(noms=("'; DROP TABLE gel; --",), comptes=("' OR 1=1 --",))
    with database.reading() as session:
        query = select(PieceJustificative.id).where(compile_criteres(hostile))
        assert session.scalars(query).all() == []
        assert "DROP" not in str(query.compile(database.engine))
