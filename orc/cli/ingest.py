"""orc ingest, rebuild: the archive into ORC, with its progress."""

from typing import Annotated

import typer

from orc.bootstrap import Orc, make_orc, open_generations, read_environment
from orc.cli.console import (
    Json,
    err,
    french_errors,
    make_progress,
    open_orc,
    out,
    print_json,
)
from orc.cli.ocr import print_scans
from orc.domain import format_entier, format_nombre
from orc.errors import Invalid
from orc.index.port import Generations, SearchEngine
from orc.index.rebuild import Reconstruction
from orc.index.rebuild import rebuild as rebuild_index
from orc.ingest.run import Bilan, Suivi, ingest_silo, read_suivi
from orc.models import read_today

Url = Annotated[
    str, typer.Argument(help="Dossier ou URL du silo (file:///…, s3://…). Sans : ORC_SILO.")
]


def ingest(
    url: Url = "",
    *,
    clore_passes: Annotated[
        bool,
        typer.Option(help="Sans clotures.csv, tenir pour clos les exercices des années passées."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Lire un silo : flux, pièces, pièces justificatives, textes, index. Reprend où il en était."""
    with open_orc() as orc:
        chosen = url or orc.settings.silo
        if not chosen:
            raise Invalid("Quel silo lire ? Donnez un dossier, une URL, ou le réglage ORC_SILO.")
        bilan = ingest_with_progress(orc, chosen, clore_passes=clore_passes)
        if as_json:
            print_json(bilan)
        else:
            print_bilan(bilan)
            print_scans(orc)


def ingest_with_progress(orc: Orc, url: str, *, clore_passes: bool) -> Bilan:
    """Ingest with a bar per stage."""
    with make_progress() as progress:
        bars = {
            name: progress.add_task(label, total=None)
            for name, label in (
                ("fichiers", "Fichiers lus"),
                ("textes", "Textes extraits"),
                ("pieces", "Pièces indexées"),
            )
        }

        def watch() -> None:
            suivi: Suivi = read_suivi(orc.database)
            for name, bar in bars.items():
                etape = getattr(suivi, name)
                progress.update(bar, total=etape.total, completed=etape.faits)

        bilan = ingest_silo(
            orc,
            orc.engine,
            url,
            clore_passes=clore_passes,
            today=read_today(),
            watch=watch,
        )
        watch()
    return bilan


def print_bilan(bilan: Bilan) -> None:
    """What was read, what was not, in words."""
    n = format_entier
    fichiers = (
        format_nombre(bilan.fichiers_nouveaux, "nouveau", "nouveaux"),
        format_nombre(bilan.fichiers_changes, "modifié"),
        format_nombre(bilan.fichiers_disparus, "disparu"),
        format_nombre(bilan.fichiers_inchanges, "inchangé"),
    )
    out.print(f"Fichiers du silo : {', '.join(fichiers)}.")
    pj = format_nombre(bilan.pj, "pièce justificative", "pièces justificatives")
    cherchables = format_nombre(bilan.cherchables, "pièce cherchable", "pièces cherchables")
    out.print(
        f"L’archive compte {format_nombre(bilan.pieces, 'pièce')} et {pj} "
        f"dans {n(bilan.flux)} flux. Exercices clos : {cherchables}."
    )
    if bilan.pieces and not bilan.cherchables:
        out.print(
            "Rien n’est encore cherchable : aucun exercice n’est clos. « orc exercice liste » les "
            "montre, « orc exercice clore » en clôt un, « --clore-passes » clôt les années passées."
        )
    if bilan.clos_par_defaut:
        out.print(
            "Sans clotures.csv, tenus pour clos : "
            f"{format_nombre(bilan.clos_par_defaut, 'exercice passé', 'exercices passés')}."
        )
    for illisible in bilan.dossiers_illisibles:
        err.print(f"Illisible, donc ni lu ni tenu pour disparu : {illisible}", markup=False)
    for refus in bilan.clotures_refusees:
        err.print(f"Clôture non enregistrée : {refus}", markup=False)
    if bilan.quarantaine:
        err.print(f"{n(bilan.quarantaine)} en quarantaine : voir « orc silo check ».")


def rebuild(
    *,
    retirer_anciennes: Annotated[
        bool,
        typer.Option(
            help="Retirer les index remplacés par des reconstructions ; ne reconstruit rien."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Refaire l’index à partir de SQL et des textes ; l’actuel sert jusqu’à ce qu’il soit prêt."""
    with french_errors():
        settings = read_environment()
        generations = open_generations(settings)
        if retirer_anciennes:
            _remove_others(generations, as_json=as_json)
            return
        fresh = generations.start()
        orc = make_orc(settings, index=fresh)
        try:
            done = _rebuild_with_progress(orc, generations, fresh)
        finally:
            orc.close()
    if as_json:
        print_json(done)
        return
    out.print(
        f"Index refait : {format_entier(done.pieces)} pièces, vérifiées une à une avec la base "
        f"(empreinte {done.empreinte[:16]}). L’ancien est gardé : "
        "« orc rebuild --retirer-anciennes » le retire."
    )
    if done.refusees:
        err.print(
            f"{format_entier(done.refusees)} pièces n’ont pas pu l’être : les causes sont dites "
            "plus haut. Elles restent à indexer."
        )


def _rebuild_with_progress(
    orc: Orc, generations: Generations, fresh: SearchEngine
) -> Reconstruction:
    with make_progress() as progress:
        bar = progress.add_task("Pièces indexées", total=None)

        def watch(done: int, total: int) -> None:
            progress.update(bar, total=total, completed=done)

        return rebuild_index(orc.database, orc.storage, generations, fresh, watch=watch)


def _remove_others(generations: Generations, *, as_json: bool) -> None:
    removed = generations.remove_others()
    if as_json:
        print_json({"retires": removed})
    elif removed:
        out.print(f"Index retirés : {', '.join(removed)}.")
    else:
        out.print("Aucun ancien index à retirer.")
