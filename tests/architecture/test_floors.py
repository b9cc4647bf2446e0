"""Who may import whom. The drawing is in pyproject.toml and docs/architecture.md."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from importlinter import cli

RETENTION = ("decide", "durees", "facts", "payment", "rules")
PURE = (
    "orc/domain.py",
    "orc/index/query.py",
    "orc/index/fields.py",
    *(f"orc/retention/{name}.py" for name in RETENTION),
)
# Values of the same floor, pure themselves.
SIBLINGS = {"orc.index.fields", "orc.index.query", *(f"orc.retention.{n}" for n in RETENTION)}
SEARCH_LIBRARIES = {"tantivy", "elasticsearch"}


def imports_of(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def test_a_floor_imports_only_the_floors_below_it(root: Path) -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == cli.EXIT_STATUS_SUCCESS, done.stdout + done.stderr


def test_only_the_engines_import_a_search_library(sources) -> None:
    offenders = [
        source.at(node)
        for source in sources
        if not source.name.startswith("orc/index/engines/")
        for node, module in imports_of(source.tree)
        if module.split(".")[0] in SEARCH_LIBRARIES
    ]
    assert not offenders


def test_only_bootstrap_names_an_engine(sources) -> None:
    offenders = [
        source.at(node)
        for source in sources
        if not source.name.startswith(("orc/index/engines/", "orc/bootstrap"))
        for node, module in imports_of(source.tree)
        if module.startswith("orc.index.engines")
    ]
    assert not offenders


def test_what_is_pure_imports_the_standard_library_and_values_only(sources) -> None:
    allowed = sys.stdlib_module_names | {"orc.domain", "orc.errors"}
    offenders = [
        f"{source.at(node)} {module}"
        for source in sources
        if source.name in PURE
        for node, module in imports_of(source.tree)
        if module not in allowed and module.split(".")[0] not in allowed and module not in SIBLINGS
    ]
    assert not offenders
