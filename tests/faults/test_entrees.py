"""Everything hostile at once, through the whole pipeline: said in French, bounded, nothing lost."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from orc.bootstrap import Orc, make_orc
from orc.index.fields import Genre
from orc.ingest.reconcile import reconcile_index
from orc.models import AIndexer, Anomalie, Flux, Piece, PieceJustificative, Texte
from orc.settings import Settings
from tests.faults import hostiles
from tests.faults.etat import hash_tree
from tests.faults.orc_dehors import Fin, run
from tests.ingest.test_ingestion import search

pytestmark = pytest.mark.lent
# A bomb is stopped after so long; the default is 30 s.
COURT = {"ORC_EXTRACTION_SECONDES": "6"}


@dataclass(frozen=True)
class Essai:
    """The silo once read by the command, what it said, and what the check says after."""

    ingestion: Fin
    check: dict[str, Any]
    orc: Orc
    before: dict[str, str]
    silo: Path

    def find_motifs(self, name: str) -> list[str]:
        return [
            e["motif"] for e in self.check["ecartes"]["items"] if name in (e["nom"], e["membre"])
        ]


@pytest.fixture(scope="module")
def essai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Essai]:
    folder = tmp_path_factory.mktemp("hostile")
    silo, data = folder / "silo", folder / "data"
    hostiles.write_silo(silo)
    before = _hash_small(silo)
    ingestion = run(data, "ingest", str(silo), "--json", timeout=280, env=COURT)
    orc = make_orc(Settings(data=str(data), workers=1))
    check = run(data, "silo", "check", "--json", "--anomalies").json()
    yield Essai(ingestion, check, orc, before, silo)
    orc.close()


def _hash_small(silo: Path) -> dict[str, str]:
    """The names of all, the bytes of those that are quickly read."""
    small = [p for p in silo.iterdir() if p.is_file() and p.stat().st_size < 1_000_000]
    return {p.name: p.read_bytes().hex()[:2000] for p in small} | {
        p.name: "" for p in silo.iterdir()
    }


def test_an_ingestion_of_hostile_files_ends_well_within_memory(essai: Essai) -> None:
    assert essai.ingestion.code == 0, essai.ingestion.err[-3000:]
    assert essai.ingestion.rss_mo < 500
    assert "Traceback" not in essai.ingestion.err


@pytest.mark.parametrize("name", sorted(hostiles.REFUS | hostiles.MEMBRES))
def test_what_cannot_be_used_is_set_aside_with_its_reason(essai: Essai, name: str) -> None:
    (motif, *_) = essai.find_motifs(name)
    assert (hostiles.REFUS | hostiles.MEMBRES)[name] in motif


@pytest.mark.parametrize("nom", sorted(hostiles.ANOMALIES))
def test_what_is_wrong_in_a_flow_is_said_with_its_place(essai: Essai, nom: str) -> None:
    with essai.orc.database.reading() as session:
        query = select(Anomalie).join(Flux).where(Flux.nom_fic == nom)
        found = {a.code: a for a in session.scalars(query)}
    code = hostiles.ANOMALIES[nom]
    assert code in found
    assert found[code].ligne > 0 or code == "anomalies_tues"


def test_the_pieces_of_good_flows_are_found_beside_hostile_ones(essai: Essai) -> None:
    assert search(essai.orc, "chaufferie") >= 1
    with essai.orc.database.reading() as session:
        numeros = set(session.scalars(select(Piece.numero)))
        assert session.scalars(select(AIndexer)).all() == []
    assert set(hostiles.PIECES_GARDEES) <= numeros
    assert reconcile_index(essai.orc.database, essai.orc.engine) == 0
    assert search(essai.orc, "numero:127", Genre.PIECE) == 1


def test_no_amount_nor_number_beyond_measure_reaches_sql(essai: Essai) -> None:
    with essai.orc.database.reading() as session:
        assert max(map(len, session.scalars(select(Piece.numero)))) <= 60
        assert max(session.scalars(select(Piece.ht))) < 10**12


def test_a_piece_of_100_000_citations_keeps_its_line_and_its_amount(essai: Essai) -> None:
    with essai.orc.database.reading() as session:
        piece = session.scalars(select(Piece).where(Piece.numero == "410")).one()
    assert (piece.nb_lignes, piece.ht) == (1, 10_000)


def test_bombs_of_documents_get_a_state_and_no_text(essai: Essai) -> None:
    with essai.orc.database.reading() as session:
        query = (
            select(PieceJustificative.id_unique, Texte.etat, Texte.motif)
            .join(Texte, Texte.sha256 == PieceJustificative.sha256)
            .where(PieceJustificative.id_unique.like("B-%"))
        )
        states = {row.id_unique: (row.etat, row.motif) for row in session.execute(query)}
    assert {"B-PDF", "B-DOCX", "B-PNG", "B-COUNT", "B-XML", "B-LOL"} <= set(states)
    for name in ("B-PDF", "B-DOCX", "B-COUNT", "B-XML", "B-LOL"):
        etat, motif = states[name]
        assert etat not in {"a_extraire", "extrait"}, name
        assert motif, name


def test_names_that_are_paths_write_nothing_and_stay_text(essai: Essai) -> None:
    with essai.orc.database.reading() as session:
        names = set(session.scalars(select(PieceJustificative.nom)))
    assert "../../etc/passwd" in names
    data = Path(essai.orc.settings.data)
    assert {p.name for p in data.iterdir()} <= {
        "cache", "cle-secrets", "index", "textes",
        "orc.sqlite", "orc.sqlite-wal", "orc.sqlite-shm",
    }  # fmt: skip


def test_the_silo_is_left_as_it_was(essai: Essai) -> None:
    assert _hash_small(essai.silo) == essai.before
    assert not list((Path(essai.orc.settings.data) / "cache/lecture").iterdir())
    assert hash_tree(essai.silo / "dossier.xml") == {}


def test_reading_it_all_again_reads_nothing_again_and_says_the_same(essai: Essai) -> None:
    again = run(Path(essai.orc.settings.data), "ingest", str(essai.silo), "--json", timeout=200)
    assert again.code == 0, again.err[-2000:]
    first = json.loads(essai.ingestion.out)
    assert again.json()["fichiers_nouveaux"] == 0
    for key in ("flux", "pieces", "pj", "cherchables", "quarantaine"):
        assert again.json()[key] == first[key]
