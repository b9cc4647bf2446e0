"""PES_Retour: what the comptable did of each mandat and titre, and how it was paid."""

from __future__ import annotations

import datetime as dt

from orc.demo.alea import Alea, make_alea
from orc.demo.cellule import DEPENSE, Cellule
from orc.demo.montants import format_flux, share
from orc.demo.valeurs import Bordereau, Flux, Ligne, Piece
from orc.demo.xml_pes import close_root, entete, enveloppe, open_root, tag

_SORTS = ("paye",) * 84 + ("paye_plusieurs",) * 6 + ("pec",) * 4 + ("instance",) * 3 + (
    "rejete",) * 3  # fmt: skip
# (EtatPce, EtatLigPce) of dépense by fate; the rest are pieces settled without a payment.
_ETATS = {"pec": ("02", "01"), "instance": ("01", "16"), "rejete": ("04", "09"),
          "renvoye": ("04", "09")}  # fmt: skip
REJETS = ("rejete", "renvoye")


def draw_sorts(c: Cellule, bordereaux: list[Bordereau]) -> None:
    """Give each piece that has none its fate."""
    for bordereau in bordereaux:
        for piece in bordereau.pieces:
            if piece.typ == "03" or (piece.lignes[0].mode == "08" and c.sens == DEPENSE):
                piece.sort = piece.sort or "pec"
            elif piece.typ_bord == "02":
                piece.sort = "solde"
            piece.sort = piece.sort or c.alea.choice(_SORTS)


