"""orc serve: the web front, and the tasks it must go on with; SIGTERM ends it gracefully."""

from typing import Annotated

import typer
import uvicorn

from orc.bootstrap import read_environment
from orc.cli.console import french_errors
from orc.settings import Settings
from orc.traces import configure_traces

# Seconds an idle connection is kept: longer than proxies keep theirs (60), or they use a dead one.
KEEP_ALIVE = 75


def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d’écoute.")] = 8000,
) -> None:
    """Ouvrir le site web.

    SIGTERM : n’accepte plus rien, finit les requêtes en cours (ORC_ARRET_SECONDES au plus), puis
    les tâches, et rend l’index.
    """
    with french_errors():
        settings = read_environment()
        configure_traces(settings.journal_technique, settings.journal_niveau)
        run_server(settings, host, port)


def run_server(settings: Settings, host: str, port: int) -> None:
    """Serve `web.app:make` until a signal; its settings are those of the environment."""
    uvicorn.run(
        "web.app:make",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        # web.app trusts the proxies of the settings, however it is served.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=settings.arret_secondes,
    )
