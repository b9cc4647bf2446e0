"""Long lists: their lines are decided before an act, and looked at again under the lock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.ingest.a_decider import mark_textes
from orc.models import BordereauElimination, LigneElimination, PieceJustificative, Texte
from orc.retention.decisions import REGLAGES
from orc.retention.declarations import Genre
from orc.retention.eliminations import (
    Appel,
    Avancement,
    AVerifier,
    Criteres,
    Etat,
    Geste,
    Regles,
    Saisie,
    Suite,
    add_eligibles,
    analyse,
    create_bordereau,
    do_geste,
    read_avancement,
)
from orc.retention.jobs import decide_waiting
from orc.settings import Settings
from tests.ingest.test_intake import take_in
from tests.retention.actes import put_declaration, put_gel
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, Monde, make_monde
from tests.retention.reponses import UnRetour
from tests.sql import count_to_decide

LONGUES = Settings(elimination_lignes_du_geste=1)
DEMAIN = AUJOURD_HUI + timedelta(days=1)


@pytest.fixture
def monde(database: Database, tmp_path: Path) -> Monde:
    """Five PJ; a list of more than one line is a long one."""
    database.info[REGLAGES] = LONGUES
    monde = make_monde(database, tmp_path, 5)
    decide_waiting(database, Settings(), today=AUJOURD_HUI)
    return monde


def fill(monde: Monde) -> int:
    with monde.database.writing() as session:
        maire = monde.gens["maire"]
        ident = create_bordereau(session, maire, COMMUNE, "Tout", today=AUJOURD_HUI)
        assert add_eligibles(session, maire, ident, 1, Criteres(), today=AUJOURD_HUI).lignes == 5
    return ident


def do(monde: Monde, ident: int, geste: Geste, day: date = AUJOURD_HUI) -> Suite:
    with monde.database.writing() as session:
        pas = session.get_one(BordereauElimination, ident).pas
        maire = monde.gens["maire"]
        appel = Appel(session, monde.storage, maire, ident, pas, Regles(), day)
        return do_geste(appel, geste, Saisie())


def find_ecartees(monde: Monde, ident: int) -> dict[str, str]:
    with monde.database.reading() as session:
        lines = select(LigneElimination).filter_by(bordereau_id=ident, statut="ecartee")
        return {line.id_unique: line.motif for line in session.scalars(lines)}


def test_answers_of_today_stand_and_gels_are_asked_again_of_every_line(monde: Monde) -> None:
    ident = fill(monde)
    with monde.database.writing() as session:
        # Put without its mark: the answers that stand know nothing of it.
        put_gel(session, pj=(monde.pj["PJ00002"],))
        avancement = read_avancement(session, ident, AUJOURD_HUI)
    assert avancement == Avancement(5, 5, 0, 1)
    assert avancement.suffit
    suite = do(monde, ident, Geste.ANALYSER)
    assert (suite.geste, suite.etat, suite.ecartees) == (Geste.ANALYSER, Etat.ANALYSEE, 1)
    assert list(find_ecartees(monde, ident)) == ["PJ00002"]


def test_answers_of_another_day_are_given_again_before_the_act(monde: Monde) -> None:
    ident = fill(monde)
    suite = do(monde, ident, Geste.ANALYSER, DEMAIN)
    assert (suite.geste, suite.etat, suite.pas) == (Geste.VERIFIER, Etat.BROUILLON, 2)
    with monde.database.reading() as session:
        assert session.get_one(BordereauElimination, ident).pas == 2
        assert count_to_decide(session) == 5
        waiting = read_avancement(session, ident, DEMAIN)
    assert waiting == Avancement(5, 0, 5, 1)
    assert not waiting.suffit
    # Killed there or half-way, the marks that are left are taken at the next start.
    decide_waiting(monde.database, Settings(), today=DEMAIN)
    assert do(monde, ident, Geste.ANALYSER, DEMAIN).geste is Geste.ANALYSER


def test_called_alone_an_act_refuses_what_is_not_verified(monde: Monde) -> None:
    ident = fill(monde)
    with monde.database.writing() as session, pytest.raises(AVerifier, match="5 lignes"):
        analyse(session, monde.gens["maire"], ident, 2, today=DEMAIN)


def reject(monde: Monde, folder: Path) -> None:
    rejected = UnRetour("2023-09-01", "04", numero="1", rejet="2023-08-30")
    take_in(monde.database, rejected.make(), folder)


def damage(monde: Monde, _folder: Path) -> None:
    with monde.database.writing() as session:
        pj = session.get_one(PieceJustificative, monde.pj["PJ00001"])
        session.get_one(Texte, pj.sha256).etat = "illisible"
        mark_textes(session, [pj.sha256])


@pytest.mark.parametrize("change", [reject, damage])
def test_what_changed_today_is_decided_again_under_the_lock(
    monde: Monde, tmp_path: Path, change: Callable[[Monde, Path], None]
) -> None:
    ident = fill(monde)
    change(monde, tmp_path)
    assert do(monde, ident, Geste.ANALYSER).ecartees == 1
    assert list(find_ecartees(monde, ident)) == ["PJ00001"]


def test_a_list_that_may_go_no_more_is_given_up_with_the_reasons_recorded(monde: Monde) -> None:
    ident = fill(monde)
    with monde.database.writing() as session:
        put_gel(session, pj=tuple(monde.pj.values()))
    decide_waiting(monde.database, Settings(), today=DEMAIN)
    assert do(monde, ident, Geste.ANALYSER, DEMAIN).geste is Geste.VERIFIER
    decide_waiting(monde.database, Settings(), today=DEMAIN)
    suite = do(monde, ident, Geste.ANALYSER, DEMAIN)
    assert (suite.geste, suite.etat, suite.ecartees) == (Geste.VIDER, Etat.ABANDONNEE, 5)
    assert all("gel" in motif for motif in find_ecartees(monde, ident).values())


def test_other_rules_let_no_answer_stand(monde: Monde) -> None:
    ident = fill(monde)
    monde.database.info[REGLAGES] = replace(LONGUES, destruction_rubrique_inconnue_passe=False)
    with monde.database.writing() as session, pytest.raises(AVerifier):
        analyse(session, monde.gens["maire"], ident, 2, today=AUJOURD_HUI)


def test_a_short_list_is_decided_whole(monde: Monde) -> None:
    monde.database.info[REGLAGES] = Settings()
    ident = fill(monde)
    with monde.database.writing() as session:
        # A fact that left no mark: decided whole, each line finds it.
        put_declaration(session, Genre.HISTORIQUE, COMMUNE, objet=f"pj:{monde.pj['PJ00003']}")
        assert read_avancement(session, ident, AUJOURD_HUI) is None
    assert do(monde, ident, Geste.ANALYSER).ecartees == 1
