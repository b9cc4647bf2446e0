"""Search knows early destruction: SQL says it, at once, to those who see retention and no other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from orc.access import Lecteur, make_lecteur
from orc.domain import Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.index.fields import STATUT, Genre
from orc.index.query import DemandeFacette
from orc.models import ADecider, Decision, DecisionCourante, Lien, PieceJustificative, read_now
from orc.retention.decide import Statut
from orc.retention.decisions import REGLAGES
from orc.retention.poses import DepotGel, place_gel
from orc.search.find import Question, Reponse, find
from orc.search.not_searched import find_not_searched
from orc.search.statuts import STATUTS, TropDeStatuts, find_statuts
from orc.search.syntax import ErreurDeSyntaxe, make_filtres
from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.bases import make_postgresql

FACTURE, SCAN, ABIME = "Facture_Energie_2022-04.pdf", "Scan_devis.pdf", "illisible.pdf"
FOURNITURES, CONVENTION, OUVERTE = "Facture_fournitures.pdf", "Convention.pdf", "Devis_2024.pdf"
BULLETINS = "paie_2022_03.xhl"
PJ = (FACTURE, SCAN, ABIME, FOURNITURES, CONVENTION, OUVERTE, BULLETINS)
AUJOURD_HUI = date(2026, 6, 1)


@dataclass(frozen=True)
class Dit:
    """What SQL holds of a PJ."""

    statut: Statut = Statut.ELIGIBLE
    gelee: bool = False
    depuis: date | None = None
    terme: date | None = None


@pytest.fixture(scope="module", params=["tantivy-sqlite", "elasticsearch-postgresql"])
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("statuts")
    if request.param == "tantivy-sqlite":
        with make_archive(folder) as archive:
            put_others(archive)
            yield archive
        return
    serveur = request.getfixturevalue("elasticsearch")
    with make_postgresql(request.getfixturevalue("postgresql")) as base:
        index = f"{serveur.url}/statuts{uuid4().hex}"
        with make_archive(folder, database=base, index=index) as archive:
            put_others(archive)
            yield archive
            archive.orc.engine.clear()


def put_others(archive: Archive) -> None:
    """Who sees the retention of 2022 and the documents of every year; a juge who keeps accounts."""
    of_2022 = Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE, 2022, 2022)
    people = {
        "mixte": (
            Octroi(Role.ORDONNATEUR, "collectivite", COMMUNE),
            replace(of_2022, droits=(Droit.DESTRUCTION,)),
        ),
        "juge_comptable": (Octroi(Role.JUGE, "collectivite", COMMUNE), replace(
            of_2022, role=Role.COMPTABLE)),
    }  # fmt: skip
    with archive.orc.database.writing() as session:
        for nom, octrois in people.items():
            compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
            archive.personnes[nom] = create_compte(session, compte, par="test")
            for octroi in octrois:
                grant_habilitation(session, archive.personnes[nom], octroi, par="test")


def say(archive: Archive, said: Mapping[str, Dit]) -> None:
    """SQL says this of these PJ, and nothing of the others."""
    with archive.orc.database.writing() as session:
        session.execute(delete(DecisionCourante))
        for nom, dit in said.items():
            decision = Decision(
                pj_id=archive.pj[nom], decidee_le=read_now(), jour=AUJOURD_HUI, statut=dit.statut,
                depuis=dit.depuis, jusqu_a=None, raisons="[]", empreinte="", regles_id=None,
            )  # fmt: skip
            session.add(decision)
            session.flush()
            row = DecisionCourante(pj_id=archive.pj[nom], decision_id=decision.id, siren=COMMUNE)
            row.statut, row.gelee = dit.statut.value, dit.gelee
            row.depuis, row.terme = dit.depuis, dit.terme
            session.add(row)


def read_lecteur(archive: Archive, nom: str) -> Lecteur:
    with archive.orc.database.reading() as session:
        return make_lecteur(session, archive.personnes[nom], nom, nom, read_now().date())


def ask(archive: Archive, texte: str = "", nom: str = "comptable", **how: object) -> Reponse:
    orc, question = archive.orc, Question(texte, **how)  # type: ignore[arg-type]  # as given
    clearance = read_lecteur(archive, nom).clearance
    with orc.database.reading() as session:
        return find(orc.engine, session, orc.storage, question, clearance=clearance)


def name(archive: Archive, reponse: Reponse) -> set[str]:
    """The PJ found."""
    names = {ident: nom for nom, ident in archive.pj.items()}
    with archive.orc.database.reading() as session:
        rows = session.execute(
            select(Lien.id, Lien.pj_id).where(Lien.id.in_([h.numero for h in reponse.hits.hits]))
        )
        return {names[row.pj_id] for row in rows if row.pj_id}


def found(archive: Archive, texte: str, nom: str = "comptable", **how: object) -> set[str]:
    return name(archive, ask(archive, texte, nom, **how))


def test_what_is_decided_in_sql_is_what_the_next_search_says(archive: Archive) -> None:
    say(archive, {FACTURE: Dit(), SCAN: Dit(Statut.EN_ATTENTE), FOURNITURES: Dit(Statut.REFUS)})
    assert found(archive, "destruction:permise") == {FACTURE}
    assert found(archive, "destruction:refusée") == {FOURNITURES}
    assert found(archive, "destruction:permise OU destruction:attente") == {FACTURE, SCAN}
    assert found(archive, "facture SAUF destruction:permise") == {FOURNITURES}
    assert found(archive, "destruction:(permise OU refusee) exercice:2023") == {FOURNITURES}
    say(archive, {FACTURE: Dit(Statut.REFUS)})
    assert found(archive, "destruction:permise") == set()
    assert found(archive, "destruction:refusee") == {FACTURE}


def test_a_filter_of_an_address_and_the_words_typed_find_alike(archive: Archive) -> None:
    say(archive, {FACTURE: Dit(), FOURNITURES: Dit(Statut.SUSPENDU), SCAN: Dit()})
    both = {"destruction": ["permise", "suspendue"], "exercice": ["2022"]}
    reponse = ask(archive, "", filtres=both)
    assert name(archive, reponse) == {FACTURE, SCAN}
    assert (reponse.nb_pj, reponse.nb_pieces) == (2, 1)
    assert found(archive, "(destruction:permise OU destruction:suspendue) exercice:2022") == {
        FACTURE, SCAN,
    }  # fmt: skip


@pytest.mark.parametrize(
    "place",
    [
        "exercice:2022", "exercice:..2022", "exercice:2020..2022", f"collectivite:{COMMUNE}",
        f"budget:{COMMUNE}00012-101-00", f"(collectivite:{COMMUNE} OU type_pj:003)",
        "collectivite:9990*",
    ],
)  # fmt: skip
def test_narrowing_to_a_place_loses_nothing(archive: Archive, place: str) -> None:
    say(archive, {FACTURE: Dit(), SCAN: Dit(), FOURNITURES: Dit()})
    wanted = found(archive, place) & {FACTURE, SCAN, FOURNITURES}
    assert {FACTURE, SCAN} <= wanted
    assert found(archive, f"{place} destruction:permise") == wanted
    assert found(archive, f"collectivite:000 {place} destruction:permise") == set()


def test_dates_of_permission_and_of_term_are_asked_as_any_date(archive: Archive) -> None:
    said = {
        FACTURE: Dit(depuis=date(2024, 12, 31), terme=date(2032, 12, 31)),
        SCAN: Dit(depuis=date(2025, 1, 1), terme=date(2033, 1, 1)),
        FOURNITURES: Dit(Statut.REFUS),
    }
    say(archive, said)
    assert found(archive, "destruction_depuis:..2024-12-31") == {FACTURE}
    assert found(archive, "destruction_depuis:>2024-12-31") == {SCAN}
    assert found(archive, "destruction_depuis:<2025-01-01") == {FACTURE}
    assert found(archive, "permise_depuis:2025") == {SCAN}
    assert found(archive, "destruction_depuis:01/01/2025") == {SCAN}
    assert found(archive, "terme:..2032") == {FACTURE}
    assert found(archive, "terme:2032..2034") == {FACTURE, SCAN}
    assert found(archive, "terme:>9999-12-31") == set()


def test_a_gel_placed_is_seen_by_the_very_next_search(archive: Archive) -> None:
    say(archive, {FACTURE: Dit(depuis=date(2024, 1, 1)), SCAN: Dit(Statut.REFUS), ABIME: Dit()})
    gels = (archive.pj[FACTURE], archive.pj[SCAN])
    demain = AUJOURD_HUI + timedelta(days=30)
    depot = DepotGel("Contentieux", "Tribunal", "TA-1", "Recours", demain, pj_ids=gels)
    lecteur = read_lecteur(archive, "archiviste")
    with archive.orc.database.writing() as session:
        place_gel(session, lecteur, depot, today=AUJOURD_HUI)
    assert found(archive, "destruction:gelee") == {FACTURE, SCAN}
    assert found(archive, "destruction:permise") == {ABIME}
    assert found(archive, "destruction:suspendue") == {FACTURE}
    assert found(archive, "destruction:refusee") == {SCAN}
    assert found(archive, "destruction_depuis:2024") == set()
    with archive.orc.database.writing() as session:
        session.execute(delete(ADecider))


def test_who_may_not_see_retention_does_not_have_the_field(archive: Archive) -> None:
    say(archive, {FACTURE: Dit()})
    for nom in ("ordonnateur", "juge", "juge_comptable"):
        with pytest.raises(ErreurDeSyntaxe, match="n’existe pas"):
            ask(archive, "destruction:permise", nom)
        with pytest.raises(ErreurDeSyntaxe) as unknown:
            ask(archive, "destruktion:permise", nom)
        assert "destruction" not in str(unknown.value)
        assert found(archive, "", nom, filtres={"destruction": ["refusee"]}) == found(
            archive, "", nom
        )
        clearance = read_lecteur(archive, nom).clearance
        with archive.orc.database.reading() as session:
            assert find_statuts(session, [archive.pj[FACTURE]], clearance) == {}
    with pytest.raises(ErreurDeSyntaxe, match="Vouliez-vous dire « destruction: »"):
        ask(archive, "destruktion:permise")


def test_a_value_that_is_none_of_the_answers_is_refused_with_the_answers(archive: Archive) -> None:
    with pytest.raises(ErreurDeSyntaxe, match="permise, attente, suspendue"):
        ask(archive, "destruction:possible")


def test_a_document_read_by_who_does_not_see_its_retention_has_no_status(archive: Archive) -> None:
    say(archive, dict.fromkeys((FACTURE, FOURNITURES), Dit()))
    assert {FACTURE, FOURNITURES} <= found(archive, "facture", "mixte")
    assert found(archive, "destruction:permise", "mixte") == {FACTURE}
    assert found(archive, "facture SAUF destruction:permise", "mixte") == {FOURNITURES}
    ids = {archive.pj[nom]: nom for nom in (FACTURE, FOURNITURES)}
    with archive.orc.database.reading() as session:
        clearance = read_lecteur(archive, "mixte").clearance
        assert find_statuts(session, list(ids), clearance) == {archive.pj[FACTURE]: "permise"}


def test_a_frozen_pj_is_shown_frozen(archive: Archive) -> None:
    say(archive, {FACTURE: Dit(Statut.REFUS, gelee=True), SCAN: Dit(Statut.EN_ATTENTE)})
    clearance = read_lecteur(archive, "comptable").clearance
    ids = [archive.pj[nom] for nom in (FACTURE, SCAN, ABIME)]
    with archive.orc.database.reading() as session:
        shown = find_statuts(session, ids, clearance)
        assert find_statuts(session, [], clearance) == {}
    assert shown == {archive.pj[FACTURE]: "gelee", archive.pj[SCAN]: "attente"}


def test_a_criterion_too_wide_asks_to_be_narrowed(archive: Archive) -> None:
    say(archive, {FACTURE: Dit(), SCAN: Dit(), FOURNITURES: Dit(), ABIME: Dit(Statut.REFUS)})
    orc = archive.orc
    clearance = read_lecteur(archive, "comptable").clearance
    orc.database.info[REGLAGES] = replace(orc.settings, recherche_statuts_max=2)
    try:
        with pytest.raises(TropDeStatuts, match="précisez l’exercice"):
            ask(archive, "destruction:permise")
        assert found(archive, "destruction:permise exercice:2022") == {FACTURE, SCAN}
        counted = ask(archive, facettes=(DemandeFacette(STATUT.name),)).hits.facettes
        counts = {v.valeur: v.nombre for v in counted[STATUT.name]}
        assert counts == {"attente": 0, "suspendue": 0, "refusee": 1, "gelee": 0}
        wide = make_filtres({"destruction": ["permise"]}, retention=True)
        with orc.database.reading() as session, pytest.raises(TropDeStatuts):
            find_not_searched(session, orc.engine, wide, clearance=clearance)
    finally:
        orc.database.info[REGLAGES] = orc.settings


def test_what_could_not_be_read_is_counted_within_the_status(archive: Archive) -> None:
    say(archive, {SCAN: Dit(), ABIME: Dit(Statut.REFUS)})
    clearance = read_lecteur(archive, "comptable").clearance
    filtres = make_filtres({"destruction": ["permise"]}, retention=True)
    with archive.orc.database.reading() as session:
        told = find_not_searched(session, archive.orc.engine, filtres, clearance=clearance)
    assert (told.a_oceriser, told.illisibles) == (1, 0)


def test_lignes_say_nothing_of_what_is_decided(archive: Archive) -> None:
    say(archive, {FACTURE: Dit()})
    assert ask(archive, "destruction:permise", genre=Genre.LIGNE).hits.total == 0


@st.composite
def decided(draw: st.DrawFn) -> dict[str, Dit]:
    days = st.dates(date(2024, 1, 1), date(2024, 1, 4)) | st.none()
    one = st.builds(Dit, st.sampled_from(Statut), st.booleans(), days, days)
    return draw(st.dictionaries(st.sampled_from(PJ), one))


@settings(max_examples=12)
@given(decided(), st.sampled_from(["comptable", "archiviste", "mixte"]))
def test_search_finds_and_counts_what_sql_says(
    archive: Archive, said: dict[str, Dit], nom: str
) -> None:
    say(archive, said)
    facet = (DemandeFacette(STATUT.name),)
    all_of = ask(archive, "", nom, facettes=facet)
    seen = name(archive, ask(archive, "", nom))
    clearance = read_lecteur(archive, nom).clearance
    held = held_in(archive, clearance.retention)
    mine = {n: d for n, d in said.items() if n in seen & held}
    counts = {v.valeur: v.nombre for v in all_of.hits.facettes[STATUT.name]}
    for mot, statut in STATUTS.items():
        wanted = {n for n, d in mine.items() if d.statut is statut}
        assert found(archive, f"destruction:{mot}", nom) == wanted
        assert counts[mot] == len(wanted)
    assert counts["gelee"] == sum(d.gelee for d in mine.values())
    since = {n for n, d in mine.items() if d.depuis and d.depuis <= date(2024, 1, 2)}
    assert found(archive, "destruction_depuis:..2024-01-02", nom) == since
    pieces = ask(archive, "destruction:permise", nom, genre=Genre.PIECE).hits
    of_pieces = {h.piece_id for h in ask(archive, "destruction:permise", nom).hits.hits}
    assert {h.numero for h in pieces.hits} == of_pieces


def held_in(archive: Archive, cellules: frozenset[int]) -> set[str]:
    """The PJ that a piece of these cellules cites."""
    with archive.orc.database.reading() as session:
        cited = set(session.scalars(select(Lien.pj_id).where(Lien.cellule_id.in_(cellules))))
    return {nom for nom, ident in archive.pj.items() if ident in cited}


def test_every_pj_of_the_archive_is_named_here(archive: Archive) -> None:
    with archive.orc.database.reading() as session:
        assert set(session.scalars(select(PieceJustificative.id))) == {
            archive.pj[nom] for nom in PJ
        }
