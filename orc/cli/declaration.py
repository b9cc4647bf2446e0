"""orc declaration: what many collectivités declared, from a CSV file, all of it or nothing."""

from pathlib import Path
from typing import Annotated

import typer

from orc.access.pieces_demande import PieceJointe
from orc.cli.console import Json, open_orc, out, print_json
from orc.cli.referentiel import read_file
from orc.domain import format_entier
from orc.retention.declarations_csv import COLONNES, VOULUES, import_declarations

app = typer.Typer(
    help="Adhésions et autres déclarations de nombreuses collectivités.", no_args_is_help=True
)
PAR = "ligne de commande"


@app.command()
def importer(
    fichier: Annotated[Path, typer.Argument(help="CSV ; « formes » dit ses colonnes.")],
    *,
    preuve: Annotated[
        Path | None, typer.Option(help="Document joint à chaque ligne (procès-verbal).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Enregistrer chaque ligne de ce fichier, toutes ou aucune. Le réimporter ne change rien."""
    _nom, octets = read_file(fichier)
    joint = PieceJointe(*read_file(preuve)) if preuve else None
    with open_orc() as orc, orc.database.writing() as session:
        bilan = import_declarations(session, orc.storage, octets, par=PAR, preuve=joint)
    if as_json:
        print_json([bilan])
        return
    new, same = map(format_entier, (bilan.nouvelles, bilan.inchangees))
    out.print(f"{new} déclarations enregistrées, {same} déjà connues.")


@app.command()
def formes() -> None:
    """Les colonnes du fichier ; entre parenthèses, celles qui peuvent manquer."""
    out.print(
        " ; ".join(name if name in VOULUES else f"({name})" for name in COLONNES), markup=False
    )
