"""orc ocr: reads the scans that wait, or says what to install for it."""

from typing import Annotated

import typer

from orc.bootstrap import Orc
from orc.cli.console import Json, err, make_progress, open_orc, out, print_json
from orc.domain import format_nombre
from orc.errors import OrcError, Unavailable
from orc.ingest.ocr.documents import count_waiting
from orc.ingest.ocr.run import BilanOcr, oceriser_all, redo_pages


def ocr(
    *,
    limite: Annotated[int, typer.Option(min=0, help="Documents lus au plus. 0 : tous.")] = 0,
    refaire_sous: Annotated[
        int,
        typer.Option(
            help="Relire aussi les pages en échec et celles de qualité inférieure (0 à 100)."
        ),
    ] = -1,
    as_json: Json = False,
) -> None:
    """Océriser les scans en attente, page par page. Reprend où il en était."""
    if not -1 <= refaire_sous <= 100:
        raise typer.BadParameter("attendu : de 0 à 100.", param_hint="--refaire-sous")
    with open_orc() as orc:
        orc.oceriseur.find()
        if refaire_sous >= 0:
            redo_pages(orc, refaire_sous)
        bilan = oceriser_with_progress(orc, limite or None)
        if as_json:
            print_json(bilan)
        else:
            print_bilan(bilan)
        if bilan.echecs:
            raise Unavailable(
                f"{format_nombre(bilan.echecs, 'document')} hors d’atteinte : "
                f"{' '.join(bilan.motifs)} Relancez « orc ocr » une fois la cause levée."
            )


def oceriser_with_progress(orc: Orc, limite: int | None) -> BilanOcr:
    """Read scans with a bar of pages."""
    with make_progress() as progress:
        total = count_waiting(orc.database).pages if limite is None else None
        bar = progress.add_task("Pages océrisées", total=total)
        return oceriser_all(
            orc, limite=limite, watch=lambda pages: progress.update(bar, completed=pages)
        )


def print_bilan(bilan: BilanOcr) -> None:
    """What was read and what is left, in words."""
    if not bilan.documents and not bilan.restants:
        out.print("Rien à océriser.")
        return
    out.print(
        f"Lu : {format_nombre(bilan.documents, 'document')}, "
        f"{format_nombre(bilan.pages, 'page')} ; leurs mots se cherchent."
    )
    if bilan.ailleurs:
        err.print(f"{format_nombre(bilan.ailleurs, 'document')} : un autre processus les lit.")
    if bilan.restants:
        err.print(f"Restent à océriser : {format_nombre(bilan.restants, 'document')}.")


def print_scans(orc: Orc, *, background: bool = False) -> None:
    """How many scans wait, and who reads them; nothing where none waits.

    `background`: the web front about to open reads them.
    """
    reste = count_waiting(orc.database)
    if not reste.documents:
        return
    scans = f"{format_nombre(reste.documents, 'scan')} à océriser"
    try:
        orc.oceriseur.find()
    except OrcError as error:
        err.print(f"{scans}, dont les mots ne se cherchent pas encore. {error}", markup=False)
        return
    if not orc.tasks.in_process:
        out.print(f"{scans} : les « orc worker » s’en chargent.")
    elif background:
        out.print(f"{scans}, en cours : leurs mots se chercheront au fur et à mesure.")
    else:
        out.print(f"{scans} : « orc ocr » les lit tout de suite, « orc serve » en arrière-plan.")
