"""The reader of flows finds every planted fault of the demonstration silo, and not one more."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from orc.errors import Invalid
from orc.ingest.pes.flux import read_octets
from orc.ingest.pes.values import Anomalie
from tests.demo.lecture import read_documents


def test_the_reader_finds_the_planted_faults_and_no_other(
    silo: Path, manifeste: dict[str, Any]
) -> None:
    trouves: dict[str, list[str]] = defaultdict(list)
    refuses: set[str] = set()
    for nom, octets in read_documents(silo):
        try:
            for element in read_octets(octets):
                if isinstance(element, Anomalie):
                    trouves[nom].append(element.code)
        except Invalid:
            refuses.add(nom)
    plantes: dict[str, list[str]] = defaultdict(list)
    ecartes = set()
    for casse in manifeste["casses"]:
        plantes[casse["chemin"]] += casse["attendu"].get("anomalies", [])
        if casse["attendu"].get("etat_flux") == "quarantaine":
            ecartes.add(casse["chemin"])
    assert {k: sorted(v) for k, v in trouves.items()} == {
        k: sorted(v) for k, v in plantes.items() if v
    }
    assert refuses == ecartes
