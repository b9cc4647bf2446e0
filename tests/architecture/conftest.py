"""The tree as the checks of the house see it: sources parsed once, text files listed by git."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, its text, its tree."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.as_posix()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def at(self, node: ast.AST) -> str:
        """`orc/silo.py:12`, which a terminal opens."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


def read_sources(folder: str) -> list[Source]:
    found = sorted((ROOT / folder).rglob("*.py"))
    return [Source(path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in found]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def orc_sources() -> list[Source]:
    return read_sources("orc")


@pytest.fixture(scope="session")
def sources(orc_sources: list[Source]) -> list[Source]:
    """What people run: the engine and the web."""
    return [*orc_sources, *read_sources("web")]


@pytest.fixture(scope="session")
def test_sources() -> list[Source]:
    return read_sources("tests")


@pytest.fixture(scope="session")
def tree_texts() -> dict[str, str]:
    """Every text file git keeps or would keep (never what .gitignore leaves out)."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content[:8000]:
                texts[name] = content.decode("utf-8", errors="replace")
    return texts
