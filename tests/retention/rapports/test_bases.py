"""Every report on SQLite and on PostgreSQL; rules that contradict are an anomaly."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orc.models import RegleDuree, VersionRegles, read_now
from orc.retention.rapports.archives import give_rapport, read_octets
from orc.retention.rapports.composer import Demande
from orc.retention.rapports.feuille import Forme, Genre
from orc.retention.rapports.lignes_decisions import name_anomalie
from tests.archive import Archive, make_archive
from tests.retention.rapports.fonds import (
    ELECTRICITE,
    JOUR,
    SCAN,
    find_cellules,
    make_lecteur_de,
    put_bordereau,
    put_decisions,
    put_gel,
)


@pytest.fixture
def archive(tmp_path: Path, base: str) -> Iterator[Archive]:
    with make_archive(tmp_path, database=base) as made:
        put_decisions(made)
        yield made


def read(archive: Archive, genre: Genre, bordereau_id: int | None = None) -> list[dict[str, str]]:
    lecteur = make_lecteur_de(archive, "archiviste", find_cellules(archive, "archiviste"))
    orc = archive.orc
    given = give_rapport(
        orc.database, orc.storage, lecteur, Demande(genre, "", bordereau_id), Forme.CSV, JOUR
    )
    text = b"".join(read_octets(orc.storage, given)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_every_report_is_made_on_both_databases(archive: Archive) -> None:
    done = put_bordereau(archive, ELECTRICITE, SCAN, refusee=SCAN, etat="certifiee")
    put_gel(archive, "Recours")
    counts = {genre: len(read(archive, genre, done)) for genre in Genre}
    assert counts == {
        Genre.BORDEREAU: 1, Genre.PIECES: 2, Genre.CERTIFICAT: 1, Genre.REFUS: 2, Genre.REGISTRE: 1,
        Genre.GELS: 1, Genre.ECHEANCIER: 2, Genre.ANOMALIES: 2, Genre.ETATS: 3,
    }  # fmt: skip


def test_rules_that_contradict_are_an_anomaly_of_each_pj_they_bear_on(archive: Archive) -> None:
    with archive.orc.database.writing() as session:
        version = VersionRegles(
            etat="publiee", redigee_par="a", redigee_le=read_now(), en_vigueur_le=date(2026, 1, 1)
        )
        session.add(version)
        session.flush()
        for code, criteres, sort in (
            ("TOUT", '{"objet": "pj"}', "D"),
            ("ENERGIE", '{"objet": "pj", "compte": ["60612"]}', "C"),
        ):
            session.add(
                RegleDuree(
                    version_id=version.id, code=code, intitule=code, criteres=criteres,
                    reference="r", fondement="texte", evenement="exercice", nombre=10,
                    unite="ans", arrondi="aucun", inclus=True, sort_final=sort,
                )
            )  # fmt: skip
    found = [n for n in read(archive, Genre.ANOMALIES) if n["Anomalie"].startswith("Règles")]
    assert {n["Pièce justificative"] for n in found} == {ELECTRICITE, SCAN, "Devis_2024.pdf"}
    assert {n["Détail"] for n in found} == {"TOUT, ENERGIE : C l’emporte"}


def test_an_anomaly_is_named_by_the_worst_it_means() -> None:
    def name(regle: str, *settled: str) -> str:
        others = [{"regle": "9a", "statut": statut} for statut in settled]
        raison = {"regle": regle, "statut": "en_attente"}
        return name_anomalie(raison, [raison, *others])

    assert name("6", "eligible", "eligible") == "Payée sans acquit"
    assert name("6", "eligible", "en_attente") == "Acquit manquant ou refusé"
    assert name("6") == "Acquit manquant ou refusé"
    assert name("14", "eligible") == "Aucune règle de durée"
    assert name("2") == "Événement manquant"
