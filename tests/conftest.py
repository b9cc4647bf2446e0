"""What every test may lean on: reference flows, browser, hypothesis. In CI nothing is skipped."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from orc.identity import passwords
from tests.bases import base, base_pg, database  # noqa: F401 # fixtures: pytest finds them here
from tests.serveurs import (  # noqa: F401 # fixtures: pytest finds them here
    compose,
    elasticsearch,
    elasticsearch8,
    http_silo,
    postgresql,
    rabbitmq,
    redis,
    s3,
    sftp,
    tesseract,
    tika,
)

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The real argon2id takes a quarter of a second of a core, and tests make and open accounts by the
# thousand. What a hash really costs is claimed in tests/identity/test_passwords.py.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
passwords._NOBODY = passwords._HASHER.hash("\0 personne")

# The longest files, begun first: started last, one of them keeps a process alone at the end. Those
# that lean on the slowest servers to start are not the very first.
LONGS = (
    "tests/web/test_matrice.py",
    "tests/retention/test_eliminations_course.py",
    "tests/faults/test_arrets.py",
    "tests/proofs/test_attaques.py",
    "tests/e2e/test_grand.py",
    "tests/faults/test_files.py",
    "tests/faults/test_elasticsearch.py",
    "tests/retention/test_decisions.py",
    "tests/faults/test_entrees.py",
    "tests/e2e/test_eliminations.py",
    "tests/db/test_deux_bases.py",
    "tests/retention/test_eliminations_machine.py",
    "tests/silo/test_ingestion_distante.py",
    "tests/retention/test_dossier.py",
    "tests/e2e/test_habilitations.py",
    "tests/e2e/test_faits.py",
    "tests/db/test_concurrence.py",
    "tests/proofs/test_meme_chemin.py",
)

# Examples are the same from one CI run to the next; a laptop goes on exploring. No deadline: the
# machines have two cores and run several things at once.
settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("laptop", max_examples=100, deadline=None)
settings.load_profile("ci" if IN_CI else "laptop")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: the norm, its schemas, real example flows."""
    folder = ROOT.parent / "shared"
    if not (folder / "pes").is_dir():
        pytest.skip("les flux de référence (../shared) ne sont pas sur cette machine")
    return folder


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """None: a browser test says the whole address. (The plugin's own one trips on our warnings.)"""
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium for pytest-playwright: no browser build is downloaded."""
    found = find_chromium()
    if found is None:
        pytest.skip("aucun Chromium sur cette machine : « scripts/systeme » l’installe")
    return {
        **browser_type_launch_args,
        "executable_path": found,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def axe() -> Callable[[Any], list[dict[str, Any]]]:
    """`axe(page)` gives the WCAG 2.1 A and AA violations of a Playwright page: none, an empty list.

    The program is injected by `evaluate`: under our CSP a script tag would be refused.
    """
    program = ROOT / "node_modules/axe-core/axe.min.js"
    if not program.is_file():
        pytest.skip("axe-core n’est pas installé : « scripts/assets --tests » l’installe")
    source = program.read_text(encoding="utf-8")
    options = json.dumps({"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})

    def violations(page: Any) -> list[dict[str, Any]]:
        page.evaluate(source)
        found: list[dict[str, Any]] = page.evaluate(
            f"async () => (await axe.run({options})).violations"
        )
        return found

    return violations


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those of most tests; within a file, as it is written."""
    ranks = {ROOT / path: rank for rank, path in enumerate(LONGS)}
    if gone := [str(path) for path in ranks if not path.is_file()]:
        raise pytest.UsageError(f"tests/conftest.py, LONGS : {', '.join(gone)} n’existe plus.")
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (ranks.get(item.path, len(ranks)), -sizes[item.path]))


def find_chromium() -> str | None:
    """The path of a Chromium of this machine, or None."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed: what a laptop may lack, CI installs. An xfail is no skip."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Ignoré, ce que la CI refuse : {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    report = yield
    if IN_CI and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"Ignoré, ce que la CI refuse : {report.longrepr}"
    return report
