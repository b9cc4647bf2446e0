"""docker-compose: the program that checks docker-compose.yml, built once by Go, without engine."""

import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Manque, Serveur

VERSION = "5.6.0"
MODULE = "github.com/docker/compose/v5/cmd"
GO = (1, 24)


class Compose:
    """Its `url` is the path of the program. Nothing runs."""

    name: ClassVar[str] = "compose"
    paquets: ClassVar[Mapping[str, str]] = {}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """The program, when it was not built yet."""
        return "" if program().is_file() else f"docker-compose {VERSION} n’est pas construit"

    def prepare(self) -> None:
        """Build it: two minutes, once. Its own go.mod has directives `go install` refuses."""
        go = systeme.find_go(GO)
        if go is None:
            raise Manque("Il faut Go 1.24 ou plus récent pour construire docker-compose.")
        with tempfile.TemporaryDirectory(prefix="go-", dir=systeme.cache()) as built:
            folder = Path(built)
            (folder / "go.mod").write_text("module orc/outils\n\ngo 1.24\n", encoding="ascii")
            environ = {"GOFLAGS": "-mod=mod -modcacherw", "HOME": os.environ.get("HOME") or built}
            systeme.run([go, "get", f"{MODULE}@v{VERSION}"], folder=folder, **environ)
            systeme.run([go, "build", "-o", "docker-compose", MODULE], folder=folder, **environ)
            (folder / "docker-compose").rename(program())

    def start(self, depart: Depart) -> Commande:
        """Nothing to run."""
        return Commande([], Serveur(self.name, str(program()), str(depart.folder)))

    def ready(self, serveur: Serveur) -> bool:
        """It is there."""
        return Path(serveur.url).is_file()

    def finish(self, serveur: Serveur) -> Serveur:
        """Nothing to do."""
        return serveur


def program() -> Path:
    """Where the built program is kept."""
    return systeme.cache() / f"docker-compose-{VERSION}"


RECETTES = {"compose": Compose()}
