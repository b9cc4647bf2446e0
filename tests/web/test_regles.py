"""Rules of duration and what leaves the silo, page by page: two archivistes, proof asked again."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from orc.domain import Domaine, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import Acquit, Flux, LigneSortie, Piece, SessionWeb, VersionRegles, read_now
from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.retention.test_sorties import acknowledge, vanish
from tests.web.serving import Navigateur, open_navigateur, serve


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("regles")) as made:
        with made.orc.database.writing() as session:
            for nom, octroi in {
                "collegue": Octroi(Role.ARCHIVISTE, "departement", "33", domaines=(Domaine.PAIE,)),
                "redacteur": Octroi(Role.ARCHIVISTE, "departement", "33", domaines=(Domaine.PAIE,)),
            }.items():
                compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
                made.personnes[nom] = create_compte(session, compte, par="test")
                grant_habilitation(session, made.personnes[nom], octroi, par="test")
        yield made


@pytest.fixture(scope="module")
def personnes(archive: Archive) -> Iterator[dict[str, Navigateur]]:
    with ExitStack() as stack:
        adresse = stack.enter_context(serve(archive.orc))
        noms = ("archiviste", "collegue", "redacteur", "comptable", "ordonnateur")
        yield {nom: stack.enter_context(open_navigateur(adresse, nom)) for nom in noms}


def prove(archive: Archive, *, ago: int = 0) -> None:
    """Everybody proved who they are, so many minutes ago."""
    with archive.orc.database.writing() as session:
        when = read_now() - timedelta(minutes=ago)
        session.execute(update(SessionWeb).values(preuve_le=when))


def test_the_rules_in_force_are_read_with_their_references(
    personnes: dict[str, Navigateur],
) -> None:
    page = personnes["comptable"].get("/destruction/regles").text
    for said in ("Règles livrées avec ORC", "MICC1719763C", "Notre interprétation", "10 ans"):
        assert said in page
    assert "Commencer une version" not in page
    assert personnes["ordonnateur"].get("/destruction/regles").status_code == 403
    answer = personnes["comptable"].post("/destruction/regles", motif="Non")
    assert answer.status_code == 403


RECETTE = {
    "avant": "PJ-RECETTE", "code": "PJ-RECETTE", "intitule": "Titres", "reference": "Texte",
    "fondement": "texte", "objet": "pj", "sens": "recette", "type_pj": "", "type_piece": "",
    "nature_piece": "", "compte": "", "evenement": "exercice", "nombre": "12", "unite": "ans",
    "arrondi": "fin_d_exercice", "inclus": "oui", "sort_final": "T", "garde": "",
}  # fmt: skip


def test_one_writes_and_another_publishes(
    archive: Archive, personnes: dict[str, Navigateur]
) -> None:
    redacteur, collegue = personnes["redacteur"], personnes["collegue"]
    assert redacteur.post("/destruction/regles", motif="").status_code == 422
    made = redacteur.post("/destruction/regles", motif="Nouvelle instruction")
    where = made.headers["location"]
    form = redacteur.get(f"{where}/regle?regle=PJ-DEPENSE").text
    assert 'value="PJ-DEPENSE"' in form
    fields = {
        **RECETTE, "avant": "PJ-DEPENSE", "code": "PJ-DEPENSE", "sens": "depense", "nombre": "15"
    }  # fmt: skip
    assert redacteur.post(f"{where}/regle", **fields).status_code == 303
    new = {**RECETTE, "avant": "", "code": "PAIE-2", "compte": "64, 65", "marche": "oui"}
    assert redacteur.post(f"{where}/regle", **new).status_code == 303
    assert redacteur.post(f"{where}/regle", avant="PAIE-2", retirer="oui").status_code == 303
    wrong = redacteur.post(f"{where}/regle", **{**RECETTE, "nombre": "dix"})
    assert wrong.status_code == 422
    assert "La durée : un nombre entier" in wrong.text
    assert 'name="nombre" value="dix"' in wrong.text
    assert "Nouvelle règle" in redacteur.get(f"{where}/regle").text
    prove(archive, ago=30)
    assert "fait%3Dpreuve" in redacteur.post(f"{where}/soumettre").headers["location"]
    assert "rien n’est encore fait" in redacteur.get(f"{where}?fait=preuve").text
    prove(archive)
    done = redacteur.post(f"{where}/soumettre")
    assert done.status_code == 303
    assert "La version est soumise" in redacteur.get(done.headers["location"]).text
    page = redacteur.get(where).text
    assert "Un autre archiviste que vous la publie." in page
    today = date.today()  # noqa: DTZ011 - the civil day of the place
    refused = redacteur.post(f"{where}/publier", en_vigueur_le=today.isoformat())
    assert refused.status_code == 403
    assert collegue.post(f"{where}/publier", en_vigueur_le="demain").status_code == 422
    page = collegue.get(where).text
    assert "Changent de sort final" in page
    assert "Commune de Sainte-Anne (999000018)" in page
    assert re.search(r"<td>sort final</td>\s*<td>D</td>\s*<td>T</td>", page)
    local = personnes["archiviste"].get(where).text
    assert "Communauté du Bocage" not in local
    assert (
        personnes["archiviste"]
        .post(f"{where}/publier", en_vigueur_le=today.isoformat())
        .status_code
        == 403
    )
    done = collegue.post(f"{where}/publier", en_vigueur_le=today.isoformat())
    assert done.status_code == 303
    page = collegue.get("/destruction/regles").text
    assert "15 ans, fin d’exercice" in page
    assert "Trier" in page
    assert collegue.get(where).status_code == 200
    assert collegue.post(f"{where}/brouter").status_code == 404
    assert collegue.get("/destruction/regles/99999999999").status_code == 404
    with archive.orc.database.writing() as session:
        session.execute(update(VersionRegles).values(etat="abandonnee"))


def test_a_version_is_given_up(archive: Archive, personnes: dict[str, Navigateur]) -> None:
    redacteur = personnes["redacteur"]
    prove(archive)
    where = redacteur.post("/destruction/regles", motif="Essai").headers["location"]
    assert redacteur.post(f"{where}/abandonner").status_code == 303
    assert "Abandonnée" in redacteur.get(where).text


def test_texts_leave_by_an_archiviste_s_act_alone(
    archive: Archive, personnes: dict[str, Navigateur]
) -> None:
    archiviste = personnes["archiviste"]
    assert "Aucune pièce n’est au terme" in archiviste.get("/destruction/sorties").text
    with archive.orc.database.writing() as session:
        acknowledge(session)
        vanish(session, "PESALR2_principal_2022.xml")
        # Sent and cited long ago, so that every term is past today.
        session.execute(update(Flux).values(date_flux=date(2010, 6, 1)))
        session.execute(update(Acquit).values(jour=date(2010, 6, 2)))
        session.execute(update(Piece).values(exercice=2010))
    page = archiviste.get(f"/destruction/sorties?siren={COMMUNE}").text
    assert "Retirer les textes" in page
    assert "Retirer les textes" not in personnes["comptable"].get("/destruction/sorties").text
    where = f"/destruction/sorties/apercu?siren={COMMUNE}&exercice=2010"
    assert personnes["comptable"].get(where).status_code == 403
    prove(archive, ago=30)
    assert "/preuve" in archiviste.get(where).headers["location"]
    prove(archive)
    assert archiviste.get(f"{where[:-4]}2011").status_code == 409
    assert archiviste.get("/destruction/sorties/apercu?siren=1").status_code == 404
    assert archiviste.get("/destruction/sorties?siren=1").status_code == 404
    page = archiviste.get(where).text
    sha256 = re.search(r'name="liste_sha256" value="(\w+)"', page)
    assert sha256
    fields = {"siren": COMMUNE, "exercice": "2010", "motif": "Terme échu"}
    wrong = archiviste.post("/destruction/sorties", liste_sha256="0", **fields)
    assert wrong.status_code == 409
    done = archiviste.post("/destruction/sorties", liste_sha256=sha256[1], **fields)
    assert done.status_code == 303
    assert "est au registre" in archiviste.get(done.headers["location"]).text
    with archive.orc.database.reading() as session:
        assert len(session.scalars(select(LigneSortie.pj_id)).all()) == 3
