"""make grand: the scaled ORC on real servers says what the embedded one says, and survives."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from uuid import uuid4

import pytest

from orc.bootstrap import make_orc
from orc.cli.demo import MADE
from orc.demo.comptes import MOT_DE_PASSE, make_comptes
from orc.demo.silo import make_silo
from orc.settings import Settings
from scripts.recettes import ensemble, parc, systeme
from scripts.recettes.elasticsearch import ask
from scripts.recettes.serveur import find_family
from tests.serveurs import Serveur, give_up
from tests.web.serving import Navigateur, open_navigateur, serve

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ORC = str(ROOT / ".venv/bin/orc")
PIECES = 200
PATIENCE = 400
QUESTIONS = ("tiers:énergies", "montant:1000..5000", '"service fait"', "électricité bâtiments")

# It starts a dozen processes: on a machine that has other things to do, that takes a while.
pytestmark = pytest.mark.timeout(600)


# As a shell starts what is followed by `&`: SIGINT is ignored until the program says otherwise.
IN_THE_BACKGROUND = ("/bin/sh", "-c", 'trap "" INT; exec "$0" "$@"')


class Commande:
    """make grand in a process of its own, and what it says."""

    def __init__(self, *argv: str) -> None:
        self.process = subprocess.Popen(
            [*IN_THE_BACKGROUND, sys.executable, str(ROOT / "scripts/grand"), *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self.lines: Queue[str] = Queue()
        self.said = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """The first thing it says that is like this; a failure when it ends before."""
        limit = time.monotonic() + seconds
        while True:
            if found := re.search(pattern, self.said):
                return found
            assert time.monotonic() < limit, f"rien de tel que « {pattern} » :\n{self.said}"
            ended = self.process.poll() is not None
            try:
                self.said += self.lines.get(timeout=0.2)
            except Empty:
                assert not ended, self.said


@pytest.fixture(scope="module")
def silo() -> Path:
    folder = ROOT / f"var/demo/silo-{PIECES}"
    if not (folder / MADE).exists():
        make_silo(folder, pieces=PIECES)
    return folder


@pytest.fixture(scope="module")
def grand(elasticsearch: Serveur) -> Iterator[Commande]:
    """The scaled ORC, but for Elasticsearch: the tests' own, an alias of its own there."""
    for name in ("postgresql", "redis", "s3", "tika", "tesseract", "http"):
        if why := parc.missing(name):
            give_up(f"{name} : {why}")
    alias = f"grand_{uuid4().hex[:8]}"
    port = str(systeme.find_port())
    command = Commande("--pieces", str(PIECES), "--port", port, "--index-partage", alias)
    try:
        command.wait_for(r"(?m)^Journaux : (\S+)\.")
        yield command
    finally:
        command.process.send_signal(signal.SIGINT)
        try:
            command.process.wait(90)
        finally:
            command.process.kill()
            command.reader.join(5)
            assert command.process.stdout is not None
            command.process.stdout.close()
            for index in ask(elasticsearch, "GET", f"/{alias}*"):
                ask(elasticsearch, "DELETE", f"/{index}")


