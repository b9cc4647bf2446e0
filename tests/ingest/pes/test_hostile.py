"""Files made to hurt: refused or cut short with a reason, in bounded time and memory."""

import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orc.ingest.pes.flux import read_flux
from orc.ingest.pes.limits import FluxIllisible, Limits
from orc.ingest.pes.schemas import validate_flux
from orc.ingest.pes.values import Anomalie, Bordereau, Entete, Piece, PieceJustificative
from orc.ingest.pes.values_retour import Element, FinFlux
from orc.silo.payload import EtatContenu

Read = Callable[..., list[Element]]
Make = Callable[..., str]

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY a{n} "{"&a" + str(n - 1) + ";" if n > 1 else "&a;"}">' for n in range(1, 9)
    )
    + "]><PES_Aller>&a8;</PES_Aller>"
)


def anomalies(elements: list[Element]) -> dict[str, Anomalie]:
    return {element.code: element for element in elements if isinstance(element, Anomalie)}


def end(elements: list[Element]) -> FinFlux:
    last = elements[-1]
    assert isinstance(last, FinFlux)
    return last


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"Faux fichier", "XML"),
        (b"%PDF-1.4", "XML"),
        (b"<html><body/></html>", "racine"),
        (b"<", "tronqu"),
        (b"<?xml version='1.0'?>", "tronqu"),
        (b"\xff\xfe<\0?\0x\0", "UTF-16"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>".encode("utf-16"), "UTF-16"),
        ("<PES_Aller/>".encode("utf-16-le"), "UTF-16"),
        (b"\0" * 5000, "XML"),
        (b" " * 200_000, "XML"),
        (b"<n:PES_Aller><Enveloppe><Parametres>", "en-t"),
        (BOMB.encode(), "DTD"),
        (b"<!DOCTYPE PES_Aller SYSTEM 'http://ailleurs/x.dtd'><PES_Aller/>", "DTD"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "DTD"),
    ],
)
def test_what_is_no_flow_is_refused_with_its_reason_and_place(
    read: Read, octets: bytes, said: str
) -> None:
    with pytest.raises(FluxIllisible, match=said):
        read(octets)


def test_the_validation_does_not_open_an_entity_bomb_either(tmp_path: Path) -> None:
    path = tmp_path / "bombe.xml"
    path.write_text(BOMB, encoding="utf-8")
    (anomalie,) = validate_flux(path, tmp_path)
    assert anomalie.code == "xsd_non_valide"


def test_an_undefined_entity_ends_the_reading_and_keeps_what_came_before(
    read: Read, make_flux: Make
) -> None:
    elements = read(make_flux(fin="<Autre>&inconnue;</Autre>"))
    assert anomalies(elements)["xml_invalide"].ligne == 1
    assert any(isinstance(element, Piece) for element in elements)
    assert not end(elements).complet


def test_a_depth_of_100_000_is_cut_short(read: Read, make_flux: Make) -> None:
    for deep in ("<a>" * 100_000, "<PES_Marche>" + "<Marches>" * 100_000):
        elements = read(make_flux(fin=deep))
        assert "xml_trop_profond" in anomalies(elements)
        assert any(isinstance(element, Piece) for element in elements)
    inside = make_flux(pieces="<Piece>" + "<x>" * 100_000)
    assert "xml_trop_profond" in anomalies(read(inside))


def test_200_mb_of_nothing_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rien.xml"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    start = time.perf_counter()
    with pytest.raises(FluxIllisible):
        list(read_flux(path))
    assert time.perf_counter() - start < 1


def test_200_mb_of_nothing_inside_a_fichier_are_a_pj_too_large(
    tmp_path: Path, make_flux: Make, make_pj: Make
) -> None:
    text = make_flux(pjs=make_pj(texte="@@") + make_pj(ident="PJ2")).encode()
    head, tail = text.split(b"@@")
    path = tmp_path / "rien.xml"
    with path.open("wb") as file:
        file.write(head)
        file.seek(200_000_000)
        file.write(tail)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = Limits(contenu=50_000_000)
    elements = list(read_flux(path, limits=limits))
    first, second = [e for e in elements if isinstance(e, PieceJustificative)]
    assert first.etat is EtatContenu.TROP_GRAND
    assert first.longueur == 200_000_000 - len(head)
    assert second.etat is EtatContenu.OK
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_giant_tag_or_comment_is_cut_short(tmp_path: Path, make_flux: Make) -> None:
    for hole in (b'<Autre V="' + b"x" * 30_000_000, b"<!--" + b"<Fichier>" * 3_000_000):
        path = tmp_path / "geant.xml"
        path.write_bytes(make_flux(fin="@@").encode().replace(b"@@", hole))
        start = time.perf_counter()
        elements = list(read_flux(path))
        assert time.perf_counter() - start < 10
        assert "balise_trop_longue" in anomalies(elements)
        assert any(isinstance(element, Piece) for element in elements)


