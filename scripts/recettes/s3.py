"""S3: versitygw over a folder, built once by Go. It checks signatures, as a real one does."""

import os
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Manque, Serveur

VERSION = "1.8.0"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
# Not us-east-1, which clients take by default: a region left out must show.
REGION = "fr-par"
GO = (1, 24)


class S3:
    """Buckets are the folders of `details["root"]`; tests make theirs by the API."""

    name: ClassVar[str] = "s3"
    paquets: ClassVar[Mapping[str, str]] = {}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """The program, when it was not built yet."""
        return "" if program().is_file() else f"versitygw {VERSION} n’est pas construit"

    def prepare(self) -> None:
        """Build it: two minutes, once. Debian 12's Go is too old."""
        go = systeme.find_go(GO)
        if go is None:
            raise Manque("Il faut Go 1.24 ou plus récent pour construire versitygw.")
        with tempfile.TemporaryDirectory(prefix="go-", dir=systeme.cache()) as built:
            home = os.environ.get("HOME") or built
            environ = {"GOBIN": built, "GOFLAGS": "-modcacherw", "HOME": home}
            systeme.run([go, "install", f"{MODULE}@v{VERSION}"], folder=Path(built), **environ)
            (Path(built) / "versitygw").rename(program())

    def start(self, depart: Depart) -> Commande:
        """Serve a folder; its secret is in the environment, not on the command line."""
        root = depart.folder / "silo"
        root.mkdir(exist_ok=True)
        password = systeme.keep_secret(depart.folder / "secret")
        systeme.give(root)
        address = f"127.0.0.1:{depart.port}"
        argv = [str(program()), "--region", REGION, "--port", address, "--health", "/healthz"]
        argv.append("--keep-alive")  # as the real ones do
        serveur = Serveur(
            name=self.name,
            url=f"http://{address}",
            folder=str(depart.folder),
            port=depart.port,
            user="orc",
            password=password,
            details={"region": REGION, "root": str(root)},
        )
        secrets = {"ROOT_ACCESS_KEY": "orc", "ROOT_SECRET_KEY": password}
        return Commande([*argv, "--quiet", "posix", str(root)], serveur, secrets)

    def ready(self, serveur: Serveur) -> bool:
        """Its port is open: it opens it last."""
        return systeme.answers(serveur.port)

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests make buckets of their own."""
        return serveur


def program() -> Path:
    """Where the built program is kept."""
    return systeme.cache() / f"versitygw-{VERSION}"


RECETTES = {"s3": S3()}
