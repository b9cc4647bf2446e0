"""orc serve: the web front, and the tasks it must go on with."""

from typing import Annotated

import typer
import uvicorn


def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port d’écoute.")] = 8000,
) -> None:
    """Ouvrir le site web."""
    uvicorn.run("web.app:make", factory=True, host=host, port=port, access_log=False)
