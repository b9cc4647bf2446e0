"""The page of the work: the administrateur's alone; what failed is asked for again from it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, insert, select

from orc.models import AIndexer, Ecriture, Ouvrier, TacheEchouee, TacheEnCours, read_now
from tests.archive import Archive, make_archive
from tests.ateliers import wait_for
from tests.web.serving import open_navigateur, serve

MOTIF = "Le service S3 « archives » ne répond pas <b>."
TABLES = (TacheEchouee, TacheEnCours, Ouvrier)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


@pytest.fixture
def echecs(archive: Archive) -> Iterator[list[int]]:
    """Two tasks that failed, one that waits for its next try; a process that works."""
    put_echecs(archive)
    yield [1, 2, 3]
    with archive.orc.database.writing() as session:
        for table in TABLES:
            session.execute(delete(table))


def put_echecs(archive: Archive) -> None:
    now = read_now()
    rows = [
        {
            "id": number, "tache": "indexer", "cle": f"[{number}]" if number > 1 else "[]",
            "file": "index", "motif": MOTIF, "essais": 3, "passagere": number == 3,
            "premiere_le": now, "derniere_le": now, "ecartee_le": None,
            "prochain_le": now if number == 3 else None,
        }
        for number in (1, 2, 3)
    ]  # fmt: skip
    with archive.orc.database.writing() as session:
        session.execute(insert(TacheEchouee), rows)
        session.execute(
            insert(Ouvrier).values(
                id="a", machine="grand-1", pid=4321, files="flux,ocr", depuis=now, vu_le=now,
                memoire_mo=211,
            )
        )  # fmt: skip
        session.execute(
            insert(TacheEnCours).values(
                tache="extraire_textes", cle="[1]", ouvrier="a", depuis=now, encore=False,
                reprises=0,
            )
        )  # fmt: skip


def count(archive: Archive) -> int:
    with archive.orc.database.reading() as session:
        return len(session.scalars(select(TacheEchouee)).all())


def read_actes(archive: Archive) -> list[tuple[str, str]]:
    with archive.orc.database.reading() as session:
        query = select(Ecriture.acte, Ecriture.acteur).where(Ecriture.acte.like("%tache%"))
        return [(row.acte, row.acteur) for row in session.execute(query.order_by(Ecriture.id))]


@pytest.mark.usefixtures("echecs")
def test_an_administrateur_sees_queues_processes_and_failures(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        page = navigateur.get("/traitements").text
        assert '<a href="/traitements" aria-current="page">Traitements</a>' in navigateur.get(
            "/traitements"
        ).text.replace("\n", "")
    for said in ("Flux à lire", "Images à océriser", "grand-1", "4321", "211\u00a0Mo"):
        assert said in page
    assert "Le service S3 « archives » ne répond pas &lt;b&gt;." in page
    assert "Extraire les textes du flux" in page
    assert "Abandonnée" in page
    assert "Nouvel essai le" in page
    assert "En échec (3)" in page


@pytest.mark.parametrize(
    "identifiant", ["comptable", "ordonnateur", "archiviste", "juge", "partenaire"]
)
def test_nobody_else_sees_it_nor_its_link(adresse: str, identifiant: str) -> None:
    with open_navigateur(adresse, identifiant) as navigateur:
        assert navigateur.get("/traitements").status_code == 403
        assert navigateur.get("/api/v1/traitements").status_code == 403
        assert "/traitements" not in navigateur.get("/").text


def test_without_failure_the_page_says_so(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        assert "Aucune tâche n’est en échec." in navigateur.get("/traitements").text
        assert "Aucune tâche n’est écartée." in navigateur.get("/traitements?vue=ecartees").text


@pytest.mark.usefixtures("echecs")
def test_a_task_is_asked_for_again_once_by_a_form_of_ours_and_the_journal_says_who(
    adresse: str, archive: Archive
) -> None:
    archive.orc.tasks.start()
    before = len(read_actes(archive))
    with open_navigateur(adresse, "administrateur") as navigateur:
        refused = navigateur.client.post("/traitements/relancer", data={"id": "1"})
        assert refused.status_code == 403
        assert count(archive) == 3
        answer = navigateur.post("/traitements/relancer", page="/traitements", id="1")
        assert answer.headers["location"] == "/traitements?fait=relance-1"
        assert "1 tâche redemandée." in navigateur.get("/traitements?fait=relance-1").text
    wait_for(lambda: count(archive) == 2)  # done in this very process, it failed no more
    assert read_actes(archive)[before:] == [("relance_de_tache", "administrateur")]


def test_a_task_set_aside_is_shown_apart_and_may_come_back(
    adresse: str, archive: Archive, echecs: list[int]
) -> None:
    before = len(read_actes(archive))
    with open_navigateur(adresse, "administrateur") as navigateur:
        answer = navigateur.post("/traitements/ecarter", page="/traitements", id=str(echecs[1]))
        assert answer.headers["location"] == "/traitements?fait=ecart-1"
        page = navigateur.get("/traitements?vue=ecartees").text
        assert "En échec (2)" in page
        assert "Écartées (1)" in page
        again = navigateur.post("/traitements/relancer", page="/traitements", id=str(echecs[1]))
        assert again.status_code == 303
        assert "En échec (3)" in navigateur.get("/traitements").text
    acts = [acte for acte, _ in read_actes(archive)[before:]]
    assert acts == ["tache_ecartee", "relance_de_tache"]


@pytest.mark.usefixtures("echecs")
def test_forms_that_name_no_task_are_refused_in_french(adresse: str) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        for given, code in (("", 422), ("²", 422), ("12; DROP", 422), ("99", 404)):
            answer = navigateur.post("/traitements/ecarter", page="/traitements", id=given)
            assert answer.status_code == code
        assert "n’est plus en échec" in answer.text


@pytest.mark.usefixtures("echecs")
def test_programs_read_and_ask_again_with_the_token(adresse: str, archive: Archive) -> None:
    with open_navigateur(adresse, "administrateur") as navigateur:
        jeton = navigateur.get("/api/v1/session").json()["jeton"]
        found = navigateur.get("/api/v1/traitements?taille=2").json()
        assert found["traitements"]["nb_echecs"] == 3
        assert [e["essais"] for e in found["echecs"]] == [3, 3]
        ask = {"headers": {"X-Jeton": jeton}}
        client = navigateur.client
        aside = client.post("/api/v1/traitements/ecarter", json={"ids": [2]}, **ask)
        assert aside.json() == {"nombre": 1}
        every = client.post("/api/v1/traitements/relancer", json={"toutes": True}, **ask)
        assert every.json() == {"nombre": 2}
        none = client.post("/api/v1/traitements/ecarter", json={"ids": []}, **ask)
        assert none.status_code == 422
    wait_for(archive.orc.tasks.is_idle)


def test_with_its_broker_down_no_act_is_refused_and_the_page_says_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("coupee")
    nowhere = "redis://:secret@127.0.0.1:9/0"
    with make_archive(folder, queue=nowhere) as archive, serve(archive.orc) as adresse:
        with open_navigateur(adresse, "comptable") as navigateur:
            choice = f"{archive.budgets['principal']}-2024"
            done = navigateur.post(
                "/exercices/clore",
                page=f"/exercices/apercu?e={choice}",
                e=choice,
                close_le="2025-03-01",
            )
            assert done.headers["location"] == "/exercices?fait=clos-1"
        with archive.orc.database.reading() as session:
            assert session.scalars(select(AIndexer.piece_id)).all() != []  # asked for again later
        with open_navigateur(adresse, "administrateur") as navigateur:
            page = navigateur.get("/traitements").text
    assert "Redis ne répond pas" in page
    assert "secret" not in page
    assert "inconnu" in page
    assert "Aucun « orc worker » ne travaille" in page
