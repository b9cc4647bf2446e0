"""PostgreSQL: Debian's package, a cluster in a private folder, one account that owns everything."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

USER = "app"
PROGRAMS = "/usr/lib/postgresql/*/bin"


class Postgresql:
    """Options: `fsync` (off by default: tests only; on where crashes are tested)."""

    name: ClassVar[str] = "postgresql"
    paquets: ClassVar[Mapping[str, str]] = {"postgresql": f"{PROGRAMS}/initdb"}
    fin: ClassVar[int] = signal.SIGINT  # a fast shutdown: SIGTERM would wait for the clients

    def missing(self) -> str:
        """Nothing besides the package."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Make the cluster the first time; run it on loopback only."""
        programs = systeme.find_files(PROGRAMS)[-1]
        data = depart.folder / "data"
        secret = depart.folder / "secret"
        password = systeme.keep_secret(secret)
        if not data.exists():
            make_cluster(programs, data, secret)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": depart.port,
            "unix_socket_directories": depart.folder,
            "fsync": "on" if depart.options.get("fsync") else "off",
            "max_connections": depart.options.get("connexions", 100),
        }
        argv = [str(programs / "postgres"), "-D", str(data)]
        for key, value in options.items():
            argv += ["-c", f"{key}={value}"]
        url = f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{depart.port}/postgres"
        serveur = Serveur(
            name=self.name,
            url=url,
            folder=str(depart.folder),
            port=depart.port,
            user=USER,
            password=password,
            details={"socket": str(depart.folder)},
        )
        return Commande(argv, serveur, {"LC_ALL": "C.UTF-8"})

    def ready(self, serveur: Serveur) -> bool:
        """`pg_isready`, which a starting server refuses."""
        programs = systeme.find_files(PROGRAMS)[-1]
        argv = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(serveur.port)]
        return systeme.succeeds(argv)

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests make databases of their own."""
        return serveur


def make_cluster(programs: Path, data: Path, secret: Path) -> None:
    """`initdb` under the unprivileged account: it refuses root."""
    argv = [str(programs / "initdb"), "-D", str(data), "-U", USER, f"--pwfile={secret}"]
    options = ["-A", "scram-sha-256", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"]
    systeme.run(systeme.drop_privileges([*argv, *options]), folder=data.parent)


RECETTES = {"postgresql": Postgresql()}
