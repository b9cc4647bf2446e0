"""BlocBordereau of dépense and recette, and what is read of a bordereau beside what it declares."""

import base64
import binascii
from dataclasses import dataclass

from orc.domain import Sens, format_euros
from orc.ingest.pes.blocs import Bloc, Lecture
from orc.ingest.pes.values import Bordereau, FinBordereau, Piece, SignatureElectronique

_COMMON_NAME = b"\x06\x03\x55\x04\x03"
_EXPLICIT_VERSION = 0xA0


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
    """The commonName of the subject of an X.509 certificate (RFC 5280, 4.1), "" when unreadable."""
    try:
        der = base64.b64decode(certificate)
        start, _ = _open_der(der, _open_der(der, 0)[0])  # Certificate, then tbsCertificate
        if der[start] == _EXPLICIT_VERSION:
            start = sum(_open_der(der, start))
        for _ in range(4):  # serialNumber, signature, issuer, validity
            start = sum(_open_der(der, start))
        subject, length = _open_der(der, start)
        at = der.index(_COMMON_NAME, subject, subject + length) + len(_COMMON_NAME)
        name, length = _open_der(der, at)
        return der[name : name + min(length, 200)].decode("utf-8", "replace")
    except (binascii.Error, ValueError, IndexError):
        return ""


def _open_der(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins, and its length."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start], "big")
    return start, length
