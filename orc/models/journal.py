"""The table of the journal: append-only, held by triggers (see migrations)."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Ecriture(Base):
    """One act: who, what, when, on what."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    quand: Mapped[datetime] = mapped_column(Instant, index=True)
    personne_id: Mapped[int | None] = mapped_column(index=True)
    # The identifiant as it was, or the name of the program.
    acteur: Mapped[str]
    acte: Mapped[str] = mapped_column(index=True)
    objet: Mapped[str]
    # JSON.
    details: Mapped[str]
    # A juge's acts: never shown to ordonnateurs nor comptables.
    scelle: Mapped[bool]
