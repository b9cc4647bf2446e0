"""An OpenID provider: npm's oidc-provider and a few lines of ours, run by Node."""

import hashlib
import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Manque, Serveur

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "scripts/fournisseur"
CLIENT = "orc"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class Fournisseur:
    """Options: `retours` and `adieux` (addresses), `comptes`, `userinfo_signe` (true).

    `comptes`: sub → {"claims": {…}, "amr": […], "acr": …}. `user` and `password`: the client.
    """

    name: ClassVar[str] = "fournisseur"
    paquets: ClassVar[Mapping[str, str]] = {"nodejs": "node", "npm": "npm"}
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """Its modules, when they are not in the cache."""
        return "" if home().is_dir() else "oidc-provider n’est pas installé"

    def prepare(self) -> None:
        """`npm ci` of its lock, kept in the cache: 5 s, 10 MB."""
        npm = systeme.find_program("npm")
        if npm is None:
            raise Manque("Il faut npm pour installer oidc-provider.")
        unfinished = home().with_name(f"{home().name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(SOURCES, unfinished)
        shutil.copy(ROOT / ".npmrc", unfinished)
        trust = {"NODE_EXTRA_CA_CERTS": str(CERTIFICATES)} if CERTIFICATES.is_file() else {}
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        systeme.run([npm, "ci", *options], folder=unfinished, **trust)
        systeme.run(["chmod", "-R", "a+rX", str(unfinished)])
        systeme.put_in_place(unfinished, home())

    def start(self, depart: Depart) -> Commande:
        """Its configuration is a JSON file; its keys and accounts end with it."""
        folder, port = depart.folder, depart.port
        secret = systeme.keep_secret(folder / "secret")
        url = f"http://127.0.0.1:{port}"
        choices = {
            "issuer": url,
            "port": port,
            "client": CLIENT,
            "secret": secret,
            "userinfo_signe": True,
            "retours": [],
            "adieux": [],
            "comptes": {},
            **depart.options,
        }
        (folder / "choix.json").write_text(json.dumps(choices), encoding="utf-8")
        systeme.give(folder)
        node = systeme.find_program("node") or "node"
        argv = [node, str(home() / "fournisseur.mjs"), str(folder / "choix.json")]
        serveur = Serveur(self.name, url, str(folder), port=port, user=CLIENT, password=secret)
        return Commande(argv, serveur, {"NODE_ENV": "production"})

    def ready(self, serveur: Serveur) -> bool:
        """It publishes what it is."""
        address = f"{serveur.url}/.well-known/openid-configuration"
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)

    def finish(self, serveur: Serveur) -> Serveur:
        """Nothing to do."""
        return serveur


def home() -> Path:
    """Where the modules and our lines are kept, under what they are made of."""
    made = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(SOURCES.iterdir())))
    return systeme.cache() / f"oidc-provider-{made.hexdigest()[:12]}"


RECETTES = {"fournisseur": Fournisseur()}
