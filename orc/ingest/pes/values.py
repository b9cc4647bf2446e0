"""What a PES flow says, as frozen values: every block of the aller, the acquits, the retours.

Amounts are cents as sent (PES_Aller is unsigned); None means absent or unreadable (an Anomalie
says which). Numbers are text without leading zeros, codes are padded to the norm's width.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from orc.domain import Sens
from orc.silo.payload import EtatContenu


class Forme(StrEnum):
    """What kind of flow a file is, from its root element."""

    ALLER = "aller"
    RETOUR = "retour"
    ACQUIT = "acquit"
    ACQUIT_RETOUR = "acquit_retour"
    ACQUIT_PES_V1 = "acquit_pes_v1"
    LIENS_PJ = "liens_pj"


class Gravite(StrEnum):
    """`info`: good to know; `anomalie`: a value is missing or wrong; `erreur`: a part is lost."""

    INFO = "info"
    ANOMALIE = "anomalie"
    ERREUR = "erreur"


@dataclass(frozen=True, slots=True)
class Anomalie:
    """What is not as the norm says, and where; `ligne` is the line of the XML, 0 if unknown."""

    code: str
    message: str
    chemin: str = ""
    ligne: int = 0
    gravite: Gravite = Gravite.ANOMALIE


@dataclass(frozen=True, slots=True)
class Entete:
    """Enveloppe and EnTetePES, yielded once, before any block.

    `id_coll` is the SIRET as sent, `id_post` on 6, `cod_col` on 3. `version_acquit`: 1 flat, 2 with
    details, 0 when it is not an acquit.
    """

    forme: Forme
    nom_fic: str = ""
    typ_fic: str = ""
    version: str = ""
    version_acquit: int = 0
    date_str: date | None = None
    id_post: str = ""
    libelle_poste: str = ""
    id_coll: str = ""
    finess: str = ""
    cod_col: str = ""
    cod_bud: str = ""
    libelle_collectivite_budget: str = ""
    emetteur: str = ""
    emetteur_application: str = ""
    encodage: str = ""
    id_xml: str = ""

    @property
    def siren(self) -> str:
        """The collectivité: the first nine digits of IdColl."""
        return self.id_coll[:9]


@dataclass(frozen=True, slots=True)
class Tiers:
    """A creditor, debtor or party; a NIR is never kept: `nir_masque` says there was one."""

    nom: str = ""
    complement: str = ""
    prenom: str = ""
    civilite: str = ""
    identifiant: str = ""
    nature_identifiant: str = ""
    nir_masque: bool = False
    reference: str = ""
    categorie: str = ""
    nature_juridique: str = ""
    type_tiers: str = ""
    adresse: tuple[str, ...] = ()
    code_postal: str = ""
    ville: str = ""
    pays: str = ""
    iban: str = ""
    bic: str = ""
    rib: str = ""
    titulaire: str = ""
    banque: str = ""
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class PjRef:
    """A citation of a PJ; `support` 01 electronic, 02 paper, 03 disc; `niveau` piece or ligne."""

    id_unique: str
    support: str = "01"
    nom: str = ""
    type_pj: str = ""
    niveau: str = "piece"
    numero_ligne: str = ""
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class Rattachement:
    """The piece a line cancels, corrects or completes; `nature` by NatPceOrig, per sens."""

    nature: str
    exercice: int
    numero_piece: str
    numero_ligne: str = ""
    date_rattachement: date | None = None


@dataclass(frozen=True, slots=True)
class Liens:
    """Identifiers of what a line belongs to, as sent."""

    convention: str = ""
    objet_convention: str = ""
    marche: str = ""
    emprunt: str = ""
    actif: str = ""
    regie: str = ""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Prelevement:
    """A direct debit asked for a line of titre, SEPA or older."""

    date_prelevement: date | None = None
    montant: int | None = None
    nature: str = ""
    periodicite: str = ""
    sequence: str = ""
    reference_mandat: str = ""
    date_signature: date | None = None
    libelle: str = ""


@dataclass(frozen=True, slots=True)
class Ligne:
    """A line of a mandat or titre; `compte` is Nature, `tiers` several only in recette."""

    numero: str
    compte: str = ""
    fonction: str = ""
    operation: str = ""
    compte_analytique: str = ""
    compte_tiers: str = ""
    montant_ht: int | None = None
    montant_tva: int | None = None
    montant_facture_ht: int | None = None
    facture: str = ""
    objet: str = ""
    libelle_virement: str = ""
    mode_reglement: str = ""
    tva_intracom: bool | None = None
    code_produit: str = ""
    majorable: bool | None = None
    date_majoration: date | None = None
    montant_non_majorable: int | None = None
    code_operation_specifique: str = ""
    operation_specifique: str = ""
    siret_beneficiaire: str = ""
    tiers: tuple[Tiers, ...] = ()
    rattachement: Rattachement | None = None
    liens: Liens | None = None
    prelevement: Prelevement | None = None
    ligne_xml: int = 0

    @property
    def montant_ttc(self) -> int:
        """HT and TVA together; what could not be read counts for nothing."""
        return (self.montant_ht or 0) + (self.montant_tva or 0)


@dataclass(frozen=True, slots=True)
class Dgp:
    """The global payment delay of a mandat (délai global de paiement)."""

    eligible: bool | None = None
    debut: date | None = None
    fin: date | None = None
    duree: int | None = None
    code_interets: str = ""
    taux_interets: str = ""


@dataclass(frozen=True, slots=True)
class Recette:
    """What only a titre has: role, ASAP, Chorus Pro references, debt, period billed."""

    role: str = ""
    edition: str = ""
    date_asap: date | None = None
    debut_periode: date | None = None
    fin_periode: date | None = None
    numero_dette: str = ""
    periode: str = ""
    cle: str = ""
    numero_facture: str = ""
    numero_marche: str = ""
    numero_engagement: str = ""
    code_service: str = ""
    nom_service: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A mandat or a titre with its lines; it belongs to the last Bordereau yielded.

    `pj_refs` holds those of the piece and those of its lines; `pj_libre` is the free text of
    InfoPce/PJ, which is no PJ.
    """

    sens: Sens
    numero: str
    type_piece: str = ""
    nature_piece: str = ""
    objet: str = ""
    service: str = ""
    affectation: str = ""
    date_echeance: date | None = None
    pj_libre: str = ""
    carte_achat: bool | None = None
    dgp: Dgp | None = None
    recette: Recette | None = None
    lignes: tuple[Ligne, ...] = ()
    pj_refs: tuple[PjRef, ...] = ()
    rang: int = 0
    ligne_xml: int = 0

    @property
    def montant_ht(self) -> int:
        """Sum of the lines, in cents."""
        return sum(ligne.montant_ht or 0 for ligne in self.lignes)

    @property
    def montant_tva(self) -> int:
        """Sum of the lines, in cents."""
        return sum(ligne.montant_tva or 0 for ligne in self.lignes)

    @property
    def montant_ttc(self) -> int:
        """Sum of the lines, HT and TVA, in cents."""
        return self.montant_ht + self.montant_tva


