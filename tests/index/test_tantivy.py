"""What the embedded engine alone promises: kills, two writers, an index of another shape."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Conflict, Unavailable
from orc.index.analysis import find_stems, find_words, fold, prepare, stem_word
from orc.index.engines.tantivy import IndexPerime, TantivyEngine
from orc.index.engines.tantivy.schema import make_analyzers
from orc.index.fields import Genre
from orc.index.query import Mot, Query
from tests.contracts.records import clearance, find, make_record, put

WRITER = """
import sys
from pathlib import Path
from orc.index.engines.tantivy import TantivyEngine
from tests.contracts.records import make_record
engine = TantivyEngine(Path(sys.argv[1]))
start = int(sys.argv[2])
for batch in range(start, 10_000):
    engine.put(make_record(batch * 20 + i, "facture", version=batch) for i in range(20))
    engine.commit()
    print(batch, flush=True)
"""


def test_a_writer_killed_leaves_exactly_its_last_commit(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    done = -1
    for turn in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(done + 1)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        assert writer.stdout is not None
        for _ in range(2 + turn):
            done = int(writer.stdout.readline())
        time.sleep(0.003 * turn)
        os.kill(writer.pid, signal.SIGKILL)
        done = max([done, *map(int, writer.stdout.read().split())])
        writer.stdout.close()
        writer.wait()
        engine = TantivyEngine(folder)
        held = engine.count(Query(Mot("facture")), clearance=clearance(1))
        # A commit may be whole before its line is printed, never the other way.
        assert held in ((done + 1) * 20, (done + 2) * 20)
        done = held // 20 - 1
        engine.close()


def test_a_second_writer_waits_for_the_first_one(tmp_path: Path) -> None:
    first, second = TantivyEngine(tmp_path / "i"), TantivyEngine(tmp_path / "i", wait=10)
    first.put([make_record(1, "un")])
    timer = threading.Timer(0.3, lambda: (first.commit(), first.release()))
    timer.start()
    put(second, make_record(2, "deux"))
    timer.join()
    assert find(first, Mot("un")) == {1}
    assert find(first, Mot("deux")) == {2}
    first.close()
    second.close()


def test_a_second_writer_that_waited_too_long_says_so(tmp_path: Path) -> None:
    first, second = TantivyEngine(tmp_path / "i"), TantivyEngine(tmp_path / "i", wait=0.1)
    first.put([make_record(1, "un")])
    with pytest.raises(Unavailable, match="Un autre traitement écrit"):
        second.put([make_record(2, "deux")])
    first.close()
    second.close()


def test_an_index_of_another_shape_is_refused_then_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    engine = TantivyEngine(folder)
    put(engine, make_record(1, "facture"))
    engine.close()
    (folder / "orc.json").write_text(json.dumps({"signature": "autre"}))
    with pytest.raises(IndexPerime, match="orc rebuild"):
        TantivyEngine(folder)
    assert issubclass(IndexPerime, Conflict)
    fresh = TantivyEngine.reset(folder)
    assert fresh.count(Query(), clearance=clearance(1)) == 0
    fresh.close()


def test_an_index_whose_signature_is_lost_or_broken_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    TantivyEngine(folder).close()
    for content in ("", "pas du JSON", "[]"):
        (folder / "orc.json").write_text(content)
        with pytest.raises(IndexPerime):
            TantivyEngine(folder)
    (folder / "orc.json").unlink()
    with pytest.raises(IndexPerime):
        TantivyEngine(folder)


def test_threads_search_while_another_writes(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "i")
    put(engine, make_record(0, "facture"))

    def read() -> bool:
        return all(0 in find(engine, Mot("facture")) for _ in range(50))

    with ThreadPoolExecutor(4) as readers:
        reading = [readers.submit(read) for _ in range(4)]
        for i in range(1, 15):
            put(engine, make_record(i, "facture"))
        assert all(done.result() for done in reading)
    engine.close()


SPACED = make_analyzers()["orc_spaced"]


@given(st.text(max_size=60))
def test_tantivy_cuts_and_stems_as_passages_do(texte: str) -> None:
    prepared = prepare(texte)
    assert SPACED.analyze(prepared.exact) == find_words(texte)
    assert SPACED.analyze(prepared.stems) == find_stems(texte)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=60))
def test_it_does_so_on_the_letters_of_europe(texte: str) -> None:
    prepared = prepare(texte)
    assert SPACED.analyze(prepared.exact) == find_words(texte)
    assert SPACED.analyze(prepared.stems) == find_stems(texte)


def test_every_character_is_a_word_on_both_sides_or_on_neither() -> None:
    differ = [
        hex(code)
        for code in (*range(0x3000), *range(0xA640, 0xAB70), *range(0xF900, 0x10000))
        if not 0xD800 <= code < 0xE000
        and SPACED.analyze(prepare(chr(code)).exact) != find_words(chr(code))
    ]
    assert not differ


def test_an_engine_that_stems_by_itself_would_find_the_same_stems() -> None:
    """A larger dictionary (wfrench, 341 727 words) was compared once: composants.md."""
    words_of = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    snowball = words_of.filter(tantivy.Filter.stemmer("french")).build()
    words = Path("/usr/share/dict/french")
    found = words.read_text().split() if words.exists() else FRENCH.split()
    differ = [w for w in map(fold, found) if w.isalnum() and snowball.analyze(w) != [stem_word(w)]]
    assert not [w for w in differ if w not in ("travaux", "baux")]


FRENCH = """
facture électricité école marché travaux subvention convention délibération nettoyage bâtiments
assainissement communale intercommunalité cotisations pénalités acquittement ordonnancement biaisé
albanaise balais anglaise française paiement règlements échéances prélèvement titulaires avenant
maîtrise d'œuvre vérification périodique équipements numériques fournitures scolaires cantine
restauration collective espaces verts élagage voirie éclairage public déneigement signalisation
"""


def test_a_piece_and_its_only_pj_are_one_document_found_as_either(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path / "index")
    put(
        engine,
        make_record(7, "chaudière", exercice=2023),
        make_record(7, "chaudière", exercice=2023, genre=Genre.PJ, piece_id=7),
        make_record(8, exercice=2023, genre=Genre.LIGNE, piece_id=7),
    )
    assert engine._index.searcher().num_docs == 2
    for genre in (Genre.PIECE, Genre.PJ):
        assert find(engine, Mot("chaudière"), genre=genre) == {7}
    assert find(engine, Mot("2023", "exercice"), genre=Genre.LIGNE) == {8}


@pytest.mark.parametrize("other", [{"cellule": 2}, {"exercice": 2022}, {"texte": "clos"}])
def test_a_pj_that_says_anything_else_is_a_document_of_its_own(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    engine = TantivyEngine(tmp_path / "index")
    said = {"texte": "chaudière", "exercice": 2023}
    piece, pj = (
        make_record(7, **said),
        make_record(9, genre=Genre.PJ, piece_id=7, **{**said, **other}),
    )
    put(engine, piece, pj)
    assert engine._index.searcher().num_docs == 2
