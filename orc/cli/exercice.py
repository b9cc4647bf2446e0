"""orc exercice: closing exercices, withdrawing a closure, seeing which are closed."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer
from sqlalchemy import select, true

from orc.bootstrap import Orc
from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import format_date, format_entier
from orc.errors import Invalid, NotFound
from orc.ingest.clotures import (
    Exercice,
    check_close_le,
    find_exercices,
    record_clotures,
    withdraw_cloture,
)
from orc.ingest.run import wait_for_index
from orc.journal import Auteur
from orc.models import Budget, read_today

app = typer.Typer(help="Clore un exercice, ou revenir sur une clôture.", no_args_is_help=True)

BudgetOption = Annotated[
    str, typer.Argument(help="SIRET/CodCol/CodBud, comme l’affiche « liste ».")
]
Annee = Annotated[int, typer.Argument(help="Exercice, par exemple 2024.")]
AUTEUR = Auteur("ligne de commande")


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les exercices de chaque budget : clos ou ouverts, et ce qu’ils contiennent."""
    with open_orc() as orc, orc.database.reading() as session:
        etats = find_exercices(session, which=true())
        names = _find_names(orc)
    if as_json:
        print_json(etats)
        return
    for etat in etats:
        close = f"clos le {format_date(etat.close_le)}" if etat.close_le else "ouvert"
        name = names[etat.exercice.budget_id]
        pieces = format_entier(etat.nb_pieces)
        ligne = f"{name}  {etat.exercice.annee}  {close}  {pieces} pièces  {etat.libelle}"
        out.print(ligne, markup=False)


@app.command()
def clore(budget: BudgetOption, annee: Annee, *, le: str = "") -> None:
    """Enregistrer la clôture : les pièces deviennent cherchables, sans relire le silo."""
    with open_orc() as orc:
        with orc.database.writing() as session:
            exercice = Exercice(_get_budget(orc, budget), annee)
            close_le = _read_date(le)
            check_close_le(close_le, read_today())
            new = record_clotures(session, [exercice], close_le=close_le, auteur=AUTEUR)
        done = wait_for_index(orc)
    if new:
        out.print(f"Exercice {annee} clos : {format_entier(done)} pièces à jour dans l’index.")
    else:
        out.print(f"L’exercice {annee} était déjà clos.")


@app.command()
def rouvrir(budget: BudgetOption, annee: Annee, motif: Annotated[str, typer.Option()]) -> None:
    """Retirer une clôture, avec son motif : les pièces ne sont plus cherchables."""
    with open_orc() as orc:
        with orc.database.writing() as session:
            exercice = Exercice(_get_budget(orc, budget), annee)
            withdraw_cloture(session, exercice, motif=motif, auteur=AUTEUR)
        done = wait_for_index(orc)
    out.print(f"Clôture retirée : {format_entier(done)} pièces à jour dans l’index.")


def _find_names(orc: Orc) -> dict[int, str]:
    query = select(Budget.id, Budget.siret, Budget.cod_col, Budget.cod_bud)
    with orc.database.reading() as session:
        return {row.id: "/".join(row[1:]) for row in session.execute(query)}


def _get_budget(orc: Orc, name: str) -> int:
    for budget_id, known in _find_names(orc).items():
        if known == name:
            return budget_id
    raise NotFound(f"Aucun budget {name} : « orc exercice liste » les donne tous.")


def _read_date(text: str) -> date:
    if not text:
        return read_today()
    try:
        return datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise Invalid(f"Date attendue sous la forme 31/12/2024, pas « {text} ».") from error
