"""A decision as SQL keeps it: JSON and its SHA-256, and back, whatever the rules say since."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from orc.retention.decide import Decision, Raison, Statut
from orc.retention.facts import Preuve
from orc.retention.rules import REGLES, Fondement, Regle


def dump_raisons(decision: Decision) -> str:
    """All the reasons in order, what is empty left out: the same decision, the same text."""
    rows = [_dump_raison(raison) for raison in decision.raisons]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def make_empreinte(decision: Decision, raisons: str) -> str:
    """SHA-256 of all that a decision says; `raisons`: its reasons, dumped."""
    head = (decision.statut.value, str(decision.depuis), str(decision.jusqu_a))
    said = "\n".join((*head, raisons))
    return hashlib.sha256(said.encode()).hexdigest()


def _dump_raison(raison: Raison) -> dict[str, object]:
    row: dict[str, object] = {
        "regle": raison.regle.numero,
        "statut": raison.statut.value,
        "texte": raison.texte,
    }
    if raison.preuves:
        row["preuves"] = [[p.evenement, _say(p.jour), p.source] for p in raison.preuves]
    if raison.depuis:
        row["depuis"] = _say(raison.depuis)
    if raison.jusqu_a:
        row["jusqu_a"] = _say(raison.jusqu_a)
    if raison.anomalie:
        row["anomalie"] = True
    return row


def _say(day: date | None) -> str | None:
    return day.isoformat() if day else None


def load_raisons(text: str) -> tuple[Raison, ...]:
    """The reasons as they were recorded; a rule that is no more keeps its number."""
    return tuple(_load_raison(row) for row in json.loads(text))


def _load_raison(row: Mapping[str, Any]) -> Raison:
    numero = row["regle"]
    regle = REGLES.get(numero) or Regle(numero, f"Test {numero}", "", Fondement.INTERPRETATION)
    return Raison(
        regle,
        Statut(row["statut"]),
        row["texte"],
        tuple(Preuve(said, _read(day), source) for said, day, source in row.get("preuves", [])),
        _read(row.get("depuis")),
        _read(row.get("jusqu_a")),
        row.get("anomalie", False),
    )


def _read(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None
