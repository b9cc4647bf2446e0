"""Bordereaux written as PES: dépense and recette say the same things under different names."""

from __future__ import annotations

import datetime as dt

from orc.demo.montants import format_flux
from orc.demo.valeurs import Bordereau, Ligne, Piece
from orc.demo.xml_pes import (
    amounts,
    liens,
    option,
    rattachement,
    references,
    tag,
    tiers_block,
)


def _ligne_depense(rang: int, ligne: Ligne) -> str:
    info = (
        f'<IdLigne V="{rang}"/>\n<Nature V="{ligne.compte}"/>\n'
        + option("Fonction", ligne.fonction)
        + option("Operation", ligne.operation) + option("Facture", ligne.facture[:20])
        + option("LibVir1", ligne.libelle[:70]) + option("ModRegl", ligne.mode)
        + '<TVAIntraCom V="0"/>\n' + amounts(ligne) + references(ligne.refs)
    )  # fmt: skip
    return (
        f"<LigneDePiece>\n<BlocLignePiece>\n<InfoLignePce>\n{info}</InfoLignePce>\n"
        f"{rattachement(ligne)}{liens(ligne)}</BlocLignePiece>\n{tiers_block(ligne.tiers)}"
        "</LigneDePiece>\n"
    )


def _dgp(reception: dt.date | None) -> str:
    if reception is None:
        return ""
    fin = reception + dt.timedelta(days=30)
    return (
        '<DGP>\n<Dgp V="1"/>\n' + tag("DteDebDgp", reception) + tag("DteFinDgp", fin)
        + '<DureeDgp V="30"/>\n<CodIntMor V="02"/>\n</DGP>\n'
    )  # fmt: skip


def _piece_depense(piece: Piece) -> str:
    info = (
        f'<IdPce V="{piece.numero}"/>\n<TypPce V="{piece.typ}"/>\n<NatPce V="{piece.nat}"/>\n'
        + option("Obj", piece.objet[:100]) + option("DteEch", piece.echeance)
        + references(piece.refs) + option("PJ", piece.pj_libre)
    )  # fmt: skip
    lignes = "".join(_ligne_depense(i, ligne) for i, ligne in enumerate(piece.lignes, 1))
    return (
        f"<Piece>\n<BlocPiece>\n<InfoPce>\n{info}</InfoPce>\n{_dgp(piece.dgp)}</BlocPiece>\n"
        f"{lignes}</Piece>\n"
    )


def _ligne_recette(rang: int, ligne: Ligne, piece: Piece) -> str:
    info = (
        f'<IdLigne V="{rang}"/>\n' + option("ObjLignePce", ligne.libelle[:160])
        + tag("CodProdLoc", ligne.produit or "DIV") + f'<Nature V="{ligne.compte}"/>\n'
        + option("Fonction", ligne.fonction) + '<Majo V="0"/>\n<TvaIntraCom V="0"/>\n'
        + amounts(ligne) + references(ligne.refs)
    )  # fmt: skip
    typ = "01" if piece.typ != "02" else "10"
    return (
        f"<LigneDePiece>\n<BlocLignePiece>\n<InfoLignePiece>\n{info}</InfoLignePiece>\n"
        f"{rattachement(ligne)}{liens(ligne)}</BlocLignePiece>\n{tiers_block(ligne.tiers, typ)}"
        "</LigneDePiece>\n"
    )


def _piece_recette(piece: Piece) -> str:
    info = (
        f'<IdPce V="{piece.numero}"/>\n<TypPce V="{piece.typ}"/>\n<NatPce V="{piece.nat}"/>\n'
        + option("Edition", piece.asap) + option("ObjPce", piece.objet[:160])
        + references(piece.refs)
    )  # fmt: skip
    lignes = "".join(_ligne_recette(i, ligne, piece) for i, ligne in enumerate(piece.lignes, 1))
    return f"<Piece>\n<BlocPiece>\n{info}</BlocPiece>\n{lignes}</Piece>\n"


def write_bordereau(bordereau: Bordereau, sens: str) -> str:
    """One Bordereau, `sens` being `depense` or `recette`."""
    ht = sum(piece.ht for piece in bordereau.pieces)
    tva = sum(piece.tva for piece in bordereau.pieces)
    depense = sens == "depense"
    bloc = (
        tag("Exer", bordereau.exercice) + tag("IdBord", bordereau.numero)
        + tag("DteBordEm", bordereau.date) + tag("TypBord", bordereau.typ)
        + tag("NbrPce", len(bordereau.pieces))
        + (tag("MtCumulAnnuel", format_flux(bordereau.cumul)) if bordereau.cumul else "")
        + tag("MtBordHT" if depense else "MtBordHt", format_flux(ht))
        + (tag("MtBordTVA", format_flux(tva)) if tva else "")
        + (option("Objet", bordereau.objet) if not depense else "")
    )  # fmt: skip
    ecrire = _piece_depense if depense else _piece_recette
    pieces = "".join(ecrire(piece) for piece in bordereau.pieces)
    return f"<Bordereau>\n<BlocBordereau>\n{bloc}</BlocBordereau>\n{pieces}</Bordereau>\n"


def open_domaine(sens: str) -> str:
    """The domain block and its header, up to the bordereaux."""
    nom = sens.capitalize()
    return (
        f'<PES_{nom}Aller>\n<EnTete{nom}>\n<IdVer V="2"/>\n<InfoDematerialisee V="0"/>\n'
        f"</EnTete{nom}>\n"
    )


def close_domaine(sens: str) -> str:
    """The end of the domain block."""
    return f"</PES_{sens.capitalize()}Aller>\n"