@dataclass(frozen=True, slots=True)
class Bordereau:
    """The head of a bordereau, as declared; `exercice` is 0 when unreadable.

    `dematerialise` is what the block's header declares; whether it is signed is only known at its
    end (FinBordereau).
    """

    sens: Sens
    exercice: int
    numero: str
    type_bordereau: str = ""
    date_emission: date | None = None
    nb_pieces: int | None = None
    montant_ht: int | None = None
    montant_tva: int | None = None
    cumul_annuel: int | None = None
    objet: str = ""
    date_asap: date | None = None
    id_xml: str = ""
    dematerialise: bool | None = None
    rang: int = 0
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class SignatureElectronique:
    """What a XAdES signature says of its signer; it is not verified here."""

    date_signature: str = ""
    role: str = ""
    ville: str = ""
    signataire: str = ""


@dataclass(frozen=True, slots=True)
class FinBordereau:
    """What was read of a bordereau, to set beside what it declared; `complet` False if cut."""

    sens: Sens
    exercice: int
    numero: str
    type_bordereau: str
    nb_pieces: int
    nb_lignes: int
    montant_ht: int
    montant_tva: int
    signature: SignatureElectronique | None = None
    complet: bool = True

    @property
    def signe(self) -> bool:
        """Whether the bordereau carries a signature of its own."""
        return self.signature is not None


