"""What is set aside: counted and paged in SQL, each thing once, seen by whom it may be."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from orc.bootstrap import Orc, make_orc
from orc.models import Budget, Collectivite, Emplacement, Fichier, Flux, read_now
from orc.search.portee_silo import Portee
from orc.search.quarantaine import count_ecartes, find_ecartes
from orc.settings import Settings

ALL = Portee(None, details=True)


@pytest.fixture(scope="module")
def orc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orc]:
    made = make_orc(Settings(data=str(tmp_path_factory.mktemp("ecarts"))))
    put_ecartes(made)
    yield made
    made.close()


def put_ecartes(orc: Orc) -> None:
    """Two flows (one of a budget), a whole file, a member of an archive; and what is all right."""
    now = read_now()
    with orc.database.writing() as session:
        session.add(Collectivite(siren="999000018", libelle="Commune"))
        session.flush()
        budget = Budget(siren="999000018", siret="99900001800012", cod_col="1", cod_bud="0")
        session.add(budget)
        session.flush()
        files = [
            Fichier(silo="s", chemin="bon.zip", genre="zip", taille=1, vu_le=now, etat="lu"),
            Fichier(silo="s", chemin="mauvais.xml", genre="xml", taille=1, vu_le=now),
            Fichier(silo="s", chemin="ancien.xml", genre="xml", taille=1, vu_le=now),
        ]
        files[1].etat = files[2].etat = "quarantaine"
        files[1].motif = "Ce n’est pas du XML."
        files[2].remplace_le = now
        session.add_all(files)
        flows = [
            Flux(sha256=str(n) * 64, taille=1, recu_le=now - timedelta(days=n), etat=etat)
            for n, etat in enumerate(("lu", "quarantaine", "quarantaine"))
        ]
        flows[1].budget_id, flows[1].nom_fic = budget.id, "FLUX_1"
        session.add_all(flows)
        session.flush()
        session.add_all(
            [
                Emplacement(fichier_id=files[0].id, membre="a.xml", flux_id=flows[0].id),
                Emplacement(fichier_id=files[0].id, membre="b.exe", motif="Pas un flux."),
                Emplacement(fichier_id=files[0].id, membre="c.xml", flux_id=flows[2].id),
            ]
        )


def test_everything_set_aside_is_there_once_the_latest_first(orc: Orc) -> None:
    with orc.database.reading() as session:
        found = find_ecartes(session, ALL)
    told = [(e.genre, e.nom, e.membre, e.motif) for e in found.items]
    assert told == [
        ("Membre d’archive", "bon.zip", "b.exe", "Pas un flux."),
        ("Fichier", "mauvais.xml", "", "Ce n’est pas du XML."),
        ("Flux", "FLUX_1", "", ""),
        ("Flux", "bon.zip", "", ""),
    ]
    assert found.items[0].quand.tzinfo is not None
    assert found.items[0].flux_id is None


def test_pages_hold_what_the_whole_list_holds_and_the_count_is_theirs(orc: Orc) -> None:
    with orc.database.reading() as session:
        whole = find_ecartes(session, ALL).items
        pages = [find_ecartes(session, ALL, page=n, taille=3) for n in (1, 2)]
        assert count_ecartes(session, ALL) == 4
    assert [e for page in pages for e in page.items] == list(whole)
    assert [p.total for p in pages] == [4, 4]


def test_who_sees_some_budgets_sees_their_flows_and_no_file(orc: Orc) -> None:
    with orc.database.reading() as session:
        (flux,) = find_ecartes(session, Portee(frozenset({1}), details=True)).items
        assert flux.nom == "FLUX_1"
        assert count_ecartes(session, Portee(frozenset({2}), details=True)) == 0