def _emargements(
    ligne: Ligne, sort: str, jour: dt.date, alea: Alea
) -> list[tuple[str, dt.date, int]]:
    """(OrgEma, day, cents) of a line; they add up to HT + TVA once it is settled."""
    total, delai = ligne.ht + ligne.tva, dt.timedelta(days=alea.randint(12, 27))
    if sort in {"pec", "instance", "rejete", "renvoye"} or total == 0:
        return []
    if sort == "paye_plusieurs" and total > 3:
        parts = share(total, alea.randint(2, 3))
        return [("01", jour + delai * (i + 1), part) for i, part in enumerate(parts)]
    if sort == "annule_apres":
        return [("07", jour + delai, total)]
    if sort == "solde":
        return [("08", jour + delai, total)]
    if sort in {"cession", "emargement"} and total > 1:
        autre = "04" if sort == "cession" else "10"
        return [("01", jour + delai, total - total // 3), (autre, jour + delai, total // 3)]
    return [("01", jour + delai, total)]


def _ligne_depense(rang: int, ligne: Ligne, piece: Piece, jour: dt.date, alea: Alea) -> str:
    sort = piece.sort
    emargements = _emargements(ligne, sort, jour, alea)
    total = sum(mt for _, _, mt in emargements)
    info = (
        f'<IdLigne V="{rang}"/>\n<EtatLigPce V="{_ETATS.get(sort, ("05", "08"))[1]}"/>\n'
        f'<MtHT V="{format_flux(ligne.ht)}"/>\n'
        + (f'<MtTVA V="{format_flux(ligne.tva)}"/>\n' if ligne.tva else "")
        + f'<CessOpp V="{"02" if sort == "cession" else "01"}"/>\n'
    )  # fmt: skip
    paiement = "" if sort in REJETS else (
        f'<InfoPaiement>\n<NbrPay V="{len(emargements)}"/>\n<MtPayTot V="{format_flux(total)}"/>\n'
        "</InfoPaiement>\n"
    )  # fmt: skip
    details = "".join(
        f'<PaiementEmargement>\n<OrgEma V="{org}"/>\n<DtePay V="{quand}"/>\n'
        f'<MtPay V="{format_flux(mt)}"/>\n</PaiementEmargement>\n'
        for org, quand, mt in emargements
    )
    return (
        f"<LigneDePiece>\n<BlocLignePiece>\n<InfoLignePiece>\n{info}</InfoLignePiece>\n{paiement}"
        f"</BlocLignePiece>\n{details}</LigneDePiece>\n"
    )


def _dates(piece: Piece, jour: dt.date) -> tuple[str, str]:
    """What stands before EtatPce (DtePcePec) and after it (motive, rejection, pending)."""
    visa = jour + dt.timedelta(days=6)
    if piece.sort in REJETS:
        motif = "Absence ou insuffisance des pièces justificatives"
        return "", tag("ObsEtat", "02") + tag("Commentaire", motif) + tag("DtePceRej", visa)
    if piece.sort == "instance":
        return "", tag("ObsEtat", "09") + tag("DtePceInst", visa)
    if piece.sort == "annule_apres":
        return tag("DtePcePec", visa), tag("DtePceRej", visa + dt.timedelta(days=40))
    return tag("DtePcePec", visa), ""


def _piece_depense(piece: Piece, jour: dt.date, alea: Alea) -> str:
    avant, apres = _dates(piece, jour)
    etat = _ETATS.get(piece.sort, ("05", ""))[0]
    info = (
        f'<IdPce V="{piece.numero}"/>\n<TypPce V="{piece.typ}"/>\n<NatPce V="{piece.nat}"/>\n'
        + tag("Obj", piece.objet[:100]) + avant + tag("EtatPce", etat) + apres
    )  # fmt: skip
    lignes = "".join(
        _ligne_depense(i, ligne, piece, jour, alea) for i, ligne in enumerate(piece.lignes, 1)
    )
    return f"<Piece>\n<InfoPiece>\n{info}</InfoPiece>\n{lignes}</Piece>\n"


def _piece_recette(piece: Piece, jour: dt.date, alea: Alea) -> str:
    avant, apres = _dates(piece, jour)
    etat = {"instance": "01", "rejete": "04"}.get(piece.sort, "02")
    info = (
        f'<IdPce V="{piece.numero}"/>\n<TypPce V="{piece.typ}"/>\n<NatPce V="{piece.nat}"/>\n'
        + tag("Obj", piece.objet[:160]) + avant + tag("EtatPce", etat) + apres
    )  # fmt: skip
    lignes = []
    for rang, ligne in enumerate(piece.lignes, 1):
        encaisses = [] if piece.sort == "solde" else _emargements(ligne, piece.sort, jour, alea)
        total = sum(mt for _, _, mt in encaisses)
        solde = {"rejete": "01", "instance": "03"}.get(piece.sort, "05" if encaisses else "04")
        reco = "".join(
            f'<EncaissementEmargement>\n<OrgEma V="{alea.choice(("02", "03", "10"))}"/>\n'
            f'<DteReco V="{quand}"/>\n<MtReco V="{format_flux(mt)}"/>\n</EncaissementEmargement>\n'
            for _, quand, mt in encaisses
        )
        lignes.append(
            f'<LigneDePiece>\n<BlocLignePiece>\n<InfoLignePiece>\n<IdLigne V="{rang}"/>\n'
            f'<EtatLigPce V="{solde}"/>\n<MtHT V="{format_flux(ligne.ht)}"/>\n'
            + (f'<MtTVA V="{format_flux(ligne.tva)}"/>\n' if ligne.tva else "")
            + f'</InfoLignePiece>\n<InfoRecouvrement>\n<NbrReco V="{len(encaisses)}"/>\n'
            f'<MtRecoTot V="{format_flux(total)}"/>\n</InfoRecouvrement>\n</BlocLignePiece>\n'
            f"{reco}</LigneDePiece>\n"
        )
    return f"<Piece>\n<BlocPiece>\n{info}</BlocPiece>\n{''.join(lignes)}</Piece>\n"


def name_retour(c: Cellule, flux: Flux, lettres: str) -> str:
    """NomFic of a retour: nature, codes, codique, dates."""
    b, genre = c.budget, "DEP" if c.sens == DEPENSE else "REC"
    jour = flux.date + dt.timedelta(days=90)
    return (
        f"PES2R_{genre}_{lettres}_{b.codcol}_{b.codbud}_{b.poste.codique}_{jour:%Y%m%d}_"
        f"{jour:%Y%m%d}_{flux.nom[-6:]}.xml"
    )


def make_retour(c: Cellule, flux: Flux, *, rejets: bool, nom: str) -> bytes | None:
    """The retour of a flow: its rejections (TypRestit 01), or all the rest (02). None if empty."""
    alea, sens = make_alea(c.seed, "retour", flux.nom), c.sens.capitalize()
    ecrire = _piece_depense if c.sens == DEPENSE else _piece_recette
    blocs = []
    for b in flux.bordereaux:
        pieces = [p for p in b.pieces if (p.sort in REJETS) == rejets and p.sort != "acquit_ko"]
        if pieces:
            corps = "".join(ecrire(p, b.date, alea) for p in pieces)
            tete = tag("Exer", b.exercice) + tag("IdBord", b.numero) + tag("TypBord", b.typ)
            blocs.append(
                f"<Bordereau>\n<BlocBordereau>\n{tete}</BlocBordereau>\n{corps}</Bordereau>\n"
            )
    if not blocs:
        return None
    restitution = "01" if rejets else "02"
    texte = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + open_root("PES_Retour", "retour", "n")
        + enveloppe(f"PES2R_{nom[6:9]}", nom, "HELIOS", "Restitution 5")
        + entete(c.budget, flux.date + dt.timedelta(days=90), "CodColl")
        + f'<PES_{sens}Retour>\n<EnTete{sens}>\n<TypRestit V="{restitution}"/>\n<IdVer V="2"/>\n'
        + f'<NatInf V="2"/>\n</EnTete{sens}>\n' + "".join(blocs) + f"</PES_{sens}Retour>\n"
        + close_root("PES_Retour", "n")
    )  # fmt: skip
    return texte.encode("iso-8859-1", "xmlcharrefreplace")


def _piece_v20(piece: Piece, jour: dt.date) -> str:
    visa = jour + dt.timedelta(days=6)
    lignes = "".join(
        f"<LigneDePiece>\n<BlocLignePiece>\n<InfoLignePiece>\n{tag('IdLigne', rang)}"
        f"{tag('CodProdLoc', ligne.produit)}{tag('Nature', ligne.compte)}"
        f"{tag('MtHT', format_flux(ligne.ht))}{tag('MtTVA', format_flux(ligne.tva))}"
        '</InfoLignePiece>\n<InfoRecouvrement>\n<NbrReco V="1"/>\n'
        f"{tag('MtRecoTot', format_flux(ligne.ht + ligne.tva))}</InfoRecouvrement>\n"
        '</BlocLignePiece>\n<Recouvrement>\n<TypFlux V="01"/>\n<ModRegl V="03"/>\n'
        f"{tag('DteReco', visa)}{tag('IdEncaissement', piece.numero)}"
        f"{tag('MtReco', format_flux(ligne.ht + ligne.tva))}</Recouvrement>\n</LigneDePiece>\n"
        for rang, ligne in enumerate(piece.lignes, 1)
    )
    return (
        "<Piece>\n<BlocPiece>\n" + tag("IdPce", piece.numero) + tag("TypPce", piece.typ)
        + tag("NatPce", piece.nat) + tag("ObjPce", piece.objet) + tag("EtatPce", "05")
        + tag("DtePcePec", visa) + f"</BlocPiece>\n{lignes}</Piece>\n"
    )  # fmt: skip


def make_retour_v20(c: Cellule, flux: Flux, nom: str) -> bytes:
    """The same titres in the form of 2009 (V2.0): Recouvrement, CodCol, MtBordHt, EtatPce 05."""
    blocs = "".join(
        "<Bordereau>\n<BlocBordereau>\n" + tag("Exer", b.exercice) + tag("IdBord", b.numero)
        + tag("DteBordEm", b.date) + tag("TypBord", b.typ) + tag("NbrPce", len(b.pieces))
        + tag("MtBordHt", format_flux(sum(p.ht for p in b.pieces))) + "</BlocBordereau>\n"
        + "".join(_piece_v20(p, b.date) for p in b.pieces) + "</Bordereau>\n"
        for b in flux.bordereaux
    )  # fmt: skip
    texte = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + open_root("PES_Retour", "retour", "n")
        + enveloppe("PESRETOUR_REC", nom, "HELIOS", "Restitution 2.0")
        + entete(c.budget, flux.date + dt.timedelta(days=90))
        + '<PES_RecetteRetour>\n<EnTeteRecette>\n<IdVer V="2"/>\n<NatInf V="2"/>\n'
        + "</EnTeteRecette>\n"
        + blocs + "</PES_RecetteRetour>\n" + close_root("PES_Retour", "n")
    )  # fmt: skip
    return texte.encode("iso-8859-1", "xmlcharrefreplace")
