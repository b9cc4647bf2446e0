"""What a piece and a bordereau say, and to whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from orc.access import NOTHING
from orc.db import Database, Reading
from orc.domain import Domaine
from orc.errors import NotFound
from orc.models import Lien, Ligne
from orc.search.consult import get_bordereau, get_piece
from orc.search.consult_lignes import mask_compte
from orc.search.consult_values import Presence
from orc.search.consult_versions import compare
from tests.consultation import Archive


def test_a_mandat_says_its_lines_with_labels_and_totals(lecture: Reading, archive: Archive) -> None:
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert piece.nom == "Mandat 127"
    assert str(piece.type_piece) == "01 — Mandat ordinaire"
    assert [str(ligne.compte) for ligne in piece.lignes.items] == [
        "60612 — Énergie et électricité"
    ] * 2
    assert (piece.total_ht, piece.total_tva, piece.ttc) == (150_350, 30_070, 180_420)
    assert piece.avertissements == ()


def test_lines_that_do_not_add_up_are_said(
    database: Database, lecture: Reading, archive: Archive
) -> None:
    with database.writing() as session:
        session.execute(update(Ligne).where(Ligne.id == 1271).values(ht=1))
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert "La somme des lignes" in piece.avertissements[0]


@pytest.mark.parametrize("piece_id", [128, 200, 300, 999])
def test_another_budget_an_open_exercice_a_reserved_domaine_and_nothing_are_told_alike(
    lecture: Reading, archive: Archive, piece_id: int
) -> None:
    with pytest.raises(NotFound) as refusal:
        get_piece(lecture, piece_id, clearance=archive.clearance())
    assert str(refusal.value) == "Cette pièce n’existe pas, ou vous n’y avez pas accès."


@pytest.mark.usefixtures("archive")
def test_who_has_no_clearance_reads_nothing(lecture: Reading) -> None:
    for piece_id in (127, 128):
        with pytest.raises(NotFound):
            get_piece(lecture, piece_id, clearance=NOTHING)
    with pytest.raises(NotFound):
        get_bordereau(lecture, 12, clearance=NOTHING)


def test_a_bank_account_shows_its_last_four_characters(lecture: Reading, archive: Archive) -> None:
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert piece.tiers[0].compte_bancaire == "•••• 0185"
    assert "30001007" not in repr(piece)


@given(st.text(max_size=40))
def test_no_bank_account_is_ever_shown_whole(iban: str) -> None:
    bare = "".join(iban.split())
    shown = mask_compte(iban).removeprefix("••••").strip()
    assert len(shown) <= 4
    assert len(shown) < len(bare) or not bare


def test_each_pj_says_whether_it_came(lecture: Reading, archive: Archive) -> None:
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert {pj.id_unique: pj.presence for pj in piece.pj} == {
        "PJ1": Presence.RECUE,
        "PJ2": Presence.RECUE,
        "JAMAIS": Presence.JAMAIS_RECUE,
        "PAPIER": Presence.PAPIER,
        "DISQUE": Presence.CD_ROM,
    }
    assert not piece.pj_reservees


def test_a_piece_sent_twice_shows_what_changed(lecture: Reading, archive: Archive) -> None:
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert [(v.id, v.version, v.courante) for v in piece.versions] == [
        (126, 1, False),
        (127, 2, True),
    ]
    changes = {d.quoi: (d.avant, d.apres) for d in piece.versions[1].differences}
    assert changes["Nombre de lignes"] == ("1", "2")
    assert changes["Objet"] == ("Objet 126", "Éclairage de l’école")
    assert changes["PJ JAMAIS"] == ("", "devis.pdf")


def test_a_reserved_pj_is_not_named_by_what_changed(
    database: Database, lecture: Reading, archive: Archive
) -> None:
    reserved = archive.cellules[(archive.voisine.id, 2022, Domaine.ORDINAIRE)]
    with database.writing() as session:
        session.execute(
            update(Lien)
            .where(Lien.piece_id == 127, Lien.id_unique == "JAMAIS")
            .values(cellule_id=reserved)
        )
    piece = get_piece(lecture, 127, clearance=archive.clearance())
    assert not [d for d in piece.versions[1].differences if d.quoi == "PJ JAMAIS"]
    assert piece.pj_reservees


def test_what_two_versions_share_is_no_difference() -> None:
    assert compare({"Objet": "a", "HT": "1"}, {"Objet": "a", "HT": "2"})[0].quoi == "HT"
    assert compare({"Objet": "a"}, {"Objet": "a"}) == ()


def test_a_correction_leads_to_what_it_corrects_and_back(
    lecture: Reading, archive: Archive
) -> None:
    clearance = archive.clearance()
    assert [p.id for p in get_piece(lecture, 130, clearance=clearance).corrige] == [127]
    assert [p.id for p in get_piece(lecture, 127, clearance=clearance).corrigee_par] == [130]


def test_a_mandat_shows_its_marche_and_its_other_pieces(lecture: Reading, archive: Archive) -> None:
    marche = get_piece(lecture, 127, clearance=archive.clearance()).marches[0]
    assert marche.blocs[0].objet == "Éclairage public"
    assert [p.id for p in marche.pieces] == [130]
    assert (marche.nb_pieces, marche.somme) == (2, 180_420 - 150_350)


def test_a_piece_says_the_flow_it_came_by_and_the_files_still_there(
    lecture: Reading, archive: Archive
) -> None:
    provenance = get_piece(lecture, 127, clearance=archive.clearance()).provenance
    assert (provenance.nom_fic, provenance.ligne_xml) == ("FLUX2", 167)
    assert provenance.fichiers == ("flux_2022.xml",)


def test_a_reserved_piece_is_only_said_to_be_there(lecture: Reading, archive: Archive) -> None:
    bordereau = get_bordereau(lecture, 12, clearance=archive.clearance())
    assert bordereau.reserve
    assert [p.id for p in bordereau.pieces.items] == [127]
    # What is declared less what is shown would say how many and how much.
    assert (bordereau.nb_declare, bordereau.ht_declare, bordereau.cumul_annuel) == (None,) * 3
    assert bordereau.avertissements == ()


def test_a_granted_domaine_shows_the_whole_bordereau_and_checks_it(
    lecture: Reading, archive: Archive
) -> None:
    bordereau = get_bordereau(lecture, 12, clearance=archive.clearance(Domaine.PAIE))
    assert not bordereau.reserve
    assert (bordereau.nb_declare, bordereau.nb_lu) == (2, 2)
    assert bordereau.avertissements == (
        "Le bordereau déclare 3\u202f000,00\u00a0€ HT, ses pièces font 1\u202f513,50\u00a0€.",
    )


def test_a_bordereau_of_reserved_pieces_alone_shows_none(
    lecture: Reading, archive: Archive
) -> None:
    bordereau = get_bordereau(lecture, 13, clearance=archive.clearance())
    assert bordereau.reserve
    assert bordereau.pieces.items == ()
    assert bordereau.nb_lu == 0


def test_an_annulation_agrees_with_its_unsigned_bordereau(
    lecture: Reading, archive: Archive
) -> None:
    bordereau = get_bordereau(lecture, 14, clearance=archive.clearance())
    assert bordereau.ht_lu == -150_350
    assert bordereau.avertissements == ()


@pytest.mark.parametrize("bordereau_id", [16, 17, 999])
def test_a_bordereau_of_an_open_exercice_or_of_others_does_not_exist(
    lecture: Reading, archive: Archive, bordereau_id: int
) -> None:
    with pytest.raises(NotFound):
        get_bordereau(lecture, bordereau_id, clearance=archive.clearance())


def test_a_bordereau_shows_its_sendings(lecture: Reading, archive: Archive) -> None:
    versions = get_bordereau(lecture, 12, clearance=archive.clearance()).versions
    assert [(v.id, v.version, v.ht) for v in versions] == [(11, 1, 90_000), (12, 2, 150_350)]
