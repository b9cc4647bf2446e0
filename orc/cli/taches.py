"""orc taches: what the queues hold, what failed; asking again, setting aside."""

from typing import Annotated

import typer

from orc.bootstrap import Orc
from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import format_entier
from orc.errors import Invalid
from orc.ingest.echecs import ask_again, find_echecs, set_aside
from orc.ingest.traitements import Traitements, name_taches, read_traitements
from orc.journal import Auteur
from orc.tasks.failures import Echec

app = typer.Typer(help="Les tâches : files, processus, échecs.", invoke_without_command=True)
AUTEUR = Auteur("ligne de commande")
PAGE = 200

Numeros = Annotated[list[int] | None, typer.Argument(help="Numéros que montre « orc taches ».")]


@app.callback()
def liste(
    contexte: typer.Context,
    *,
    ecartees: Annotated[bool, typer.Option(help="Les tâches écartées, pas les échecs.")] = False,
    as_json: Json = False,
) -> None:
    """Dire ce que les files contiennent, qui travaille, et ce qui a échoué. Code 1 s’il y en a."""
    if contexte.invoked_subcommand is not None:
        return
    with open_orc() as orc:
        traitements = read_traitements(orc)
        with orc.database.reading() as session:
            echecs = find_echecs(session, ecartees=ecartees, combien=PAGE)
            names = name_taches(session, [(e.tache, e.cle) for e in echecs])
    if as_json:
        print_json({"traitements": traitements, "echecs": echecs})
    else:
        _print_traitements(traitements)
        for echec in echecs:
            out.print(_tell(echec, names[echec.tache, echec.cle]), markup=False)
    if traitements.nb_echecs:
        raise typer.Exit(1)


@app.command()
def relancer(
    numeros: Numeros = None,
    *,
    toutes: Annotated[bool, typer.Option(help="Toutes celles qui ne sont pas écartées.")] = False,
) -> None:
    """Redemander des tâches qui ont échoué."""
    with open_orc() as orc:
        asked = None if toutes else _check(numeros)
        with orc.database.writing() as session:
            count = ask_again(session, orc.tasks, asked, auteur=AUTEUR)
        if orc.tasks.in_process:  # nobody else would do them
            orc.tasks.start()
            orc.tasks.wait()
        left = _count_left(orc)
    out.print(f"Tâches redemandées : {format_entier(count)}. En échec : {format_entier(left)}.")


@app.command()
def ecarter(numeros: Numeros = None) -> None:
    """Ne plus revenir sur des tâches qui ont échoué : un fichier part en quarantaine.

    Une nouvelle ingestion les essaiera.
    """
    with open_orc() as orc, orc.database.writing() as session:
        count = set_aside(session, orc.tasks, _check(numeros), auteur=AUTEUR)
    out.print(f"Tâches écartées : {format_entier(count)}.")


def _check(numeros: list[int] | None) -> list[int]:
    if not numeros:
        raise Invalid("Quelles tâches ? Donnez leurs numéros, ou « --toutes » pour les relancer.")
    return numeros


def _count_left(orc: Orc) -> int:
    with orc.database.reading() as session:
        return len(find_echecs(session, combien=PAGE))


def _print_traitements(found: Traitements) -> None:
    out.print(f"File de tâches : {found.courtier}. {found.panne}".strip(), markup=False)
    for file in found.files if not found.dans_le_processus else ():
        waiting = "?" if file.en_attente is None else format_entier(file.en_attente)
        running = format_entier(file.en_cours)
        out.print(f"  {file.nom} : {waiting} en attente, {running} en cours")
    for one in found.processus:
        out.print(
            f"  {one.machine} {one.pid} ({', '.join(one.files) or 'lancé à la main'}), "
            f"{one.memoire_mo} Mo : {' ; '.join(one.taches) or 'rien en cours'}",
            markup=False,
        )
    if found.sans_ouvrier:
        out.print("  Aucun « orc worker » ne travaille.")
    out.print(
        f"En échec : {format_entier(found.nb_echecs)}. "
        f"Écartées : {format_entier(found.nb_ecartees)}."
    )


def _tell(echec: Echec, name: str) -> str:
    if echec.ecartee_le:
        after = "écartée"
    elif echec.prochain_le:
        after = f"nouvel essai à {echec.prochain_le.astimezone():%H:%M:%S}"
    else:
        after = "abandonnée"
    return f"{echec.id:>6}  {name} : {echec.motif} (essais : {echec.essais}, {after})"
