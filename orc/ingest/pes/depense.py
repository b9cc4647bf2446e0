"""Pieces of PES_DepenseAller: mandats and their lines."""

from orc.domain import Sens
from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.tiers import read_liens, read_pj_refs, read_rattachement, read_tiers
from orc.ingest.pes.values import Dgp, Ligne, Piece, PjRef

SENS = Sens.DEPENSE


def read_mandat(
    lecture: Lecture, bloc: Bloc, lignes: tuple[Ligne, ...], pj_refs: tuple[PjRef, ...], rang: int
) -> Piece:
    """Read a Piece of dépense; old flows put IdPce straight under BlocPiece: taken, signalled."""
    bloc_piece = bloc.find("BlocPiece")
    info = bloc_piece.find("InfoPce")
    if not info and bloc_piece.find("IdPce"):
        message = "Les informations du mandat sont sous BlocPiece et non sous InfoPce."
        lecture.signal("info_hors_place", message, bloc_piece)
        info = bloc_piece
    lecture.exige(info, "IdPce")
    return Piece(
        sens=SENS,
        numero=lecture.numero(info, "IdPce"),
        type_piece=lecture.code(info, "TypPce", "type_piece", SENS, requis=True),
        nature_piece=lecture.code(info, "NatPce", "nature_piece", SENS, requis=True),
        objet=lecture.texte(info, "Obj", "ObjPce"),
        service=lecture.texte(info, "CodServ"),
        affectation=lecture.texte(info, "Affect"),
        date_echeance=lecture.date(info, "DteEch"),
        pj_libre=lecture.texte(info, "PJ"),
        carte_achat=lecture.booleen(info, "CarteAchatNiveau1"),
        dgp=_read_dgp(lecture, bloc_piece.find("DGP")),
        lignes=lignes,
        pj_refs=read_pj_refs(lecture, info) + pj_refs,
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def _read_dgp(lecture: Lecture, bloc: Bloc) -> Dgp | None:
    if not bloc:
        return None
    return Dgp(
        eligible=lecture.booleen(bloc, "Dgp"),
        debut=lecture.date(bloc, "DteDebDgp"),
        fin=lecture.date(bloc, "DteFinDgp"),
        duree=lecture.entier(bloc, "DureeDgp"),
        code_interets=lecture.code(bloc, "CodIntMor", "code_interets"),
        taux_interets=lecture.texte(bloc, "TxIntMor"),
    )


def read_ligne_mandat(lecture: Lecture, bloc: Bloc) -> tuple[Ligne, tuple[PjRef, ...]]:
    """Read a LigneDePiece of dépense, with the PJ it cites itself."""
    ligne = bloc.find("BlocLignePiece")
    info = ligne.find("InfoLignePce") or ligne.find("InfoLignePiece")
    operation = ligne.find("OpSpec")
    numero = lecture.numero(info, "IdLigne")
    lecture.exige(info, "MtHT")
    virements = [lecture.texte(info, champ) for champ in ("LibVir1", "LibVir2")]
    value = Ligne(
        numero=numero,
        compte=lecture.exige(info, "Nature"),
        fonction=lecture.texte(info, "Fonction"),
        operation=lecture.texte(info, "Operation"),
        compte_analytique=lecture.texte(info, "CptAna"),
        compte_tiers=lecture.texte(info, "CpteTiers"),
        montant_ht=lecture.montant(info, "MtHT"),
        montant_tva=lecture.montant(info, "MtTVA"),
        montant_facture_ht=lecture.montant(info, "MtFactHT"),
        facture=lecture.texte(info, "Facture"),
        libelle_virement=" ".join(text for text in virements if text),
        mode_reglement=lecture.code(info, "ModRegl", "mode_reglement", SENS),
        tva_intracom=lecture.booleen(info, "TVAIntraCom", "TvaIntraCom"),
        code_operation_specifique=lecture.texte(operation, "CodOpSpec"),
        operation_specifique=lecture.texte(operation, "IdOpSpec"),
        tiers=tuple(read_tiers(lecture, tiers) for tiers in bloc.find_all("Tiers")),
        rattachement=read_rattachement(lecture, ligne.find("RattachPiece"), SENS),
        liens=read_liens(lecture, ligne.find("LiensIdent")),
        ligne_xml=bloc.ligne,
    )
    return value, read_pj_refs(lecture, info, numero or "0")
