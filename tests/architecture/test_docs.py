"""What the documents say of the code is true: files, dependencies, commands, decisions."""

import json
import re
import tomllib

import pytest

PATH = re.compile(r"`((?:orc|web|tests|docs|scripts|migrations|benchmarks)/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.fixture(scope="module")
def documents(tree_texts) -> dict[str, str]:
    return {name: text for name, text in tree_texts.items() if name.endswith(".md")}


def test_every_file_a_document_names_exists(documents, root) -> None:
    wrong = [
        f"{name} : {path}"
        for name, text in documents.items()
        for path in PATH.findall(text)
        if not (root / path).exists() and "vendor" not in path
    ]
    assert not wrong


def test_every_link_between_documents_leads_somewhere(documents, root) -> None:
    wrong = [
        f"{name} : {target}"
        for name, text in documents.items()
        for target in LINK.findall(text)
        if not ((root / name).parent / target).exists()
    ]
    assert not wrong


def test_every_dependency_has_its_reason_and_no_reason_is_left_alone(root, documents) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[<>=\[;! ]", line)[0] for group in groups for line in group}
    package = json.loads((root / "package.json").read_text(encoding="utf-8"))
    for kind in ("dependencies", "devDependencies", "optionalDependencies"):
        names |= package[kind].keys()
    rows = re.findall(r"^\| `([^`]+)` \|", documents["docs/decisions/0002-dependances.md"], re.M)
    assert sorted(rows) == sorted(names)


def test_decisions_are_numbered_without_a_gap_and_say_why(documents) -> None:
    pages = sorted(name for name in documents if name.startswith("docs/decisions/"))
    numbers = [int(re.findall(r"/(\d{4})-", page)[0]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    assert not [p for p in pages if "**Décision.**" not in documents[p]]


def test_the_readme_says_the_two_commands(documents) -> None:
    assert not [c for c in ("make demo", "make test") if c not in documents["README.md"]]


def test_every_floor_is_drawn_in_the_documentation(root, documents) -> None:
    tools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = tools["importlinter"]["contracts"][0]["layers"]
    modules = {module for layer in layers for module in layer.split(" | ") if "(" not in module}
    drawn = set(re.findall(r"orc\.(\w+)", documents["docs/architecture.md"]))
    assert not modules - drawn
