"""What the silo holds and what became of it: files seen, flows read, their anomalies."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Fichier(Base):
    """A file of the silo as it was seen; a changed file is a new row, a vanished one is dated."""

    __tablename__ = "fichier"
    __table_args__ = (
        Index(
            "uq_fichier_present",
            "silo",
            "chemin",
            unique=True,
            sqlite_where=text("remplace_le IS NULL AND disparu_le IS NULL"),
            postgresql_where=text("remplace_le IS NULL AND disparu_le IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The URL of the silo, without credentials: those come from the settings.
    silo: Mapped[str]
    chemin: Mapped[str]
    genre: Mapped[str]
    taille: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(default="")
    mtime: Mapped[float | None]
    vu_le: Mapped[datetime] = mapped_column(Instant)
    disparu_le: Mapped[datetime | None] = mapped_column(Instant)
    # Its content changed: the same name is another row since then.
    remplace_le: Mapped[datetime | None] = mapped_column(Instant)
    # vu -> lu (its flows are registered) | quarantaine (nothing of it can be used)
    etat: Mapped[str] = mapped_column(default="vu", index=True)
    motif: Mapped[str] = mapped_column(default="")


class Emplacement(Base):
    """Where a flow lies: a file, or a member of a zip. One flow may lie in several places."""

    __tablename__ = "emplacement"

    fichier_id: Mapped[int] = mapped_column(ForeignKey("fichier.id"), primary_key=True)
    membre: Mapped[str] = mapped_column(primary_key=True, default="")
    flux_id: Mapped[int | None] = mapped_column(ForeignKey("flux.id"), index=True)
    # Why this member could not become a flow, when it could not.
    motif: Mapped[str] = mapped_column(default="")


class Flux(Base):
    """A flow, known by the SHA-256 of its XML: its name, its file and its container are not it."""

    __tablename__ = "flux"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    taille: Mapped[int] = mapped_column(BigInteger)
    # recu -> lu | quarantaine
    etat: Mapped[str] = mapped_column(default="recu", index=True)
    motif: Mapped[str] = mapped_column(default="")
    recu_le: Mapped[datetime] = mapped_column(Instant)
    lu_le: Mapped[datetime | None] = mapped_column(Instant)
    forme: Mapped[str] = mapped_column(default="")
    nom_fic: Mapped[str] = mapped_column(default="", index=True)
    typ_fic: Mapped[str] = mapped_column(default="")
    encodage: Mapped[str] = mapped_column(default="")
    date_flux: Mapped[date | None]
    budget_id: Mapped[int | None] = mapped_column(ForeignKey("budget.id"), index=True)
    nb_bordereaux: Mapped[int] = mapped_column(default=0)
    nb_pieces: Mapped[int] = mapped_column(default=0)
    nb_pj: Mapped[int] = mapped_column(default=0)
    nb_anomalies: Mapped[int] = mapped_column(default=0)


def was_read(flux: type[Flux]) -> ColumnElement[bool]:
    """That this flow was read to its end; never by the index of the states.

    Nearly every flow was: a database without statistics that starts there reads all of them, for
    each question. Behind a function the column has no index.
    """
    return func.coalesce(flux.etat, "") == "lu"


class Anomalie(Base):
    """Something wrong in a flow: said in French, with its place. It never lost anything else."""

    __tablename__ = "anomalie"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey("flux.id"), index=True)
    gravite: Mapped[str]
    code: Mapped[str]
    message: Mapped[str]
    chemin: Mapped[str]
    ligne: Mapped[int]
