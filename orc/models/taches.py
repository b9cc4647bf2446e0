"""Work under way and work that failed: who does what now, and what must be asked for again."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Ouvrier(Base):
    """A process that works (`orc worker`), as it last said; one that is silent too long is dead."""

    __tablename__ = "ouvrier"

    id: Mapped[str] = mapped_column(primary_key=True)
    machine: Mapped[str]
    pid: Mapped[int]
    # Names of queues, separated by commas.
    files: Mapped[str]
    depuis: Mapped[datetime] = mapped_column(Instant)
    vu_le: Mapped[datetime] = mapped_column(Instant, index=True)
    memoire_mo: Mapped[int] = mapped_column(default=0)


class TacheEnCours(Base):
    """A task being done: nobody else does it while its ouvrier lives. The row ends with it."""

    __tablename__ = "tache_en_cours"

    tache: Mapped[str] = mapped_column(primary_key=True)
    # The ids the task was asked for, separated by commas.
    cle: Mapped[str] = mapped_column(primary_key=True)
    ouvrier: Mapped[str] = mapped_column(index=True)
    depuis: Mapped[datetime] = mapped_column(Instant)
    # Asked for again meanwhile: it is done once more after.
    encore: Mapped[bool] = mapped_column(default=False)
    # How many ouvriers died while they did it.
    reprises: Mapped[int] = mapped_column(default=0)


class TacheEchouee(Base):
    """A task that failed: until its next try, until somebody asks again, or set aside."""

    __tablename__ = "tache_echouee"
    __table_args__ = (UniqueConstraint("tache", "cle"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tache: Mapped[str]
    cle: Mapped[str]
    # The queue it goes to.
    file: Mapped[str]
    # French, without what documents or people say.
    motif: Mapped[str]
    essais: Mapped[int]
    # What stopped it may pass by itself: it is asked for again after a while.
    passagere: Mapped[bool]
    premiere_le: Mapped[datetime] = mapped_column(Instant)
    derniere_le: Mapped[datetime] = mapped_column(Instant)
    # None: given up.
    prochain_le: Mapped[datetime | None] = mapped_column(Instant)
    ecartee_le: Mapped[datetime | None] = mapped_column(Instant)
