"""orc demo: make a silo, or make one, read it, and open the web front."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from orc.bootstrap import Orc, make_orc, publish_settings
from orc.cli.console import Json, err, french_errors, make_progress, open_orc, out, print_json
from orc.cli.ingest import ingest_with_progress, print_bilan
from orc.cli.ocr import print_scans
from orc.cli.serve import run_server
from orc.demo.comptes import MOT_DE_PASSE, CompteDemo, make_comptes, make_comptes_of_silo
from orc.demo.destruction import make_destruction
from orc.demo.habilitations import make_demandes
from orc.demo.referentiel_csv import write_fichiers
from orc.errors import Conflict, Invalid, Unavailable
from orc.retention.jobs import decide_waiting
from orc.settings import Settings

app = typer.Typer(help="La démonstration.", no_args_is_help=True)
FOLDER = Path("var/demo")
MADE = "manifeste.json"


@app.command()
def silo(
    *,
    pieces: Annotated[int, typer.Option(help="Mandats et titres, de 200 à 1 000 000.")] = 2000,
    out_dir: Annotated[Path, typer.Option("--out", help="Dossier à créer.")],
    seed: Annotated[int, typer.Option(help="Même graine, mêmes octets.")] = 2026,
    as_json: Json = False,
) -> None:
    """Fabriquer un silo de démonstration : flux, PJ, acquits, retours, clôtures."""
    with french_errors():
        manifeste = _make_silo(out_dir, pieces, seed)
    if as_json:
        print_json(manifeste)
    else:
        out.print(f"Silo de démonstration écrit dans {out_dir}.", markup=False)


@app.command()
def lancer(
    *,
    pieces: Annotated[int, typer.Option(help="Taille du silo de démonstration.")] = 2000,
    port: Annotated[int, typer.Option(help="Port du site web.")] = 8000,
    silo_url: Annotated[
        str, typer.Option("--silo", help="Un dossier de vrais flux, à la place.")
    ] = "",
    sans_site: Annotated[bool, typer.Option(help="S’arrêter avant d’ouvrir le site.")] = False,
) -> None:
    """Fabriquer le silo, le lire, puis ouvrir le site. Relancée, reprend en quelques secondes."""
    with french_errors():
        settings = Settings(
            data=str(_find_folder(pieces, silo_url).absolute()),
            # One password opens every account of the demonstration.
            second_facteur_roles="",
            # An elimination is played to its end on the day it begins.
            elimination_delai_jours=0,
        )
        url = silo_url or str(_prepare_silo(pieces))
        orc = _open(settings)
        bilan = ingest_with_progress(orc, url, clore_passes=bool(silo_url))
        print_bilan(bilan)
        print_scans(orc, background=not sans_site)
        comptes = (make_comptes_of_silo if silo_url else make_comptes)(orc.database)
        if not silo_url:
            _make_scenes(orc)
        _welcome(comptes, port, own_silo=bool(silo_url))
        if sans_site:
            orc.close()
        else:
            _serve(orc, port)


@app.command()
def comptes() -> None:
    """Faire les comptes de la démonstration sur l’ORC des réglages, son silo lu, et les dire."""
    with open_orc() as orc:
        made = make_comptes(orc.database)
        _make_scenes(orc)
        _say_comptes(made, own_silo=False)


@app.command()
def referentiel(
    *, out_dir: Annotated[Path, typer.Option("--out", help="Dossier à créer.")]
) -> None:
    """Écrire le référentiel du monde inventé, tel que « orc referentiel importer » le lit."""
    write_fichiers(out_dir)
    out.print(f"Référentiel écrit dans {out_dir}.", markup=False)


def _make_scenes(orc: Orc) -> None:
    """What people of the demonstration have already done: demandes, declarations, a gel."""
    make_demandes(orc.database, orc.storage)
    make_destruction(orc.database, orc.storage)
    decide_waiting(orc.database, orc.settings)


def _open(settings: Settings) -> Orc:
    """A demonstration made by an older ORC is indexed again without asking."""
    try:
        return make_orc(settings)
    except Conflict as error:
        err.print(f"{error} La démonstration s’en charge.", markup=False)
        return make_orc(settings, new_index=True)


def _find_folder(pieces: int, silo_url: str) -> Path:
    """A silo of one's own never mixes with the demonstration's, nor two sizes with each other."""
    if not silo_url:
        return FOLDER / f"orc-{pieces}"
    return FOLDER / f"mon-silo-{sha256(str(Path(silo_url).absolute()).encode()).hexdigest()[:8]}"


def _prepare_silo(pieces: int) -> Path:
    folder = FOLDER / f"silo-{pieces}"
    if not (folder / MADE).exists():
        _make_silo(folder, pieces, 2026)
    return folder


def _make_silo(folder: Path, pieces: int, seed: int) -> object:
    # What makes PDF and spreadsheets is an extra, and takes as long to load as all of ORC.
    try:
        from orc.demo.silo import make_silo  # noqa: PLC0415 - the reason is above
    except ImportError as error:
        raise Unavailable(
            "La démonstration demande des bibliothèques qui ne sont pas installées : "
            "pip install 'orc-archives[demo]'."
        ) from error
    with make_progress() as progress:
        bar = progress.add_task("Silo de démonstration", total=pieces)

        def show(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        try:
            return make_silo(folder, pieces=pieces, seed=seed, progress=show)
        except ValueError as error:
            raise Invalid(str(error)) from error


def _welcome(comptes: tuple[CompteDemo, ...], port: int, *, own_silo: bool) -> None:
    out.print(f"\n[bold]ORC est ouvert : http://127.0.0.1:{port}/[/bold]\n")
    _say_comptes(comptes, own_silo=own_silo)
    out.print("Ctrl-C pour arrêter ; relancer la même commande reprend en quelques secondes.\n")


def _say_comptes(comptes: tuple[CompteDemo, ...], *, own_silo: bool) -> None:
    out.print(f"Mot de passe de tous les comptes : [bold]{MOT_DE_PASSE}[/bold]")
    for compte in comptes:
        out.print(f"  {compte.identifiant:<16} {compte.montre}")
    if not own_silo:
        out.print(
            "\nÀ essayer : électricité bâtiments · F2023-00127 · Combe-aux-Loups · "
            'montant:1000..5000 · "service fait" · tiers:énergies SAUF exercice:2022'
        )


def _serve(orc: Orc, port: int) -> None:
    """The web opens an ORC of its own, from the same settings."""
    orc.close()
    settings = replace(orc.settings, journal_niveau="warning")
    publish_settings(settings)
    run_server(settings, "127.0.0.1", port)
