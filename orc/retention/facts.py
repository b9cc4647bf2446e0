"""What is known of a PJ when a decision is made. Values only: nothing here reads or decides."""

from dataclasses import dataclass
from datetime import date

from orc.domain import Sens


@dataclass(frozen=True, slots=True)
class Preuve:
    """Where a fact comes from: an event, its date, the flow or the act that says it."""

    evenement: str
    jour: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Periode:
    """What holds from a day to another, included; None: still."""

    depuis: date
    jusqu_a: date | None
    preuve: Preuve

    def holds(self, day: date) -> bool:
        """Whether it holds that day."""
        return self.depuis <= day and (self.jusqu_a is None or day <= self.jusqu_a)


@dataclass(frozen=True, slots=True)
class Acquittement:
    """What PES_ACQUIT says of the PJ itself: DomaineAck 4, its IdUnique."""

    accepte: bool
    jour: date
    preuve: Preuve


@dataclass(frozen=True, slots=True)
class Copie:
    """The copy kept in the silo, as last checked. `lisible` None: nobody opened it yet."""

    empreinte_verifiee: bool
    lisible: bool | None
    octets: int
    preuve: Preuve


@dataclass(frozen=True, slots=True)
class Emargement:
    """What settles a line: OrgEma, DtePay or DteReco, cents with their sign; None: not known."""

    origine: str
    montant: int | None
    jour: date | None


@dataclass(frozen=True, slots=True)
class LignePayee:
    """A line of a mandat: what it is worth, HT and TVA, in cents, and what settled it."""

    numero: str
    montant: int
    emargements: tuple[Emargement, ...] = ()
    cession_opposition: str = ""
    # The sum of its payments as the last retour that says one has it; None: none does.
    annonce: int | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A piece that cites the PJ, with what the last retour says of it; `etat` empty: none came.

    `forme_v20`: the retour is in the V2.0 form, where a titre in state 05 is soldé, not annulé.
    """

    sens: Sens
    designation: str
    type_piece: str
    preuve: Preuve
    etat: str = ""
    forme_v20: bool = False
    mode_reglement: str = ""
    prise_en_charge_le: date | None = None
    rejetee_le: date | None = None
    lignes: tuple[LignePayee, ...] = ()
    # Why what retours say of it is not sure; empty: it is.
    doute: str = ""


@dataclass(frozen=True, slots=True)
class Gel:
    """What forbids any destruction, until another person lifts it."""

    nom: str
    autorite: str
    reference: str
    periode: Periode


@dataclass(frozen=True, slots=True)
class Marche:
    """The dates of the marché whose contractual piece it is; None: not known."""

    notifie_le: date | None
    solde_le: date | None
    preuves_notification: tuple[Preuve, ...] = ()
    preuves_solde: tuple[Preuve, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one PJ. What is not known is None or empty, and never favours."""

    recue_le: date | None = None
    # A bordereau, a mandat, a titre or the signed flow is kept ten years: not a PJ.
    est_pj: bool = False
    # Support of PES V2: 01 came by the flow, 02 paper, 03 cd-rom.
    support: str = ""
    adhesions_orc: tuple[Periode, ...] = ()
    adhesions_offre: tuple[Periode, ...] = ()
    tenue_helios: tuple[Periode, ...] = ()
    acquittement: Acquittement | None = None
    # An acquit came and says nothing sure: why, and which.
    acquit_douteux: Preuve | None = None
    copie: Copie | None = None
    # None: not known, so as if it were one.
    est_numerisee: bool | None = None
    declarations_numerisation: tuple[Periode, ...] = ()
    citations: tuple[Citation, ...] = ()
    # What it says itself that it proves, and that never came.
    pieces_absentes: tuple[str, ...] = ()
    # Declared, or proposed by a rule; empty: PES carries none.
    rubriques: tuple[str, ...] = ()
    gels: tuple[Gel, ...] = ()
    cofinancements: tuple[Gel, ...] = ()
    piece_de_marche: bool = False
    marche: Marche | None = None
    # D(étruire), C(onserver), T(rier); empty: no rule says.
    sort_final: str = ""
    # The last day its duration keeps it: told to people, asked by no test.
    terme: date | None = None
    # The code of that duration's rule, and the first day it keeps nothing: as `terme`.
    regle: str = ""
    libre: date | None = None
    historique: Preuve | None = None
