"""Redis: Debian's package, a password, no persistence unless asked."""

import signal
import socket
from collections.abc import Mapping
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur


class Redis:
    """Options: `aof` (keep what it is told on disk, as docker-compose.yml does), `lignes` more."""

    name: ClassVar[str] = "redis"
    paquets: ClassVar[Mapping[str, str]] = {"redis-server": "redis-server"}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """Nothing besides the package."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Its configuration is a file: a password on the command line shows in `ps`."""
        password = systeme.keep_secret(depart.folder / "secret")
        lines = [
            "bind 127.0.0.1",
            f"port {depart.port}",
            f"dir {depart.folder}",
            f"requirepass {password}",
            "daemonize no",
            *(["appendonly yes"] if depart.options.get("aof") else ['save ""']),
            *depart.options.get("lignes", ()),
        ]
        configuration = depart.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        systeme.give(depart.folder)
        program = systeme.find_program("redis-server") or "redis-server"
        serveur = Serveur(
            name=self.name,
            url=f"redis://:{password}@127.0.0.1:{depart.port}/0",
            folder=str(depart.folder),
            port=depart.port,
            password=password,
        )
        return Commande([program, str(configuration)], serveur)

    def ready(self, serveur: Serveur) -> bool:
        """It answers PING: a starting one that reads its log says LOADING."""
        with socket.create_connection(("127.0.0.1", serveur.port), timeout=2) as talk:
            talk.settimeout(2)
            talk.sendall(f"AUTH {serveur.password}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\r\n") < 2:
                more = talk.recv(256)
                if not more:
                    return False
                said += more
            return b"+PONG" in said

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests use namespaces of their own."""
        return serveur


RECETTES = {"redis": Redis()}
