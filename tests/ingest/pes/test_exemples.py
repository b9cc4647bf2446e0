"""The real flows of the reference folder are read whole, to the exact count."""

import hashlib
from pathlib import Path
from typing import TypeVar

import pytest

from orc.domain import Sens
from orc.ingest.pes.flux import read_flux
from orc.ingest.pes.limits import FluxIllisible
from orc.ingest.pes.schemas import validate_flux
from orc.ingest.pes.values import (
    Anomalie,
    Bordereau,
    Entete,
    FinBordereau,
    Forme,
    Marche,
    Piece,
    PieceJustificative,
)
from orc.ingest.pes.values_retour import (
    BordereauRetour,
    Element,
    ElementAcquit,
    ElementAcquitRetour,
    FinFlux,
    PieceRetour,
)
from orc.silo.payload import EtatContenu, read_contenu

T = TypeVar("T")
PDF = "aller_avec_pj/depense_1_pj_2_pj_ailleurs_utf8.xml"


@pytest.fixture(scope="session")
def exemples(shared: Path) -> Path:
    return shared / "pes/exemples"


def read(path: Path) -> list[Element]:
    return list(read_flux(path))


def only(elements: list[Element], kind: type[T]) -> list[T]:
    return [element for element in elements if isinstance(element, kind)]


def codes(elements: list[Element]) -> list[str]:
    return [anomalie.code for anomalie in only(elements, Anomalie)]


def test_the_big_recette_has_6_bordereaux_25_titres_786_lignes_and_adds_up(exemples: Path) -> None:
    elements = read(exemples / "aller/recette_6_bordereaux_25_titres_786_lignes.xml")
    bordereaux, fins = only(elements, Bordereau), only(elements, FinBordereau)
    pieces = only(elements, Piece)
    assert (len(bordereaux), len(pieces)) == (6, 25)
    assert sum(len(piece.lignes) for piece in pieces) == 786
    assert codes(elements) == []
    assert [b.montant_ht for b in bordereaux] == [f.montant_ht for f in fins]
    assert [b.nb_pieces for b in bordereaux] == [f.nb_pieces for f in fins]
    assert all(b.sens is Sens.RECETTE for b in bordereaux)
    assert all(ligne.tiers and ligne.compte for piece in pieces for ligne in piece.lignes)
    entete = only(elements, Entete)[0]
    assert (entete.cod_col, entete.forme) == ("011", Forme.ALLER)
    assert isinstance(elements[0], Entete)
    fin = elements[-1]
    assert isinstance(fin, FinFlux)
    assert (fin.complet, fin.nb_bordereaux, fin.nb_pieces, fin.nb_lignes) == (True, 6, 25, 786)


def test_the_real_pdf_is_found_by_its_byte_range_and_its_fingerprint(exemples: Path) -> None:
    path = exemples / PDF
    elements = read(path)
    (pj,) = only(elements, PieceJustificative)
    brut = path.read_bytes()[pj.offset : pj.offset + pj.longueur]
    contenu = read_contenu(brut)
    assert brut.startswith(b"H4sI")
    assert contenu.octets.startswith(b"%PDF-")
    assert contenu.etat is pj.etat is EtatContenu.OK
    assert contenu.sha256 == pj.sha256 == hashlib.sha256(contenu.octets).hexdigest()
    assert (pj.taille, pj.type_reel) == (len(contenu.octets), "application/pdf")
    assert pj.id_unique == "22610001400134DEP061202000202007270615150066TID0PO"
    assert codes(elements) == []


def test_the_mandat_of_the_real_pdf_cites_three_pj_of_which_one_on_its_line(exemples: Path) -> None:
    elements = read(exemples / PDF)
    (piece,) = only(elements, Piece)
    (pj,) = only(elements, PieceJustificative)
    assert [ref.niveau for ref in piece.pj_refs] == ["piece", "piece", "ligne"]
    assert piece.pj_refs[2].id_unique == pj.id_unique
    assert piece.pj_refs[2].numero_ligne == "1"
    assert (piece.numero, piece.montant_ttc, piece.carte_achat) == ("13712", 303_200, False)
    (ligne,) = piece.lignes
    (tiers,) = ligne.tiers
    assert (ligne.compte, ligne.mode_reglement) == ("6511211", "03")
    assert (tiers.nom, tiers.identifiant) == ("VITALLIANCE", "45105338300837")
    assert tiers.iban == "FR7630066109120002004070173"


