"""Bordereaux d'élimination and their lines, what leaves the silo at its term, reports."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class BordereauElimination(Base):
    """A list of PJ whose copy the collectivité asks to destroy; kept for ever with its visa."""

    __tablename__ = "bordereau_elimination"

    id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[str] = mapped_column(unique=True)
    siren: Mapped[str] = mapped_column(index=True)
    intitule: Mapped[str]
    observations: Mapped[str] = mapped_column(default="")
    observations_archives: Mapped[str] = mapped_column(default="")
    # producteur or archives: who drew the list up.
    origine: Mapped[str] = mapped_column(default="producteur")
    # One of orc.retention.eliminations.Etat.
    etat: Mapped[str] = mapped_column(index=True)
    # Counts the steps: one made on another state than the one seen is refused.
    pas: Mapped[int] = mapped_column(default=0)
    cree_par_id: Mapped[int | None]
    cree_par: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(Instant)
    # SHA-256 of the list, when frozen by the signature of the producer; empty before.
    liste_sha256: Mapped[str] = mapped_column(default="")
    # The visa: reference, or that of the general authorisation.
    autorisation: Mapped[str] = mapped_column(default="")
    # The last day of the délai before any destruction.
    delai_jusqu_a: Mapped[date | None]
    detruite_le: Mapped[date | None]
    methode: Mapped[str] = mapped_column(default="")
    # Linear metres of paper destroyed with it, in millimetres; None: not declared.
    metrage_mm: Mapped[int | None]


class LigneElimination(Base):
    """A PJ of a bordereau d'élimination, as it was when listed: the register is read from here."""

    __tablename__ = "ligne_elimination"
    __table_args__ = (
        UniqueConstraint("bordereau_id", "pj_id"),
        Index(
            "uq_ligne_elimination_en_cours",
            "pj_id",
            unique=True,
            sqlite_where=text("en_cours"),
            postgresql_where=text("en_cours"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bordereau_id: Mapped[int] = mapped_column(ForeignKey("bordereau_elimination.id"), index=True)
    # Its place in the list that is signed, from 1; 0: set aside before the signature.
    rang: Mapped[int]
    pj_id: Mapped[int] = mapped_column(BigInteger, index=True)
    # Destroyed, or in a bordereau that still goes on: a PJ is in one at most.
    en_cours: Mapped[bool] = mapped_column(default=True)
    # retenue, retiree (by the producer), refusee (by the archives), ecartee (it may no longer go),
    # detruite.
    statut: Mapped[str]
    # Why it is not retained; on a retained line, the refusal that the archives prepare.
    motif: Mapped[str] = mapped_column(default="")
    decision_id: Mapped[int | None]
    # The line of typology the archives read it under.
    typologie: Mapped[str]
    id_unique: Mapped[str]
    nom: Mapped[str]
    sha256: Mapped[str]
    octets: Mapped[int] = mapped_column(BigInteger)
    exercice: Mapped[int | None]
    date_min: Mapped[date | None]
    date_max: Mapped[date | None]
    # The rule of duration: its code and reference, as they were.
    regle: Mapped[str] = mapped_column(default="")


class CelluleElimination(Base):
    """A cellule that the lines of a bordereau d'élimination touch: who sees it holds them all."""

    __tablename__ = "cellule_elimination"

    bordereau_id: Mapped[int] = mapped_column(
        ForeignKey("bordereau_elimination.id"), primary_key=True, autoincrement=False
    )
    cellule_id: Mapped[int] = mapped_column(
        ForeignKey("cellule.id"), primary_key=True, autoincrement=False
    )


class EtapeElimination(Base):
    """A step of a bordereau d'élimination: who, when, from which state to which. Append-only."""

    __tablename__ = "etape_elimination"

    id: Mapped[int] = mapped_column(primary_key=True)
    bordereau_id: Mapped[int] = mapped_column(ForeignKey("bordereau_elimination.id"), index=True)
    quand: Mapped[datetime] = mapped_column(Instant)
    personne_id: Mapped[int | None]
    par: Mapped[str]
    acte: Mapped[str]
    avant: Mapped[str]
    apres: Mapped[str]
    motif: Mapped[str] = mapped_column(default="")
    # SHA-256 of the list at that moment.
    liste_sha256: Mapped[str] = mapped_column(default="")
    # What was joined: the signed scan, the PV; bytes in the storage by their SHA-256.
    document: Mapped[str] = mapped_column(default="")
    document_sha256: Mapped[str] = mapped_column(default="")
    # JSON: counts, refusals, what the step alone knows.
    details: Mapped[str] = mapped_column(default="{}")


class Sortie(Base):
    """Pieces that left the silo at the end of its ten years: an archivist's act, never a job's."""

    __tablename__ = "sortie"

    id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[str] = mapped_column(unique=True)
    siren: Mapped[str] = mapped_column(index=True)
    exercice: Mapped[int]
    motif: Mapped[str]
    personne_id: Mapped[int | None]
    par: Mapped[str]
    quand: Mapped[datetime] = mapped_column(Instant)
    liste_sha256: Mapped[str]
    nb_pj: Mapped[int]
    octets: Mapped[int] = mapped_column(BigInteger)


class LigneSortie(Base):
    """A PJ that left the silo; its text and its records are gone, this row stays."""

    __tablename__ = "ligne_sortie"

    pj_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    id_unique: Mapped[str]
    nom: Mapped[str]
    sha256: Mapped[str]
    octets: Mapped[int] = mapped_column(BigInteger)
    sort_final: Mapped[str]
    regle: Mapped[str] = mapped_column(default="")


class Rapport(Base):
    """A report as it was given: its number, its day, the SHA-256 of its bytes, kept in storage."""

    __tablename__ = "rapport"

    id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[str] = mapped_column(unique=True)
    # One of orc.retention.reports.Genre.
    genre: Mapped[str] = mapped_column(index=True)
    siren: Mapped[str] = mapped_column(default="", index=True)
    # JSON: what it was asked.
    parametres: Mapped[str] = mapped_column(default="{}")
    # pdf, ods or csv.
    forme: Mapped[str]
    sha256: Mapped[str]
    octets: Mapped[int] = mapped_column(BigInteger)
    nb_lignes: Mapped[int]
    personne_id: Mapped[int | None]
    par: Mapped[str]
    quand: Mapped[datetime] = mapped_column(Instant)
