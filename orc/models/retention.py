"""What early destruction rests on: facts people declare, gels, decisions, rules of duration."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant, read_now


class Declaration(Base):
    """A fact somebody answers for. Never edited: a later row takes its place."""

    __tablename__ = "declaration"

    id: Mapped[int] = mapped_column(primary_key=True)
    # One of orc.retention.declarations.Genre.
    genre: Mapped[str] = mapped_column(index=True)
    siren: Mapped[str] = mapped_column(index=True)
    # What of the collectivité: empty is the whole; else a kind and its key, `marche:12`, `pj:7`.
    objet: Mapped[str] = mapped_column(default="")
    exercice_min: Mapped[int | None]
    exercice_max: Mapped[int | None]
    depuis: Mapped[date]
    # The last day it holds; None: still.
    jusqu_a: Mapped[date | None]
    # The norm, the rubrique, the fund: what the genre asks for.
    valeur: Mapped[str] = mapped_column(default="")
    autorite: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    motif: Mapped[str] = mapped_column(default="")
    # The document that proves it; its bytes are in the storage, by their SHA-256.
    document: Mapped[str] = mapped_column(default="")
    document_sha256: Mapped[str] = mapped_column(default="")
    personne_id: Mapped[int | None]
    saisie_par: Mapped[str]
    # As what it was said: one of orc.retention.qualites.Qualite; empty: by command, or long ago.
    qualite: Mapped[str] = mapped_column(default="", server_default="")
    saisie_le: Mapped[datetime] = mapped_column(Instant)
    # The row whose place it takes: one only may.
    remplace_id: Mapped[int | None] = mapped_column(ForeignKey("declaration.id"), unique=True)
    # This row only says that what it replaces was never true.
    retiree: Mapped[bool] = mapped_column(default=False)


class Gel(Base):
    """What forbids any destruction of its objects until another person releases it."""

    __tablename__ = "gel"

    id: Mapped[int] = mapped_column(primary_key=True)
    nom: Mapped[str]
    autorite: Mapped[str]
    reference: Mapped[str]
    motif: Mapped[str]
    # objets (a list, in GelObjet), criteres, or exercices (a collectivité and its exercices).
    portee: Mapped[str]
    # Empty: the criteria or the list name the collectivités.
    siren: Mapped[str] = mapped_column(default="", index=True)
    exercice_min: Mapped[int | None]
    exercice_max: Mapped[int | None]
    # JSON: structured criteria, compiled to SQL each time they are asked.
    criteres: Mapped[str] = mapped_column(default="")
    # SHA-256 of the frozen list, sorted; empty for another portee.
    liste_sha256: Mapped[str] = mapped_column(default="")
    depuis: Mapped[date]
    # The day somebody must look at it again: an alert, never a release.
    revue_le: Mapped[date] = mapped_column(index=True)
    personne_id: Mapped[int | None]
    pose_par: Mapped[str]
    # As what it was placed: archiviste, comptable or ordonnateur.
    qualite: Mapped[str]
    pose_le: Mapped[datetime] = mapped_column(Instant)
    leve_par_id: Mapped[int | None]
    leve_par: Mapped[str] = mapped_column(default="")
    leve_le: Mapped[datetime | None] = mapped_column(Instant)
    motif_levee: Mapped[str] = mapped_column(default="")
    # The last day of the cool-off: it still holds until then, included.
    fin_le: Mapped[date | None]


class GelObjet(Base):
    """A piece or a PJ of the frozen list of a gel."""

    __tablename__ = "gel_objet"
    __table_args__ = (
        Index("ix_gel_objet_pj", "pj_id", "gel_id"),
        Index("ix_gel_objet_piece", "piece_id", "gel_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    gel_id: Mapped[int] = mapped_column(ForeignKey("gel.id"), index=True)
    pj_id: Mapped[int | None] = mapped_column(BigInteger)
    # Every PJ this piece cites, those yet to come included.
    piece_id: Mapped[int | None] = mapped_column(BigInteger)


class Decision(Base):
    """What was decided of a PJ, and why. Append-only: one can read what held on any past day."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_pj", "pj_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pj_id: Mapped[int] = mapped_column(BigInteger)
    decidee_le: Mapped[datetime] = mapped_column(Instant)
    # The day it was decided for.
    jour: Mapped[date]
    # One of orc.retention.decide.Statut.
    statut: Mapped[str]
    depuis: Mapped[date | None]
    jusqu_a: Mapped[date | None]
    # JSON: all the reasons with their proofs.
    raisons: Mapped[str]
    # SHA-256 of what it says: the same answer is not written twice.
    empreinte: Mapped[str]
    # The version of the rules of duration; None: those that ship.
    regles_id: Mapped[int | None]


