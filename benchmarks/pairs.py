"""What stands beside ORC on the same PDF files: the raw floor, and what people would build.

The floor is pypdfium2 and tantivy alone: no flow, no SQL, no digest, no link, no text kept.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.pool import Pool
from pathlib import Path

import pypdf
import pypdfium2
import tantivy

PROCESSES = 2
COMMIT = 5000
CHUNK = 16


def read_by_pdfium(path: str) -> str:
    """What anybody writes with pypdfium2."""
    document = pypdfium2.PdfDocument(path)
    pages = []
    for page in document:
        text = page.get_textpage()
        pages.append(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return "\n".join(pages)


def read_by_pypdf(path: str) -> str:
    """What anybody writes with pypdf."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def make_index(folder: Path) -> tantivy.Index:
    """A path and a text, stemmed in French: the index of the tutorials."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("path", stored=True, tokenizer_name="raw")
    builder.add_text_field("body", tokenizer_name="fr_stem")
    index = tantivy.Index(builder.build(), path=str(folder))
    tokens = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(40),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("french"),
    ):
        tokens = tokens.filter(step)
    index.register_tokenizer("fr_stem", tokens.build())
    return index


def time_floor(paths: list[str]) -> float:
    """Seconds of pypdfium2 in two processes and tantivy in this one, until found."""
    return _time(paths, _read_with_path)


def time_pypdf(paths: list[str]) -> float:
    """The same with pypdf, as the Python tutorials have it."""
    return _time(paths, _read_with_path_pypdf)


def _read_with_path(path: str) -> tuple[str, str]:
    return path, read_by_pdfium(path)


def _read_with_path_pypdf(path: str) -> tuple[str, str]:
    return path, read_by_pypdf(path)


def _time(paths: list[str], read: Callable[[str], tuple[str, str]]) -> float:
    """The start of the processes is left out, as it is for ORC."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, context.Pool(PROCESSES) as pool:
        list(pool.imap_unordered(read, paths[: 4 * PROCESSES]))
        began = time.perf_counter()
        index = make_index(Path(folder))
        _fill(index, _read_all(pool, read, paths))
        index.reload()
        if index.searcher().num_docs != len(paths):
            raise AssertionError(index.searcher().num_docs)
        return time.perf_counter() - began


def _read_all(
    pool: Pool, read: Callable[[str], tuple[str, str]], paths: list[str]
) -> Iterator[tuple[str, str]]:
    return pool.imap_unordered(read, paths, chunksize=CHUNK)


def _fill(index: tantivy.Index, texts: Iterator[tuple[str, str]]) -> None:
    writer = index.writer(heap_size=96_000_000, num_threads=1)
    for rank, (path, text) in enumerate(texts, 1):
        writer.add_document(tantivy.Document(path=path, body=text))
        if rank % COMMIT == 0:
            writer.commit()
    writer.commit()
    writer.wait_merging_threads()