@dataclass(frozen=True, slots=True)
class RefCompta:
    """The piece a PJ belongs to, said by the PJ: `identifiant` IdPce, `complement` IdLigne."""

    domaine: str
    exercice: int
    type_objet: str = ""
    identifiant: str = ""
    complement: str = ""
    id_tiers: str = ""


@dataclass(frozen=True, slots=True)
class PieceJustificative:
    """A PJ sent in this flow.

    `offset` and `longueur`: the bytes of its base64 text inside the plain XML file, so that
    `read_contenu(xml[offset:offset + longueur])` gives it again. `sha256` and `taille` are those
    of the decoded bytes (empty when `etat` says there are none), `type_reel` is by content.
    """

    id_unique: str
    nom: str = ""
    type_pj: str = ""
    description: str = ""
    mime_declare: str = ""
    serveur: str = ""
    ref_comptas: tuple[RefCompta, ...] = ()
    offset: int = 0
    longueur: int = 0
    sha256: str = ""
    taille: int = 0
    type_reel: str = ""
    etat: EtatContenu = EtatContenu.VIDE
    motif: str = ""
    rang: int = 0
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class Acteur:
    """A party to a contract; `role`: acheteur, titulaire, sous_traitant, concessionnaire."""

    role: str
    nom: str = ""
    identifiant: str = ""
    nature_identifiant: str = ""
    montant_ht: int | None = None


@dataclass(frozen=True, slots=True)
class Marche:
    """A public contract; `identifiant` is IdContrat, `nature` and `procedure` are its codes."""

    identifiant: str
    numero_modification: str = ""
    sequence: str = ""
    correctif: bool | None = None
    objet: str = ""
    nature: str = ""
    procedure: str = ""
    code_cpv: str = ""
    codes_cpv_secondaires: tuple[str, ...] = ()
    lieu: str = ""
    duree_mois: int | None = None
    montant_ht: int | None = None
    montant_tva: int | None = None
    montant_ht_estime: int | None = None
    date_notification: date | None = None
    date_signature: date | None = None
    date_debut: date | None = None
    acteurs: tuple[Acteur, ...] = ()
    objets_modifications: tuple[str, ...] = ()
    accord_cadre: str = ""
    pj_refs: tuple[PjRef, ...] = ()
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class Concession:
    """A concession contract; `montant_ht` is its ValeurGlobale."""

    identifiant: str
    numero_modification: str = ""
    sequence: str = ""
    correctif: bool | None = None
    objet: str = ""
    nature: str = ""
    procedure: str = ""
    lieu: str = ""
    duree_mois: int | None = None
    montant_ht: int | None = None
    subvention: int | None = None
    date_signature: date | None = None
    date_debut: date | None = None
    acteurs: tuple[Acteur, ...] = ()
    objets_modifications: tuple[str, ...] = ()
    pj_refs: tuple[PjRef, ...] = ()
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class LigneFacture:
    """A line of a PES_Facture; `quantite` and `taux_tva` as sent."""

    libelle: str
    quantite: str = ""
    unite: str = ""
    montant_unitaire: int | None = None
    montant_ht: int | None = None
    taux_tva: str = ""
    montant_tva: int | None = None
    montant_ttc: int | None = None
    debut: date | None = None
    fin: date | None = None


@dataclass(frozen=True, slots=True)
class Facture:
    """One FactureIndiv of a PES_Facture, with what the block says for all of them."""

    numero: str
    objet: str = ""
    date_emission: date | None = None
    date_reglement: date | None = None
    exercice: int = 0
    sequence: str = ""
    type_facture: str = ""
    emetteur: Tiers | None = None
    debiteur: Tiers | None = None
    destinataire: Tiers | None = None
    lignes: tuple[LigneFacture, ...] = ()
    montant_ht: int | None = None
    montant_tva: int | None = None
    montant_ttc: int | None = None
    titre_exercice: int = 0
    titre_bordereau: str = ""
    titre_numero: str = ""
    titre_ligne: str = ""
    textes: tuple[str, ...] = ()
    ligne_xml: int = 0
