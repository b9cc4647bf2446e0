"""docs/glossaire.md is the closed list of the French words of our names, and all of it is used."""

import ast
import re
from itertools import pairwise

import pytest

from orc.index.fields import FIELDS
from orc.models import Base

# The mechanics, in English. A French word has its place in the glossary, not here.
ENGLISH = frozenset(
    """
    access act analysis answer api archive bootstrap boxes broker browse bucket bulk
    cache chain change child children claim clean clearance client code column compile
    compound confine connection console consult container csrf db decide demo disk
    distributed document domain encapsule encoding engine error etag event facet fact
    failure fault fetch field find follow format generation http image in index indexer
    ingest init insert instant intake job label lease limit link local lock make maker
    mapping memory merge message mime msg mtime not number ocr office open orc other
    outbox page paged parts password patience payload payment pdf pid plain plan pool
    port process protocol query queue range read reader reading rebuild reconcile record
    remote render retry row rule run s schema search searched serve server session
    setting sftp sha sms smtp spool state storage store strength syntax table task
    tessdata text throttling tika totp type value version viewer watch web word worker
    writing xml
    """.split()  # noqa: SIM905 -- a list of words reads better as a paragraph
)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
VALUES_OF_FLOWS = ("orc/domain.py", "orc/models/", "orc/ingest/pes/")


def singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def words_of(name: str) -> list[str]:
    return [singular(word.lower()) for word in WORD.findall(name)]


@pytest.fixture(scope="module")
def parts(root) -> list[str]:
    """The glossary's three sections after its introduction: terms, common words, abbreviations."""
    text = (root / "docs/glossaire.md").read_text(encoding="utf-8")
    _, terms, common, short = re.split(r"\n## .*\n", text)
    return [terms, common, short]


@pytest.fixture(scope="module")
def rows(parts) -> list[list[str]]:
    lines = [line for line in parts[0].splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def terms(rows) -> list[str]:
    return [row[0].strip("`") for row in rows]


@pytest.fixture(scope="module")
def simple_words(parts) -> list[str]:
    return re.findall(r"`([a-z]+)`", parts[1] + parts[2])


@pytest.fixture(scope="module")
def identifiers(sources) -> set[str]:
    """Every name of the code, spelled `_piece_justificative_`, in the singular."""
    names = {word for source in sources for word in source.path.with_suffix("").parts}
    for source in sources:
        for node in ast.walk(source.tree):
            for attribute in ("name", "id", "attr", "arg"):
                if isinstance(found := getattr(node, attribute, None), str):
                    names.add(found)
    names |= {field.name for field in FIELDS}
    return {f"_{'_'.join(words_of(name))}_" for name in names}


def test_each_term_has_its_meaning_and_its_source(rows) -> None:
    assert rows
    assert not [row for row in rows if len(row) != 3 or not all(row)]


def test_a_word_has_one_entry(terms, simple_words) -> None:
    words = sorted([*terms, *simple_words])
    assert not [a for a, b in pairwise(words) if a == b]


def test_each_word_of_the_glossary_is_used(terms, simple_words, identifiers) -> None:
    joined = " ".join(identifiers)
    spelled = {term: f"_{'_'.join(words_of(term))}_" for term in [*terms, *simple_words]}
    assert not [term for term, name in spelled.items() if name not in joined]


def test_each_french_word_of_a_name_is_in_the_glossary(terms, simple_words, sources) -> None:
    known = {singular(word) for term in [*terms, *simple_words] for word in term.split("_")}
    known |= {singular(word) for word in ENGLISH} | {"not"}
    unknown = {
        f"{word} ({name})"
        for name in sorted(names_that_last(sources))
        for word in words_of(name)
        if word not in known
    }
    assert not unknown, "à définir dans docs/glossaire.md : " + ", ".join(sorted(unknown))


def names_that_last(sources) -> set[str]:
    """What other people read or keep: tables, columns, criteria, modules, values of a flow."""
    names = {field.name for field in FIELDS}
    for table in Base.metadata.tables.values():
        names |= {table.name, *(column.name for column in table.columns)}
    for source in sources:
        if source.name.startswith("orc/") and not source.name.startswith("orc/demo/"):
            names.add(source.path.stem)
        if source.name.startswith(VALUES_OF_FLOWS):
            classes = {n.name for n in ast.walk(source.tree) if isinstance(n, ast.ClassDef)}
            names |= {name for name in classes if not name.startswith("_")}
    return names
