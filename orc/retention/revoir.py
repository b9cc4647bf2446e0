"""When time alone may change an answer: the next day a decision has to be looked at again. Pure."""

from collections.abc import Iterator
from datetime import date

from orc.retention.durees import find_libre
from orc.retention.facts import Facts, Periode
from orc.retention.payment import read_reglement
from orc.retention.rules import Rules


def find_revoir(facts: Facts, rules: Rules, today: date) -> date | None:
    """The first day after `today` on which these facts may be answered otherwise; None: none."""
    return min((day for day in _find_days(facts, rules) if day > today), default=None)


def _find_days(facts: Facts, rules: Rules) -> Iterator[date]:
    """Every day on which something begins, ends, or is said to have been."""
    periodes = (
        *facts.adhesions_orc,
        *facts.adhesions_offre,
        *facts.tenue_helios,
        *facts.declarations_numerisation,
        *(gel.periode for gel in (*facts.gels, *facts.cofinancements)),
    )
    for periode in periodes:
        yield from _find_bounds(periode)
    if facts.acquittement:
        yield facts.acquittement.jour
    for citation in facts.citations:
        if since := read_reglement(citation, rules).depuis:
            yield since
    marche = facts.marche
    if marche and marche.notifie_le:
        yield find_libre(marche.notifie_le, rules.marche_passation)
    if marche and marche.solde_le:
        yield find_libre(marche.solde_le, rules.marche_execution)


def _find_bounds(periode: Periode) -> Iterator[date]:
    yield periode.depuis
    if periode.jusqu_a is not None and periode.jusqu_a < date.max:
        yield date.fromordinal(periode.jusqu_a.toordinal() + 1)
