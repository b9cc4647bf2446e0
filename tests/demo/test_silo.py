"""A silo of two hundred pieces says the truth about itself, and holds every kind of thing."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from orc.demo.grille import TRIPLETS_DEPENSE, TRIPLETS_RECETTE
from orc.demo.silo import make_silo
from orc.errors import Invalid
from tests.demo.lecture import read_cents, read_roots, read_v

PIECES = 200
_RACINE = "{http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/"
_SCHEMAS = {
    f"{_RACINE}aller}}PES_Aller": "Rev0/PES_Aller.xsd",
    f"{_RACINE}retour}}PES_Retour": "RETOUR/Rev0/PES_Retour.xsd",
    f"{_RACINE}retour/v2}}PES_ACQUIT": "Rev0/PES_V2_Acquit_Autonome_V2.xsd",
    f"{_RACINE}retour}}PES_ACQUIT": "Rev0/PES_V2_Acquit_Autonome.xsd",
    f"{_RACINE}aller/ack}}PES_ACQUIT_RETOUR": "RETOUR/Rev0/PES_V2_Acquit_Retour.xsd",
}


def _digest(dossier: Path) -> dict[str, str]:
    return {
        p.relative_to(dossier).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(dossier.rglob("*"))
        if p.is_file()
    }


def test_the_same_seed_makes_the_same_bytes(silo: Path, tmp_path: Path) -> None:
    make_silo(tmp_path, pieces=PIECES)
    assert _digest(tmp_path) == _digest(silo)


def test_another_seed_makes_another_silo(silo: Path, tmp_path: Path) -> None:
    make_silo(tmp_path, pieces=PIECES, seed=7)
    assert not set(_digest(tmp_path).values()) <= set(_digest(silo).values())


@pytest.mark.parametrize("pieces", [0, 199, 1_000_001])
def test_a_silo_too_small_or_too_large_is_refused(tmp_path: Path, pieces: int) -> None:
    with pytest.raises(Invalid, match="de 200 à 1000000"):
        make_silo(tmp_path, pieces=pieces)


def test_progress_ends_at_the_number_asked(tmp_path: Path) -> None:
    pas: list[tuple[int, int]] = []
    make_silo(tmp_path, pieces=PIECES, progress=lambda fait, total: pas.append((fait, total)))
    assert pas[-1] == (PIECES, PIECES)
    assert [fait for fait, _ in pas] == sorted(fait for fait, _ in pas)


def test_every_flow_is_valid_save_those_listed(
    silo: Path, manifeste: dict[str, Any], shared: Path
) -> None:
    racine = shared / "pes/xsd/v5.17/PES_V2"
    schemas = {tag: etree.XMLSchema(etree.parse(racine / xsd)) for tag, xsd in _SCHEMAS.items()}
    tenus_a_part = {*manifeste["hors_schema"]}
    vus: Counter[str] = Counter()
    for nom, root in read_roots(silo, manifeste):
        if nom.split("!")[0] not in tenus_a_part:
            schema = schemas[str(root.tag)]
            assert schema.validate(root), f"{nom}: {schema.error_log.last_error}"
            vus[str(root.tag)] += 1
    assert set(vus) == set(_SCHEMAS)


def test_the_totals_of_the_manifest_are_those_of_the_flows(
    silo: Path, manifeste: dict[str, Any]
) -> None:
    pieces: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for _, root in read_roots(silo, manifeste):
        tete = tuple(read_v(root, f"EnTetePES/{n}") for n in ("IdColl", "CodCol", "CodBud"))
        for sens, nom in (("depense", "Depense"), ("recette", "Recette")):
            for bord in root.iterfind(f"PES_{nom}Aller/Bordereau"):
                cle = (*tete, read_v(bord, "BlocBordereau/Exer"), sens)
                num = (read_v(bord, "BlocBordereau/TypBord"), read_v(bord, "BlocBordereau/IdBord"))
                signe = -1 if num[0] == "02" else 1
                for piece in bord.iterfind("Piece"):
                    ht = sum(read_cents(x, ".//MtHT") for x in piece.iterfind("LigneDePiece"))
                    tva = sum(read_cents(x, ".//MtTVA") for x in piece.iterfind("LigneDePiece"))
                    idpce = read_v(piece, "BlocPiece//IdPce")
                    lignes = len(piece.findall("LigneDePiece"))
                    pieces[(*cle, *num, idpce)] = (signe * ht, signe * tva, lignes)
    lus: dict[tuple[str, ...], list[int]] = {}
    for cle_piece, (ht, tva, lignes) in pieces.items():
        somme = lus.setdefault(cle_piece[:5], [0, 0, 0, 0])
        for rang, valeur in enumerate((1, lignes, ht, tva)):
            somme[rang] += valeur
    dits = {
        (t["siret"], t["codcol"], t["codbud"], str(t["exercice"]), t["sens"]): [
            t["pieces"], t["lignes"], t["ht"], t["tva"]
        ]
        for t in manifeste["totaux"]
    }  # fmt: skip
    assert lus == dits
    assert sum(total[0] for total in dits.values()) == PIECES


def test_bordereaux_add_up_to_their_pieces(silo: Path, manifeste: dict[str, Any]) -> None:
    vus = 0
    for nom, root in read_roots(silo, manifeste):
        for bord in [*root.iterfind("PES_DepenseAller/Bordereau"),
                     *root.iterfind("PES_RecetteAller/Bordereau")]:  # fmt: skip
            bloc = bord.find("BlocBordereau")
            ht = read_cents(bloc, "MtBordHT") or read_cents(bloc, "MtBordHt")
            assert ht == sum(read_cents(x, ".//MtHT") for x in bord.iter("LigneDePiece")), nom
            tva = sum(read_cents(x, ".//MtTVA") for x in bord.iter("LigneDePiece"))
            assert read_cents(bloc, "MtBordTVA") == tva, nom
            assert int(read_v(bloc, "NbrPce")) == len(bord.findall("Piece")), nom
            vus += 1
    assert vus > 40


def test_every_triplet_of_the_norm_is_there(silo: Path, manifeste: dict[str, Any]) -> None:
    vus: dict[str, set[tuple[str, str, str]]] = {"Depense": set(), "Recette": set()}
    for _, root in read_roots(silo, manifeste):
        for nom, triplets in vus.items():
            for bord in root.iterfind(f"PES_{nom}Aller/Bordereau"):
                typ = read_v(bord, "BlocBordereau/TypBord")
                triplets.update(
                    (typ, read_v(p, "BlocPiece//TypPce"), read_v(p, "BlocPiece//NatPce"))
                    for p in bord.iterfind("Piece")
                )
    assert set(TRIPLETS_DEPENSE) <= vus["Depense"]
    assert set(TRIPLETS_RECETTE) <= vus["Recette"]
