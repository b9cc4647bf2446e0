"""How habilitations are asked for and decided, and the missions of juges."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Structure(Base):
    """A collectivité habilitated to designate its people; withdrawn ones stay, with their date."""

    __tablename__ = "structure"

    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(index=True)
    depuis: Mapped[date]
    jusqu_a: Mapped[date | None]
    demande_id: Mapped[int | None]
    accordee_par: Mapped[str]
    accordee_le: Mapped[datetime] = mapped_column(Instant)
    retiree_le: Mapped[datetime | None] = mapped_column(Instant)
    retiree_par: Mapped[str] = mapped_column(default="")


class Demande(Base):
    """A request to the comptable: that a structure be habilitated, or one of its people."""

    __tablename__ = "demande"

    id: Mapped[int] = mapped_column(primary_key=True)
    # structure or personne.
    objet: Mapped[str]
    demandeur_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    # Whom it is for; the demandeur itself, or a person whom its gestionnaire designates.
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    siren: Mapped[str] = mapped_column(index=True)
    # The poste whose comptable answers.
    codique: Mapped[str] = mapped_column(index=True)
    # The grant asked for, as Habilitation says it.
    role: Mapped[str]
    portee: Mapped[str]
    portee_cle: Mapped[str]
    exercice_min: Mapped[int | None]
    exercice_max: Mapped[int | None]
    domaines: Mapped[str] = mapped_column(default="")
    droits: Mapped[str] = mapped_column(default="")
    motif: Mapped[str]
    deposee_le: Mapped[datetime] = mapped_column(Instant)
    # deposee, a_valider (the comptable agreed, the DGFiP has to), accordee, refusee, abandonnee.
    etat: Mapped[str] = mapped_column(index=True)
    decidee_par: Mapped[str] = mapped_column(default="")
    decidee_le: Mapped[datetime | None] = mapped_column(Instant)
    motif_decision: Mapped[str] = mapped_column(default="")
    validee_par: Mapped[str] = mapped_column(default="")
    validee_le: Mapped[datetime | None] = mapped_column(Instant)


class PieceDemande(Base):
    """A document joined to a demande; its bytes are in the storage, by their SHA-256."""

    __tablename__ = "piece_demande"

    id: Mapped[int] = mapped_column(primary_key=True)
    demande_id: Mapped[int] = mapped_column(ForeignKey("demande.id"), index=True)
    nom: Mapped[str]
    sha256: Mapped[str]
    taille: Mapped[int]


class Mission(Base):
    """A juge's mission, between two dates; its members hold habilitations on it."""

    __tablename__ = "mission"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    # The order that opened it: its reference and date, in words.
    ordre: Mapped[str]
    juridiction: Mapped[str]
    du: Mapped[date]
    au: Mapped[date]
    # Who adds members.
    chef_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    ouverte_par: Mapped[str]
    ouverte_le: Mapped[datetime] = mapped_column(Instant)
    close_le: Mapped[datetime | None] = mapped_column(Instant)
    close_par: Mapped[str] = mapped_column(default="")


class PorteeMission(Base):
    """A collectivité of a mission and its exercices, bounds included."""

    __tablename__ = "portee_mission"

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"), index=True)
    siren: Mapped[str]
    exercice_min: Mapped[int]
    exercice_max: Mapped[int]


class RechercheScellee(Base):
    """The question behind an address that says nothing: a juge's, known to that person alone."""

    __tablename__ = "recherche_scellee"
    __table_args__ = (UniqueConstraint("personne_id", "empreinte"),)

    # What the address carries.
    cle: Mapped[str] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"))
    # SHA-256 of the question: the same one has the same address.
    empreinte: Mapped[str]
    requete: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(Instant)
    # None: proposed by a page, never opened.
    vue_le: Mapped[datetime | None] = mapped_column(Instant)
