"""HTTP: nginx serves a folder, its listing too; also behind a password, and without ranges."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import certificats, systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

# What docker-compose.yml mounts in the official image.
COMPOSE = Path(__file__).resolve().parents[2] / "deploy/nginx/nginx.conf"
# What an operator includes to hand on the certificates of people.
CERTIFICATS = COMPOSE.with_name("certificats.conf")
CONFIGURATION = """\
worker_processes 1;
pid {folder}/pid;
error_log {folder}/journal-erreurs.txt warn;
daemon off;
events {{ worker_connections 256; }}
http {{
  default_type application/octet-stream;
  access_log off;
  client_body_temp_path {folder}/tmp;
  proxy_temp_path {folder}/tmp;
  fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp;
  scgi_temp_path {folder}/tmp;
  server {{
    listen 127.0.0.1:{port};
    autoindex on;
    location / {{ root {root}; }}
    location /prive/ {{
      alias {root}/;
      auth_basic "silo";
      auth_basic_user_file {folder}/comptes;
    }}
    location /entier/ {{ alias {root}/; max_ranges 0; }}
  }}
}}
"""


class Http:
    """What is in the folder `details["root"]` is at `url`.

    At `details["prive"]`, too, with a password; at `details["entier"]`, Range is ignored.
    """

    name: ClassVar[str] = "http"
    paquets: ClassVar[Mapping[str, str]] = {"nginx-light": "nginx"}
    fin: ClassVar[int] = signal.SIGQUIT

    def missing(self) -> str:
        """Nothing besides the package."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Write its configuration: own pid and temporary paths."""
        folder = depart.folder
        root = folder / "silo"
        root.mkdir(exist_ok=True)
        password = systeme.keep_secret(folder / "secret")
        text = CONFIGURATION.format(folder=folder, root=root, port=depart.port)
        (folder / "nginx.conf").write_text(text, encoding="ascii")
        (folder / "comptes").write_text(f"orc:{{PLAIN}}{password}\n", encoding="ascii")
        systeme.give(folder)
        url = f"http://127.0.0.1:{depart.port}/"
        serveur = Serveur(
            name=self.name,
            url=url,
            folder=str(folder),
            port=depart.port,
            user="orc",
            password=password,
            details={"root": str(root), "prive": f"{url}prive/", "entier": f"{url}entier/"},
        )
        return Commande(make_argv(folder), serveur)

    def ready(self, serveur: Serveur) -> bool:
        """Its port is open."""
        return systeme.answers(serveur.port)

    def finish(self, serveur: Serveur) -> Serveur:
        """Tests put their files in folders of their own."""
        return serveur


def make_argv(folder: Path) -> list[str]:
    """Nginx reads nothing of /etc/nginx."""
    program = systeme.find_program("nginx") or "nginx"
    return [program, "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/erreurs.txt"]


class Mandataire(Http):
    """The reverse proxy of docker-compose.yml, its very file. Option: `amont`, the webs' ports."""

    name: ClassVar[str] = "mandataire"

    def start(self, depart: Depart) -> Commande:
        """Same file: only addresses, the port and the temporary folders change."""
        folder = depart.folder
        (folder / "tmp").mkdir(exist_ok=True)
        text = COMPOSE.read_text(encoding="utf-8")
        for number, port in enumerate(depart.options["amont"], 1):
            text = text.replace(f"server web{number}:8000", f"server 127.0.0.1:{port}")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{depart.port};")
        text = text.replace(" /tmp/", f" {folder}/tmp/")
        # Ours is a file that its account may not open again; a container's is a pipe.
        text = text.replace("error_log /dev/stderr", f"error_log {folder}/erreurs.txt")
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        systeme.give(folder)
        url = f"http://127.0.0.1:{depart.port}/"
        serveur = Serveur(name=self.name, url=url, folder=str(folder), port=depart.port)
        return Commande([*make_argv(folder), "-g", "daemon off;"], serveur)


class Certificats(Http):
    """TLS, and the certificates of people handed on. Options: `amont` (port), `secret`.

    `details`: `dossier`, where ca.pem, ca.key, http.pem are; tests make people's there.
    """

    name: ClassVar[str] = "certificats"
    paquets: ClassVar[Mapping[str, str]] = {"nginx-light": "nginx", "openssl": "openssl"}

    def start(self, depart: Depart) -> Commande:
        """The very lines of deploy/nginx/certificats.conf, in a server of their own."""
        folder = depart.folder
        (folder / "tmp").mkdir(exist_ok=True)
        if not (folder / "http.pem").exists():
            certificats.make_certificate(folder)
        lines = CERTIFICATS.read_text(encoding="utf-8")
        lines = lines.replace("/etc/nginx/orc/", f"{folder}/")
        lines = lines.replace("SECRET_A_REMPLACER", depart.options["secret"])
        lines = lines.replace("http://orc;", f"http://127.0.0.1:{depart.options['amont']};")
        text = (CONFIGURATION.partition("  server {{")[0]).format(folder=folder)
        listen = f"listen 127.0.0.1:{depart.port} ssl;"
        text += f"  server {{\n    {listen}\n{lines}  }}\n}}\n"
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        systeme.give(folder)
        url = f"https://127.0.0.1:{depart.port}"
        details = {"dossier": str(folder)}
        serveur = Serveur(self.name, url, str(folder), port=depart.port, details=details)
        return Commande(make_argv(folder), serveur)


RECETTES = {"http": Http(), "certificats": Certificats()}
