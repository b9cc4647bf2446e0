"""RabbitMQ: Debian's package, run by its own script with every path, port and name our own."""

import base64
import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

# Not /usr/sbin's: that one changes user.
PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
USER = "app"


class Rabbitmq:
    """With its management plugin: tests make vhosts by HTTP, at `details["management"]`."""

    name: ClassVar[str] = "rabbitmq"
    paquets: ClassVar[Mapping[str, str]] = {"rabbitmq-server": PROGRAM}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """Nothing besides the package."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Write the configuration, the plugins and the cookie; keep ports through a restart."""
        folder = depart.folder
        password = systeme.keep_secret(folder / "secret")
        ports = read_ports(folder)
        configuration = [
            f"listeners.tcp.1 = 127.0.0.1:{depart.port}",
            f"default_user = {USER}",
            f"default_pass = {password}",
            "management.tcp.ip = 127.0.0.1",
            f"management.tcp.port = {ports['management']}",
            "disk_free_limit.absolute = 50MB",
            "log.file.level = warning",
        ]
        cookie = folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(systeme.make_secret(), encoding="ascii")
            cookie.chmod(0o400)
        conf = folder / "rabbitmq.conf"
        conf.touch(mode=0o600)
        conf.write_text("\n".join(configuration) + "\n", encoding="ascii")
        (folder / "enabled_plugins").write_text("[rabbitmq_management].\n", encoding="ascii")
        (folder / "env.conf").touch()
        systeme.give(folder)
        serveur = Serveur(
            name=self.name,
            url=f"amqp://{USER}:{password}@127.0.0.1:{depart.port}/%2F",
            folder=str(folder),
            port=depart.port,
            user=USER,
            password=password,
            details={
                "management": f"http://127.0.0.1:{ports['management']}/api",
                "epmd": str(ports["epmd"]),
            },
        )
        return Commande([PROGRAM], serveur, make_environment(folder, ports), delai=120)

    def ready(self, serveur: Serveur) -> bool:
        """Its API says it is alive: the listener comes before, the accounts may come after."""
        pair = base64.b64encode(f"{serveur.user}:{serveur.password}".encode()).decode()
        address = f"{serveur.details['management']}/health/checks/local-alarms"
        asked = urllib.request.Request(address, headers={"Authorization": f"Basic {pair}"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return bool(answer.status == 200 and systeme.answers(serveur.port))

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests make vhosts of their own."""
        return serveur

    def after(self, serveur: Serveur) -> None:
        """Its port mapper outlives it: end that too."""
        environ = {"ERL_EPMD_PORT": serveur.details["epmd"], "HOME": serveur.folder}
        systeme.succeeds(systeme.drop_privileges(["epmd", "-kill"]), **environ)


def read_ports(folder: Path) -> dict[str, int]:
    """The ports other than its own, drawn the first time."""
    kept = folder / "ports"
    names = ("management", "dist", "epmd")
    if not kept.exists():
        kept.write_text(" ".join(str(systeme.find_port()) for _ in names), encoding="ascii")
    return dict(zip(names, map(int, kept.read_text(encoding="ascii").split()), strict=True))


def make_environment(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    """Nothing of /etc/rabbitmq nor /var/lib/rabbitmq is read or written."""
    return {
        "RABBITMQ_NODENAME": f"{folder.name}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_DIST_PORT": str(ports["dist"]),
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # Its schedulers spin while idle: not on a machine that has two cores for everything.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        "LC_ALL": "C.UTF-8",
    }


RECETTES = {"rabbitmq": Rabbitmq()}