class GroupeCellules(Base):
    """A set of cellules that cite PJ together: most are of one. Counts are kept apart by it."""

    __tablename__ = "groupe_cellules"

    id: Mapped[int] = mapped_column(primary_key=True)
    # `12,40`: its cellules in order; `budget:7`: PJ of this budget that nothing cites.
    cle: Mapped[str] = mapped_column(unique=True)
    # Only of a group without cellules.
    budget_id: Mapped[int | None] = mapped_column(ForeignKey("budget.id"), index=True)


class MembreGroupe(Base):
    """A cellule of a group."""

    __tablename__ = "membre_groupe"

    cellule_id: Mapped[int] = mapped_column(
        ForeignKey("cellule.id"), primary_key=True, autoincrement=False
    )
    groupe_id: Mapped[int] = mapped_column(
        ForeignKey("groupe_cellules.id"), primary_key=True, autoincrement=False
    )


class DecisionCourante(Base):
    """The last decision on each PJ, for counts, lists and searches."""

    __tablename__ = "decision_courante"
    __table_args__ = (
        Index("ix_decision_courante_statut", "siren", "statut"),
        # All that counts read, so that they read nothing else.
        Index("ix_decision_courante_compte", "groupe_id", "siren", "statut", "motif", "octets"),
        Index("ix_decision_courante_depuis", "statut", "depuis"),
    )

    pj_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    siren: Mapped[str]
    statut: Mapped[str]
    depuis: Mapped[date | None]
    jusqu_a: Mapped[date | None]
    # The next day on which time alone may change the answer; None: none will.
    revoir_le: Mapped[date | None] = mapped_column(index=True)
    # The last day its own duration keeps it; None: no rule, or a start nobody knows.
    terme: Mapped[date | None] = mapped_column(index=True)
    # The rule of that duration, « » where none applies; None: not decided since 0015.
    regle: Mapped[str | None]
    sort_final: Mapped[str] = mapped_column(default="")
    # The first day that no rule keeps it any more; None: as `terme`.
    libre: Mapped[date | None]
    gelee: Mapped[bool] = mapped_column(default=False)
    anomalie: Mapped[bool] = mapped_column(default=False)
    # The number of the test that forbids first, and those of all that do: `9a`, `,9a,11,`.
    motif: Mapped[str] = mapped_column(default="")
    motifs: Mapped[str] = mapped_column(default="")
    # The day it was last decided for, whether the answer changed or not; None: before 0013.
    jour: Mapped[date | None]
    # The cellules that cite it, and its bytes, as they were when it was decided.
    groupe_id: Mapped[int | None] = mapped_column(ForeignKey("groupe_cellules.id"))
    octets: Mapped[int] = mapped_column(BigInteger, default=0)


class ADecider(Base):
    """PJ of which a fact changed since they were decided. Emptied by the task that decides."""

    __tablename__ = "a_decider"

    pj_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    depuis: Mapped[datetime | None] = mapped_column(Instant, default=read_now)


class ReglesAppliquees(Base):
    """The rules that the decisions were made with, in one row: others, and all is decided again."""

    __tablename__ = "regles_appliquees"

    id: Mapped[int] = mapped_column(primary_key=True)
    # SHA-256 of the settings and of the version in force.
    empreinte: Mapped[str]
    depuis: Mapped[datetime] = mapped_column(Instant)


class VersionRegles(Base):
    """A version of the rules of duration: written by one person, published by another."""

    __tablename__ = "version_regles"

    id: Mapped[int] = mapped_column(primary_key=True)
    # brouillon, soumise, publiee, abandonnee.
    etat: Mapped[str] = mapped_column(index=True)
    motif: Mapped[str] = mapped_column(default="")
    redigee_par_id: Mapped[int | None]
    redigee_par: Mapped[str]
    redigee_le: Mapped[datetime] = mapped_column(Instant)
    publiee_par_id: Mapped[int | None]
    publiee_par: Mapped[str] = mapped_column(default="")
    publiee_le: Mapped[datetime | None] = mapped_column(Instant)
    en_vigueur_le: Mapped[date | None]
    # JSON: what it changes, counted before it is published.
    impact: Mapped[str] = mapped_column(default="")


class RegleDuree(Base):
    """A duration: what it bears on, its text, its start event, its arithmetic, its sort final."""

    __tablename__ = "regle_duree"
    __table_args__ = (UniqueConstraint("version_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version_regles.id"))
    code: Mapped[str]
    intitule: Mapped[str]
    # JSON: the criteria of the PJ it bears on, as orc.retention reads them.
    criteres: Mapped[str] = mapped_column(default="")
    reference: Mapped[str]
    # texte or interpretation.
    fondement: Mapped[str]
    evenement: Mapped[str]
    nombre: Mapped[int]
    unite: Mapped[str]
    arrondi: Mapped[str]
    inclus: Mapped[bool]
    # D(étruire), C(onserver), T(rier).
    sort_final: Mapped[str]
    # What must also hold before the term is reached, in words; empty: nothing.
    garde: Mapped[str] = mapped_column(default="")
    rang: Mapped[int] = mapped_column(default=0)
