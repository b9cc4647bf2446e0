"""The API: what the pages show, as JSON, within the same rights; its description."""

import hashlib

import pytest
from sqlalchemy import select

from orc.models import Ecriture
from orc.search.syntax import LONGEST
from tests.archive import Archive
from tests.web.conftest import Ouvrir
from web import api
from web.acces import find_routes


def test_the_description_names_every_route_and_its_refusals(ouvrir: Ouvrir) -> None:
    told = ouvrir("comptable").get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    shown = {r.path for r in find_routes(api.ROUTERS) if r.include_in_schema}
    assert set(told["paths"]) == shown
    for path in told["paths"].values():
        for call in path.values():
            assert call["summary"]
            assert "401" in call["responses"]


def test_a_search_gives_results_totals_passages_and_what_was_left_out(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    path = "/api/v1/recherche?q=consommation+école&exercice=2022&facette=exercice&facette=inconnue"
    found = ouvrir("comptable").get(path).json()
    assert found["nb_pieces_justificatives"] == 1
    assert found["sommes"] == [{"sens": "depense", "nombre": 1, "ttc": 180420}]
    (one,) = found["resultats"]
    assert one["piece_id"] == archive.pieces["principal/2022/127"]
    assert one["pj"]["id"] == archive.pj["Facture_Energie_2022-04.pdf"]
    (passage,) = one["passages"]
    assert passage["page"] == 2
    assert {e["texte"] for e in passage["extraits"] if e["trouve"]} == {"consommation", "école"}
    assert found["facettes"] == {"exercice": [{"valeur": "2022", "nombre": 1}]}
    assert any("océrisation" in text for text in found["non_cherches"])
    assert found["suivant"] is None


@pytest.mark.parametrize(
    "query", ["q=%22", "montant=beaucoup", "tri=au_hasard", "taille=0", "taille=501", "genre=x"]
)
def test_a_question_that_means_nothing_is_a_refusal_in_french(ouvrir: Ouvrir, query: str) -> None:
    answer = ouvrir("comptable").get(f"/api/v1/recherche?{query}")
    assert answer.status_code == 422
    assert set(answer.json()) == {"erreur", "reference"}


def test_a_question_too_long_is_refused_by_the_page_and_by_the_api_alike(ouvrir: Ouvrir) -> None:
    just, over = "a" * LONGEST, "a" * (LONGEST + 1)
    browser = ouvrir("comptable")
    for path in ("/recherche", "/api/v1/recherche"):
        assert browser.get(f"{path}?q={just}").status_code == 200
        assert browser.get(f"{path}?q={over}").status_code == 422
    assert "caractères" in browser.get(f"/recherche?q={over}").text


def test_a_piece_a_bordereau_and_a_pj_say_what_their_pages_say(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    browser = ouvrir("comptable")
    piece = browser.get(f"/api/v1/pieces/{archive.pieces['principal/2022/127']}").json()
    assert (piece["numero"], piece["ht"], piece["tva"]) == ("127", 150350, 30070)
    assert {p["nom"] for p in piece["pj"]} == {"Facture_Energie_2022-04.pdf", "Scan_devis.pdf"}
    bordereau = archive.bordereaux["principal/2022/depense/12"]
    told = browser.get(f"/api/v1/bordereaux/{bordereau}").json()
    assert told["reserve"] is True
    assert {p["numero"] for p in told["pieces"]["items"]} == {"127", "128"}
    pj = browser.get(f"/api/v1/pj/{archive.pj['Facture_Energie_2022-04.pdf']}").json()
    assert pj["telechargeable"] is True


def test_the_original_is_the_bytes_received_and_the_download_is_journaled(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    nom = "Facture_Energie_2022-04.pdf"
    answer = ouvrir("comptable").get(f"/api/v1/pj/{archive.pj[nom]}/original")
    assert answer.content == archive.contenus[nom]
    assert answer.headers["x-sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["content-disposition"].startswith("attachment")
    with archive.orc.database.reading() as session:
        last = session.scalars(select(Ecriture).order_by(Ecriture.id.desc())).first()
        assert last is not None
        assert (last.acte, last.objet) == ("telechargement", f"pj:{archive.pj[nom]}")


def test_walking_down_ends_at_the_bordereaux(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    (one,) = browser.get("/api/v1/collectivites").json()["items"]
    town = browser.get(f"/api/v1/collectivites/{one['code']}").json()
    place = next(b["lieu"] for b in town["budgets"] if b["lieu"]["code"].endswith("-101-00"))
    path = f"/api/v1/collectivites/{one['code']}/{place['code']}"
    assert {e["exercice"] for e in browser.get(path).json()["exercices"]} == {2022, 2023, 2024}
    year = browser.get(f"{path}/2022").json()
    assert {b["resume"]["numero"] for b in year["bordereaux"]["items"]} == {"12", "13", "3"}


def test_a_comptable_closes_and_reopens_its_own_exercices_only(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    browser = ouvrir("comptable")
    headers = {"x-jeton": browser.get("/api/v1/session").json()["jeton"]}

    def send(path: str, body: dict[str, object]) -> int:
        return browser.client.post(f"/api/v1/{path}", json=body, headers=headers).status_code

    own = {"budget_id": archive.budgets["principal"], "annee": 2024}
    other = {"budget_id": archive.budgets["communaute"], "annee": 2024}
    day = {"close_le": "2025-06-30"}
    assert send("exercices/clore", {"exercices": [own, other], **day}) == 404
    assert is_open(ouvrir, 2024), "nothing of a refused list is done"
    assert send("exercices/rouvrir", {"exercice": own, "motif": "pas close"}) == 404
    assert send("exercices/clore", {"exercices": [own], **day}) == 200
    assert not is_open(ouvrir, 2024)
    assert send("exercices/rouvrir", {"exercice": own, "motif": "close par erreur"}) == 200
    assert is_open(ouvrir, 2024)
    assert send("exercices/clore", {"exercices": [], **day}) == 422


@pytest.mark.parametrize(
    ("act", "annee", "said", "code"),
    [
        ("clore", 2024, {"close_le": "2999-01-01"}, 422),
        ("clore", 2024, {"close_le": "1789-07-14"}, 422),
        ("clore", 2050, {"close_le": "2025-06-30"}, 404),
        ("rouvrir", 2022, {"motif": "     "}, 422),
        ("rouvrir", 2022, {"motif": "x" * 501}, 422),
    ],
)
def test_an_act_is_refused_by_the_api_where_its_page_refuses_it(
    ouvrir: Ouvrir, archive: Archive, act: str, annee: int, said: dict[str, str], code: int
) -> None:
    browser = ouvrir("comptable")
    headers = {"x-jeton": browser.get("/api/v1/session").json()["jeton"]}
    cited = {"budget_id": archive.budgets["principal"], "annee": annee}
    named = {"exercices": [cited]} if act == "clore" else {"exercice": cited}
    path = f"/api/v1/exercices/{act}"
    answer = browser.client.post(path, json={**named, **said}, headers=headers)
    assert answer.status_code == code, answer.text


def is_open(ouvrir: Ouvrir, annee: int) -> bool:
    rows = ouvrir("comptable").get("/api/v1/exercices").json()
    return any(r["exercice"]["annee"] == annee and r["close_le"] is None for r in rows)


def test_an_act_by_the_api_without_its_token_is_refused(ouvrir: Ouvrir, archive: Archive) -> None:
    own = {"budget_id": archive.budgets["principal"], "annee": 2024}
    body = {"exercices": [own], "close_le": "2025-06-30"}
    answer = ouvrir("comptable").client.post("/api/v1/exercices/clore", json=body)
    assert answer.status_code == 403
    assert is_open(ouvrir, 2024)
