"""SFTP: OpenSSH's sshd with its own configuration and keys, under the unprivileged account."""

import shutil
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur


class Sftp:
    """The silo is the folder `details["root"]`, an absolute path as SFTP sees it."""

    name: ClassVar[str] = "sftp"
    paquets: ClassVar[Mapping[str, str]] = {
        "openssh-server": "/usr/sbin/sshd",
        "openssh-client": "ssh-keygen",
    }
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """Nothing besides the packages."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Make the keys the first time; the client's belongs to us, the rest to the server."""
        folder = depart.folder
        root = folder / "silo"
        account = systeme.find_account().pw_name
        if not root.exists():
            root.mkdir()
            make_keys(folder, depart.port)
        configuration = [
            f"Port {depart.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {folder}/hote",
            f"AuthorizedKeysFile {folder}/autorisees",
            f"PidFile {folder}/pid",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "Subsystem sftp internal-sftp",
            "MaxStartups 50",
            "MaxSessions 50",
        ]
        (folder / "sshd_config").write_text("\n".join(configuration) + "\n", encoding="ascii")
        for one in (root, *(folder / name for name in ("hote", "autorisees", "sshd_config"))):
            systeme.give(one)
        serveur = Serveur(
            name=self.name,
            url=f"sftp://{account}@127.0.0.1:{depart.port}{root}",
            folder=str(folder),
            port=depart.port,
            user=account,
            details={
                "root": str(root),
                "key": str(folder / "client"),
                "known_hosts": str(folder / "known_hosts"),
            },
        )
        return Commande(["/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"], serveur)

    def ready(self, serveur: Serveur) -> bool:
        """It says its name."""
        with socket.create_connection((serveur.host, serveur.port), timeout=2) as talk:
            talk.settimeout(2)
            return talk.recv(64).startswith(b"SSH-2.0")

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests make folders of their own in the root."""
        return serveur


def make_keys(folder: Path, port: int) -> None:
    """A key for the host, one for the client, and what each knows of the other."""
    for name in ("hote", "client"):
        options = ["-q", "-t", "ed25519", "-N", "", "-C", f"orc-{name}"]
        systeme.run(["ssh-keygen", *options, "-f", str(folder / name)])
    shutil.copy(folder / "client.pub", folder / "autorisees")
    kind, key, *_ = (folder / "hote.pub").read_text(encoding="ascii").split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n", encoding="ascii")


RECETTES = {"sftp": Sftp()}
