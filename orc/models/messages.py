"""Mail and SMS to send: written in the transaction of what they announce, sent after."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Message(Base):
    """A mail or an SMS; without a sender in the settings, it is read on the mailbox page."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int | None] = mapped_column(ForeignKey("personne.id"), index=True)
    # courriel or sms.
    canal: Mapped[str]
    destinataire: Mapped[str]
    objet: Mapped[str] = mapped_column(default="")
    # Emptied once sent where it holds a secret.
    corps: Mapped[str]
    secret: Mapped[bool]
    # What it says once only, as `validite:12:2026-12-12:30`.
    unique: Mapped[str | None] = mapped_column(unique=True)
    cree_le: Mapped[datetime] = mapped_column(Instant, index=True)
    envoye_le: Mapped[datetime | None] = mapped_column(Instant)
    # After that it is no longer worth sending.
    expire_le: Mapped[datetime] = mapped_column(Instant)
    abandonne_le: Mapped[datetime | None] = mapped_column(Instant)
    # The last failure, in words.
    echec: Mapped[str] = mapped_column(default="")
