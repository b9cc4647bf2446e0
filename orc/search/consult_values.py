"""What the pages of a piece and of a bordereau say: frozen values, no question asked here."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from orc.domain import Sens
from orc.search.lieux import Code, Lieu
from orc.search.paged import Paged


class Presence(StrEnum):
    """Where the document of a citation is."""

    RECUE = "recue"
    JAMAIS_RECUE = "jamais_recue"
    PAPIER = "papier"
    CD_ROM = "cd_rom"


LIBELLES_PRESENCES = {
    Presence.RECUE: "Reçue",
    Presence.JAMAIS_RECUE: "Citée, jamais reçue",
    Presence.PAPIER: "Papier",
    Presence.CD_ROM: "Cd-rom",
}

# The states of orc.ingest.extract.values.EtatTexte, which this floor does not import.
# Below this quality of OCR, of 100, words are missing or wrong: it is said.
QUALITE_FAIBLE = 75

LIBELLES_TEXTES = {
    "": "Texte inconnu",
    "a_extraire": "Texte à lire",
    "extrait": "Texte lu",
    "a_oceriser": "À océriser",
    "protege": "Protégée par mot de passe",
    "illisible": "Illisible",
    "sans_texte": "Sans texte",
    "delai": "Lecture trop longue",
    "memoire": "Lecture trop lourde",
    "trop_grand": "Trop grande",
    "non_pris_en_charge": "Format non lu",
    "vide": "Vide",
}

LIBELLES_CONTENUS = {
    "ok": "Intacte",
    "vide": "Vide",
    "pas_base64": "Pas encodée en base64",
    "pas_gzip": "Pas compressée",
    "tronque": "Tronquée",
    "crc_faux": "Somme de contrôle fausse",
    "trop_grand": "Trop grande",
    "chiffre": "Chiffrée",
}


_OPENXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

# By the true types of orc.ingest.type_reel.
LIBELLES_FORMATS = {
    "application/pdf": "PDF",
    "application/xml": "XML",
    "application/x-pes-facture+xml": "Facture PES (XML)",
    "application/x-paie+xml": "Paie (XML)",
    "application/x-aide-sociale+xml": "Aide sociale (XML)",
    "application/x-cii+xml": "Facture CII (XML)",
    "application/x-ubl+xml": "Facture UBL (XML)",
    "application/x-cpp-facture+xml": "Facture Chorus Pro (XML)",
    "application/x-pes-aller+xml": "Flux PES (XML)",
    "application/zip": "Archive ZIP",
    "application/gzip": "Fichier compressé (gzip)",
    "application/x-tar": "Archive TAR",
    "application/x-empty": "Vide",
    "application/octet-stream": "Format inconnu",
    "application/msword": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.ms-outlook": "Message Outlook",
    "application/rtf": "RTF",
    "application/x-ole-encrypted": "Bureautique protégée",
    "application/pkcs7-mime": "Document signé (PKCS #7)",
    _OPENXML + "wordprocessingml.document": "Word",
    _OPENXML + "spreadsheetml.sheet": "Excel",
    _OPENXML + "presentationml.presentation": "PowerPoint",
    _ODF + "text": "Texte OpenDocument",
    _ODF + "spreadsheet": "Classeur OpenDocument",
    _ODF + "presentation": "Présentation OpenDocument",
    "text/plain": "Texte",
    "text/html": "HTML",
    "message/rfc822": "Message",
    "image/jpeg": "Image JPEG",
    "image/png": "Image PNG",
    "image/tiff": "Image TIFF",
    "image/gif": "Image GIF",
    "image/bmp": "Image BMP",
    "image/webp": "Image WebP",
}


def find_libelle_format(type_reel: str) -> str:
    """What a format is called; the MIME type itself where nothing names it."""
    return LIBELLES_FORMATS.get(type_reel, type_reel)


@dataclass(frozen=True, slots=True)
class TiersVue:
    """A third party as a page may show it: no bank account in full."""

    id: int
    nom: str
    identifiant: str
    nature_identifiant: Code
    reference: str
    categorie: Code
    nature_juridique: Code
    adresse: str
    compte_bancaire: str
    titulaire_compte: str


@dataclass(frozen=True, slots=True)
class OrigineVue:
    """The piece a line corrects, as the flow names it; `piece_id` where it may be opened."""

    nature: Code
    exercice: int | None
    numero: str
    ligne: str
    piece_id: int | None = None


@dataclass(frozen=True, slots=True)
class LigneVue:
    """A line; amounts in signed cents."""

    id: int
    numero: str
    libelle: str
    compte: Code
    fonction: str
    operation: str
    facture: str
    mode_reglement: Code
    ht: int
    tva: int
    references: tuple[tuple[str, str], ...]
    marche_cle: str
    origine: OrigineVue | None
    tiers: TiersVue | None
    autres_tiers: tuple[TiersVue, ...] = ()

    @property
    def ttc(self) -> int:
        """HT and TVA together."""
        return self.ht + self.tva


@dataclass(frozen=True, slots=True)
class PjVue:
    """A PJ as one piece cites it; `pj_id` is None where nothing was received."""

    id_unique: str
    nom: str
    presence: Presence
    support: Code
    lignes: tuple[str, ...]
    par_pj: bool
    pj_id: int | None = None
    type_pj: Code = field(default_factory=lambda: Code(""))
    description: str = ""
    type_reel: str = ""
    taille: int = 0
    etat: str = ""
    motif: str = ""
    etat_texte: str = ""
    motif_texte: str = ""
    nb_pages: int = 0
    nir: bool = False
    # How well OCR read it, 0 to 100; None: OCR read nothing of it.
    qualite: int | None = None

    @property
    def lecture_faible(self) -> bool:
        """Whether OCR read it so badly that words are missing or wrong."""
        return self.qualite is not None and self.qualite < QUALITE_FAIBLE

    @property
    def libelle_presence(self) -> str:
        """Where the document is, in words."""
        return LIBELLES_PRESENCES[self.presence]

    @property
    def libelle_etat(self) -> str:
        """What became of the content, in words."""
        return LIBELLES_CONTENUS.get(self.etat, self.etat)

    @property
    def libelle_texte(self) -> str:
        """Where its text stands, in words."""
        return LIBELLES_TEXTES.get(self.etat_texte, self.etat_texte)

    @property
    def libelle_format(self) -> str:
        """Its true format, in words."""
        return find_libelle_format(self.type_reel)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one version to the next, in words: texts or amounts already written."""

    quoi: str
    avant: str
    apres: str


