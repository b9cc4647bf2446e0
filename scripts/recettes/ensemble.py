"""The scaled ORC by hand: the processes of docker-compose.yml's profile `grand`, their settings.

Each process starts again by itself when it dies, as a container does there.
"""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from time import monotonic, sleep

from scripts.recettes import nginx, parc, systeme
from scripts.recettes.serveur import Depart, Manque, Serveur, end

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "archives"
WEBS = ("web1", "web2")
FILES = ("flux", "textes", "ocr", "index", "mail")
# What a server is started with here, that its recipe does not do for tests.
OPTIONS: Mapping[str, Mapping[str, object]] = {
    "postgresql": {"fsync": True, "connexions": 200},
    "redis": {"aof": True},
    "elasticsearch": {"tls": True},
}
# docker-compose.yml gives as long.
PATIENCE = 75.0
# More of them before the webs answer, and it is no bad luck.
DEATHS = 6


def make_commands(ports: Mapping[str, int]) -> dict[str, list[str]]:
    """Every process of ORC's own, by the name it has in docker-compose.yml."""
    webs = {
        name: ["orc", "serve", "--host", "127.0.0.1", "--port", str(ports[name])] for name in WEBS
    }
    return webs | {f"worker-{name}": ["orc", "worker", "--queues", name] for name in FILES}


def make_environment(serveurs: Mapping[str, Serveur], folder: Path, alias: str) -> dict[str, str]:
    """The settings of docker-compose.yml with the addresses of these servers, secrets by files."""
    queue = serveurs.get("redis") or serveurs["rabbitmq"]
    index, s3 = serveurs["elasticsearch"], serveurs["s3"]
    environ = {
        "ORC_DATA": str(folder / "donnees"),
        "ORC_JOURNAL_TECHNIQUE": "json",
        "ORC_MANDATAIRES": "127.0.0.1",
        "ORC_INDEX": f"{index.url}/{alias}",
        "ORC_TIKA": serveurs["tika"].url,
        "ORC_OCR_TESSDATA": serveurs["tesseract"].url,
        "ORC_SILO": f"s3://{BUCKET}",
        "ORC_SILO_S3_ENDPOINT": s3.url,
        "ORC_SILO_S3_REGION": s3.details["region"],
        "ORC_SILO_S3_CLE": s3.user,
    }
    secrets = {
        "ORC_DATABASE": serveurs["postgresql"].url,
        "ORC_QUEUE": queue.url,
        "ORC_SILO_S3_SECRET": s3.password,
        "ORC_MESURES_JETON": systeme.make_secret(),
        "ORC_CLE_SECRETS": urlsafe_b64encode(token_bytes(32)).decode(),
    }
    if "ca" in index.details:
        environ["ORC_INDEX_TLS_CA"] = index.details["ca"]
        secrets["ORC_INDEX_CLE_API"] = index.details["api_key"]
    for name, text in secrets.items():
        path = folder / name.lower()
        path.touch(mode=0o600)
        path.write_text(text + "\n", encoding="ascii")
        environ[f"{name}_FILE"] = str(path)
    return environ


@dataclass
class Ensemble:
    """Servers, then ORC's processes, then the reverse proxy; `stop` ends them the other way round.

    `shared`: the tests' own Elasticsearch, neither started nor stopped here, and an alias on it.
    """

    port: int
    queue: str = "redis"
    shared: Serveur | None = None
    alias: str = "orc"
    say: Callable[[str], None] = print
    folder: Path = field(default_factory=lambda: systeme.make_folder("grand"))
    serveurs: dict[str, Serveur] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    proxy: Serveur | None = None
    ports: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    pool: ThreadPoolExecutor | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The servers it starts."""
        every = ("postgresql", self.queue, "s3", "tesseract", "tika", "elasticsearch")
        return tuple(name for name in every if not (self.shared and name == self.shared.name))

    def start_servers(self) -> None:
        """Start them all at once. Raises Manque."""

        def one(name: str) -> None:
            options = dict(OPTIONS.get(name, {}))
            self.serveurs[name] = parc.launch(name, options, attached=True)

        # Kept until the end: what is attached dies with the thread that starts it.
        self.pool = ThreadPoolExecutor(len(self.names))
        list(self.pool.map(one, self.names))
        found = {**self.serveurs}
        if self.shared:
            found[self.shared.name] = self.shared
        own = make_environment(found, self.folder, self.alias)
        usual = {name: text for name, text in os.environ.items() if not name.startswith("ORC_")}
        self.environ = {**usual, **own}

    def start_processes(self) -> None:
        """Start ORC's own all at once, as compose does, and wait for both webs, then the proxy."""
        self.ports = {name: systeme.find_port() for name in WEBS}
        self.commands = make_commands(self.ports)
        for name in self.commands:
            self.start_process(name)
        limit = monotonic() + 180
        while not all(is_ready(port) for port in self.ports.values()):
            dead = self.restart_dead()
            if monotonic() > limit or dead > DEATHS:
                raise Manque(f"Le site ne répond pas :\n{self.read_log('web1')}")
            sleep(0.1)
        folder = systeme.make_folder("mandataire")
        depart = Depart(folder, self.port, {"amont": list(self.ports.values())})
        self.proxy = parc.run(nginx.Mandataire(), depart, attached=True)

    def start_process(self, name: str) -> None:
        """One of ORC's own, its output in a file of its name."""
        with (self.folder / f"{name}.txt").open("ab") as said:
            self.processes[name] = subprocess.Popen(
                self.make_argv(name),
                env=self.environ,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def make_argv(self, name: str) -> list[str]:
        """The command with the work tree's own `orc`."""
        program, *rest = self.commands[name]
        return systeme.attach([str(ROOT / ".venv/bin" / program), *rest], "TERM")

    def restart_dead(self) -> int:
        """Start again whatever ended: `restart: unless-stopped`. How many did since the start."""
        for name, process in self.processes.items():
            code = process.poll()
            if code is not None:
                self.say(f"{name} s’est arrêté ({code}) : il repart.\n{self.read_log(name)}")
                self.start_process(name)
                self.deaths += 1
        return self.deaths

    def read_log(self, name: str, lines: int = 8) -> str:
        """The last lines of a process, set apart from ours."""
        text = (self.folder / f"{name}.txt").read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])

    def run_orc(self, *argv: str) -> None:
        """An `orc` command on this ensemble, its output on ours. Raises Manque when it fails."""
        done = subprocess.run(
            [str(ROOT / ".venv/bin/orc"), *argv], env=self.environ, cwd=ROOT, check=False
        )
        if done.returncode:
            raise Manque(f"« orc {' '.join(argv)} » a échoué ({done.returncode}).")

    def stop(self) -> None:
        """End everything, what takes requests first, and remove every folder."""
        if self.proxy:
            end(self.proxy, nginx.Mandataire.fin)
            systeme.remove(Path(self.proxy.folder))
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        limit = monotonic() + PATIENCE
        for process in self.processes.values():
            try:
                process.wait(max(0.1, limit - monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(parc.discard, self.serveurs, self.serveurs.values()))
        if self.pool:
            self.pool.shutdown()
        systeme.remove(self.folder)


def is_ready(port: int) -> bool:
    """Whether that web process says it may be sent requests."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante/pret", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False
