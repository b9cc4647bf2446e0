"""What Hélios answered, as each flow says it: acquits, states of pieces, what settled them.

Rows are kept as they came; what they make of a piece, together, is read in orc.retention.
"""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base

FLUX = "flux.id"


class Acquit(Base):
    """An element of a PES_ACQUIT, accepted or not: a bordereau, a PJ, a marché or the flow."""

    __tablename__ = "acquit"
    __table_args__ = (
        Index("ix_acquit_id_unique", "siren", "id_unique"),
        Index("ix_acquit_bordereau", "budget_id", "exercice", "numero_bordereau"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey(FLUX), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    siren: Mapped[str]
    # The NomFic of the flow it answers, which the acquit repeats.
    nom_fic: Mapped[str]
    jour: Mapped[date | None]
    # DomaineAck without padding: 4 is a PJ, 5 dépense, 6 recette.
    domaine: Mapped[str]
    # None: EtatAck could not be read.
    accepte: Mapped[bool | None]
    exercice: Mapped[int]
    numero_bordereau: Mapped[str]
    id_unique: Mapped[str]
    id_marche: Mapped[str]
    ligne_xml: Mapped[int]


class ErreurAcquit(Base):
    """Why an element was refused: for the whole of it, a piece of it or a line."""

    __tablename__ = "erreur_acquit"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    acquit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("acquit.id"), index=True)
    code: Mapped[str]
    libelle: Mapped[str]
    numero_piece: Mapped[str]
    numero_ligne: Mapped[str]


class RetourPiece(Base):
    """What a retour says of a mandat or titre; `numero` empty: of a whole bordereau of ORMC.

    `etat` is EtatPce, whose meaning depends on `forme_v20`.
    """

    __tablename__ = "retour_piece"
    __table_args__ = (
        Index("ix_retour_piece_cle", "budget_id", "exercice", "sens", "numero_bordereau", "numero"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey(FLUX), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    # The day of the flow, which puts the retours in order.
    jour: Mapped[date | None]
    # TypRestit: 01 rejets, 02 périodique, 03 stock.
    type_restitution: Mapped[str]
    forme_v20: Mapped[bool]
    sens: Mapped[str]
    exercice: Mapped[int]
    type_bordereau: Mapped[str]
    numero_bordereau: Mapped[str]
    numero: Mapped[str]
    etat: Mapped[str]
    type_piece: Mapped[str]
    prise_en_charge_le: Mapped[date | None]
    rejet_le: Mapped[date | None]
    instance_le: Mapped[date | None]
    # Codes of ObsEtat, separated by commas.
    motifs: Mapped[str]
    commentaire: Mapped[str]
    ligne_xml: Mapped[int]


class RetourLigne(Base):
    """What a retour says of a line. Amounts in cents, unsigned as the flow writes them."""

    __tablename__ = "retour_ligne"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    retour_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("retour_piece.id"), index=True)
    numero: Mapped[str]
    etat: Mapped[str]
    motifs: Mapped[str]
    ht: Mapped[int | None] = mapped_column(BigInteger)
    tva: Mapped[int | None] = mapped_column(BigInteger)
    cession_opposition: Mapped[str]
    # The sum of its payments as the flow says it; None: it does not.
    total: Mapped[int | None] = mapped_column(BigInteger)
    # What remains to recover of a titre; None: not said.
    reste: Mapped[int | None] = mapped_column(BigInteger)


class Emargement(Base):
    """A payment, a recovery or an offset against a line, as one retour says it."""

    __tablename__ = "emargement"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ligne_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("retour_ligne.id"), index=True)
    # OrgEma, per sens; empty in the V2.0 form.
    origine: Mapped[str]
    jour: Mapped[date | None]
    montant: Mapped[int | None] = mapped_column(BigInteger)
