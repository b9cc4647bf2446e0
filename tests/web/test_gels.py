"""Pages of gels: placed on criteria, on a search, on a PJ; looked at again; released by another."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from starlette.datastructures import FormData

from orc.domain import Droit, Role
from orc.errors import Invalid
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import Gel
from orc.retention.gels import find_gels
from tests.archive import COMMUNAUTE, COMMUNE, COMPTES, MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve
from web.pages.gels import read_euros

CHEMIN = "/destruction/gels"
DEMAIN = (date.today() + timedelta(days=100)).isoformat()  # noqa: DTZ011 - civil days
GEL = {
    "nom": "Contentieux de l’école", "autorite": "Tribunal administratif", "reference": "TA-1",
    "motif": "Recours", "revue_le": DEMAIN,
}  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path) as archive:
        with archive.orc.database.writing() as session:
            commune = Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE)
            for nom, octroi in (
                ("destructeur", replace(commune, droits=(Droit.DESTRUCTION,))),
                ("archiviste2", COMPTES["archiviste"]),
            ):
                compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
                archive.personnes[nom] = create_compte(session, compte, par="test")
                grant_habilitation(session, archive.personnes[nom], octroi, par="test")
        yield archive


@pytest.fixture
def ouvrir(archive: Archive) -> Iterator[dict[str, Navigateur]]:
    """A browser per person, logged in when first asked for."""

    class Navigateurs(dict[str, Navigateur]):
        def __missing__(self, nom: str) -> Navigateur:
            self[nom] = stack.enter_context(open_navigateur(address, nom))
            self[nom].prove("/destruction")
            return self[nom]

    with ExitStack() as stack:
        address = stack.enter_context(serve(archive.orc))
        yield Navigateurs()


def place(qui: Navigateur, **fields: str) -> int:
    answer = qui.post(f"{CHEMIN}/nouveau", **GEL, **fields)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].partition("?")[0].rpartition("/")[2])


def count_held(archive: Archive, nom: str) -> int:
    with archive.orc.database.reading() as session:
        return len(find_gels(session, [archive.pj[nom]]).get(archive.pj[nom], ()))


def test_placed_on_criteria_then_released_by_another(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    one, other = ouvrir["archiviste"], ouvrir["archiviste2"]
    gel = place(one, siren=COMMUNE, exercice_min="2022", exercice_max="2022", noms="Énergie")
    page = one.get(f"{CHEMIN}/{gel}?fait=pose").text
    assert "Le gel est posé" in page
    assert "Facture_Energie_2022-04.pdf" in page
    assert "une autre personne le fait" in page
    assert "Lever ce gel" not in page
    assert count_held(archive, "Facture_Energie_2022-04.pdf") == 1
    assert count_held(archive, "Facture_fournitures.pdf") == 0
    assert one.post(f"{CHEMIN}/{gel}/levee", motif="Fini").status_code == 403
    assert "Lever ce gel" in other.get(f"{CHEMIN}/{gel}").text
    assert 'name="motif"' in other.get(f"{CHEMIN}/{gel}/levee").text
    assert other.post(f"{CHEMIN}/{gel}/levee", motif=" ").status_code == 422
    said = other.post(f"{CHEMIN}/{gel}/levee", motif="Désistement")
    page = other.get(said.headers["location"]).text
    assert "Levé, tient encore" in page
    assert "Désistement" in page
    assert "Contentieux de l’école" in one.get(f"{CHEMIN}?etat=a_finir").text
    assert "Contentieux de l’école" not in one.get(f"{CHEMIN}?etat=fini").text
    assert other.post(f"{CHEMIN}/{gel}/levee", motif="Encore").status_code == 409


def test_a_gel_is_placed_and_released_by_who_proves_again_who_it_is(archive: Archive) -> None:
    with serve(archive.orc) as address, open_navigateur(address, "archiviste") as qui:
        for path in (f"{CHEMIN}/nouveau", f"{CHEMIN}/1/levee"):
            assert qui.get(path).headers["location"].startswith("/preuve?suite=")
            assert qui.post(path, page=CHEMIN, **GEL).headers["location"].startswith("/preuve")
        assert "Contentieux de l’école" not in qui.get(CHEMIN).text


def test_the_results_of_a_search_are_frozen_as_they_were_shown(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    qui = ouvrir["archiviste"]
    page = qui.get("/recherche?q=école").text
    assert "Geler ces résultats" in page
    assert "Geler ces résultats" not in ouvrir["ordonnateur"].get("/recherche?q=école").text
    page = qui.get(f"{CHEMIN}/nouveau?q=école").text
    assert "la liste est arrêtée" in page
    sha = page.partition('name="sha256" value="')[2].partition('"')[0]
    recherche = page.partition('name="recherche" value="')[2].partition('"')[0]
    stale = qui.post(f"{CHEMIN}/nouveau", **GEL, recherche=recherche, sha256="0" * 64)
    assert stale.status_code == 422
    assert "plus les mêmes" in stale.text
    gel = place(qui, recherche=recherche, sha256=sha)
    assert count_held(archive, "Facture_Energie_2022-04.pdf") == 1
    assert count_held(archive, "Convention.pdf") == 0
    assert sha in qui.get(f"{CHEMIN}/{gel}").text


def test_a_piece_and_a_pj_are_frozen_from_their_page(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    qui = ouvrir["destructeur"]
    pj, piece = archive.pj["Facture_fournitures.pdf"], archive.pieces["principal/2022/127"]
    assert "La pièce justificative" in qui.get(f"{CHEMIN}/nouveau?objet=pj:{pj}").text
    place(qui, objet=f"pj:{pj}")
    place(qui, objet=f"piece:{piece}")
    assert count_held(archive, "Facture_fournitures.pdf") == 1
    assert count_held(archive, "Scan_devis.pdf") == 1
    other = archive.pj["Convention.pdf"]
    for objet in (f"pj:{other}", "pj:1", "flux:1", "pj:x"):
        assert qui.post(f"{CHEMIN}/nouveau", **GEL, objet=objet).status_code == 422


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Dites le SIREN"),
        ({"siren": COMMUNAUTE}, "pas de votre ressort"),
        ({"siren": COMMUNE, "revue_le": ""}, "Dites quand"),
        ({"siren": COMMUNE, "revue_le": "2020-01-01"}, "à venir"),
        ({"siren": COMMUNE, "nom": " "}, "le nom du gel"),
        ({"siren": COMMUNE, "montant_min": "beaucoup"}, "ne se lit pas"),
        ({"siren": COMMUNE, "montant_min": "12,345"}, "ne se lit pas"),
        ({"siren": COMMUNE, "montant_min": "20", "montant_max": "10,5"}, "dépasse"),
        ({"siren": COMMUNE, "sens": "autre"}, "Ce choix n’existe pas"),
    ],
)
def test_what_is_wrong_is_said_on_the_form(
    ouvrir: dict[str, Navigateur], fields: dict[str, str], said: str
) -> None:
    answer = ouvrir["archiviste"].post(f"{CHEMIN}/nouveau", **{**GEL, **fields})
    assert answer.status_code == 422
    assert said in answer.text


def test_criteria_are_said_in_words(ouvrir: dict[str, Navigateur]) -> None:
    qui = ouvrir["archiviste"]
    gel = place(
        qui, siren=COMMUNE, comptes="606, 215", sens="depense", montant_min="1 200,5 €",
        montant_max="20000", emis_du="2022-01-01", emis_au="2022-12-31", types_pj="003",
        numeros="127", tiers="123", marches="M1", budgets="1/2/3", exercice_min="2022",
    )  # fmt: skip
    page = qui.get(f"{CHEMIN}/{gel}").text
    for words in ("depuis l’exercice 2022", "comptes commençant par 606, 215", "dépenses", "127"):
        assert words in page
    assert "Rien de présent" in page


def test_an_overdue_gel_still_holds_and_is_kept_after_its_review(
    archive: Archive, ouvrir: dict[str, Navigateur]
) -> None:
    qui = ouvrir["archiviste"]
    gel = place(qui, siren=COMMUNE)
    with archive.orc.database.writing() as session:
        session.execute(update(Gel).values(revue_le=date(2020, 1, 1)))
    assert "1\u00a0gel à revoir" in qui.get(CHEMIN).text
    assert "revue en retard" in qui.get(CHEMIN).text
    assert "Il tient toujours" in qui.get(f"{CHEMIN}/{gel}").text
    assert count_held(archive, "Facture_fournitures.pdf") == 1
    assert qui.post(f"{CHEMIN}/{gel}/revue", motif="Instance").status_code == 422
    qui.post(f"{CHEMIN}/{gel}/revue", motif="Instance en cours", revue_le=DEMAIN)
    assert "à revoir :" not in qui.get(CHEMIN).text
    with archive.orc.database.reading() as session:
        assert session.scalars(select(Gel.revue_le)).one().isoformat() == DEMAIN


def test_who_places_no_gel_sees_none(ouvrir: dict[str, Navigateur]) -> None:
    gel = place(ouvrir["comptable"], siren=COMMUNE)
    assert ouvrir["destructeur"].get(f"{CHEMIN}/{gel}").status_code == 200
    assert ouvrir["destructeur"].post(f"{CHEMIN}/{gel}/levee", motif="Non").status_code == 403
    for nom in ("ordonnateur", "juge", "administrateur", "partenaire"):
        assert ouvrir[nom].get(f"{CHEMIN}/{gel}").status_code == 403


def test_programs_read_what_pages_say(ouvrir: dict[str, Navigateur]) -> None:
    qui = ouvrir["archiviste"]
    gel = place(qui, siren=COMMUNE)
    found = qui.get("/api/v1/destruction/gels").json()
    assert (found["total"], found["gels"][0]["nom"]) == (1, GEL["nom"])
    assert qui.get(f"/api/v1/destruction/gels/{gel}").json()["nombre"] > 0
    assert qui.get("/api/v1/destruction/gels?etat=fini").json() == {"gels": [], "total": 0}
    assert qui.get(f"/api/v1/destruction/declarations/{COMMUNE}").json() == []
    assert qui.get(f"/api/v1/destruction/declarations/{COMMUNAUTE}").status_code == 404


@pytest.mark.parametrize("texte", ["9" * 29, "²", "1,²", "-5", "1,234", "١"])
def test_an_amount_that_sql_does_not_hold_is_refused(texte: str) -> None:
    with pytest.raises(Invalid, match="montant"):
        read_euros(FormData({"montant_min": texte}), "montant_min")
