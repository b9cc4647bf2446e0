"""orc referentiel: the dated referential from CSV files, all of them or nothing."""

from pathlib import Path
from typing import Annotated

import typer

from orc.access.referentiel import FORMES, BilanImport, import_referentiel
from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import format_entier
from orc.errors import Invalid

app = typer.Typer(
    help="Collectivités, successions, postes, rattachements, archives.", no_args_is_help=True
)
PAR = "ligne de commande"


@app.command()
def importer(
    fichiers: Annotated[list[Path], typer.Argument(help="CSV ; « formes » dit leurs colonnes.")],
    *,
    as_json: Json = False,
) -> None:
    """Écrire ce que disent ces fichiers, tous ou aucun. Les réimporter ne change rien."""
    with open_orc() as orc, orc.database.writing() as session:
        bilans = import_referentiel(session, [read_file(path) for path in fichiers], par=PAR)
    if as_json:
        print_json(bilans)
        return
    for bilan in bilans:
        out.print(_write(bilan))


@app.command()
def formes() -> None:
    """Les colonnes de chaque fichier ; entre parenthèses, celles qui peuvent manquer."""
    for genre, forme in FORMES.items():
        names = [name if colonne.voulue else f"({name})" for name, colonne in forme.items()]
        out.print(f"{genre:<15}{' ; '.join(names)}", markup=False)


def read_file(path: Path) -> tuple[str, bytes]:
    """The name and bytes of a file given on the command line. Raises Invalid."""
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise Invalid("Ce fichier ne se lit pas.", str(path)) from error


def _write(bilan: BilanImport) -> str:
    counts = (bilan.nouvelles, bilan.changees, bilan.inchangees)
    new, changed, same = map(format_entier, counts)
    return f"{bilan.genre} : {new} nouvelles, {changed} changées, {same} inchangées."
