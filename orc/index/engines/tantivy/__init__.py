"""The embedded engine: one folder, one writer at a time, as many readers as wanted."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from threading import RLock

import tantivy
from tantivy import Query as Native

from orc.access import Clearance
from orc.errors import Conflict, Unavailable
from orc.index.engines.tantivy.compile import Compiler
from orc.index.engines.tantivy.facets import make_beginning, read_totals
from orc.index.engines.tantivy.pages import Page, SortedPages, find_by_relevance, read_keys
from orc.index.engines.tantivy.schema import (
    GENRES,
    make_analyzers,
    make_documents,
    make_schema,
    make_signature,
)
from orc.index.engines.tantivy.scope import Scope, View
from orc.index.fields import Genre
from orc.index.query import DemandeFacette, Hit, Hits, Query, ValeurFacette
from orc.index.record import Record

_SIGNATURE = "orc.json"
_HEAP = 96_000_000
# A writer kept longer lets the others in at the next commit.
_TURN = 30.0
# Records (and characters of text) that wait in memory for the writer.
_BATCH = 1_000
_BATCH_SIZE = 8_000_000
_ABSENT = (0, 0)


class IndexPerime(Conflict):
    """The index was made by another version of ORC: it can be made again from SQL."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"L’index de {path.name} a été construit par une autre version d’ORC : "
            "reconstruisez-le avec « orc rebuild »."
        )


class IndexAbime(Conflict):
    """The folder holds something that is no longer an index: it can be made again from SQL."""

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(
            f"L’index de {path.name} est abîmé : reconstruisez-le avec « orc rebuild » ({cause})."
        )


