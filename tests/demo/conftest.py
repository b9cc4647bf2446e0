"""One small silo for every test of the demonstration."""

import json
from pathlib import Path
from typing import Any

import pytest

from orc.demo.silo import make_silo

PIECES = 200


@pytest.fixture(scope="session")
def silo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("silo")
    make_silo(out, pieces=PIECES)
    return out


@pytest.fixture(scope="session")
def manifeste(silo: Path) -> dict[str, Any]:
    return json.loads((silo / "manifeste.json").read_text(encoding="utf-8"))
