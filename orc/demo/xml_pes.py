"""The words of PES V2: envelopes, headers, third parties, references, PJ, in schema order."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import deflate
import pybase64

from orc.demo.montants import format_flux
from orc.demo.referentiel import Budget
from orc.demo.tiers import BIC, Tiers, split_rib
from orc.demo.valeurs import Flux, Ligne, Pj, PjRef

RACINE = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/"
_SPECIAUX = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def tag(nom: str, valeur: object) -> str:
    """`<Nom V="valeur"/>` and a line feed."""
    texte = str(valeur)
    if "&" in texte or "<" in texte or '"' in texte or ">" in texte:
        texte = texte.translate(_SPECIAUX)
    return f'<{nom} V="{texte}"/>\n'


def option(nom: str, valeur: object) -> str:
    """The same, or nothing when there is no value."""
    return tag(nom, valeur) if valeur else ""


def open_root(racine: str, espace: str, prefixe: str, attributs: str = "") -> str:
    """The root, prefixed or in a namespace of its own with children out of it."""
    nom = f"{prefixe}:{racine}" if prefixe else racine
    xmlns = f"xmlns:{prefixe}" if prefixe else "xmlns"
    return f'<{nom} {xmlns}="{RACINE}{espace}"{attributs}>\n'


def close_root(racine: str, prefixe: str) -> str:
    """The end of the root."""
    return f"</{prefixe}:{racine}>\n" if prefixe else f"</{racine}>\n"


def enveloppe(typ: str, nom: str, sigle: str, adresse: str) -> str:
    """Enveloppe: who made the flow, and its name (NomFic)."""
    return (
        "<Enveloppe>\n<Parametres>\n<Version V=\"2\"/>\n" + tag("TypFic", typ) + tag("NomFic", nom)
        + "</Parametres>\n<Emetteur>\n" + tag("Sigle", sigle) + tag("Adresse", adresse)
        + "</Emetteur>\n</Enveloppe>\n"
    )  # fmt: skip


def entete(budget: Budget, date: dt.date, codcol: str = "CodCol") -> str:
    """EnTetePES; retours write `CodColl`."""
    return (
        "<EnTetePES>\n" + tag("DteStr", date) + tag("IdPost", budget.poste.codique)
        + tag("LibellePoste", budget.poste.libelle) + tag("IdColl", budget.siret)
        + option("FinJur", budget.collectivite.finess) + tag(codcol, budget.codcol)
        + tag("CodBud", budget.codbud) + tag("LibelleColBud", budget.libelle) + "</EnTetePES>\n"
    )  # fmt: skip


def bancaire(tiers: Tiers, bloc: str = "CpteBancaire") -> str:
    """The account: IBAN for most, an old RIB for one third party in seven."""
    if int(tiers.iban[-3:]) % 7 == 0:
        etab, guichet, compte, cle = split_rib(tiers.iban)
        numero = (
            tag("CodeEtab", etab) + tag("CodeGuic", guichet) + tag("IdCpte", compte)
            + tag("CleRib", cle)
        )  # fmt: skip
    else:
        numero = tag("BIC", BIC) + tag("IBAN", tiers.iban)
    return f"<{bloc}>\n{numero}{tag('TitCpte', tiers.nom[:32])}</{bloc}>\n"


def adresse(tiers: Tiers) -> str:
    """Adresse, in France."""
    return (
        '<Adresse>\n<TypAdr V="1"/>\n' + tag("Adr2", tiers.adresse[:38])
        + tag("CP", tiers.code_postal) + tag("Ville", tiers.ville)
        + '<CodRes V="0"/>\n<CodPays V="100"/>\n</Adresse>\n'
    )  # fmt: skip


@lru_cache(maxsize=4096)
def tiers_block(tiers: Tiers, typ: str = "") -> str:
    """Tiers of a line; `typ` is TypTiers, which only recettes have."""
    identite = (
        tag("IdTiers", tiers.siret) + '<NatIdTiers V="01"/>\n' if tiers.siret else ""
    )  # fmt: skip
    return (
        "<Tiers>\n<InfoTiers>\n" + identite + tag("RefTiers", tiers.reference)
        + tag("CatTiers", tiers.categorie) + tag("NatJur", tiers.nature_juridique)
        + option("TypTiers", typ) + option("Civilite", tiers.civilite) + tag("Nom", tiers.nom)
        + option("Prenom", tiers.prenom) + "</InfoTiers>\n" + adresse(tiers) + bancaire(tiers)
        + "</Tiers>\n"
    )  # fmt: skip


def references(refs: list[PjRef]) -> str:
    """The PJRef of a piece or of a line."""
    return "".join(
        f'<PJRef>\n<Support V="{r.support}"/>\n<IdUnique V="{r.id_unique}"/>\n'
        f"{tag('NomPJ', r.nom)}{option('TypePJ', r.type_pj)}</PJRef>\n"
        for r in refs
    )


def rattachement(ligne: Ligne) -> str:
    """RattachPiece: what this line corrects."""
    r = ligne.rattachement
    if r is None:
        return ""
    return (
        "<RattachPiece>\n" + tag("NatPceOrig", r.nature) + tag("ExerRat", r.exercice)
        + tag("IdPceOrig", r.piece) + tag("IdLigneOrig", r.ligne) + "</RattachPiece>\n"
    )  # fmt: skip


def liens(ligne: Ligne) -> str:
    """LiensIdent, in the order of the schema (the caller gives it)."""
    if not ligne.liens:
        return ""
    corps = "".join(tag(nom, valeur) for nom, valeur in ligne.liens)
    return f"<LiensIdent>\n{corps}</LiensIdent>\n"


def amounts(ligne: Ligne) -> str:
    """MtHT, and MtTVA when there is some (v5.17 refuses a MtTVA of zero in recettes)."""
    tva = f'<MtTVA V="{format_flux(ligne.tva)}"/>\n' if ligne.tva else ""
    return f'<MtHT V="{format_flux(ligne.ht)}"/>\n{tva}'


def encode_pj(octets: bytes, largeur: int) -> bytes:
    """base64(gzip(bytes)), on one line or wrapped at 76 (RFC 2045)."""
    comprime = deflate.gzip_compress(octets, 1)
    if largeur:
        return bytes(pybase64.encodebytes(comprime)).rstrip()
    return bytes(pybase64.b64encode(comprime))


def pj_block(pj: Pj, flux: Flux) -> bytes:
    """One PES_PJ/PJ, content included."""
    octets = pj.make()
    contenu = pj.contenu(octets) if pj.contenu else encode_pj(octets, flux.largeur)
    refs = "".join(
        "<RefCompta>\n" + tag("Domaine", r.domaine) + tag("Exercice", r.exercice)
        + tag("TypeObjet", r.typ_bord) + tag("Identifiant", r.identifiant)
        + option("ComplementIdentifiant", r.ligne) + "</RefCompta>\n"
        for r in pj.refs
    )  # fmt: skip
    tete = f'<PJ>\n<Contenu>\n<Fichier MIMEType="{pj.mime}">'
    pied = (
        "</Fichier>\n</Contenu>\n" + tag("IdUnique", pj.id_unique) + tag("NomPJ", pj.nom)
        + option("TypePJ", pj.type_pj) + tag("Description", pj.description) + refs + "</PJ>\n"
    )  # fmt: skip
    return encode_text(tete, flux) + contenu + encode_text(pied, flux)


def encode_text(texte: str, flux: Flux) -> bytes:
    """In the flow's encoding; what it lacks becomes a reference; compact has no line feed."""
    if flux.compact:
        texte = texte.replace("\n", "")
    return texte.encode(flux.encodage, "xmlcharrefreplace")
