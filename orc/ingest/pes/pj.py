"""PES_PJ: the attachments of a flow and the pieces they say they belong to."""

import re
from dataclasses import dataclass

from orc.ingest.pes.blocs import Bloc, Lecture, make_numero
from orc.ingest.pes.values import Gravite, PieceJustificative, RefCompta
from orc.ingest.type_reel import find_type
from orc.silo.payload import EtatContenu, read_contenu

_ID_UNIQUE = re.compile(r"[0-9A-Za-z]{1,50}", re.ASCII)
_CDATA = re.compile(rb"\s*<!\[CDATA\[(?P<inside>[^\]<]*)\]\]>\s*")


@dataclass(frozen=True, slots=True)
class Fichier:
    """Where the base64 of a PJ is in the XML file, and what it gives; its bytes are not held."""

    offset: int
    longueur: int
    mime_declare: str
    etat: EtatContenu
    sha256: str
    taille: int
    type_reel: str
    motif: str


def read_fichier(brut: bytes, offset: int, mime: str, limite: int) -> Fichier:
    """Decode the raw text of a Fichier found at `offset`; a lone CDATA section is looked into."""
    if b"<![CDATA[" in brut[:4096] and (found := _CDATA.fullmatch(brut)):
        offset += found.start("inside")
        brut = found.group("inside")
    contenu = read_contenu(brut, limite=limite)
    taille = len(contenu.octets)
    return Fichier(
        offset,
        len(brut),
        mime,
        contenu.etat,
        contenu.sha256 if taille else "",
        taille,
        find_type(contenu.octets) if taille else "",
        contenu.motif,
    )


def read_pj(lecture: Lecture, bloc: Bloc, fichier: Fichier | None, rang: int) -> PieceJustificative:
    """Read a PJ; one without identifier is kept: its bytes are there, nothing can cite it."""
    id_unique = lecture.texte(bloc, "IdUnique")
    if not id_unique:
        message = "Une pièce justificative n’a pas d’identifiant (IdUnique)."
        lecture.signal("id_unique_absent", message, bloc, champ="IdUnique")
    elif not _ID_UNIQUE.fullmatch(id_unique):
        message = (
            "L’identifiant d’une pièce justificative n’est pas fait de lettres et de chiffres."
        )
        lecture.signal("id_unique_invalide", message, bloc, champ="IdUnique")
    if fichier is None:
        fichier = Fichier(
            0, 0, "", EtatContenu.VIDE, "", 0, "", "La pièce jointe n’a pas de fichier."
        )
    _signal_fichier(lecture, bloc, fichier)
    return PieceJustificative(
        id_unique=id_unique,
        nom=lecture.texte(bloc, "NomPJ"),
        type_pj=lecture.code(bloc, "TypePJ", "type_pj"),
        description=lecture.texte(bloc, "Description"),
        mime_declare=fichier.mime_declare,
        serveur=lecture.texte(bloc, "ServeurId"),
        ref_comptas=tuple(_read_ref_compta(lecture, ref) for ref in bloc.find_all("RefCompta")),
        offset=fichier.offset,
        longueur=fichier.longueur,
        sha256=fichier.sha256,
        taille=fichier.taille,
        type_reel=fichier.type_reel,
        etat=fichier.etat,
        motif=fichier.motif,
        rang=rang,
        ligne_xml=bloc.ligne,
    )


def _signal_fichier(lecture: Lecture, bloc: Bloc, fichier: Fichier) -> None:
    if fichier.etat is not EtatContenu.OK:
        lecture.signal(f"contenu_{fichier.etat.value}", fichier.motif, bloc.find("Contenu") or bloc)
    elif not fichier.mime_declare:
        message = "Le type du fichier (MIMEType) n’est pas déclaré."
        lecture.signal("mime_absent", message, bloc.find("Contenu"), gravite=Gravite.INFO)


def _read_ref_compta(lecture: Lecture, bloc: Bloc) -> RefCompta:
    complement = lecture.texte(bloc, "ComplementIdentifiant")
    identifiant = lecture.texte(bloc, "Identifiant")
    type_objet = lecture.texte(bloc, "TypeObjet")
    return RefCompta(
        domaine=lecture.code(bloc, "Domaine", "domaine_ref_compta", requis=True),
        exercice=lecture.exercice(bloc, "Exercice"),
        type_objet=type_objet.zfill(2) if type_objet else "",
        identifiant=make_numero(identifiant) if identifiant else "",
        complement=make_numero(complement) if complement else "",
        id_tiers=lecture.texte(bloc, "IdTiers"),
    )
