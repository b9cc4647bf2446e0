"""The command orc, as a person and as a machine call it, on a demonstration silo."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from orc.bootstrap import make_orc
from orc.cli import app, search
from orc.demo.comptes import MOT_DE_PASSE, make_comptes
from orc.identity.connexion import ConnexionRefusee, log_in
from orc.search.find import Question
from orc.settings import Settings

pytestmark = pytest.mark.lent
PIECES = 200


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demonstration silo already read, and its accounts."""
    folder = tmp_path_factory.mktemp("cli")
    call(folder, "demo", "silo", "--pieces", str(PIECES), "--out", str(folder / "silo"))
    call(folder, "ingest", str(folder / "silo"))
    orc = make_orc(Settings(data=str(folder / "data")))
    make_comptes(orc.database)
    orc.close()
    return folder


def call(folder: Path, *args: str, code: int = 0, stdin: str = "") -> Result:
    """Run `orc` in this process on the data of this folder."""
    result = CliRunner(env={"ORC_DATA": str(folder / "data")}).invoke(app, args, input=stdin)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def call_json(folder: Path, *args: str, code: int = 0) -> Any:
    return json.loads(call(folder, *args, "--json", code=code).stdout)


def test_an_ingestion_says_what_it_read_and_done_again_reads_nothing(demo: Path) -> None:
    bilan = call_json(demo, "ingest", str(demo / "silo"))
    assert bilan["fichiers_nouveaux"] == 0
    assert bilan["pieces"] >= PIECES
    assert 0 < bilan["cherchables"] < bilan["pieces"]
    assert bilan["quarantaine"] > 0


def test_every_planted_needle_is_found_and_those_of_open_exercices_are_not(demo: Path) -> None:
    manifeste = json.loads((demo / "silo/manifeste.json").read_text(encoding="utf-8"))
    seen = {}
    for repere in manifeste["reperes"]:
        answer = call_json(demo, "search", repere["recherche"], "--comme", "comptable")
        seen[repere["cle"]] = answer["total"] > 0
    # A scan is found by what its mandat says, not by its text yet.
    assert seen == {r["cle"]: r["trouvable"] != "non_clos" for r in manifeste["reperes"]}
    assert sum(seen.values()) >= 8


def test_a_search_shows_only_what_the_account_may_see(demo: Path) -> None:
    everything = call_json(demo, "search", "exercice:2022..2025", "--comme", "comptable")
    some = call_json(demo, "search", "exercice:2022..2025", "--comme", "ordonnateur-xt")
    none = call_json(demo, "search", "exercice:2022..2025", "--comme", "administrateur")
    assert everything["total"] > some["total"] > none["total"] == 0


def test_a_search_in_words_shows_its_passages_and_what_was_not_searched(demo: Path) -> None:
    text = call(demo, "search", "facture", "--comme", "comptable").output
    assert "mandats et titres" in text
    assert "Non cherché : " in text
    assert "non clos" in text
    assert "Cherché dans : " in text
    assert "Mandat " in text
    assert "…" in text
    assert "… …" not in text


def test_who_sees_no_closed_exercice_is_told_that_nothing_was_searched(demo: Path) -> None:
    said = call_json(demo, "search", "facture", "--comme", "administrateur")
    assert (said["total"], said["perimetre"]) == (0, "")
    assert said["non_cherche"] == ["tout (aucun exercice clos dans ce périmètre)"]
    text = call(demo, "search", "facture", "--comme", "administrateur").output
    assert "0\u00a0pièce justificative, 0\u00a0mandat ou titre" in text
    assert "Cherché dans" not in text


