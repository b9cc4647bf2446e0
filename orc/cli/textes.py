"""orc textes: read again the texts that may be read better now."""

from typing import Annotated

import typer

from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import format_entier
from orc.ingest.relire import MOTIFS, ask_again, count_wanted, find_wanted
from orc.ingest.run import wait_for_index
from orc.journal import Acte, record_acte

app = typer.Typer(help="Les textes des pièces justificatives.", no_args_is_help=True)

Motif = Annotated[
    str,
    typer.Option(help=f"{' ou '.join(MOTIFS)} : ce que Tika, ou le silo, n’a pas donné."),
]
Etat = Annotated[str, typer.Option(help="État du texte, par exemple non_pris_en_charge.")]
Type = Annotated[str, typer.Option("--type", help="Type du contenu, par exemple application/zip.")]


@app.callback()
def textes() -> None:
    """Les textes des pièces justificatives."""


@app.command()
def relire(
    *,
    motif: Motif = "",
    etat: Etat = "",
    type_reel: Type = "",
    compter: Annotated[bool, typer.Option(help="Dire combien, sans rien faire.")] = False,
    as_json: Json = False,
) -> None:
    """Relire des textes : après une panne de Tika ou du silo, une nouvelle version, un réglage.

    Un document reste trouvé par son ancien texte tant que le nouveau n’est pas lu.
    """
    wanted = find_wanted(motif, etat, type_reel)
    with open_orc() as orc:
        if compter:
            with orc.database.reading() as session:
                count = count_wanted(session, wanted)
        else:
            with orc.database.writing() as session:
                count = ask_again(session, wanted)
                details = {"motif": motif, "etat": etat, "type": type_reel, "textes": count}
                acteur = "ligne de commande"
                record_acte(session, Acte.RELANCE_DE_TACHE, acteur=acteur, details=details)
            orc.tasks.enqueue_unfinished(but=("lire_fichier",))
            if orc.tasks.in_process:  # nobody else would do them
                wait_for_index(orc)
    if as_json:
        print_json({"textes": count})
    else:
        out.print(f"Textes {'concernés' if compter else 'redemandés'} : {format_entier(count)}.")
