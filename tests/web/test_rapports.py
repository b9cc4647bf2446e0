"""Reports and échéancier in the browser's terms: by rôle, made, kept, taken again."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from orc.models import Ecriture
from tests.archive import COMMUNAUTE, COMMUNE, Archive, make_archive
from tests.retention.rapports.fonds import (
    ELECTRICITE,
    SCAN,
    put_bordereau,
    put_decisions,
)
from tests.web.serving import Navigateur, open_navigateur, serve


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("rapports")) as made:
        put_decisions(made)
        put_bordereau(made, ELECTRICITE, SCAN, refusee=SCAN)
        yield made


@pytest.fixture(scope="module")
def personnes(archive: Archive) -> Iterator[dict[str, Navigateur]]:
    with ExitStack() as stack:
        adresse = stack.enter_context(serve(archive.orc))
        noms = ("archiviste", "comptable", "ordonnateur", "administrateur", "juge")
        yield {nom: stack.enter_context(open_navigateur(adresse, nom)) for nom in noms}


@pytest.mark.parametrize("nom", ["ordonnateur", "administrateur", "juge"])
@pytest.mark.parametrize("chemin", ["rapports", "echeancier", "rapports/apercu/etats"])
def test_who_has_no_part_in_it_sees_no_report(
    personnes: dict[str, Navigateur], nom: str, chemin: str
) -> None:
    assert personnes[nom].get(f"/destruction/{chemin}").status_code == 403


def test_the_preview_shows_figures_and_a_plot(personnes: dict[str, Navigateur]) -> None:
    page = personnes["archiviste"].get("/destruction/rapports/apercu/etats").text
    assert "orc-plot" in page
    assert "Commune de Sainte-Anne, 2022" in page
    assert "Communauté du Bocage" not in page
    assert "Établir en PDF" in page


@pytest.mark.parametrize(
    "genre", ["etats", "echeancier", "refus", "anomalies", "gels", "registre", "certificat"]
)
def test_every_kind_has_its_preview(personnes: dict[str, Navigateur], genre: str) -> None:
    answer = personnes["comptable"].get(f"/destruction/rapports/apercu/{genre}?siren={COMMUNE}")
    assert answer.status_code == 200


def test_a_report_is_made_then_taken_again_identical(
    archive: Archive, personnes: dict[str, Navigateur]
) -> None:
    archiviste = personnes["archiviste"]
    for forme in ("pdf", "ods", "csv"):
        made = archiviste.post("/destruction/rapports", genre="etats", forme=forme, siren=COMMUNE)
        assert made.status_code == 303
        numero = made.headers["location"].rpartition("=")[2]
        said = archiviste.get(made.headers["location"]).text
        assert f"Le rapport {numero} est établi" in said
        file = archiviste.get(f"/destruction/rapports/fichier/{numero}")
        assert file.headers["content-disposition"].startswith("attachment")
        assert f"{numero}_etats.{forme}" in file.headers["content-disposition"]
        again = archiviste.get(f"/destruction/rapports/fichier/{numero}")
        assert again.content == file.content
        assert hashlib.sha256(file.content).hexdigest()[:16] in said
    with archive.orc.database.reading() as session:
        acts = session.execute(
            select(Ecriture.acte, Ecriture.objet).where(Ecriture.objet == f"rapport:{numero}")
        ).all()
    assert [tuple(a) for a in acts] == [
        ("rapport", f"rapport:{numero}"), ("telechargement", f"rapport:{numero}"),
        ("telechargement", f"rapport:{numero}"),
    ]  # fmt: skip


def test_a_report_is_not_for_who_sees_less(personnes: dict[str, Navigateur]) -> None:
    made = personnes["comptable"].post("/destruction/rapports", genre="etats", forme="csv")
    numero = made.headers["location"].rpartition("=")[2]
    other = personnes["archiviste"].post(
        "/destruction/rapports", genre="etats", forme="csv", siren=COMMUNE
    )
    mine = other.headers["location"].rpartition("=")[2]
    # Both see the commune: the comptable's report bears on the same cellules, or on more.
    assert personnes["comptable"].get(f"/destruction/rapports/fichier/{mine}").status_code == 200
    answer = personnes["ordonnateur"].get(f"/destruction/rapports/fichier/{numero}")
    assert answer.status_code == 403


def test_the_bordereau_is_chosen_then_shown(personnes: dict[str, Navigateur]) -> None:
    archiviste = personnes["archiviste"]
    page = archiviste.get("/destruction/rapports/apercu/bordereau_elimination").text
    assert "Factures de 2022" in page
    assert "Établir en PDF" not in page
    page = archiviste.get("/destruction/rapports/apercu/bordereau_elimination?bordereau=1").text
    for said in ("Intérêt historique", "Observations du producteur", "Établir en PDF"):
        assert said in page
    made = archiviste.post(
        "/destruction/rapports", genre="bordereau_elimination", forme="pdf", bordereau="1"
    )
    assert made.status_code == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"genre": "rien", "forme": "pdf"}, 404),
        ({"genre": "etats", "forme": "docx"}, 422),
        ({"genre": "certificat", "forme": "pdf", "bordereau": "x"}, 422),
        ({"genre": "etats", "forme": "csv", "siren": COMMUNAUTE}, 404),
        ({"genre": "certificat", "forme": "csv", "bordereau": "1"}, 409),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    personnes: dict[str, Navigateur], fields: dict[str, str], status: int
) -> None:
    assert personnes["archiviste"].post("/destruction/rapports", **fields).status_code == status


def test_the_echeancier_is_drawn_within_ones_scope(personnes: dict[str, Navigateur]) -> None:
    archiviste = personnes["archiviste"]
    page = archiviste.get("/destruction/echeancier").text
    assert "orc-plot" in page
    assert "PJ-DEPENSE" in page
    assert "01/01/2033" in page
    assert archiviste.get(f"/destruction/echeancier?siren={COMMUNAUTE}").status_code == 404
    for where in (f"apercu/etats?siren={COMMUNAUTE}", "apercu/rien"):
        assert archiviste.get(f"/destruction/rapports/{where}").status_code == 404


def test_programs_read_the_same(personnes: dict[str, Navigateur]) -> None:
    answer = personnes["archiviste"].get(f"/api/v1/destruction/echeancier?siren={COMMUNE}")
    assert answer.status_code == 200
    rows = answer.json()["echeances"]
    assert {row["regle"] for row in rows} == {"PJ-DEPENSE"}
    assert {row["siren"] for row in rows} == {COMMUNE}
    reports = personnes["archiviste"].get("/api/v1/destruction/rapports").json()["rapports"]
    assert json.dumps(reports).count("R-") >= 1
    assert personnes["ordonnateur"].get("/api/v1/destruction/rapports").status_code == 403
    states = personnes["archiviste"].get("/api/v1/destruction/etats").json()["etats"]
    assert [s["exercice"] for s in states] == [2022, 2023, 2024]
    assert states[0]["eligible"] == 1
