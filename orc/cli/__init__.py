"""The command `orc`: parse arguments, call one function, print. Nothing is decided here."""

import typer
from typer import rich_utils

from orc.cli import (
    compte,
    decider,
    declaration,
    demo,
    exercice,
    ingest,
    message,
    mission,
    ocr,
    referentiel,
    sauvegarder,
    search,
    serve,
    silo,
    taches,
    textes,
    worker,
)

# Typer's own words, where it lets them be changed; « Show this message and exit » it keeps.
rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
rich_utils.ERRORS_PANEL_TITLE = "Erreur"
rich_utils.REQUIRED_LONG_STRING = "[obligatoire]"
rich_utils.DEFAULT_STRING = "[sinon : {}]"
rich_utils.ABORTED_TEXT = "Abandonné."
rich_utils.RICH_HELP = "[blue]« {command_path} {help_option} »[/] dit ce qui s’écrit."

app = typer.Typer(
    help="ORC : recherche et consultation des archives du secteur public local.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(demo.app, name="demo")
app.add_typer(exercice.app, name="exercice")
app.add_typer(compte.app, name="compte")
app.add_typer(referentiel.app, name="referentiel")
app.add_typer(declaration.app, name="declaration")
app.add_typer(mission.app, name="mission")
app.add_typer(message.app, name="message")
app.add_typer(silo.app, name="silo")
app.add_typer(taches.app, name="taches")
app.add_typer(textes.app, name="textes")
for command in (
    ingest.ingest,
    ingest.rebuild,
    message.rappels,
    ocr.ocr,
    decider.decider,
    worker.worker,
    search.search,
    serve.serve,
    sauvegarder.sauvegarder,
):
    app.command()(command)
