"""orc sauvegarder: a copy of what cannot be made again, while ORC goes on."""

from pathlib import Path
from typing import Annotated

import typer

from orc.bootstrap import read_environment
from orc.cli.console import Json, french_errors, make_progress, out, print_json
from orc.domain import format_nombre
from orc.sauvegarde import make_sauvegarde


def sauvegarder(
    dossier: Annotated[
        Path, typer.Argument(help="Où écrire ; le même dossier d’une fois à l’autre.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Copier la base et les textes, sans arrêter ORC. L’index, lui, se refait."""
    with french_errors(), make_progress() as progress:
        bar = progress.add_task("Textes copiés", total=None)
        done = make_sauvegarde(
            read_environment(), dossier, watch=lambda n: progress.update(bar, completed=n)
        )
    if as_json:
        print_json(done)
        return
    textes = format_nombre(done.textes, "texte")
    out.print(f"Sauvegarde faite dans {dossier} : la base et {textes}.", markup=False)
    if done.textes_ailleurs:
        out.print("Les textes sont sur un serveur : sauvegardez-les avec ses propres outils.")
    out.print("Pour revenir à cet état : docs/exploitation.md, « Restaurer ».")
