"""One question and its whole answer, on a small real archive: SQL, texts and index together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc.access import Clearance, make_lecteur
from orc.errors import Invalid
from orc.index.fields import Genre
from orc.index.query import DemandeFacette
from orc.models import read_now
from orc.search.find import Question, Reponse, count_texts_to_read, find
from orc.search.not_searched import NonCherches, find_not_searched, write_not_searched
from orc.search.syntax import ErreurDeSyntaxe, make_filtres
from tests.archive import Archive, make_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder: Path = tmp_path_factory.mktemp("archive")
    with make_archive(folder) as archive:
        yield archive


def clearance_of(archive: Archive, nom: str) -> Clearance:
    with archive.orc.database.reading() as session:
        personne = archive.personnes[nom]
        return make_lecteur(session, personne, nom, nom, read_now().date()).clearance


def ask(archive: Archive, texte: str = "", nom: str = "ordonnateur", **how: object) -> Reponse:
    question = Question(texte, **how)  # type: ignore[arg-type]  # passed on as given
    with archive.orc.database.reading() as session:
        return find(
            archive.orc.engine,
            session,
            archive.orc.storage,
            question,
            clearance=clearance_of(archive, nom),
        )


def pieces(archive: Archive, reponse: Reponse) -> set[str]:
    names = {number: name for name, number in archive.pieces.items()}
    return {names[hit.piece_id] for hit in reponse.hits.hits}


def test_a_pj_is_found_by_its_text_with_its_page_and_passage(archive):
    reponse = ask(archive, "électricité école")
    assert pieces(archive, reponse) == {"principal/2022/127"}
    by_page = [p for found in reponse.passages.values() for p in found if p.page]
    assert by_page[0].page == 2
    assert ("électricité", True) in by_page[0].morceaux


def test_a_mandat_is_found_by_what_its_pj_say_and_its_objet_is_marked(archive):
    reponse = ask(archive, "Jules-Ferry", genre=Genre.PIECE)
    assert pieces(archive, reponse) == {"principal/2022/127"}
    (passages,) = reponse.passages.values()
    assert passages[0].page == 2
    assert passages[0].lien_id is not None
    marked = ask(archive, "école", genre=Genre.PIECE).passages[archive.pieces["principal/2022/127"]]
    assert marked[0].page == 0
    assert ("école", True) in marked[0].morceaux


def test_totals_count_each_piece_once_and_keep_sens_apart(archive):
    reponse = ask(archive, "")
    found = {s.valeur: (s.nombre, s.somme) for s in reponse.sommes}
    montants = [180420, 1200000, -24000, 14400, 119880]
    assert found["depense"] == (5, sum(montants))
    assert found["recette"] == (1, 8250)
    assert reponse.nb_pieces == 6
    assert reponse.nb_pj == reponse.hits.total == 6


def test_the_same_question_counts_alike_in_every_tab(archive):
    by_pj, by_piece = ask(archive, "facture"), ask(archive, "facture", genre=Genre.PIECE)
    assert (by_pj.nb_pj, by_pj.nb_pieces) == (by_piece.nb_pj, by_piece.nb_pieces)
    assert by_pj.sommes == by_piece.sommes


@pytest.mark.parametrize(
    ("question", "attendu"),
    [
        ("mandat:127", {"principal/2022/127"}),
        ("compte:606* SAUF type_bordereau:02",
         {"principal/2022/127", "principal/2023/9", "assainissement/2022/5"}),
        ("compte:606* exercice:2022 montant:>0", {"principal/2022/127", "assainissement/2022/5"}),
        ("tiers:bocage", {"principal/2022/127", "assainissement/2022/5"}),
        ("F2022-127", {"principal/2022/127"}),
        ("1 804,20", {"principal/2022/127"}),
        ("montant:>1000", {"principal/2022/127", "principal/2022/128", "assainissement/2022/5"}),
        ("montant:<0", {"principal/2022/14"}),
        ("date:2022-05", {"principal/2022/45"}),
        ("sens:recette", {"principal/2022/45"}),
        ("jeanne martin", {"principal/2022/45"}),
        ("presence:papier", {"principal/2022/128"}),
        ("presence:attendue", {"principal/2022/128"}),
        ("etat_texte:a_oceriser", {"principal/2022/127"}),
        ("nb_pj:0", {"principal/2022/14", "principal/2022/45", "assainissement/2022/5"}),
        ("bordereau:12 exercice:2022", {"principal/2022/127", "principal/2022/128"}),
        ("travaux SAUF mairie", {"principal/2022/128"}),
        ("99988877700011 facture:F2023-9", {"principal/2023/9"}),
        ("siret:999 888 777", {"principal/2022/127", "principal/2022/128", "principal/2022/14",
                               "principal/2023/9", "assainissement/2022/5"}),
        ("nom_collectivite:sainte-anne type_bordereau:02", {"principal/2022/14"}),
        ("budget:99900001800020-101-01", {"assainissement/2022/5"}),
    ],
)  # fmt: skip
def test_pieces_are_found_by_the_criteria_people_know(archive, question, attendu):
    assert pieces(archive, ask(archive, question, genre=Genre.PIECE)) == attendu


def test_lignes_are_found_and_summed_by_themselves(archive):
    reponse = ask(
        archive,
        "compte:60612",
        genre=Genre.LIGNE,
        facettes=(DemandeFacette("compte", somme=True),),
    )
    assert (reponse.hits.total, reponse.hits.somme) == (3, 180420 + 119880 - 24000)
    assert reponse.hits.facettes["compte"][0].somme == 180420 + 119880 - 24000


def test_filters_and_facets_go_with_the_words(archive):
    reponse = ask(
        archive,
        "électricité",
        genre=Genre.PIECE,
        filtres={"budget": ["99900001800020-101-01"]},
        facettes=(DemandeFacette("budget"), DemandeFacette("tiers")),
    )
    assert pieces(archive, reponse) == {"assainissement/2022/5"}
    assert {v.valeur for v in reponse.hits.facettes["budget"]} == {
        "99900001800012-101-00",
        "99900001800020-101-01",
    }
    assert [v.valeur for v in reponse.hits.facettes["tiers"]] == ["ÉNERGIE DU BOCAGE"]


def test_each_reader_finds_what_it_may_and_nothing_of_an_open_exercice(archive):
    assert "principal/2022/129" not in pieces(archive, ask(archive, genre=Genre.PIECE))
    paie = ask(archive, "bulletins", "paie")
    assert pieces(archive, paie) == {"principal/2022/129"}
    assert ask(archive, "bulletins").hits.total == 0
    assert pieces(archive, ask(archive, "", "juge", genre=Genre.PIECE)) == {"communaute/2022/70"}
    assert ask(archive, "convention intercommunale").hits.total == 0
    for nom in ("ordonnateur", "comptable", "paie"):
        found = pieces(archive, ask(archive, "", nom, genre=Genre.PIECE))
        assert not [name for name in found if "/2024/" in name]
    for nom in ("administrateur", "partenaire"):
        reponse = ask(archive, "", nom)
        assert (reponse.nb_pj, reponse.nb_pieces, reponse.sommes) == (0, 0, ())


@pytest.mark.parametrize(("shown", "most"), [(1, 8), (20, 8), (100, 5), (500, 1), (0, 8)])
def test_a_long_page_of_pieces_reads_fewer_texts_of_each(shown: int, most: int) -> None:
    assert count_texts_to_read(shown) == most


def test_no_page_reads_more_texts_than_it_may() -> None:
    assert max(n * count_texts_to_read(n) for n in range(1, 501)) <= 500


def test_what_was_not_searched_is_said(archive):
    clearance = clearance_of(archive, "ordonnateur")
    with archive.orc.database.reading() as session:
        found = find_not_searched(session, archive.orc.engine, clearance=clearance)
        filtres = make_filtres({"exercice": ["2023"]})
        in_2023 = find_not_searched(session, archive.orc.engine, filtres, clearance=clearance)
    assert (found.a_oceriser, found.illisibles, found.exercices_ouverts) == (1, 1, (2024,))
    assert (in_2023.a_oceriser, in_2023.illisibles) == (0, 0)
    phrases = [phrase for phrase, _ in write_not_searched(found)]
    assert phrases == [
        "1\u00a0scan attend l’océrisation",
        "1\u00a0pièce justificative illisible",
        "exercice 2024 non clos",
    ]


def test_what_was_not_searched_opens_on_as_many_results(archive):
    clearance = clearance_of(archive, "ordonnateur")
    with archive.orc.database.reading() as session:
        found = find_not_searched(session, archive.orc.engine, clearance=clearance)
    for _, etats in write_not_searched(found):
        if etats:
            shown = ask(archive, filtres={"etat_texte": etats}).hits.total
            assert shown in (found.a_oceriser, found.illisibles)


def test_who_may_see_nothing_is_told_that_nothing_was_searched_and_no_count(archive):
    with archive.orc.database.reading() as session:
        nobody = clearance_of(archive, "administrateur")
        found = find_not_searched(session, archive.orc.engine, clearance=nobody)
    assert found == NonCherches(rien=True)
    assert write_not_searched(found) == (("tout (aucun exercice clos dans ce périmètre)", ()),)


def test_a_bad_question_is_refused(archive):
    with pytest.raises(ErreurDeSyntaxe):
        ask(archive, "(facture")
    with pytest.raises(Invalid, match="tri"):
        ask(archive, "facture", tri="hasard")


def test_without_words_the_latest_comes_first(archive):
    reponse = ask(archive, "sens:depense", genre=Genre.PIECE)
    names = {number: name for name, number in archive.pieces.items()}
    assert names[reponse.hits.hits[0].piece_id] == "principal/2023/9"