def test_a_search_is_in_the_journal_with_what_it_found_before_it_is_printed(demo: Path) -> None:
    total = call_json(demo, "search", "facture", "--comme", "comptable")["total"]
    with sqlite3.connect(demo / "data/orc.sqlite") as connection:
        (details,) = connection.execute(
            "SELECT details FROM journal WHERE acte = 'recherche' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        before = connection.execute("SELECT count(*) FROM journal").fetchone()
    assert (json.loads(details)["comme"], json.loads(details)["pj"]) == ("comptable", total)
    call(demo, "search", "(", "--comme", "comptable", code=3)
    with sqlite3.connect(demo / "data/orc.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == before


def test_a_search_goes_on_while_another_process_writes(demo: Path) -> None:
    with sqlite3.connect(demo / "data/orc.sqlite", isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        orc = make_orc(Settings(data=str(demo / "data")))
        with orc.database.reading() as session:
            lecteur = search._get_lecteur(session, "comptable")
            found = search._search(orc, session, Question("facture"), lecteur)
        orc.close()
    assert found.reponse.nb_pj > 0


def test_results_go_on_page_after_page_without_a_repeat(demo: Path) -> None:
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        page = call_json(
            demo, "search", "facture", "--comme", "comptable", "--apres", after, "--taille", "7"
        )
        seen += [r["pj"]["lien_id"] for r in page["resultats"]]
        after = page["suivant"]
    assert len(seen) == len(set(seen)) == page["total"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("search", "(", "--comme", "comptable"), 3, "caractère 1"),
        (("search", "x", "--comme", "personne"), 4, "compte liste"),
        (("exercice", "clore", "1/2/3", "2023"), 4, "exercice liste"),
        (("ingest", "/nulle/part"), 7, "nulle/part"),
        (("ingest",), 3, "ORC_SILO"),
        (("demo", "silo", "--pieces", "3", "--out", "x"), 3, "200"),
    ],
)
def test_a_refusal_is_said_in_french_with_its_own_exit_code(
    demo: Path, args: tuple[str, ...], code: int, says: str
) -> None:
    assert says in call(demo, *args, code=code).output.replace("\n", "")


def test_an_exercice_is_reopened_with_a_motive_and_closed_again(demo: Path) -> None:
    etats = call_json(demo, "exercice", "liste")
    lines = call(demo, "exercice", "liste").output.splitlines()
    assert len(lines) >= len(etats)
    budget = next(line.split()[0] for line in lines if "  2022  clos" in line)
    before = call_json(demo, "search", "exercice:2022", "--comme", "comptable")["total"]
    call(demo, "exercice", "rouvrir", budget, "2022", "--motif", "essai")
    assert call_json(demo, "search", "exercice:2022", "--comme", "comptable")["total"] < before
    call(demo, "exercice", "rouvrir", budget, "2022", "--motif", "essai", code=4)
    call(demo, "exercice", "clore", budget, "2022", "--le", "12/06/2023")
    assert call_json(demo, "search", "exercice:2022", "--comme", "comptable")["total"] == before
    assert "déjà clos" in call(demo, "exercice", "clore", budget, "2022").output
    call(demo, "exercice", "clore", budget, "2022", "--le", "hier", code=3)


def test_an_account_is_made_listed_and_disabled(demo: Path) -> None:
    make = ("compte", "creer", "alice-xt", "--nom", "Alice", "--role", "comptable")
    scope = ("--portee", "poste", "--cle", "099010", "--mot-de-passe", MOT_DE_PASSE)
    assert "ne connaît pas" not in call(demo, *make, *scope).output
    assert "alice-xt" in call(demo, "compte", "liste").output
    assert call_json(demo, "search", "facture", "--comme", "alice-xt")["total"] > 0
    call(demo, *make, *scope, code=5)
    call(demo, "compte", "desactiver", "alice-xt")
    assert "désactivé" in call(demo, "compte", "liste").output
    call(demo, "search", "facture", "--comme", "alice-xt", code=4)


def test_a_password_changes_and_the_old_one_opens_nothing(demo: Path) -> None:
    changed = "un tout autre mot de passe"
    call(demo, "compte", "mot-de-passe", "juge-xt", "--mot-de-passe", changed)
    orc = make_orc(Settings(data=str(demo / "data")))
    with pytest.raises(ConnexionRefusee):
        log_in(orc.database, "juge-xt", MOT_DE_PASSE, "127.0.0.1")
    assert log_in(orc.database, "juge-xt", changed, "127.0.0.1")
    orc.close()
    call(demo, "compte", "mot-de-passe", "personne", "--mot-de-passe", changed, code=4)
    call(demo, "compte", "mot-de-passe", "juge-xt", "--mot-de-passe", "court", code=3)


def test_a_grant_is_given_listed_and_withdrawn_each_with_its_row(demo: Path) -> None:
    args = ("--role", "ordonnateur", "--portee", "collectivite", "--cle", "123456782")
    more = ("--domaine", "paie", "--exercice-min", "2022", "--jusqu-a", "31/12/2099")
    call(demo, "compte", "habiliter", "administrateur", *args, *more, code=3)
    said = call(demo, "compte", "habiliter", "agent-xt", *args, *more).output
    assert "le référentiel ne connaît pas collectivite 123456782" in " ".join(said.split())
    text = call(demo, "compte", "liste").output
    said = "Ordonnateur · collectivite 123456782 · exercices 2022 à … · paie · jusqu’au 31/12/2099"
    assert said in " ".join(text.split())
    (compte,) = [c for c in call_json(demo, "compte", "liste") if c["identifiant"] == "agent-xt"]
    numero = str(compte["habilitations"][-1]["id"])
    call(demo, "compte", "retirer", numero)
    assert "123456782" not in call(demo, "compte", "liste").output
    call(demo, "compte", "retirer", numero, code=4)
    call(demo, "compte", "habiliter", "personne", *args, code=4)
    call(demo, "compte", "habiliter", "juge-xt", *args, "--jusqu-a", "demain", code=3)
    with sqlite3.connect(demo / "data/orc.sqlite") as connection:
        journal = "SELECT acte, acteur, details FROM journal ORDER BY id"
        rows = connection.execute(journal).fetchall()
    told = [json.loads(details) for acte, _, details in rows if acte == "habilitation"]
    assert told[-2]["cle"] == "123456782"
    assert told[-1] == {"retiree": int(numero)}
    assert {acteur for acte, acteur, _ in rows[-2:]} == {"ligne de commande"}


def test_silo_check_names_every_file_set_aside_and_leaves_with_one(demo: Path) -> None:
    manifeste = json.loads((demo / "silo/manifeste.json").read_text(encoding="utf-8"))
    said = call_json(demo, "silo", "check", "--anomalies", code=1)
    assert said["ecartes"]["total"] > 0
    assert said["anomalies"]["total"] > 0
    assert manifeste["casses"]
    text = call(demo, "silo", "check", "--anomalies", code=1).output
    assert "En quarantaine" in text


def test_the_index_is_rebuilt_with_the_same_answers(demo: Path) -> None:
    before = call_json(demo, "search", "facture", "--comme", "comptable")["total"]
    call(demo, "rebuild")
    assert call_json(demo, "search", "facture", "--comme", "comptable")["total"] == before


def test_a_worker_is_not_needed_in_process_and_says_so(demo: Path) -> None:
    assert "aucun" in call(demo, "worker").output


def test_the_installed_command_answers(demo: Path) -> None:
    command = Path(sys.executable).with_name("orc")
    env = {**os.environ, "ORC_DATA": str(demo / "data")}
    done = subprocess.run(
        [command, "--help"], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    assert "ingest" in done.stdout


def test_an_unknown_setting_is_refused_before_anything_is_done(demo: Path) -> None:
    runner = CliRunner(env={"ORC_DATA": str(demo / "data"), "ORC_DATABSE": "x"})
    result = runner.invoke(app, ["compte", "liste"])
    assert result.exit_code == 3
    assert "ORC_DATABSE" in result.output


def test_orc_decider_says_what_may_go_and_done_again_decides_nothing(demo: Path) -> None:
    """Nobody joined: the ingestion has refused every PJ already."""
    found = call_json(demo, "decider")
    assert found["decidees"] == 0
    assert set(found["statuts"]) == {"refus"}
    said = call(demo, "decider").output
    assert "Refusée" in said
    assert "Destruction anticipée permise : 0" in said