@pytest.fixture(scope="module")
def embedded(silo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the embedded ORC on the same silo."""
    data = tmp_path_factory.mktemp("embarque")
    usual = {name: text for name, text in os.environ.items() if not name.startswith("ORC_")}
    environ = {**usual, "ORC_DATA": str(data)}
    for command in (["ingest", str(silo)], ["ocr"]):
        subprocess.run([ORC, *command], env=environ, check=True, capture_output=True)
    orc = make_orc(Settings(data=str(data)))
    make_comptes(orc.database)
    with serve(orc) as address:
        yield address
    orc.close()


@contextmanager
def open_comptable(address: str) -> Iterator[Navigateur]:
    with open_navigateur(address) as browser:
        assert browser.log_in("comptable", MOT_DE_PASSE).status_code == 303
        yield browser


def search(browser: Navigateur, question: str) -> dict[str, Any]:
    """What is found, but for the order among equals, which is each engine's own."""
    answer = browser.client.get("/api/v1/recherche", params={"q": question, "taille": 100})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    found["resultats"] = {
        (r["piece_id"], r["pj"] and r["pj"]["sha256"], r["ttc"]) for r in found["resultats"]
    }
    return found


def read_address(grand: Commande) -> str:
    return grand.wait_for(r"ORC est ouvert : (http://127\.0\.0\.1:\d+)/")[1]


@pytest.mark.lent
@pytest.mark.parametrize("question", QUESTIONS)
def test_both_say_the_same_of_the_same_silo(grand: Commande, embedded: str, question: str) -> None:
    with open_comptable(read_address(grand)) as there, open_comptable(embedded) as here:
        expected = search(here, question)
        assert expected["nb_pieces"]
        # Scans are read after the rest, by a worker of their own.
        limit = time.monotonic() + 60
        while (found := search(there, question)) != expected and time.monotonic() < limit:
            time.sleep(0.5)
        assert found == expected


@pytest.mark.lent
def test_a_web_process_that_is_killed_is_not_missed_and_comes_back(grand: Commande) -> None:
    with open_comptable(read_address(grand)) as browser:
        web = next(pid for pid in find_family(grand.process.pid) if "serve" in read_argv(pid))
        os.kill(web, signal.SIGKILL)
        codes = {browser.get("/recherche?q=facture").status_code for _ in range(6)}
        assert codes == {200}
    grand.wait_for(r"web\d s’est arrêté \(-9\) : il repart", 20)


@pytest.mark.lent
def test_figures_for_the_watch_are_not_shown_outside(grand: Commande) -> None:
    with open_navigateur(read_address(grand)) as browser:
        token = {"authorization": f"Bearer {read_jeton(grand)}"}
        assert browser.client.get("/mesures", headers=token).status_code == 404
        assert browser.get("/sante/vivant").status_code == 200


@pytest.mark.lent
def test_ctrl_c_stops_everything_and_removes_what_it_made(grand: Commande) -> None:
    folder = Path(grand.wait_for(r"(?m)^Journaux : (\S+)\.")[1])
    family = find_family(grand.process.pid)
    assert len(family) > len(ensemble.FILES) + len(ensemble.WEBS)
    assert folder.is_dir()
    grand.process.send_signal(signal.SIGINT)
    assert grand.process.wait(90) == 0
    # Children of children end when they see their parent gone.
    limit = time.monotonic() + 10
    while any(read_argv(pid) for pid in family) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not [read_argv(pid) for pid in family if read_argv(pid)]
    assert not folder.exists()


def read_jeton(grand: Commande) -> str:
    folder = Path(grand.wait_for(r"(?m)^Journaux : (\S+)\.")[1])
    return (folder / "orc_mesures_jeton").read_text(encoding="ascii").strip()


def read_argv(pid: int) -> list[str]:
    """The command line of a process; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return []


def test_compose_and_make_grand_run_the_same_processes(compose: Serveur) -> None:
    done = subprocess.run(
        [compose.url, "-f", str(COMPOSE), "--profile", "grand", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    services = json.loads(done.stdout)["services"]
    ours = {name: s for name, s in services.items() if s["image"] == "orc"}
    by_hand = ensemble.make_commands(dict.fromkeys(ensemble.WEBS, 8000))
    host = {"127.0.0.1": "0.0.0.0"}  # noqa: S104 # in a container, behind its own network
    assert {name: s["command"] for name, s in ours.items()} == {
        name: [host.get(word, word) for word in command] for name, command in by_hand.items()
    }
    settings = {name.removesuffix("_FILE") for name in ours["web1"]["environment"]}
    servers = {
        name: Serveur(name, "http://x", details={"region": "fr-par"})
        for name in ("postgresql", "redis", "elasticsearch", "s3", "tika", "tesseract")
    }
    folder = systeme.make_folder("essai")
    try:
        made = ensemble.make_environment(servers, folder, "orc")
    finally:
        systeme.remove(folder)
    # By hand: an API key in place of an account, our own folders.
    own = {"ORC_DATA", "ORC_OCR_TESSDATA"}
    theirs = {"ORC_COOKIE_SECURE"}
    account = {"ORC_INDEX_UTILISATEUR", "ORC_INDEX_MOT_DE_PASSE"}
    assert {name.removesuffix("_FILE") for name in made} - own == settings - theirs - account
