"""orc silo: what the silo holds, what is set aside and why."""

from typing import Annotated

import typer

from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import format_entier
from orc.ingest.budgets import read_budgets, record_budgets
from orc.search.consult_values import LIBELLES_TEXTES
from orc.search.portee_silo import Portee
from orc.search.quarantaine import find_ecartes
from orc.search.silo_state import find_anomalies, find_disparus, get_etat

app = typer.Typer(help="Le silo : état, quarantaine, référentiel.", no_args_is_help=True)
EVERYTHING = Portee(budgets=None, details=True)
PAGE = 500


@app.command()
def check(
    *,
    anomalies: Annotated[bool, typer.Option(help="Montrer aussi chaque anomalie.")] = False,
    as_json: Json = False,
) -> None:
    """Dire ce qui est lu, ce qui est en quarantaine et pourquoi. Code 1 s’il y en a."""
    with open_orc() as orc, orc.database.reading() as session:
        etat = get_etat(session, EVERYTHING)
        ecartes = find_ecartes(session, EVERYTHING, taille=PAGE)
        disparus = find_disparus(session, EVERYTHING, taille=PAGE)
        found = find_anomalies(session, EVERYTHING, taille=PAGE) if anomalies else None
    if as_json:
        print_json({"etat": etat, "ecartes": ecartes, "disparus": disparus, "anomalies": found})
    else:
        _print_counts("Fichiers", etat.fichiers)
        _print_counts("Flux", etat.flux)
        _print_counts("Textes", etat.textes)
        out.print(f"Anomalies relevées : {format_entier(etat.anomalies)}")
        out.print(f"Fichiers disparus ou remplacés : {format_entier(disparus.total)}")
        out.print(f"En quarantaine : {format_entier(ecartes.total)}")
        for ecart in ecartes.items:
            name = f"{ecart.nom} ({ecart.membre})" if ecart.membre else ecart.nom
            out.print(f"  {name} : {ecart.motif}", markup=False)
        for anomalie in found.items if found else ():
            place = f"{anomalie.chemin}, ligne {anomalie.ligne}"
            out.print(f"  [{anomalie.nom_fic}] {anomalie.message} ({place})", markup=False)
    if ecartes.total:
        raise typer.Exit(1)


@app.command()
def budgets(
    fichier: Annotated[
        typer.FileBinaryRead, typer.Argument(help="budgets.csv : voir docs/silo.md")
    ],
) -> None:
    """Importer le référentiel des budgets : nomenclature, noms, département."""
    with open_orc() as orc:
        lignes = read_budgets(fichier.read())
        changed = record_budgets(
            orc.database,
            lignes,
            acteur="ligne de commande",
            compte_651_sensible=orc.settings.compte_651_sensible,
        )
    out.print(f"{format_entier(changed)} budgets lus.")


def _print_counts(title: str, counts: dict[str, int]) -> None:
    libelles = LIBELLES_TEXTES | {"quarantaine": "en quarantaine"}
    named = sorted((libelles.get(name, name).lower(), n) for name, n in counts.items())
    said = ", ".join(f"{name} {format_entier(n)}" for name, n in named)
    out.print(f"{title} : {said or 'aucun'}")