def test_a_fichier_of_plain_text_is_kept_with_its_reason(exemples: Path) -> None:
    path = exemples / "aller_avec_pj/depense_pj_texte_brut_2mo_signe.xml"
    elements = read(path)
    plain, empty = only(elements, PieceJustificative)
    assert plain.etat is EtatContenu.PAS_BASE64
    assert plain.longueur == plain.taille > 1_900_000
    start = path.read_bytes()[plain.offset : plain.offset + 17]
    assert start == b"Ceci est un testC"
    assert empty.etat is EtatContenu.VIDE
    assert {"contenu_pas_base64", "contenu_vide", "pj_hors_bloc"} <= set(codes(elements))


def test_the_signature_of_a_bordereau_is_known_at_its_end(exemples: Path) -> None:
    elements = read(exemples / "aller_avec_pj/depense_pj_texte_brut_2mo_signe.xml")
    (fin,) = only(elements, FinBordereau)
    assert fin.signature is not None
    assert fin.signe
    assert fin.signature.date_signature == "2017-12-27T14:26:00Z"
    assert fin.signature.signataire == "LOPES_Celine"


def test_lines_after_a_payload_are_those_of_the_file(exemples: Path) -> None:
    path = exemples / "aller_avec_pj/depense_pj_texte_brut_2mo_signe.xml"
    stray = only(read(path), PieceJustificative)[1]
    lines = path.read_bytes().split(b"\n")
    assert b"<PJ>" in lines[stray.ligne_xml - 1]


def test_a_bordereau_that_does_not_add_up_is_said_so_with_its_line(exemples: Path) -> None:
    elements = read(exemples / "aller/depense_accents_latin1.xml")
    (anomalie,) = only(elements, Anomalie)
    assert anomalie.code == "montant_ht_different"
    assert "75\u202f724,75" in anomalie.message
    assert "39\u202f724,75" in anomalie.message
    assert anomalie.chemin == "/PES_Aller/PES_DepenseAller/Bordereau[1]/BlocBordereau/MtBordHT"
    assert anomalie.ligne > 0
    assert only(elements, Entete)[0].libelle_collectivite_budget == "Test é(-è_çà)="


def test_an_idpce_under_blocpiece_is_read_and_signalled(exemples: Path) -> None:
    elements = read(exemples / "aller/depense_idpce_sous_blocpiece.xml")
    (piece,) = only(elements, Piece)
    assert (piece.numero, piece.objet) == ("832", "TEST HOMOLOGATION")
    assert "info_hors_place" in codes(elements)


def test_a_mandat_on_a_marche_keeps_its_contract_and_its_payment_delay(exemples: Path) -> None:
    (piece,) = only(read(exemples / "aller/depense_mandat_sur_marche_dgp.xml"), Piece)
    assert piece.dgp is not None
    assert (str(piece.dgp.debut), str(piece.dgp.fin), piece.dgp.duree) == (
        "2015-09-10",
        "2015-10-10",
        30,
    )
    liens = piece.lignes[0].liens
    assert liens is not None
    assert liens.marche == "2015-15018D-00"


def test_a_paie_has_three_mandats_and_a_short_poste_is_padded(exemples: Path) -> None:
    elements = read(exemples / "aller/depense_paie_3_mandats.xml")
    assert [piece.nature_piece for piece in only(elements, Piece)] == ["11", "11", "11"]
    assert only(elements, Entete)[0].id_post == "006088"
    assert codes(elements) == []


def test_a_marche_of_the_2018_schema_keeps_its_parties_and_its_pj(exemples: Path) -> None:
    elements = read(exemples / "aller/marche_contrat_initial_utf8_bom.xml")
    (marche,) = only(elements, Marche)
    assert (marche.identifiant, marche.montant_ht) == ("20181234", 7_500_000)
    assert marche.objet == "Etude pour la création d'un logiciel de test pour l'aviation"
    roles = [acteur.role for acteur in marche.acteurs]
    assert roles == ["acheteur", "acheteur", "titulaire", "titulaire", "sous_traitant"]
    assert len(marche.pj_refs) == 4
    assert marche.pj_refs[0].id_unique == "20005376700014MCHCCAGAC20191234"


