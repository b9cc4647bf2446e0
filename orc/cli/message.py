"""orc message: what goes out, what waits, a test; orc rappels: the reminders of the day."""

from typing import Annotated

import typer

from orc.cli.console import Json, french_errors, open_orc, out, print_json
from orc.domain import format_nombre
from orc.identity.essai import write_essai
from orc.identity.rappels import read_jours, send_rappels
from orc.messages import find_messages, find_to_send, send_message
from orc.models import read_today

app = typer.Typer(help="Courriels et SMS.", no_args_is_help=True)


@app.command()
def essai(
    adresse: Annotated[str, typer.Argument(help="Adresse de courriel, ou numéro de mobile.")],
) -> None:
    """Envoyer un message d’essai par l’expéditeur des réglages, et dire s’il est parti."""
    with open_orc() as orc:
        with orc.database.writing() as session:
            numero = write_essai(session, adresse, par="ligne de commande")
        send_message(orc.database, orc.expediteurs, numero)
        with orc.database.reading() as session:
            found = next(m for m in find_messages(session) if m.id == numero)
    where = "remis à l’expéditeur" if found.etat == "envoye" else f"refusé : {found.echec}"
    out.print(f"Message d’essai pour {found.destinataire} : {where}.", markup=False)
    if found.etat != "envoye":
        raise typer.Exit(1)


@app.command()
def liste(*, as_json: Json = False) -> None:
    """Les messages qui attendent ou qui ont été abandonnés ; jamais ce qu’ils disent."""
    with open_orc() as orc, orc.database.reading() as session:
        found = [(m.id, m.destinataire, m.objet, m.etat, m.echec) for m in
                 find_messages(session, 1000, unsent=True)]  # fmt: skip
    if as_json:
        print_json(found)
        return
    for numero, destinataire, objet, etat, echec in found:
        out.print(f"{numero}  {destinataire}  {objet}  {etat}  {echec}", markup=False)


def rappels() -> None:
    """Envoyer les rappels du jour (expirations) ; chacun ne part qu’une fois."""
    with french_errors(), open_orc() as orc:
        jours = read_jours(orc.settings.rappels_jours)
        today = read_today()
        written = send_rappels(orc.database, orc.settings.mot_de_passe_jours, jours, today)
        for (numero,) in find_to_send(orc.database):
            send_message(orc.database, orc.expediteurs, numero)
    out.print(f"{format_nombre(written, 'rappel')} écrit{'s' if written > 1 else ''}.")
