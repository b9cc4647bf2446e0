"""« Destruction anticipée »: counts, lists, a PJ explained; each rôle sees its own scope only."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, insert, inspect, select

from orc.db import Writing
from orc.domain import Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import (
    FLUX_BITS,
    Acquit,
    Base,
    Cellule,
    DecisionCourante,
    Declaration,
    Emargement,
    ErreurAcquit,
    Flux,
    GroupeCellules,
    MembreGroupe,
    RetourLigne,
    RetourPiece,
    read_now,
)
from orc.retention.decisions import REGLAGES
from orc.retention.declarations import Genre
from orc.retention.jobs import decide_waiting
from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

ADHESIONS = (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS, Genre.NUMERISATION)
FACTURE, PJ_OUVERTE, VOISINE = "Facture_Energie_2022-04.pdf", "Devis_2024.pdf", "Convention.pdf"
RETOUR = 900
Ouvrir = Callable[[str], Navigateur]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("destruction")) as archive:
        with archive.orc.database.writing() as session:
            put_facts(session, archive)
            put_destructeur(session, archive)
        decide_waiting(archive.orc.database, archive.orc.settings)
        yield archive


@pytest.fixture(scope="module")
def ouvrir(archive: Archive) -> Iterator[Ouvrir]:
    kept: dict[str, Navigateur] = {}
    with serve(archive.orc) as address, ExitStack() as stack:

        def open_one(nom: str) -> Navigateur:
            if nom not in kept:
                kept[nom] = stack.enter_context(open_navigateur(address, nom))
            return kept[nom]

        yield open_one


def put_destructeur(session: Writing, archive: Archive) -> None:
    compte = NouveauCompte("destructeur", "Maire de test", MOT_DE_PASSE)
    ident = create_compte(session, compte, par="test")
    octroi = Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE, droits=(Droit.DESTRUCTION,))
    grant_habilitation(session, ident, octroi, par="test")
    archive.personnes["destructeur"] = ident


def put_facts(session: Writing, archive: Archive) -> None:
    """The commune joined; mandat 127 is acknowledged and paid, mandat 128 refused by the acquit."""
    for genre in ADHESIONS:
        row = {"genre": genre.value, "siren": COMMUNE, "depuis": date(2020, 1, 1)}
        row |= {"objet": "", "valeur": "", "saisie_par": "test", "saisie_le": read_now()}
        session.execute(insert(Declaration).values(**row))
    budget = archive.budgets["principal"]
    flux = Flux(
        id=RETOUR, sha256="9" * 64, taille=1, etat="lu", recu_le=read_now(), forme="retour",
        nom_fic="PES2R_DEP_P_2022", typ_fic="PESRetour", encodage="UTF-8",
        date_flux=date(2022, 7, 1), budget_id=budget,
    )  # fmt: skip
    session.add(flux)
    session.flush()
    aller = "PESALR2_principal_2022.xml"
    head = {"flux_id": RETOUR, "budget_id": budget, "jour": date(2022, 6, 2), "ligne_xml": 1}
    said = {"siren": COMMUNE, "nom_fic": aller, "id_marche": "", **head}
    for rank, nom in enumerate((FACTURE, "Scan_devis.pdf")):
        session.execute(
            insert(Acquit).values(
                id=number(rank), domaine="4", accepte=True, exercice=0, numero_bordereau="",
                id_unique=f"principal-2022-{nom}", **said,
            )
        )  # fmt: skip
    session.execute(
        insert(Acquit).values(
            id=number(5), domaine="5", accepte=False, exercice=2022, numero_bordereau="12",
            id_unique="", **said,
        )
    )  # fmt: skip
    session.flush()
    for rank, numero in ((6, "128"), (7, "")):
        session.execute(
            insert(ErreurAcquit).values(
                id=number(rank), acquit_id=number(5), code="ERREUR_AUTRE",
                libelle="Compte fonction présent à tort", numero_piece=numero, numero_ligne="1",
            )
        )  # fmt: skip
    put_retour(session, head | {"jour": date(2022, 7, 1)})


def put_retour(session: Writing, head: dict[str, object]) -> None:
    retour = {
        "type_restitution": "02", "forme_v20": False, "sens": "depense", "exercice": 2022,
        "type_bordereau": "01", "numero_bordereau": "12", "numero": "127", "etat": "05",
        "type_piece": "01", "prise_en_charge_le": date(2022, 5, 2), "motifs": "",
        "commentaire": "",
    }  # fmt: skip
    session.execute(insert(RetourPiece).values(id=number(10), **head, **retour))
    ligne = {"numero": "1", "etat": "08", "motifs": "", "cession_opposition": "01"}
    session.execute(insert(RetourLigne).values(id=number(11), retour_id=number(10), **ligne))
    paid = {"origine": "01", "jour": date(2022, 6, 20), "montant": 180420}
    session.execute(insert(Emargement).values(id=number(12), ligne_id=number(11), **paid))


def number(rank: int) -> int:
    return RETOUR << FLUX_BITS | rank


@pytest.mark.parametrize("nom", ["comptable", "archiviste", "destructeur"])
def test_who_acts_on_destruction_sees_the_counts_and_the_lists(ouvrir: Ouvrir, nom: str) -> None:
    answer = ouvrir(nom).get("/destruction")
    assert answer.status_code == 200
    assert "Commune de Sainte-Anne" in answer.text
    assert "Communauté du Bocage" not in answer.text
    assert 'href="/destruction"' in ouvrir(nom).get("/").text
    listed = ouvrir(nom).get("/destruction?statut=eligible").text
    assert FACTURE in listed
    assert VOISINE not in listed


@pytest.mark.parametrize("nom", ["ordonnateur", "juge", "administrateur", "partenaire"])
def test_others_have_neither_the_page_nor_its_line(
    ouvrir: Ouvrir, archive: Archive, nom: str
) -> None:
    pj = archive.pj[FACTURE]
    for path in ("", ".csv", f"/pj/{pj}"):
        assert ouvrir(nom).get(f"/destruction{path}").status_code == 403
    for path in ("", "/liste", f"/pj/{pj}"):
        assert ouvrir(nom).get(f"/api/v1/destruction{path}").status_code == 403
    assert "/destruction" not in ouvrir(nom).get("/").text


def test_pieces_of_open_exercices_are_decided_and_listed_too(ouvrir: Ouvrir) -> None:
    listed = ouvrir("comptable").get("/destruction?exercice=2024&statut=en_attente").text
    assert PJ_OUVERTE in listed


def test_what_nothing_cites_is_asked_for_by_its_own_word(ouvrir: Ouvrir) -> None:
    listed = ouvrir("comptable").get("/destruction?exercice=aucun").text
    assert FACTURE not in listed
    assert 'value="aucun"' in listed


def test_a_list_is_filtered_by_the_test_that_forbids(ouvrir: Ouvrir) -> None:
    listed = ouvrir("comptable").get("/destruction?test=6").text
    assert "aucun acquit reçu" in listed or "Acquittée" in listed
    assert f">{FACTURE}<" not in listed
    assert (
        "Aucune pièce justificative ne répond"
        in ouvrir("comptable").get("/destruction?gelee=oui").text
    )


def test_a_list_is_paged_by_what_its_address_says(ouvrir: Ouvrir, archive: Archive) -> None:
    first = ouvrir("comptable").get(f"/destruction?siren={COMMUNE}").text
    assert FACTURE in first
    after = max(archive.pj.values())
    assert (
        FACTURE not in ouvrir("comptable").get(f"/destruction?siren={COMMUNE}&apres={after}").text
    )


def test_counts_of_many_exercices_come_by_pages(ouvrir: Ouvrir, archive: Archive) -> None:
    made = put_exercices(archive, range(1900, 2000))
    try:
        first = ouvrir("comptable").get("/destruction").text
        assert "1 à 100 sur 10" in first
        assert ("<td>2022</td>" in first, "<td>1900</td>" in first) == (True, False)
        last = ouvrir("comptable").get("/destruction?comptes=2").text
        assert ("<td>2022</td>" in last, "<td>1900</td>" in last) == (False, True)
    finally:
        remove_exercices(archive, made)
    assert "1 à 100 sur" not in ouvrir("comptable").get("/destruction").text


def put_exercices(archive: Archive, exercices: range) -> dict[type[Base], list[int]]:
    """A PJ decided in each of these exercices of the commune: the ids of what was made."""
    made: dict[type[Base], list[int]] = {DecisionCourante: [], GroupeCellules: [], Cellule: []}
    with archive.orc.database.writing() as session:
        model = session.scalars(select(DecisionCourante)).first()
        assert model
        for exercice in exercices:
            budget_id = archive.budgets["principal"]
            cellule = Cellule(budget_id=budget_id, exercice=exercice, domaine="ordinaire")
            groupe = GroupeCellules(cle=f"test:{exercice}")
            session.add_all([cellule, groupe])
            session.flush()
            session.add(MembreGroupe(cellule_id=cellule.id, groupe_id=groupe.id))
            decided = {"decision_id": model.decision_id, "groupe_id": groupe.id, "jour": model.jour}
            answer = {"siren": COMMUNE, "statut": "refus", "pj_id": -exercice}
            session.add(DecisionCourante(**decided, **answer))
            for table, ident in zip(made, (-exercice, groupe.id, cellule.id), strict=True):
                made[table].append(ident)
    return made


def remove_exercices(archive: Archive, made: dict[type[Base], list[int]]) -> None:
    with archive.orc.database.writing() as session:
        groupes = made[GroupeCellules]
        session.execute(delete(MembreGroupe).where(MembreGroupe.groupe_id.in_(groupes)))
        for table, ids in made.items():
            key = inspect(table).primary_key[0]
            session.execute(delete(table).where(key.in_(ids)))


@pytest.mark.parametrize("query", ["siren=12", "exercice=abc", "statut=rien", "test=x", "apres=-1"])
def test_an_address_that_means_nothing_is_refused_in_words(ouvrir: Ouvrir, query: str) -> None:
    assert ouvrir("comptable").get(f"/destruction?{query}").status_code in {400, 422}


def test_the_list_is_given_whole_as_csv_and_the_export_is_journaled(ouvrir: Ouvrir) -> None:
    answer = ouvrir("archiviste").get("/destruction.csv")
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("Collectivité;Identifiant unique;Nom")
    (facture,) = (line for line in lines if FACTURE in line)
    assert "permise;2022-06-20" in facture
    assert VOISINE not in answer.text
    assert "destruction" in ouvrir("comptable").get("/journal?acte=export").text


def test_a_pj_is_explained_with_every_reason_and_its_law(ouvrir: Ouvrir, archive: Archive) -> None:
    text = ouvrir("archiviste").get(f"/destruction/pj/{archive.pj[FACTURE]}").text
    assert "Destruction anticipée permise depuis le 20/06/2022" in text
    first = " ".join(text.split('id="titre-decision"')[1].split("<li>")[1].split())
    assert first.startswith("mandat 127, bordereau 12, 2022 : payé, depuis le 20/06/2022 ;")
    assert "retour" in first
    assert f"Commune de Sainte-Anne ({COMMUNE})" in text
    assert "mandat 127, bordereau 12, 2022 : payé" in text
    assert "interprétation ORC" in text
    assert "MICC1719763C" in text
    assert "PES2R_DEP_P_2022" in text


def test_what_was_not_decided_yet_that_day_is_said(ouvrir: Ouvrir, archive: Archive) -> None:
    path = f"/destruction/pj/{archive.pj[FACTURE]}?jour=2020-01-01"
    assert "Rien n’était encore décidé" in ouvrir("comptable").get(path).text
    wrong = f"/destruction/pj/{archive.pj[FACTURE]}?jour=2020-99-99"
    assert "Aujourd’hui" in ouvrir("comptable").get(wrong).text


def test_a_pj_outside_the_scope_does_not_exist(ouvrir: Ouvrir, archive: Archive) -> None:
    for path in (f"{archive.pj[VOISINE]}", "123456789", f"{archive.pj['paie_2022_03.xhl']}"):
        for start in ("/destruction/pj", "/api/v1/destruction/pj"):
            assert ouvrir("comptable").get(f"{start}/{path}").status_code == 404


def test_the_viewer_says_what_is_decided_to_those_who_may_know(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    path = f"/pj/{archive.pj[FACTURE]}"
    assert "Destruction anticipée permise depuis" in ouvrir("comptable").get(path).text
    assert "Destruction anticipée" not in ouvrir("ordonnateur").get(path).text


def test_a_piece_tells_its_life_with_each_flow(ouvrir: Ouvrir, archive: Archive) -> None:
    text = ouvrir("ordonnateur").get(f"/piece/{archive.pieces['principal/2022/127']}").text
    life = text[text.index("titre-chronologie") :]
    order = ["Émise, bordereau 12", "Bordereau refusé par l’acquit", "1 804,20", "Sold"]
    flat = re.sub(r"[\u202f\u00a0]", " ", life)
    places = [flat.index(word) for word in order]
    assert places == sorted(places)
    assert "Erreur sur le bordereau" in life
    assert "Erreur sur la pièce 128" not in life
    refused = ouvrir("ordonnateur").get(f"/piece/{archive.pieces['principal/2022/128']}").text
    assert "Erreur sur la pièce 128, ligne 1 : ERREUR_AUTRE — Compte fonction" in refused


def test_the_api_says_the_same(ouvrir: Ouvrir, archive: Archive) -> None:
    counts = ouvrir("comptable").get("/api/v1/destruction").json()
    (row,) = [e for e in counts["etats"] if e["exercice"] == 2022]
    assert row["siren"] == COMMUNE
    assert row["eligible"]["nombre"] >= 1
    listed = ouvrir("comptable").get("/api/v1/destruction/liste?statut=eligible").json()
    assert FACTURE in [pj["nom"] for pj in listed["pj"]]
    one = ouvrir("comptable").get("/api/v1/destruction/liste?taille=1").json()
    assert one["suivant"] == one["pj"][0]["pj_id"]
    pj = ouvrir("comptable").get(f"/api/v1/destruction/pj/{archive.pj[FACTURE]}").json()
    assert pj["statut"] == "eligible"
    assert {"texte", "interpretation"} == {r["fondement"] for r in pj["raisons"]}
    before = f"/api/v1/destruction/pj/{archive.pj[FACTURE]}?jour=2020-01-01"
    assert ouvrir("comptable").get(before).status_code == 404


def test_a_list_is_filtered_by_the_day_since_which_they_may_go(ouvrir: Ouvrir) -> None:
    page = ouvrir("comptable").get
    assert f">{FACTURE}<" in page("/destruction?statut=eligible&depuis=2022-06-20").text
    assert f">{FACTURE}<" not in page("/destruction?statut=eligible&depuis=2022-06-19").text


@pytest.mark.parametrize("nom", ["comptable", "archiviste", "destructeur"])
def test_a_search_has_the_facet_the_fields_and_the_status_of_each_pj(
    ouvrir: Ouvrir, nom: str
) -> None:
    page = ouvrir(nom).get("/recherche").text
    assert "plus=destruction" in page
    assert "Destruction : Permise" in page
    assert 'id="terme_du"' in page
    counted = ouvrir(nom).get("/recherche?plus=destruction").text
    facet = counted[counted.index("<h3>Destruction anticipée</h3>") :].partition("</details>")[0]
    assert re.findall(r"facette__nombre\">(\d+)<", facet)[0] == "2"
    assert "Compter" not in facet
    found = ouvrir(nom).get("/recherche?destruction=permise").text
    assert "Destruction anticipée : Permise" in found
    assert FACTURE in found
    assert "illisible.pdf" not in found
    assert FACTURE in ouvrir(nom).get("/recherche?permise_du=2022&terme_au=2100").text
    assert FACTURE not in ouvrir(nom).get("/recherche?permise_au=2000").text
    assert "destruction:permise" in ouvrir(nom).get("/aide/syntaxe").text
    ouvrir(nom).prove("/destruction", MOT_DE_PASSE)
    frozen = ouvrir(nom).get("/destruction/gels/nouveau?destruction=permise").text
    assert "la liste est arrêtée" in frozen


@pytest.mark.parametrize("nom", ["ordonnateur", "juge"])
def test_for_others_nothing_of_a_search_says_there_is_a_status(ouvrir: Ouvrir, nom: str) -> None:
    for path in (
        "/recherche", "/recherche?plus=destruction", "/recherche?destruction=permise",
        "/recherche?permise_du=2022", "/aide/syntaxe",
    ):  # fmt: skip
        text = ouvrir(nom).get(path).text
        assert "Destruction" not in text, path
        assert "terme_du" not in text, path


def test_a_field_nobody_gave_is_refused_as_one_that_is_not_there(ouvrir: Ouvrir) -> None:
    answer = ouvrir("ordonnateur").get("/recherche?q=destruction:permise")
    assert answer.status_code == 422
    assert "« destruction » n’existe pas" in answer.text
    assert ouvrir("comptable").get("/recherche?q=destruction:bidon").status_code == 422


def test_a_program_asks_and_reads_the_status_by_the_same_rights(ouvrir: Ouvrir) -> None:
    asked = "/api/v1/recherche?destruction=permise&facette=destruction&facette=exercice"
    found = ouvrir("comptable").get(asked).json()
    assert [r["pj"]["destruction"] for r in found["resultats"]] == ["permise", "permise"]
    counts = {v["valeur"]: v["nombre"] for v in found["facettes"]["destruction"]}
    assert counts["permise"] == 2
    others = ouvrir("ordonnateur").get(asked).json()
    assert others["facettes"].keys() == {"exercice"}
    assert len(others["resultats"]) > 1
    assert {r["pj"]["destruction"] for r in others["resultats"]} == {""}
    wrong = ouvrir("ordonnateur").get("/api/v1/recherche?q=destruction:permise")
    assert wrong.status_code == 422


def test_a_criterion_too_wide_is_refused_in_words(ouvrir: Ouvrir, archive: Archive) -> None:
    orc = archive.orc
    orc.database.info[REGLAGES] = replace(orc.settings, recherche_statuts_max=0)
    try:
        answer = ouvrir("comptable").get("/recherche?destruction=permise")
        assert answer.status_code == 422
        assert "précisez l’exercice, la collectivité ou le budget" in answer.text
        asked = ouvrir("comptable").get("/api/v1/recherche?q=destruction:permise")
        assert "précisez" in asked.text
    finally:
        orc.database.info[REGLAGES] = orc.settings
