"""Tika's server: one jar from Maven, Java from PyPI, OCR left out (it is ORC's own)."""

import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

VERSION = "3.3.2"
ARTEFACT = f"org.apache.tika:tika-server-standard:{VERSION}"
SHA256 = "cdbe7fde72583dec8528f9c0ed962cacb7f6624f9900b1f733df638410f77540"
ROOT = Path(__file__).resolve().parents[2]
# The very file docker-compose.yml mounts; only where it listens and its child's folder change.
CONFIGURATION = ROOT / "deploy/tika/tika-config.xml"


class Tika:
    """A small parent and the child that reads documents, started again when one kills it."""

    name: ClassVar[str] = "tika"
    paquets: ClassVar[Mapping[str, str]] = {"maven": "mvn"}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """The jar, when it was not downloaded yet."""
        return "" if jar().is_file() else f"Tika {VERSION} n’est pas téléchargé"

    def prepare(self) -> None:
        """Download 76 MB, once."""
        systeme.find_jre()
        systeme.download(ARTEFACT, SHA256, jar())

    def start(self, depart: Depart) -> Commande:
        """Run it on loopback, its temporary files in its folder."""
        folder = depart.folder
        text = CONFIGURATION.read_text(encoding="utf-8")
        text = text.replace("<host>0.0.0.0</host>", "<host>127.0.0.1</host>")
        text = text.replace("<port>9998</port>", f"<port>{depart.port}</port>")
        (folder / "tmp").mkdir(exist_ok=True)
        text = text.replace(
            "<forkedJvmArgs>",
            f"<forkedJvmArgs>\n        <arg>-Djava.io.tmpdir={folder}/tmp</arg>",
        )
        (folder / "tika-config.xml").write_text(text, encoding="utf-8")
        systeme.give(folder)
        java = str(systeme.find_jre() / "bin/java")
        options = ["-Xmx64m", f"-Djava.io.tmpdir={folder}/tmp", "-jar", str(jar())]
        serveur = Serveur(
            name=self.name,
            url=f"http://127.0.0.1:{depart.port}",
            folder=str(folder),
            port=depart.port,
        )
        argv = [java, *options, "-c", f"{folder}/tika-config.xml"]
        # The child is started by name, from the PATH.
        path = {
            "PATH": f"{Path(java).parent}:/usr/bin:/bin",
            "JAVA_HOME": str(Path(java).parents[1]),
        }
        return Commande(argv, serveur, path, delai=90)

    def ready(self, serveur: Serveur) -> bool:
        """It says its version: the child answers."""
        with urllib.request.urlopen(f"{serveur.url}/version", timeout=5) as answer:
            return b"Tika" in answer.read(200)

    def finish(self, serveur: Serveur) -> Serveur:
        """Nothing to do."""
        return serveur


def jar() -> Path:
    """Where the downloaded jar is kept."""
    return systeme.cache() / f"tika-server-standard-{VERSION}.jar"


RECETTES = {"tika": Tika()}
