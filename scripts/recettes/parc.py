"""The servers that run: started once for everyone on this machine, found again by a state file."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.recettes import systeme
from scripts.recettes.serveur import (
    Depart,
    Manque,
    Recette,
    Serveur,
    end,
    is_alive,
    read_naissance,
    reap,
)

# In the order they are worth starting in: what everybody uses first, what is slow last.
NOMS = (
    "postgresql",
    "redis",
    "tesseract",
    "compose",
    "rabbitmq",
    "s3",
    "sftp",
    "http",
    "fournisseur",
    "tika",
    "elasticsearch",
)
# On demand only: `scripts/serveurs demarrer elasticsearch8`.
SUR_DEMANDE = ("elasticsearch8", "certificats")
MODULES = {"http": "nginx", "certificats": "nginx", "elasticsearch8": "elasticsearch"}


def find_recette(name: str) -> Recette:
    """The recipe of a server. Raises Manque for a name that has none."""
    if name not in NOMS + SUR_DEMANDE:
        raise Manque(f"« {name} » n’est pas un de nos serveurs : {', '.join(NOMS + SUR_DEMANDE)}.")
    module = import_module(f"scripts.recettes.{MODULES.get(name, name)}")
    found: Recette = module.RECETTES[name]
    return found


def state_folder() -> Path:
    """Where the state of this user's servers is: one JSON file a server, secrets in it, 0700.

    SERVEURS_PARC names another set of servers than the shared one (`make test` has its own).
    """
    parc = os.environ.get("SERVEURS_PARC") or "partage"
    folder = Path(tempfile.gettempdir()) / f"orc-serveurs-{os.geteuid()}-{parc}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise Manque(f"{folder} appartient à un autre compte : retirez-le.")
    return folder


def find_running(name: str) -> Serveur | None:
    """The shared server of that name, when it still runs."""
    with suppress(OSError, ValueError, TypeError):
        text = (state_folder() / f"{name}.json").read_text(encoding="utf-8")
        serveur = Serveur(**json.loads(text))
        return serveur if is_alive(serveur) else None
    return None


def missing(name: str) -> str:
    """Why this machine cannot start it, in French; empty when it can."""
    recette = find_recette(name)
    absent = [package for package, trace in recette.paquets.items() if not systeme.has(trace)]
    if absent:
        return f"il manque les paquets {', '.join(absent)}"
    return recette.missing()


def prepare(names: Iterable[str], say: Callable[[str], None]) -> dict[str, str]:
    """Install and download what the machine lacks for these; what could not be, with its reason."""
    wanted = [name for name in names if missing(name)]
    packages = {
        package
        for name in wanted
        for package, trace in find_recette(name).paquets.items()
        if not systeme.has(trace)
    }
    failed: dict[str, str] = {}
    if packages:
        say(f"Installation de {', '.join(sorted(packages))}…")
        try:
            systeme.install(packages)
        except Manque as refusal:
            failed["paquets"] = str(refusal)

    def one(name: str) -> None:
        if not missing(name):
            return
        try:
            say(f"Préparation de {name}…")
            find_recette(name).prepare()
        except Manque as refusal:
            failed[name] = str(refusal)
        else:
            if still := missing(name):
                failed[name] = still

    with ThreadPoolExecutor(4) as pool:
        # The largest download first.
        list(pool.map(one, reversed(wanted)))
    return failed


def start(name: str) -> Serveur:
    """The shared server of that name, started if it is not there. Raises Manque."""
    with systeme.locked(state_folder() / f"{name}.verrou"):
        running = find_running(name)
        if running:
            return running
        if why := missing(name):
            raise Manque(f"{name} : {why} (scripts/serveurs preparer {name})")
        serveur = launch(name, {})
        state = state_folder() / f"{name}.json"
        state.touch(mode=0o600)
        state.write_text(serveur.to_json(), encoding="utf-8")
        return serveur


def stop(name: str) -> bool:
    """Stop the shared server of that name and remove its folder; whether there was one."""
    with systeme.locked(state_folder() / f"{name}.verrou"):
        running = find_running(name)
        if running:
            discard(name, running)
        (state_folder() / f"{name}.json").unlink(missing_ok=True)
        return running is not None


def launch(name: str, options: dict[str, Any], *, attached: bool = False) -> Serveur:
    """Start a server in a new folder on a free port, and wait until it answers. Raises Manque.

    `attached`: it dies with the thread that starts it.
    """
    recette = find_recette(name)
    folder = systeme.make_folder(name)
    depart = Depart(folder=folder, port=systeme.find_port(), options=options)
    try:
        return run(recette, depart, attached=attached)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def run(recette: Recette, depart: Depart, *, attached: bool = False) -> Serveur:
    """Start it in its folder (a first time or again); it answers when this returns."""
    commande = recette.start(depart)
    if not commande.argv:
        return commande.serveur
    environ = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "TZ"}}
    with (depart.folder / "journal.txt").open("ab") as journal:
        process = subprocess.Popen(
            systeme.drop_privileges(commande.argv, attached=attached),
            cwd=depart.folder,
            env={**environ, "HOME": str(depart.folder), **commande.environ},
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It goes on without us: `reap` lets go of it, not this object.
    process.returncode = 0
    naissance = read_naissance(process.pid)
    serveur = replace(commande.serveur, pid=process.pid, naissance=naissance)
    try:
        wait_until_ready(recette, serveur, commande.delai)
        serveur = recette.finish(serveur)
    except BaseException:
        end(serveur, signal.SIGKILL, patience=5)
        raise
    return serveur


def wait_until_ready(recette: Recette, serveur: Serveur, delai: float) -> None:
    """Poll until it answers. Raises Manque when it ended, or after `delai` seconds."""
    limit = time.monotonic() + delai
    while time.monotonic() < limit:
        reap(serveur.pid)
        if not is_alive(serveur):
            raise Manque(f"{serveur.name} s’est arrêté en démarrant :\n{serveur.log}")
        with suppress(OSError):
            if recette.ready(serveur):
                return
        time.sleep(0.05)
    raise Manque(f"{serveur.name} ne répond pas après {delai:.0f} s :\n{serveur.log}")


def discard(name: str, serveur: Serveur) -> None:
    """End it and remove its folder."""
    end(serveur, find_recette(name).fin)
    after = getattr(find_recette(name), "after", None)
    if after:
        after(serveur)
    if serveur.folder:
        shutil.rmtree(serveur.folder, ignore_errors=True)
