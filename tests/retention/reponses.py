"""Acquits and retours made to the letter, about the flows of tests.flows."""

from collections.abc import Sequence
from dataclasses import dataclass

_NS = "http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<n:{root} xmlns:n="{ns}"><Enveloppe><Parametres>'
    '<Version V="2"/><TypFic V="{root}"/><NomFic V="{nom}"/></Parametres></Enveloppe><EnTetePES>'
    '<DteStr V="{jour}"/><IdPost V="033012"/><IdColl V="00000000100011"/><{col} V="101"/>'
    '<CodBud V="00"/></EnTetePES>'
)


@dataclass(frozen=True)
class UnAcquit:
    """What is answered to the flow `nom`: of each IdUnique, whether it is accepted, or why not."""

    jour: str
    pjs: tuple[tuple[str, bool], ...]
    nom: str = "FLUX"
    erreurs: tuple[str, ...] = ()

    def make(self) -> bytes:
        """The XML."""
        why = "".join(f'<Erreur><NumAnoAck V="{code}"/></Erreur>' for code in self.erreurs)
        elements = "".join(
            f'<ElementACQUIT><DomaineAck V="4"/><EtatAck V="{int(ok)}"/><IdUnique V="{pj}"/>'
            f"{why}</ElementACQUIT>"
            for pj, ok in self.pjs
        )
        head = _HEAD.format(
            root="PES_ACQUIT", ns=f"{_NS}/v2", nom=self.nom, jour=self.jour, col="CodCol"
        )
        body = f'<ACQUIT><EnTeteAcquit><IdVer V="2"/></EnTeteAcquit>{elements}</ACQUIT>'
        return f"{head}{body}</n:PES_ACQUIT>".encode()


@dataclass(frozen=True)
class UnRetour:
    """What is said of a mandat of bordereau 12, exercice 2023: its state and its payments.

    `paiements`: OrgEma, day, euros. `numero`: of the mandat.
    """

    jour: str
    etat: str
    paiements: tuple[tuple[str, str, str], ...] = ()
    numero: str = "1"
    prise_en_charge: str = ""
    rejet: str = ""
    type_bordereau: str = "01"
    cession: str = "01"
    restitution: str = "02"
    bordereau: str = "12"
    exercice: int = 2023
    # MtPayTot, in euros; empty: no InfoPaiement.
    total: str = ""

    def make(self) -> bytes:
        """The XML."""
        return make_retour((self,))

    def make_piece(self) -> str:
        """The XML of its mandat alone."""
        pec = f'<DtePcePec V="{self.prise_en_charge}"/>' if self.prise_en_charge else ""
        rejet = f'<DtePceRej V="{self.rejet}"/>' if self.rejet else ""
        payments = "".join(
            f'<PaiementEmargement><OrgEma V="{o}"/><DtePay V="{d}"/><MtPay V="{m}"/>'
            "</PaiementEmargement>"
            for o, d, m in self.paiements
        )
        info = f'<NbrPay V="0"/><MtPayTot V="{self.total}"/>' if self.total else ""
        info = f"<InfoPaiement>{info}</InfoPaiement>" if info else ""
        return (
            f'<Piece><InfoPiece><IdPce V="{self.numero}"/><TypPce V="01"/><NatPce V="01"/>{pec}'
            f'<EtatPce V="{self.etat}"/>{rejet}</InfoPiece><LigneDePiece><BlocLignePiece>'
            '<InfoLignePiece><IdLigne V="1"/><EtatLigPce V="08"/><MtHT V="100.00"/>'
            f'<CessOpp V="{self.cession}"/></InfoLignePiece>{info}</BlocLignePiece>'
            f"{payments}"
            "</LigneDePiece></Piece>"
        )


def make_retour(retours: Sequence[UnRetour]) -> bytes:
    """One flow that says all of these: the day, the kind and the bordereau are of the first."""
    first = retours[0]
    head = _HEAD.format(
        root="PES_Retour", ns=_NS, nom=f"PES2R_{first.jour}_{first.numero}", jour=first.jour,
        col="CodColl",
    )  # fmt: skip
    pieces = "".join(retour.make_piece() for retour in retours)
    return (
        f'{head}<PES_DepenseRetour><EnTeteDepense><TypRestit V="{first.restitution}"/>'
        '<IdVer V="5"/></EnTeteDepense><Bordereau><BlocBordereau>'
        f'<Exer V="{first.exercice}"/><IdBord V="{first.bordereau}"/>'
        f'<TypBord V="{first.type_bordereau}"/></BlocBordereau>'
        f"{pieces}</Bordereau></PES_DepenseRetour></n:PES_Retour>"
    ).encode()
