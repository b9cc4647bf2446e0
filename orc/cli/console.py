"""What every command shares: opening ORC, saying errors in French, printing for a machine."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from orc.bootstrap import Orc, make_orc, read_environment
from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError, Unavailable
from orc.traces import configure_traces

# Into a file or a pipe, one line stays one line: what reads it counts on that.
out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False)

# 2 is typer's own, for a command line it cannot read.
EXIT_CODES: dict[type[OrcError], int] = {
    Invalid: 3,
    NotFound: 4,
    Conflict: 5,
    Forbidden: 6,
    Unavailable: 7,
}

Json = Annotated[bool, typer.Option("--json", help="Répondre en JSON, pour une machine.")]


@contextmanager
def open_orc(*, ouvrier: bool = False) -> Iterator[Orc]:
    """An ORC on the settings of the environment, closed at the end; errors said in French.

    `ouvrier`: it runs for long, and its technical log says what the settings ask for; a command
    that a person types says only what goes wrong.
    """
    with french_errors():
        settings = read_environment()
        niveau = settings.journal_niveau if ouvrier else "warning"
        configure_traces(settings.journal_technique, niveau)
        orc = make_orc(settings)
        try:
            yield orc
        finally:
            orc.close()


@contextmanager
def french_errors() -> Iterator[None]:
    """Say what ORC refuses and leave with its exit code; Ctrl-C leaves with 130."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        yield
    except OrcError as error:
        err.print(f"[red]Erreur[/red] : {escape(str(error))}")
        code = next((c for kind, c in EXIT_CODES.items() if isinstance(error, kind)), 1)
        raise typer.Exit(code) from error
    except KeyboardInterrupt as error:
        err.print("Arrêté. Rien n’est perdu : la même commande reprend là où elle en était.")
        raise typer.Exit(130) from error


def print_json(value: Any) -> None:
    """One JSON document on standard output; dataclasses become objects, dates ISO text."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def make_progress() -> Progress:
    """A bar with counts, time spent and time left, on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )
