"""BlocBordereau of dépense and recette, and what is read of a bordereau beside what it declares."""

import base64
import binascii
from dataclasses import dataclass

from orc.domain import Sens, format_euros
from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.values import Bordereau, FinBordereau, Piece, SignatureElectronique

_COMMON_NAME = b"\x06\x03\x55\x04\x03"


def read_bordereau(
    lecture: Lecture, bloc: Bloc, sens: Sens, *, id_xml: str, dematerialise: bool | None, rang: int
) -> Bordereau:
    """Read BlocBordereau; dépense writes MtBordHT, recette MtBordHt: both are accepted."""
    numero = lecture.numero(bloc, "IdBord")
    if bloc and not numero:
        lecture.exige(bloc, "IdBord")
    return Bordereau(
        sens=sens,
        exercice=lecture.exercice(bloc, "Exer") if bloc else 0,
        numero=numero,
        type_bordereau=lecture.code(bloc, "TypBord", "type_bordereau", sens, requis=bool(bloc)),
        date_emission=lecture.date(bloc, "DteBordEm"),
        nb_pieces=lecture.entier(bloc, "NbrPce"),
        montant_ht=lecture.montant(bloc, "MtBordHT", "MtBordHt"),
        montant_tva=lecture.montant(bloc, "MtBordTVA", "MtBordTva"),
        cumul_annuel=lecture.montant(bloc, "MtCumulAnnuel"),
        objet=lecture.texte(bloc, "Objet"),
        date_asap=lecture.date(bloc, "DteAsp"),
        id_xml=id_xml,
        dematerialise=dematerialise,
        rang=rang,
        ligne_xml=bloc.ligne,
    )


@dataclass(slots=True)
class EnCours:
    """The bordereau being read, and the sums of what has been read of it."""

    bordereau: Bordereau
    nb_pieces: int = 0
    nb_lignes: int = 0
    montant_ht: int = 0
    montant_tva: int = 0
    signature: SignatureElectronique | None = None

    def add(self, piece: Piece) -> None:
        """Count a piece in."""
        self.nb_pieces += 1
        self.nb_lignes += len(piece.lignes)
        self.montant_ht += piece.montant_ht
        self.montant_tva += piece.montant_tva

    def end(self, *, complet: bool) -> FinBordereau:
        """Say what was read."""
        declared = self.bordereau
        return FinBordereau(
            declared.sens,
            declared.exercice,
            declared.numero,
            declared.type_bordereau,
            self.nb_pieces,
            self.nb_lignes,
            self.montant_ht,
            self.montant_tva,
            self.signature,
            complet,
        )


def signal_ecarts(lecture: Lecture, en_cours: EnCours) -> None:
    """Signal where the bordereau declares something else than what it holds."""
    declared = en_cours.bordereau
    ligne = declared.ligne_xml
    if declared.nb_pieces is not None and declared.nb_pieces != en_cours.nb_pieces:
        message = (
            f"Le bordereau {declared.numero} annonce {declared.nb_pieces} pièce(s) "
            f"et en contient {en_cours.nb_pieces}."
        )
        lecture.signal("nb_pieces_different", message, champ="BlocBordereau/NbrPce", ligne=ligne)
    for champ, code, what, wanted, read in (
        ("MtBordHT", "montant_ht_different", "HT", declared.montant_ht, en_cours.montant_ht),
        (
            "MtBordTVA",
            "montant_tva_different",
            "de TVA",
            declared.montant_tva,
            en_cours.montant_tva,
        ),
    ):
        if wanted is not None and wanted != read:
            message = (
                f"Le bordereau {declared.numero} annonce {format_euros(wanted)} {what} "
                f"et ses lignes en totalisent {format_euros(read)}."
            )
            lecture.signal(code, message, champ=f"BlocBordereau/{champ}", ligne=ligne)


def read_signature(bloc: Bloc) -> SignatureElectronique:
    """Read what ds:Signature says of who signed, when, where; nothing is verified."""
    texts = {
        nom: next((found.v for found in bloc.walk(nom) if found.v), "")
        for nom in ("SigningTime", "ClaimedRole", "City", "X509Certificate")
    }
    return SignatureElectronique(
        date_signature=texts["SigningTime"][:40],
        role=texts["ClaimedRole"][:200],
        ville=texts["City"][:200],
        signataire=_read_common_name(texts["X509Certificate"]),
    )


def _read_common_name(certificate: str) -> str:
    """The last commonName of a certificate in DER: its subject comes after its issuer."""
    try:
        der = base64.b64decode(certificate)
    except (binascii.Error, ValueError):
        return ""
    at = der.rfind(_COMMON_NAME) + len(_COMMON_NAME)
    if at < len(_COMMON_NAME) or at + 2 > len(der):
        return ""
    return der[at + 2 : at + 2 + der[at + 1]].decode("utf-8", "replace")
