"""What lines of mandats, titres, marchés and factures share: tiers, citations of PJ, links."""

import re

from orc.ingest.extract.nir import mask_nir as mask_any
from orc.ingest.pes.blocs import Bloc, Lecture, make_numero
from orc.ingest.pes.values import Liens, PjRef, Rattachement, Tiers

# Not part of a longer reference: `ASAP` and thirteen digits is no NIR.
_NIR_IN_TEXT = re.compile(
    r"(?<![0-9A-Za-z])[1-478]\d{4}(?:\d{2}|2[AB])\d{6}(?:\d{2})?(?![0-9A-Za-z])", re.ASCII
)
# Five digits, spaced or not: nearly every text of a flow has none.
_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d){4}")
# 13 digits of a NIR, or 15 with its key; Corsica writes 2A and 2B.
_NIR = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?", re.ASCII)


def mask_nir(text: str) -> str:
    """Return a text whose NIR, if it holds any, are masked, written in one go or spaced."""
    if not _DIGITS.search(text):
        return text
    return mask_any(_NIR_IN_TEXT.sub("•" * 13, text))[0]


def read_tiers(lecture: Lecture, bloc: Bloc) -> Tiers:
    """Read a Tiers (or Emetteur, Debiteur…): InfoTiers, Adresse, CpteBancaire. No NIR is kept."""
    info = bloc.find("InfoTiers") or bloc
    adresse = bloc.find("Adresse")
    banque = bloc.find("CpteBancaire") or bloc.find("Bancaire")
    nature = lecture.code(info, "NatIdTiers", "nature_identifiant_tiers")
    identifiant = "".join(lecture.texte(info, "IdTiers").split())
    nir = bool(identifiant) and (nature == "04" or _NIR.fullmatch(identifiant) is not None)
    return Tiers(
        nom=lecture.texte(info, "Nom"),
        complement=lecture.texte(info, "ComplNom"),
        prenom=lecture.texte(info, "Prenom"),
        civilite=lecture.texte(info, "Civilite"),
        identifiant="" if nir else identifiant,
        nature_identifiant=nature,
        nir_masque=nir,
        reference=lecture.texte(info, "RefTiers"),
        categorie=lecture.code(info, "CatTiers", "categorie_tiers"),
        nature_juridique=lecture.code(info, "NatJur", "nature_juridique"),
        type_tiers=lecture.code(info, "TypTiers", "type_tiers"),
        adresse=tuple(t for t in (lecture.texte(adresse, f"Adr{n}") for n in (1, 2, 3)) if t),
        code_postal=lecture.texte(adresse, "CP"),
        ville=lecture.texte(adresse, "Ville"),
        pays=lecture.texte(adresse, "CodPays"),
        iban="".join(lecture.texte(banque, "IBAN").split()),
        bic=lecture.texte(banque, "BIC"),
        rib=_read_rib(lecture, banque),
        titulaire=lecture.texte(banque, "TitCpte"),
        banque=lecture.texte(banque, "LibBanc"),
        ligne_xml=bloc.ligne,
    )


def _read_rib(lecture: Lecture, banque: Bloc) -> str:
    parts = [lecture.texte(banque, c) for c in ("CodeEtab", "CodeGuic", "IdCpte", "CleRib")]
    return " ".join(part for part in parts if part)


def read_pj_refs(lecture: Lecture, bloc: Bloc, numero_ligne: str = "") -> tuple[PjRef, ...]:
    """Read the PJRef of a block; marchés of 2018 write IdPJ and PJMarche."""
    return tuple(_read_pj_ref(lecture, ref, numero_ligne) for ref in bloc.find_all("PJRef"))


def _read_pj_ref(lecture: Lecture, ref: Bloc, numero_ligne: str) -> PjRef:
    id_unique = lecture.texte(ref, "IdUnique", "IdPJ")
    support = lecture.code(ref, "Support", "support") or "01"
    if not id_unique and support == "01":
        message = "Une pièce justificative est citée sans identifiant."
        lecture.signal("id_unique_absent", message, ref, champ="IdUnique")
    return PjRef(
        id_unique=id_unique,
        support=support,
        nom=lecture.texte(ref, "NomPJ"),
        type_pj=lecture.texte(ref, "TypePJ", "PJMarche"),
        niveau="ligne" if numero_ligne else "piece",
        numero_ligne=numero_ligne,
        ligne_xml=ref.ligne,
    )


def read_rattachement(lecture: Lecture, bloc: Bloc, sens: str) -> Rattachement | None:
    """Read RattachPiece: the piece that is cancelled, corrected or completed."""
    if not bloc:
        return None
    ligne = lecture.texte(bloc, "IdLigneOrig")
    return Rattachement(
        nature=lecture.code(bloc, "NatPceOrig", "nature_piece_origine", sens),
        exercice=lecture.exercice(bloc, "ExerRat"),
        numero_piece=lecture.numero(bloc, "IdPceOrig"),
        numero_ligne=make_numero(ligne) if ligne else "",
        date_rattachement=lecture.date(bloc, "DteRattach"),
    )


def read_liens(lecture: Lecture, bloc: Bloc) -> Liens | None:
    """Read LiensIdent, None when the block is absent."""
    if not bloc:
        return None
    return Liens(
        convention=lecture.texte(bloc, "IdConv"),
        objet_convention=lecture.texte(bloc, "ObjConv"),
        marche=lecture.texte(bloc, "IdMarche"),
        emprunt=lecture.texte(bloc, "IdEmpruntOrdo"),
        actif=lecture.texte(bloc, "IdActif"),
        regie=lecture.texte(bloc, "IdRegie"),
        caution=lecture.texte(bloc, "IdCaution"),
    )
