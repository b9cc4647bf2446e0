"""PJ of a marché that no piece cites, PJ that nothing cites: who reaches them, who counts them."""

import pytest
from sqlalchemy import delete, update

from orc.access import Clearance
from orc.db import Database
from orc.domain import Domaine
from orc.errors import NotFound
from orc.models import (
    Flux,
    Lien,
    LienMarche,
    Marche,
    Piece,
    PieceJustificative,
    RefCompta,
    read_now,
)
from orc.search.consult import get_piece
from orc.search.consult_values import PjMarche
from orc.search.open_pj import get_pj
from orc.search.orphelines import MOTIFS, count_orphelines, find_orphelines
from tests.consultation import COMMUNE, Archive

CONTRAT = 1


@pytest.fixture
def marche(archive: Archive, database: Database) -> Archive:
    """PJ 1 is cited by the marché alone, and so is a document that never came."""
    with database.writing() as session:
        session.execute(delete(Lien).where(Lien.id_unique == "PJ1"))
        cited = {"marche_id": 1, "siren": COMMUNE}
        session.add_all(
            [
                LienMarche(id=1, id_unique="PJ1", nom="CCAP", pj_id=CONTRAT, **cited),
                LienMarche(id=2, id_unique="PLAN", nom="Plan", support="02", **cited),
            ]
        )
    return archive


def see(database: Database, clearance: Clearance, piece: int = 127) -> list[tuple[PjMarche, ...]]:
    """The PJ of each block that the page of this piece shows."""
    with database.reading() as session:
        cited = get_piece(session, piece, clearance=clearance).marches[0]
    return [bloc.pj for bloc in cited.blocs]


def test_the_page_of_a_piece_of_the_marche_shows_what_the_marche_cites(
    marche: Archive, database: Database
) -> None:
    ((contrat, plan),) = see(database, marche.clearance())
    assert (contrat.nom, contrat.pj_id, contrat.libelle_presence) == ("facture.pdf", 1, "Reçue")
    assert (plan.nom, plan.pj_id, plan.libelle_presence) == ("Plan", None, "Papier")


def test_it_opens_through_any_piece_of_the_marche_and_through_no_other(
    marche: Archive, database: Database
) -> None:
    with database.reading() as session:
        assert get_pj(session, CONTRAT, 127, clearance=marche.clearance()).piece_id == 127
        assert get_pj(session, CONTRAT, clearance=marche.clearance()).piece_id in {127, 130}
        for piece in (145, 300, 99):
            with pytest.raises(NotFound):
                get_pj(session, CONTRAT, piece, clearance=marche.clearance())
        voisine = marche.cellules[(marche.voisine.id, 2022, Domaine.ORDINAIRE)]
        with pytest.raises(NotFound):
            get_pj(session, CONTRAT, clearance=Clearance(frozenset({voisine})))


def test_a_reserved_document_of_a_marche_is_for_who_holds_its_domaine(
    marche: Archive, database: Database
) -> None:
    with database.writing() as session:
        session.execute(
            update(PieceJustificative)
            .where(PieceJustificative.id == CONTRAT)
            .values(domaine="paie")
        )
    ((plan,),) = see(database, marche.clearance())
    assert plan.nom == "Plan"
    ((contrat, _),) = see(database, marche.clearance(Domaine.PAIE))
    assert contrat.pj_id == CONTRAT
    with database.reading() as session:
        assert get_pj(session, CONTRAT, clearance=marche.clearance(Domaine.PAIE))
        with pytest.raises(NotFound):
            get_pj(session, CONTRAT, clearance=marche.clearance())


def put_bloc(database: Database, number: int, budget_id: int, piece: int | None) -> None:
    """One more block of the same marché, by a flow of its own whose only piece is this one."""
    with database.writing() as session:
        flux = Flux(id=number, sha256=f"{number:064x}", taille=1, recu_le=read_now(), etat="lu")
        session.add(flux)
        session.flush()
        session.add(
            Marche(
                id=number,
                flux_id=number,
                budget_id=budget_id,
                siren=COMMUNE,
                cle="2015015",
                id_contrat="2015-015",
                objet=f"bloc {number}",
            )
        )
        if piece is not None:
            session.execute(update(Piece).where(Piece.id == piece).values(flux_id=number))


def test_a_block_of_an_open_exercice_is_not_shown_before_its_closure(
    marche: Archive, database: Database
) -> None:
    put_bloc(database, 10, marche.commune.id, 200)
    put_bloc(database, 11, marche.commune.id, None)
    put_bloc(database, 12, marche.voisine.id, None)
    with database.reading() as session:
        cited = get_piece(session, 127, clearance=marche.clearance()).marches[0]
    assert {bloc.objet for bloc in cited.blocs} == {"Éclairage public", "bloc 11"}


def test_what_nothing_cites_is_counted_by_flow_with_its_reason(
    archive: Archive, database: Database
) -> None:
    with database.reading() as session:
        assert count_orphelines(session) == find_orphelines(session).total == 0
    with database.writing() as session:
        session.execute(delete(Lien))
        session.add(
            RefCompta(
                id=1,
                flux_id=2,
                pj_id=2,
                budget_id=archive.commune.id,
                domaine_compta="03",
                exercice=2022,
                identifiant="999",
            )
        )
    with database.reading() as session:
        found = find_orphelines(session).items
        assert count_orphelines(session) == 2
    assert {(o.nom_fic, o.nombre, o.motif) for o in found} == {
        ("FLUX2", 1, MOTIFS["rattachee"]),
        ("FLUX2", 1, MOTIFS["seule"]),
    }
    assert "Sainte-Anne-des-Essais" in found[0].budget
    assert "facture.pdf" not in str(found)
