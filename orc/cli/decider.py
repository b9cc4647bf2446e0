"""orc decider: decides what waits for early destruction, and says what comes of it."""

from sqlalchemy import func, select

from orc.cli.console import Json, make_progress, open_orc, out, print_json
from orc.domain import format_entier, format_nombre
from orc.errors import Unavailable
from orc.models import DecisionCourante, read_today
from orc.retention.decide import Statut
from orc.retention.jobs import (
    Bilan,
    count_waiting,
    decide_waiting,
    mark_if_rules_changed,
)
from orc.retention.libelles import LIBELLES_STATUTS


def decider(*, as_json: Json = False) -> None:
    """Décider de la destruction anticipée des PJ dont un fait a changé. Reprend où il en était."""
    with open_orc() as orc:
        today = read_today()
        orc.database.write(lambda s: mark_if_rules_changed(s, orc.settings, today))
        with orc.database.reading() as session:
            total = count_waiting(session, today)
        with make_progress() as progress:
            bar = progress.add_task("Pièces justificatives décidées", total=total)
            bilan = decide_waiting(
                orc.database,
                orc.settings,
                today=today,
                watch=lambda done: progress.update(bar, completed=done),
            )
        with orc.database.reading() as session:
            query = select(DecisionCourante.statut, func.count()).group_by(DecisionCourante.statut)
            counts = dict(session.execute(query).all())
    _print(bilan, counts, as_json=as_json)
    if bilan.echecs:
        raise Unavailable(
            f"{format_nombre(bilan.echecs, 'pièce justificative', 'pièces justificatives')} "
            "sans décision : la cause est dans les journaux. Elles restent à décider."
        )


def _print(bilan: Bilan, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({"decidees": bilan.decidees, "echecs": bilan.echecs, "statuts": counts})
        return
    out.print(f"{format_nombre(bilan.decidees, 'PJ décidée', 'PJ décidées')}.")
    for statut in Statut:
        out.print(f"{LIBELLES_STATUTS[statut]} : {format_entier(counts.get(statut, 0))}")
