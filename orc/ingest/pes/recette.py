"""Pieces of PES_RecetteAller: titres and their lines, under names of their own."""

from orc.domain import Sens
from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.tiers import read_liens, read_pj_refs, read_rattachement, read_tiers
from orc.ingest.pes.values import Ligne, Piece, PjRef, Prelevement, Recette

SENS = Sens.RECETTE


def read_titre(
    lecture: Lecture, bloc: Bloc, lignes: tuple[Ligne, ...], pj_refs: tuple[PjRef, ...], rang: int
) -> Piece:
    """Read a Piece of recette: its fields sit straight in BlocPiece."""
    info = bloc.find("BlocPiece")
    info = info if info.find("IdPce") else info.find("InfoPce") or info
    lecture.exige(info, "IdPce")
    return Piece(
        sens=SENS,
        numero=lecture.numero(info, "IdPce"),
        type_piece=lecture.code(info, "TypPce", "type_piece", SENS, requis=True),
        nature_piece=lecture.code(info, "NatPce", "nature_piece", SENS, requis=True),
        objet=lecture.texte(info, "ObjPce", "Obj"),
        service=lecture.texte(info, "CodServ"),
        affectation=lecture.texte(info, "Affect"),
        date_echeance=lecture.date(info, "DteEch"),
        pj_libre=lecture.texte(info, "PJ"),
        recette=_read_recette(lecture, info),
        lignes=lignes,
        pj_refs=read_pj_refs(lecture, info) + pj_refs,
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def _read_recette(lecture: Lecture, info: Bloc) -> Recette:
    return Recette(
        role=lecture.numero(info, "IdRol"),
        edition=lecture.code(info, "Edition", "edition"),
        date_asap=lecture.date(info, "DteAsp"),
        debut_periode=lecture.date(info, "DebFact"),
        fin_periode=lecture.date(info, "FinFact"),
        numero_dette=lecture.texte(info, "NumDette"),
        periode=lecture.texte(info, "Per"),
        cle=lecture.texte(info, "Cle1") + lecture.texte(info, "Cle2"),
        numero_facture=lecture.texte(info, "NumeroFacture"),
        numero_marche=lecture.texte(info, "NumeroMarche"),
        numero_engagement=lecture.texte(info, "NumeroEngagement"),
        code_service=lecture.texte(info, "CodeService"),
        nom_service=lecture.texte(info, "NomService"),
    )


def read_ligne_titre(lecture: Lecture, bloc: Bloc) -> tuple[Ligne, tuple[PjRef, ...]]:
    """Read a LigneDePiece of recette, with its tiers (one or many) and the PJ it cites itself."""
    ligne = bloc.find("BlocLignePiece")
    info = ligne.find("InfoLignePiece") or ligne.find("InfoLignePce")
    numero = lecture.numero(info, "IdLigne")
    lecture.exige(info, "MtHT")
    value = Ligne(
        numero=numero,
        compte=lecture.exige(info, "Nature"),
        fonction=lecture.texte(info, "Fonction"),
        operation=lecture.texte(info, "Operation"),
        compte_tiers=lecture.texte(info, "CpteTiers"),
        montant_ht=lecture.montant(info, "MtHT"),
        montant_tva=lecture.montant(info, "MtTVA"),
        objet=lecture.texte(info, "ObjLignePce"),
        mode_reglement=lecture.code(info, "ModRegl", "mode_reglement", SENS),
        tva_intracom=lecture.booleen(info, "TvaIntraCom", "TVAIntraCom"),
        code_produit=lecture.texte(info, "CodProdLoc"),
        majorable=lecture.booleen(info, "Majo"),
        date_majoration=lecture.date(info, "DteMajo"),
        montant_non_majorable=lecture.montant(info, "MtNonMajo"),
        siret_beneficiaire=lecture.texte(info.find("InfoCollBen"), "IdCollBen"),
        tiers=tuple(read_tiers(lecture, tiers) for tiers in bloc.find_all("Tiers")),
        rattachement=read_rattachement(lecture, ligne.find("RattachPiece"), SENS),
        liens=read_liens(lecture, ligne.find("LiensIdent")),
        prelevement=_read_prelevement(lecture, ligne),
        ligne_xml=bloc.ligne,
    )
    return value, read_pj_refs(lecture, info, numero or "0")


def _read_prelevement(lecture: Lecture, ligne: Bloc) -> Prelevement | None:
    bloc = ligne.find("InfoPrelevementSEPA") or ligne.find("InfoPrelevement")
    if not bloc:
        return None
    return Prelevement(
        date_prelevement=lecture.date(bloc, "DtePrel"),
        montant=lecture.montant(bloc, "MtPrel"),
        nature=lecture.texte(bloc, "NatPrel"),
        periodicite=lecture.code(bloc, "PerPrel", "periodicite_prelevement"),
        sequence=lecture.code(bloc, "SequencePres", "sequence_sepa"),
        reference_mandat=lecture.texte(bloc, "RefUniMdt"),
        date_signature=lecture.date(bloc, "DateSignMandat"),
        libelle=lecture.texte(bloc, "LibPrel"),
    )