def test_a_long_value_is_cut_and_said(read: Read, make_flux: Make) -> None:
    elements = read(make_flux().replace("Électricité de l’école", "x" * 100_000))
    assert anomalies(elements)["valeur_trop_longue"].gravite == "erreur"
    assert [len(e.objet) for e in elements if isinstance(e, Piece)] == [16_000]


def test_a_long_text_is_cut_and_said(read: Read, make_flux: Make) -> None:
    text = make_flux().replace('<Obj V="Électricité de l’école"/>', f"<Obj>{'x' * 300_000}</Obj>")
    elements = read(text)
    assert "valeur_trop_longue" in anomalies(elements)
    assert [len(e.objet) for e in elements if isinstance(e, Piece)] == [16_000]


def test_a_block_of_too_many_elements_is_cut_and_said(read: Read, make_flux: Make) -> None:
    text = make_flux().replace("<InfoPce>", "<InfoPce>" + "<x/>" * 3_000)
    elements = read(text, Limits(noeuds=2_000))
    assert "bloc_trop_grand" in anomalies(elements)
    assert end(elements).complet


def test_a_piece_may_have_more_lines_than_a_block_has_elements(read: Read, make_flux: Make) -> None:
    text = make_flux()
    start, stop = text.index("<LigneDePiece>"), text.index("</LigneDePiece>") + 15
    many = text[:start] + text[start:stop] * 500 + text[stop:]
    elements = read(many, Limits(noeuds=100, lignes=400))
    (piece,) = [e for e in elements if isinstance(e, Piece)]
    assert len(piece.lignes) == 400
    assert "trop_de_lignes" in anomalies(elements)
    assert "bloc_trop_grand" not in anomalies(elements)


def test_a_piece_of_too_many_elements_keeps_its_lines(read: Read, make_flux: Make) -> None:
    text = make_flux().replace("</InfoPce>", "<PJRef/>" * 3_000 + "</InfoPce>")
    elements = read(text, Limits(noeuds=2_000))
    (piece,) = [e for e in elements if isinstance(e, Piece)]
    assert piece.lignes
    assert "bloc_trop_grand" in anomalies(elements)


def test_numbers_beyond_measure_are_cut_or_left_out_and_said(read: Read, make_flux: Make) -> None:
    text = make_flux().replace('<MtHT V="', '<MtHT V="9999999999999')
    text = re.sub(r'IdBord V="\d+"', f'IdBord V="{"8" * 10_000}"', text)
    elements = read(text)
    assert {"montant_illisible", "numero_trop_long"} <= set(anomalies(elements))
    (bordereau,) = [e for e in elements if isinstance(e, Bordereau)]
    assert bordereau.numero == "8" * 60


def test_anomalies_are_bounded_and_the_rest_is_counted(read: Read, make_flux: Make) -> None:
    text = make_flux()
    start, stop = text.index("<LigneDePiece>"), text.index("</LigneDePiece>") + 15
    bad = text[start:stop].replace("100.00", "cent")
    elements = read(text[:start] + bad * 300 + text[stop:], Limits(anomalies=50))
    found = [e for e in elements if isinstance(e, Anomalie)]
    assert len(found) == 51
    assert found[-1].code == "anomalies_tues"
    assert "251" in found[-1].message
    assert end(elements).nb_anomalies == 301


def test_a_gzip_bomb_inside_a_pj_is_a_state(read: Read, make_flux: Make, make_pj: Make) -> None:
    bomb = make_pj(octets=b"\0" * 20_000_000)
    elements = read(make_flux(pjs=bomb), Limits(contenu=1_000_000))
    (pj,) = [e for e in elements if isinstance(e, PieceJustificative)]
    assert pj.etat is EtatContenu.TROP_GRAND


def test_a_path_in_a_name_is_only_text(read: Read, make_flux: Make, make_pj: Make) -> None:
    elements = read(make_flux(pjs=make_pj(nom="../../etc/passwd")))
    assert [e.nom for e in elements if isinstance(e, PieceJustificative)] == ["../../etc/passwd"]


def test_many_names_and_many_false_fichiers_stay_linear(tmp_path: Path, make_flux: Make) -> None:
    noise = "".join(f"<a{n}/>" for n in range(20_000)) + "<Fichier>x</Fichier>" * 20_000
    path = tmp_path / "bruit.xml"
    path.write_text(make_flux(fin=f"<Autre>{noise}</Autre>"), encoding="utf-8")
    start = time.perf_counter()
    elements = list(read_flux(path))
    assert time.perf_counter() - start < 10
    assert end(elements).complet
    assert isinstance(elements[0], Entete)
