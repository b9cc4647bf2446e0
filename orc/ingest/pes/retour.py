"""PES_Retour: the state of pieces, payments, recoveries; the v5 form and the V2.0 one."""

import re

from orc.domain import Sens
from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.tiers import read_liens, read_rattachement, read_tiers
from orc.ingest.pes.values_retour import (
    Acte,
    BordereauRetour,
    ClientRetour,
    Emargement,
    LigneRetour,
    OrmcGlobal,
    PieceRetour,
    Recouvrement,
    ResteARecouvrer,
)

_MOTIF = re.compile(r"[0-9A-Za-z]+")


def read_bordereau_retour(
    lecture: Lecture, bloc: Bloc, sens: Sens, type_restitution: str, rang: int
) -> BordereauRetour:
    """Read BlocBordereau of a retour; only the V2.0 form gives dates and amounts."""
    numero = lecture.numero(bloc, "IdBord")
    return BordereauRetour(
        sens=sens,
        exercice=lecture.exercice(bloc, "Exer") if bloc else 0,
        numero=numero or lecture.exige(bloc, "IdBord"),
        type_bordereau=lecture.code(bloc, "TypBord", "type_bordereau", sens),
        type_restitution=type_restitution,
        date_emission=lecture.date(bloc, "DteBordEm"),
        date_arrivee=lecture.date(bloc, "DteBordArr"),
        nb_pieces=lecture.entier(bloc, "NbrPce"),
        montant_ht=lecture.montant(bloc, "MtBordHt", "MtBordHT"),
        montant_tva=lecture.montant(bloc, "MtBordTVA"),
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def read_piece_retour(
    lecture: Lecture, bloc: Bloc, sens: Sens, lignes: tuple[LigneRetour, ...], rang: int
) -> PieceRetour:
    """Read a Piece: InfoPiece in dépense, BlocPiece in recette; ObjPce, DtePceInt in V2.0."""
    info = bloc.find("InfoPiece") or bloc.find("BlocPiece")
    info = info.find("InfoPiece") or info.find("InfoPce") or info
    forme_v20 = bool(info.find("ObjPce") or info.find("DtePceInt"))
    return PieceRetour(
        sens=sens,
        numero=lecture.numero(info, "IdPce") or lecture.exige(info, "IdPce"),
        etat=lecture.code(
            info, "EtatPce" if info.find("EtatPce") else "EtPce", "etat_piece", sens, requis=True
        ),
        type_piece=lecture.code(info, "TypPce", "type_piece", sens),
        nature_piece=lecture.code(info, "NatPce", "nature_piece", sens),
        objet=lecture.texte(info, "Obj", "ObjPce"),
        service=lecture.texte(info, "CodServ"),
        date_prise_en_charge=lecture.date(info, "DtePcePec"),
        date_rejet=lecture.date(info, "DtePceRej"),
        date_instance=lecture.date(info, "DtePceInst", "DtePceInt"),
        date_asap=lecture.date(info, "DteAsp"),
        motifs=_read_motifs(lecture, info),
        commentaire=lecture.texte(info, "Commentaire"),
        numero_dette=lecture.texte(info.find("InfoORMC"), "NumDette"),
        lignes=lignes,
        forme_v20=forme_v20,
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def read_ligne_retour(lecture: Lecture, bloc: Bloc, sens: Sens) -> LigneRetour:
    """Read a LigneDePiece of a retour with its payments or recoveries."""
    ligne = bloc.find("BlocLignePiece")
    info = ligne.find("InfoLignePiece") or ligne.find("InfoLignePce")
    totaux = ligne.find("InfoPaiement") or ligne.find("InfoRecouvrement")
    virements = [lecture.texte(info, champ) for champ in ("LibVir1", "LibVir2")]
    return LigneRetour(
        numero=lecture.numero(info, "IdLigne"),
        etat=lecture.code(info, "EtatLigPce", "etat_ligne", sens),
        motifs=_read_motifs(lecture, info),
        commentaire=lecture.texte(info, "Commentaire"),
        compte=lecture.texte(info, "Nature"),
        compte_tiers=lecture.texte(info, "CpteTiers"),
        code_produit=lecture.texte(info, "CodProdLoc"),
        libelle_virement=" ".join(text for text in virements if text),
        montant_ht=lecture.montant(info, "MtHT"),
        montant_tva=lecture.montant(info, "MtTVA"),
        cession_opposition=lecture.code(info, "CessOpp", "cession_opposition"),
        nb_emargements=lecture.entier(totaux, "NbrPay", "NbrReco"),
        total_emargements=lecture.montant(totaux, "MtPayTot", "MtRecoTot"),
        emargements=tuple(
            _read_emargement(lecture, emargement, sens)
            for nom in ("PaiementEmargement", "EncaissementEmargement", "Recouvrement")
            for emargement in bloc.find_all(nom)
        ),
        recouvrement=_read_recouvrement(lecture, ligne),
        rattachement=read_rattachement(lecture, ligne.find("RattachPiece"), sens),
        liens=read_liens(lecture, ligne.find("LiensIdent")),
        tiers=tuple(read_tiers(lecture, tiers) for tiers in bloc.find_all("Tiers")),
        ligne_xml=bloc.ligne,
    )


def _read_motifs(lecture: Lecture, info: Bloc) -> tuple[str, ...]:
    """ObsEtat joins several codes by a dash."""
    return tuple(_MOTIF.findall(lecture.texte(info, "ObsEtat")))


def _read_emargement(lecture: Lecture, bloc: Bloc, sens: Sens) -> Emargement:
    return Emargement(
        origine=lecture.code(bloc, "OrgEma", "origine_emargement", sens),
        date_emargement=lecture.date(bloc, "DtePay", "DteReco"),
        montant=lecture.montant(bloc, "MtPay", "MtReco"),
        type_flux=lecture.texte(bloc, "TypFlux"),
        mode_reglement=lecture.code(bloc, "ModRegl", "mode_reglement", sens),
        encaissement=lecture.texte(bloc, "IdEncaissement"),
        ligne_xml=bloc.ligne,
    )


def _read_recouvrement(lecture: Lecture, ligne: Bloc) -> Recouvrement | None:
    contentieux = ligne.find("InfoContentieux")
    suspension = ligne.find("InfoSuspPour")
    echeancier = ligne.find("InfoEcheancier")
    actes = ligne.find_all("InfoAmiableContentieux")
    if not (contentieux or suspension or echeancier or actes):
        return None
    return Recouvrement(
        montant_contentieux=lecture.montant(contentieux, "MtCtxTot"),
        solde_principal=lecture.montant(contentieux, "SldPrinc"),
        solde_frais=lecture.montant(contentieux, "SldFrais"),
        code_suspension=lecture.texte(suspension, "CodeSuspPour", "CodSuspPour"),
        date_suspension=lecture.date(suspension, "DteSuspPour"),
        date_reprise=lecture.date(suspension, "DteRepPour"),
        date_dernier_paiement=lecture.date(echeancier, "DteDerPai"),
        paiements_restants=lecture.entier(echeancier, "NbrePaiRest"),
        actes=tuple(_read_acte(lecture, acte) for acte in actes),
    )


def _read_acte(lecture: Lecture, bloc: Bloc) -> Acte:
    return Acte(
        etape=lecture.texte(bloc, "EtapePce", "EtPce"),
        date_etape=lecture.date(bloc, "DteEtapePce", "DteEtPce"),
        identifiant=lecture.texte(bloc, "IdAct"),
        actualite=lecture.texte(bloc, "CodActu"),
        date_actualite=lecture.date(bloc, "DteActu"),
        montant_frais=lecture.montant(bloc, "MtFrais"),
        date_envoi=lecture.date(bloc, "DteEnvoi"),
    )


def read_ormc_global(lecture: Lecture, bloc: Bloc) -> OrmcGlobal:
    """Read BordereauORMCGlobal."""
    return OrmcGlobal(
        exercice=lecture.exercice(bloc, "Exer"),
        numero=lecture.numero(bloc, "IdBord") or lecture.exige(bloc, "IdBord"),
        montant_ttc=lecture.montant(bloc, "MtTTC"),
        date_prise_en_charge=lecture.date(bloc, "DtePec"),
        date_rejet=lecture.date(bloc, "DteRej"),
        date_instance=lecture.date(bloc, "DteInst"),
        ligne_xml=bloc.ligne,
    )


def read_client(lecture: Lecture, bloc: Bloc, entete: Bloc) -> ClientRetour:
    """Read a Client of PES_ClientRetour."""
    return ClientRetour(
        reference=lecture.exige(bloc, "RefTiers"),
        date_calcul=lecture.date(entete, "DateCalcul"),
        restes=tuple(
            ResteARecouvrer(
                lecture.texte(reste, "CodProdLoc"),
                lecture.montant(reste, "Rar"),
                lecture.montant(reste, "RarFrais"),
            )
            for reste in bloc.find_all("ResteARecouvrer")
        ),
        ligne_xml=bloc.ligne,
    )
