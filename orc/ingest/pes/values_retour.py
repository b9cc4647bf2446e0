"""What Hélios answers, as frozen values: acquits, retours, restes à recouvrer, archived links."""

from dataclasses import dataclass
from datetime import date

from orc.domain import Sens
from orc.ingest.pes.values import (
    Anomalie,
    Bordereau,
    Concession,
    Entete,
    Facture,
    FinBordereau,
    Liens,
    Marche,
    Piece,
    PieceJustificative,
    Rattachement,
    SignatureElectronique,
    Tiers,
)


@dataclass(frozen=True, slots=True)
class ErreurAcquit:
    """A reason of refusal, at the level of the element, of a piece of it or of a line of it."""

    code: str = ""
    libelle: str = ""
    numero_piece: str = ""
    numero_ligne: str = ""

    @property
    def niveau(self) -> str:
        """`ligne`, `piece` or `element`."""
        return "ligne" if self.numero_ligne else "piece" if self.numero_piece else "element"


@dataclass(frozen=True, slots=True)
class ElementAcquit:
    """What is acknowledged: a bordereau, a PJ (`id_unique`), a marché, or the whole flow.

    Elements are independent: a PJ may be accepted while its bordereau is refused. `ok` is None
    when EtatAck cannot be read. `domaine` is DomaineAck without padding (`4` PJ, `5` dépense…).
    """

    domaine: str
    ok: bool | None
    exercice: int = 0
    numero_bordereau: str = ""
    id_unique: str = ""
    id_marche: str = ""
    erreurs: tuple[ErreurAcquit, ...] = ()
    rang: int = 0
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class ElementAcquitRetour:
    """The ordonnateur's receipt of a retour."""

    domaine: str
    nom_fichier_retour: str
    type_restitution: str = ""
    date_acquit: date | None = None
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class BordereauRetour:
    """The bordereau the following PieceRetour belong to; amounts only in the V2.0 form."""

    sens: Sens
    exercice: int
    numero: str
    type_bordereau: str = ""
    type_restitution: str = ""
    date_emission: date | None = None
    date_arrivee: date | None = None
    nb_pieces: int | None = None
    montant_ht: int | None = None
    montant_tva: int | None = None
    rang: int = 0
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class Emargement:
    """A payment, a recovery or an offset against a line; `origine` is OrgEma, per sens.

    The V2.0 form has no OrgEma but `type_flux`, `mode_reglement` and `encaissement`.
    """

    origine: str = ""
    date_emargement: date | None = None
    montant: int | None = None
    type_flux: str = ""
    mode_reglement: str = ""
    encaissement: str = ""
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class Acte:
    """A step of recovery; `etape` is EtapePce (EtPce in the V2.0 form)."""

    etape: str
    date_etape: date | None = None
    identifiant: str = ""
    actualite: str = ""
    date_actualite: date | None = None
    montant_frais: int | None = None
    date_envoi: date | None = None


@dataclass(frozen=True, slots=True)
class Recouvrement:
    """What remains to be recovered on a line of titre, and why recovery is suspended."""

    montant_contentieux: int | None = None
    solde_principal: int | None = None
    solde_frais: int | None = None
    code_suspension: str = ""
    date_suspension: date | None = None
    date_reprise: date | None = None
    date_dernier_paiement: date | None = None
    paiements_restants: int | None = None
    actes: tuple[Acte, ...] = ()


@dataclass(frozen=True, slots=True)
class LigneRetour:
    """The state of a line; `motifs` are the codes of ObsEtat."""

    numero: str
    etat: str = ""
    motifs: tuple[str, ...] = ()
    commentaire: str = ""
    compte: str = ""
    compte_tiers: str = ""
    code_produit: str = ""
    libelle_virement: str = ""
    montant_ht: int | None = None
    montant_tva: int | None = None
    cession_opposition: str = ""
    nb_emargements: int | None = None
    total_emargements: int | None = None
    emargements: tuple[Emargement, ...] = ()
    recouvrement: Recouvrement | None = None
    rattachement: Rattachement | None = None
    liens: Liens | None = None
    tiers: tuple[Tiers, ...] = ()
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class PieceRetour:
    """The state of a mandat or titre; `etat` is EtatPce, whose meaning depends on `forme_v20`."""

    sens: Sens
    numero: str
    etat: str = ""
    type_piece: str = ""
    nature_piece: str = ""
    objet: str = ""
    service: str = ""
    date_prise_en_charge: date | None = None
    date_rejet: date | None = None
    date_instance: date | None = None
    date_asap: date | None = None
    motifs: tuple[str, ...] = ()
    commentaire: str = ""
    numero_dette: str = ""
    lignes: tuple[LigneRetour, ...] = ()
    forme_v20: bool = False
    rang: int = 0
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class OrmcGlobal:
    """An event on a whole bordereau of ORMC."""

    exercice: int
    numero: str
    montant_ttc: int | None = None
    date_prise_en_charge: date | None = None
    date_rejet: date | None = None
    date_instance: date | None = None
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class ResteARecouvrer:
    """What a client still owes, per local product."""

    code_produit: str
    principal: int | None = None
    frais: int | None = None


@dataclass(frozen=True, slots=True)
class ClientRetour:
    """What a debtor, by the ordonnateur's own reference, still owes."""

    reference: str
    date_calcul: date | None = None
    restes: tuple[ResteARecouvrer, ...] = ()
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class LienPj:
    """A link of the legal archive (liensPj), from a PJ to its piece.

    `statut`: 0 kept, 1 the piece was rejected or cancelled, 2 the link was refused.
    """

    id_unique: str
    domaine: str = ""
    type_objet: str = ""
    exercice: int = 0
    identifiant: str = ""
    complement: str = ""
    statut: str = ""
    nom: str = ""
    id_atlas: str = ""
    support: str = ""
    ligne_xml: int = 0


@dataclass(frozen=True, slots=True)
class FinFlux:
    """The last element: what was read, and whether the file was read to its end."""

    complet: bool
    nb_bordereaux: int = 0
    nb_pieces: int = 0
    nb_lignes: int = 0
    nb_pj: int = 0
    nb_anomalies: int = 0
    encodage: str = ""
    signature: SignatureElectronique | None = None


Element = (
    Entete
    | Bordereau
    | Piece
    | FinBordereau
    | PieceJustificative
    | Marche
    | Concession
    | Facture
    | ElementAcquit
    | ElementAcquitRetour
    | BordereauRetour
    | PieceRetour
    | OrmcGlobal
    | ClientRetour
    | LienPj
    | FinFlux
    | Anomalie
)