@dataclass(frozen=True, slots=True)
class VersionVue:
    """One sending of the same piece or bordereau; differences with the sending before."""

    id: int
    version: int
    courante: bool
    flux: str
    recu_le: datetime | None
    ht: int
    tva: int
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class PjMarche:
    """A PJ as a marché block cites it; `pj_id` is None where nothing was received."""

    id_unique: str
    nom: str
    presence: Presence
    support: Code
    pj_id: int | None
    type_pj: Code
    nir: bool

    @property
    def libelle_presence(self) -> str:
        """Where the document is, in words."""
        return LIBELLES_PRESENCES[self.presence]


@dataclass(frozen=True, slots=True)
class MarcheVue:
    """A contract block; `montant` in cents."""

    id: int
    id_contrat: str
    modification: str
    objet: str
    nature: Code
    procedure: Code
    cpv: str
    montant: int | None
    date_notification: date | None
    duree_mois: int | None
    acteurs: tuple[str, ...]
    pj: tuple[PjMarche, ...] = ()


@dataclass(frozen=True, slots=True)
class MarcheCite:
    """A marché as lines name it, its blocks where some flow sent them, and its other pieces."""

    reference: str
    blocs: tuple[MarcheVue, ...]
    pieces: tuple["PieceResume", ...]
    nb_pieces: int
    somme: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """The flow something came by. `lieux` are its files still seen in the silo."""

    flux_id: int
    nom_fic: str
    sha256: str
    taille: int
    date_flux: date | None
    recu_le: datetime | None
    ligne_xml: int
    fichiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PieceResume:
    """A piece on one line of a table; amounts in signed cents."""

    id: int
    sens: Sens
    exercice: int
    numero: str
    numero_bordereau: str
    type_piece: Code
    nature_piece: Code
    objet: str
    tiers: str
    ht: int
    tva: int
    nb_pj: int
    nb_pj_absentes: int
    version: int
    courante: bool

    @property
    def ttc(self) -> int:
        """HT and TVA together."""
        return self.ht + self.tva


@dataclass(frozen=True, slots=True)
class BordereauResume:
    """A bordereau as a piece or a list names it."""

    id: int
    sens: Sens
    exercice: int
    numero: str
    type_bordereau: Code
    date_emission: date | None
    objet: str
    signe: bool


@dataclass(frozen=True, slots=True)
class PieceVue:
    """Everything the page of a mandat or a titre says. Amounts in signed cents."""

    id: int
    lieu: Lieu
    sens: Sens
    exercice: int
    numero: str
    type_piece: Code
    nature_piece: Code
    objet: str
    service: str
    references: tuple[tuple[str, str], ...]
    dates: tuple[tuple[str, date], ...]
    ht: int
    tva: int
    domaine: str
    version: int
    courante: bool
    bordereau: BordereauResume
    lignes: Paged[LigneVue]
    total_ht: int
    total_tva: int
    avertissements: tuple[str, ...]
    tiers: tuple[TiersVue, ...]
    pj: tuple[PjVue, ...]
    pj_reservees: bool
    versions: tuple[VersionVue, ...]
    marches: tuple[MarcheCite, ...]
    corrige: tuple[PieceResume, ...]
    corrigee_par: tuple[PieceResume, ...]
    provenance: Provenance
    precedente: int | None
    suivante: int | None

    @property
    def ttc(self) -> int:
        """HT and TVA together."""
        return self.ht + self.tva

    @property
    def nom(self) -> str:
        """`Mandat 127` or `Titre 45`."""
        return f"{'Mandat' if self.sens is Sens.DEPENSE else 'Titre'} {self.numero}"


@dataclass(frozen=True, slots=True)
class BordereauVue:
    """Everything the page of a bordereau says.

    `reserve`: pieces of a reserved domaine are in it. Then nothing declared is shown, because
    what is declared less what is shown would say how many they are and for how much.
    """

    resume: BordereauResume
    lieu: Lieu
    reserve: bool
    nb_declare: int | None
    ht_declare: int | None
    tva_declare: int | None
    cumul_annuel: int | None
    nb_lu: int
    ht_lu: int
    tva_lu: int
    avertissements: tuple[str, ...]
    pieces: Paged[PieceResume]
    versions: tuple[VersionVue, ...]
    provenance: Provenance