class TantivyEngine:
    """A SearchEngine in a folder. Threads may share it; processes each open their own."""

    one_writer = True

    def __init__(self, path: Path, *, wait: float = 60.0) -> None:
        """Open or make the index. `wait`: seconds to wait for another process that writes.

        Raises IndexPerime where the folder holds an index of another shape: see `reset`.
        """
        self._path = path
        self._wait = wait
        self._lock = RLock()
        self._writer: tantivy.IndexWriter | None = None
        self._since = 0.0
        path.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        """Open the index that the folder holds now: a rebuilt one takes the place of another."""
        path = self._path
        self._folder = path.stat().st_ino
        _check_signature(path)
        try:
            self._index = tantivy.Index(make_schema(), path=str(path))
        except (ValueError, OSError) as error:
            raise IndexAbime(path, str(error).partition("\n")[0][:200]) from error
        self._index.config_reader("Manual")
        for name, analyzer in make_analyzers().items():
            self._index.register_tokenizer(name, analyzer)
        self._compiler = Compiler(self._index.schema)
        self._seen = self._read_state()
        self._view = View(self._index.searcher(), self._compiler)

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._path

    @classmethod
    def reset(cls, path: Path) -> TantivyEngine:
        """Throw away whatever index the folder holds and open an empty one."""
        shutil.rmtree(path, ignore_errors=True)
        return cls(path)

    # Writing.

    def put(self, records: Iterable[Record]) -> None:
        """Replace every record of the pieces met: give all the records of a piece together."""
        met: set[int] = set()
        batch: list[Record] = []
        size = 0
        for record in records:
            batch.append(record)
            size += sum(len(str(text)) for text in record.values.get("texte", ()))
            if len(batch) >= _BATCH or size >= _BATCH_SIZE:
                self._put(batch, met)
                batch, size = [], 0
        self._put(batch, met)

    def _put(self, batch: Sequence[Record], met: set[int]) -> None:
        with self._lock:
            fresh = {r.piece_id for r in batch} - met
            met |= fresh
            self.remove(fresh)
            writer = self._get_writer()
            for _, of_piece in groupby(batch, attrgetter("piece_id")):
                for document in make_documents(list(of_piece)):
                    writer.add_document(document)

    def remove(self, piece_ids: Iterable[int]) -> None:
        """Take every record of these pieces away."""
        ids = list(piece_ids)
        with self._lock:
            for start in range(0, len(ids), _BATCH):
                some = ids[start : start + _BATCH]
                self._get_writer().delete_documents_by_query(
                    Native.term_set_query(self._index.schema, "piece_", some)
                )

    def clear(self) -> None:
        """Take everything away."""
        with self._lock:
            self._get_writer().delete_all_documents()

    def commit(self) -> Mapping[int, str]:
        """Make last and found what was put and removed; no piece is refused here."""
        with self._lock:
            if self._writer is not None:
                self._writer.commit()
                if time.monotonic() - self._since > _TURN:
                    self.release()
                self._reload()
            return {}

    def release(self) -> None:
        """Finish merges and let another process write; what was not committed is lost."""
        with self._lock:
            # Forgotten first: a writer that a full disk killed must not be met again.
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.rollback()
                writer.wait_merging_threads()

    def close(self) -> None:
        """Let go of files and locks."""
        self.release()

    def _get_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._open_writer()
            self._since = time.monotonic()
        return self._writer

    def _open_writer(self) -> tantivy.IndexWriter:
        end = time.monotonic() + self._wait
        while True:
            try:
                self._follow()
                writer = self._index.writer(heap_size=_HEAP, num_threads=1)
                if self._is_followed():
                    return writer
                writer.rollback()  # replaced while we waited for our turn
            except ValueError as error:
                if "LockBusy" not in str(error):
                    raise
                if time.monotonic() >= end:
                    raise Unavailable(
                        "Un autre traitement écrit dans l’index : réessayez dans un instant."
                    ) from error
                time.sleep(0.05)

    # Reading.

    def search(self, query: Query, *, clearance: Clearance) -> Hits:
        """Find, within the Clearance only; an empty one is answered without the engine."""
        if not clearance.cellules:
            return Hits()
        view = self._get_view()
        scope = view.find_scope(clearance)
        if scope is None:
            return Hits(facettes={f.champ: () for f in query.facettes} if query.totaux else {})
        searcher = view.searcher
        base = self._make_base(query, scope)
        page = self._find_page(searcher, base, query)
        if not query.totaux:
            return Hits(_make_hits(searcher, query.genre, page), suivant=page.suivant)
        total, somme, facets = self._read_totals(searcher, base, query, scope)
        hits = _make_hits(searcher, query.genre, page)
        return Hits(hits, total, somme, facets, page.suivant)

    def count(self, query: Query, *, clearance: Clearance) -> int:
        """How many records, exactly."""
        view = self._get_view()
        scope = view.find_scope(clearance) if clearance.cellules else None
        if scope is None:
            return 0
        base = self._make_base(query, scope)
        return read_totals(view.searcher, base, (), somme=False)[0]

    def suggest(
        self, champ: str, debut: str, *, clearance: Clearance, taille: int = 10
    ) -> Sequence[ValeurFacette]:
        """The most frequent values of a facet, with a word that begins so."""
        asked = Query(genre=Genre.PIECE, facettes=(DemandeFacette(champ, taille, debut),), taille=1)
        return self.search(asked, clearance=clearance).facettes.get(champ, ())

    def find_versions(self, *, apres: int = -1, taille: int = 10_000) -> Sequence[tuple[int, int]]:
        """Read (piece_id, version) of the pieces held, by ascending piece_id."""
        searcher = self._get_view().searcher
        pieces = self._compiler.keys("genre_", [GENRES[Genre.PIECE]])
        after = Native.range_query(
            self._index.schema, "piece_", tantivy.FieldType.Unsigned, apres + 1, None
        )
        result = searcher.search(
            self._compiler.every([pieces, after]),
            limit=taille,
            count=False,
            order_by_field="piece_",
            order=tantivy.Order.Asc,
        )
        versions = read_keys(searcher, "version_", [a for _, a in result.hits])
        return [(p, v) for (p, _), v in zip(result.hits, versions, strict=True)]

    def _make_base(self, query: Query, scope: Scope, sauf: str | None = None) -> Native:
        """What may be seen, of this genre, that meets the words and the filters but `sauf`'s."""
        keys = self._compiler
        genre = keys.keys("genre_", [GENRES[query.genre]])
        near = keys.every([scope.near, genre] if scope.near else [genre])
        make = Compiler(self._index.schema, near)
        parts = [genre, make.make(query.expression)]
        if scope.seen:
            parts.insert(0, scope.seen)
        for filtre in query.filtres:
            if filtre.champ != sauf:
                one = make.any([make.make(v) for v in filtre.valeurs])
                parts.append(Native.const_score_query(one, 0.0))
        return make.every(parts, scope.hidden)

    def _find_page(self, searcher: tantivy.Searcher, base: Native, query: Query) -> Page:
        if query.taille <= 0:
            return Page((), None)
        if query.tri is None:
            return find_by_relevance(searcher, base, query.genre, query.apres, query.taille)
        pages = SortedPages(searcher, self._compiler, query.genre, query.tri)
        return pages.find(base, query.apres, query.taille)

    def _read_totals(
        self, searcher: tantivy.Searcher, base: Native, query: Query, scope: Scope
    ) -> tuple[int, int | None, dict[str, tuple[ValeurFacette, ...]]]:
        """The totals and every facet; one filtered by itself needs a pass of its own."""
        filtered = {f.champ for f in query.filtres}
        plain = [f for f in query.facettes if f.champ not in filtered and not f.contient]
        total, somme, facets = read_totals(searcher, base, plain, somme=query.genre is not Genre.PJ)
        for asked in query.facettes:
            if asked not in plain:
                wider = self._make_base(query, scope, sauf=asked.champ)
                if asked.contient:
                    begun = self._compiler.make(make_beginning(asked))
                    wider = self._compiler.every([wider, begun])
                facets |= read_totals(searcher, wider, [asked], somme=False)[2]
        return total, somme, facets

    def _get_view(self) -> View:
        """A searcher of the last commit, whichever process made it, and what it holds."""
        self._follow()
        if self._read_state() not in (self._seen, _ABSENT):
            self._reload()
        return self._view

    def _follow(self) -> None:
        """Open the index that took the place of ours, if one did."""
        if not self._is_followed():
            with self._lock:
                self._open()

    def _is_followed(self) -> bool:
        try:
            return self._path.stat().st_ino == self._folder
        except FileNotFoundError:  # between two names: the index at hand still answers
            return True

    def _reload(self) -> None:
        with self._lock:
            self._seen = self._read_state()
            self._index.reload()
            self._view = View(self._index.searcher(), self._compiler)

    def _read_state(self) -> tuple[int, int]:
        try:
            state = (self._path / "meta.json").stat()
        except FileNotFoundError:
            return _ABSENT
        return (state.st_mtime_ns, state.st_ino)


def _make_hits(searcher: tantivy.Searcher, genre: Genre, page: Page) -> tuple[Hit, ...]:
    pieces = read_keys(searcher, "piece_", [p.address for p in page.places])
    return tuple(
        Hit(genre, place.numero, piece, float(place.rank))
        for place, piece in zip(page.places, pieces, strict=True)
    )


def _check_signature(path: Path) -> None:
    """Raise IndexPerime unless the folder is empty or of this very shape; sign an empty one."""
    file = path / _SIGNATURE
    if not file.exists() and not (path / "meta.json").exists():
        file.write_text(json.dumps({"signature": make_signature()}))
    elif _read_signature(file) != make_signature():
        raise IndexPerime(path)


def _read_signature(file: Path) -> object:
    try:
        signed = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return signed.get("signature") if isinstance(signed, dict) else None