@pytest.mark.parametrize(
    ("name", "count", "refused"),
    [
        ("006111_190130123456-ACK-A3020100_A0000IDL_KO.xml", 2, 1),
        ("006111_190130123456-ACK-A3020100_A0000MIX_KO.xml", 4, 3),
        ("006111_190130123456-ACK-A3020100_A0000SDP_KO.xml", 5, 2),
        ("006111_190130123456-ACK-A3020100_A0000SEN_KO.xml", 3, 1),
        ("acquit_orphelin_5_elements.xml", 5, 0),
        ("acquit_v1_9_elements.xml", 9, 0),
        ("bordereau_ko_8_pj_ok.xml", 9, 1),
    ],
)
def test_every_element_of_an_acquit_has_its_own_state(
    exemples: Path, name: str, count: int, refused: int
) -> None:
    elements = read(exemples / "acquit" / name)
    acquits = only(elements, ElementAcquit)
    assert len(acquits) == count
    assert sum(acquit.ok is False for acquit in acquits) == refused
    entete = only(elements, Entete)[0]
    assert entete.version_acquit == (1 if "v1" in name else 2)


def test_errors_of_an_acquit_keep_their_piece_and_line(exemples: Path) -> None:
    name = "006111_190130123456-ACK-A3020100_A0000IDL_KO.xml"
    refused = only(read(exemples / "acquit" / name), ElementAcquit)[1]
    places = [(erreur.numero_piece, erreur.numero_ligne) for erreur in refused.erreurs]
    assert places == [("20", "1"), ("20", "2"), ("20", "3"), ("21", "1"), ("21", "2"), ("22", "1")]
    assert refused.erreurs[0].niveau == "ligne"
    assert refused.erreurs[0].libelle == "1971 - Compte fonction présent à tort"


def test_a_retour_in_the_form_of_2009_is_read(exemples: Path) -> None:
    elements = read(exemples / "retour/recette_forme_v2.0.xml")
    (bordereau,) = only(elements, BordereauRetour)
    first, second = only(elements, PieceRetour)
    assert (bordereau.numero, bordereau.montant_ht, bordereau.nb_pieces) == ("44", 1_111_907, 2)
    assert (first.etat, second.etat, first.forme_v20) == ("02", "05", True)
    assert str(first.date_instance) == "2006-01-13"
    ligne = first.lignes[0]
    assert [ema.montant for ema in ligne.emargements] == [156, 15_000]
    assert ligne.total_emargements == 15_156
    assert ligne.recouvrement is not None
    assert [acte.etape for acte in ligne.recouvrement.actes] == ["02", "05", "01"]
    suspended = second.lignes[0].recouvrement
    assert suspended is not None
    assert suspended.code_suspension == "01"


def test_a_retour_of_depense_in_the_v5_form_is_read(exemples: Path) -> None:
    elements = read(exemples / "retour/depense_etat_seul.xml")
    (piece,) = only(elements, PieceRetour)
    assert only(elements, Entete)[0].cod_col == "221"
    assert (piece.sens, piece.numero, piece.etat) == (Sens.DEPENSE, "832", "01")
    assert (piece.lignes[0].montant_ht, piece.lignes[0].motifs) == (3_972_475, ("12",))


def test_the_receipt_of_a_retour_is_read(exemples: Path) -> None:
    (element,) = only(read(exemples / "retour/acquit_retour.xml"), ElementAcquitRetour)
    assert element.nom_fichier_retour.startswith("PES2R_DEP_P_710_20_044090")
    assert (element.type_restitution, str(element.date_acquit)) == ("02", "2025-03-10")


def test_a_file_of_paie_is_not_a_flow(exemples: Path) -> None:
    with pytest.raises(FluxIllisible, match="DocumentPaye"):
        read(exemples / "paye/paye_1.2b.xhl")


def test_the_schema_flags_without_rejecting(exemples: Path, shared: Path) -> None:
    schemas = shared / "pes/xsd/v5.17"
    assert validate_flux(exemples / "aller/depense_accents_latin1.xml", schemas) == []
    assert validate_flux(exemples / "acquit/acquit_orphelin_5_elements.xml", schemas) == []
    old = exemples / "aller/recette_6_bordereaux_25_titres_786_lignes.xml"
    flags = validate_flux(old, schemas)
    assert len(flags) == 201
    assert flags[0].ligne > 0
    assert validate_flux(old, shared / "absent") == []
    assert validate_flux(old, None) == []
    assert len(only(read(old), Piece)) == 25
