"""orc mission: opening, listing and closing the missions of juges."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer
from sqlalchemy import select

from orc.access.missions import (
    NouvelleMission,
    Perimetre,
    close_mission,
    find_membres,
    open_mission,
)
from orc.access.tables import read_jour
from orc.cli.console import Json, open_orc, out, print_json
from orc.domain import SENSIBLES, Domaine, format_date
from orc.errors import Invalid, NotFound
from orc.models import Mission, read_today

app = typer.Typer(help="Missions des juges des comptes.", no_args_is_help=True)
PAR = "ligne de commande"
_PORTEE = re.compile(r"(\d{9}):(\d{4})(?:-(\d{4}))?", re.ASCII)

Domaines = Annotated[
    list[Domaine] | None,
    typer.Option("--domaine", help="Domaine réservé ouvert ; se répète. Sans lui : tous."),
]


@dataclass(frozen=True, slots=True)
class LigneMission:
    """A mission as the list says it."""

    reference: str
    juridiction: str
    du: date
    au: date
    close: bool
    membres: tuple[str, ...]


@app.command()
def ouvrir(
    reference: Annotated[str, typer.Argument(help="Référence de la mission.")],
    *,
    ordre: Annotated[str, typer.Option(help="L’ordre qui l’ouvre : référence et date.")],
    juridiction: Annotated[str, typer.Option(help="Cour ou chambre régionale des comptes.")],
    du: Annotated[str, typer.Option(help="Premier jour, 01/02/2027.")],
    au: Annotated[str, typer.Option(help="Dernier jour.")],
    chef: Annotated[str, typer.Option(help="Identifiant du chef de la mission.")],
    portees: Annotated[
        list[str], typer.Option("--portee", help="SIREN:2022-2024 ou SIREN:2022 ; se répète.")
    ],
    domaines: Domaines = None,
) -> None:
    """Ouvrir une mission : son chef, puis ses membres, consultent ces exercices entre ces dates."""
    with open_orc() as orc, orc.database.writing() as session:
        mission = NouvelleMission(
            reference,
            ordre,
            juridiction,
            _read_jour(du),
            _read_jour(au),
            chef,
            tuple(_read_portee(text) for text in portees),
            tuple(domaines) if domaines else SENSIBLES,
        )
        open_mission(session, mission, par=PAR, today=read_today())
    out.print(f"Mission {reference} ouverte.", markup=False)


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les missions, leurs dates et leurs membres."""
    with open_orc() as orc, orc.database.reading() as session:
        rows = [
            LigneMission(
                m.reference,
                m.juridiction,
                m.du,
                m.au,
                m.close_le is not None,
                tuple(p.identifiant for _, p in find_membres(session, m.id)),
            )
            for m in session.scalars(select(Mission).order_by(Mission.id))
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        dates = f"du {format_date(row.du)} au {format_date(row.au)}"
        state = "close" if row.close else dates
        people = ", ".join(row.membres)
        out.print(f"{row.reference}  {row.juridiction}  {state}  {people}", markup=False)


@app.command()
def clore(reference: Annotated[str, typer.Argument(help="Référence de la mission.")]) -> None:
    """Clore une mission : ses membres n’en voient plus rien dès leur prochaine requête."""
    with open_orc() as orc, orc.database.writing() as session:
        found = session.scalar(select(Mission.id).where(Mission.reference == reference))
        if found is None:
            raise NotFound(f"Aucune mission {reference} : « orc mission liste » les donne toutes.")
        close_mission(session, found, par=PAR)
    out.print(f"Mission {reference} close.", markup=False)


def _read_portee(text: str) -> Perimetre:
    found = _PORTEE.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"Portée attendue sous la forme 123456789:2022-2024, pas « {text} ».")
    return Perimetre(found[1], int(found[2]), int(found[3] or found[2]))


def _read_jour(text: str) -> date:
    try:
        return read_jour(text)
    except ValueError as error:
        raise Invalid(str(error)) from error
