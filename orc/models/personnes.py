"""People, what they were granted, their sessions."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Personne(Base):
    """Someone who logs in; the password is an argon2id hash."""

    __tablename__ = "personne"

    id: Mapped[int] = mapped_column(primary_key=True)
    identifiant: Mapped[str] = mapped_column(unique=True)
    nom: Mapped[str]
    courriel: Mapped[str] = mapped_column(default="")
    mot_de_passe: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(Instant)
    desactive_le: Mapped[datetime | None] = mapped_column(Instant)


class Habilitation(Base):
    """A grant: this rôle, on this scope, these exercices and domaines, from and until."""

    __tablename__ = "habilitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    role: Mapped[str]
    # One of: poste, by codique; collectivite, by SIREN; budget, by its three codes; rien.
    portee: Mapped[str]
    portee_cle: Mapped[str] = mapped_column(default="")
    exercice_min: Mapped[int | None]
    exercice_max: Mapped[int | None]
    # Sensitive domaines named by the grant, comma separated; « ordinaire » is always in it.
    domaines: Mapped[str] = mapped_column(default="")
    depuis: Mapped[date]
    jusqu_a: Mapped[date | None]
    accorde_par: Mapped[str]
    accorde_le: Mapped[datetime] = mapped_column(Instant)
    retire_le: Mapped[datetime | None] = mapped_column(Instant)


class SessionWeb(Base):
    """An open session, by the SHA-256 of its cookie."""

    __tablename__ = "session_web"

    cle: Mapped[str] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    csrf: Mapped[str]
    ouverte_le: Mapped[datetime] = mapped_column(Instant)
    vue_le: Mapped[datetime] = mapped_column(Instant)
    fermee_le: Mapped[datetime | None] = mapped_column(Instant)


class EchecConnexion(Base):
    """A refused login, kept to slow the next ones down; by identifiant and by address."""

    __tablename__ = "echec_connexion"

    id: Mapped[int] = mapped_column(primary_key=True)
    quand: Mapped[datetime] = mapped_column(Instant, index=True)
    identifiant: Mapped[str] = mapped_column(index=True)
    adresse: Mapped[str] = mapped_column(index=True)
