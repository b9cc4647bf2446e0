"""People, what they were granted, their sessions."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Personne(Base):
    """Someone who logs in, or a technical account; the password is an argon2id hash."""

    __tablename__ = "personne"

    id: Mapped[int] = mapped_column(primary_key=True)
    identifiant: Mapped[str] = mapped_column(unique=True)
    nom: Mapped[str]
    courriel: Mapped[str] = mapped_column(default="")
    courriel_verifie_le: Mapped[datetime | None] = mapped_column(Instant)
    # In the international form, `+33612345678`; empty: none on file.
    mobile: Mapped[str] = mapped_column(default="", server_default="")
    # Empty: a technical account, or a person who never comes by the password.
    mot_de_passe: Mapped[str]
    # Since when this password is valid; its year runs from there.
    mot_de_passe_le: Mapped[datetime | None] = mapped_column(Instant)
    # Given by somebody else: to be changed before anything else.
    provisoire: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Where the account was made: whose contact resets an expired password.
    departement: Mapped[str] = mapped_column(default="", server_default="")
    # The shared secret of the second factor, enciphered; empty: none.
    totp: Mapped[str] = mapped_column(default="", server_default="")
    totp_le: Mapped[datetime | None] = mapped_column(Instant)
    # The last time step whose code was taken: a code serves once.
    totp_pas: Mapped[int] = mapped_column(default=0, server_default="0")
    cree_le: Mapped[datetime] = mapped_column(Instant)
    cree_par: Mapped[str] = mapped_column(default="", server_default="")
    desactive_le: Mapped[datetime | None] = mapped_column(Instant)


class AncienMotDePasse(Base):
    """A hash that was somebody's password: none serves again."""

    __tablename__ = "ancien_mot_de_passe"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    empreinte: Mapped[str]
    remplace_le: Mapped[datetime] = mapped_column(Instant)


class CodeEnvoye(Base):
    """A code or link sent to a person, single use and short-lived; only its hash is kept."""

    __tablename__ = "code_envoye"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    # What it proves: oubli (a forgotten password), courriel (an address), mobile (a number).
    objet: Mapped[str]
    empreinte: Mapped[str] = mapped_column(index=True)
    # The address or number that it proves.
    valeur: Mapped[str] = mapped_column(default="")
    cree_le: Mapped[datetime] = mapped_column(Instant)
    expire_le: Mapped[datetime] = mapped_column(Instant)
    essais: Mapped[int] = mapped_column(default=0)
    utilise_le: Mapped[datetime | None] = mapped_column(Instant)


class Habilitation(Base):
    """A grant: this rôle, on this scope, these exercices and domaines, from and until."""

    __tablename__ = "habilitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    role: Mapped[str]
    # One of: poste, by codique; collectivite, by SIREN; budget, by its three codes; departement, by
    # its code; mission, by its id; rien.
    portee: Mapped[str]
    portee_cle: Mapped[str] = mapped_column(default="")
    exercice_min: Mapped[int | None]
    exercice_max: Mapped[int | None]
    # Sensitive domaines named by the grant, comma separated; « ordinaire » is always in it.
    domaines: Mapped[str] = mapped_column(default="")
    # What it opens beyond reading, comma separated: destruction, contenu (an archiviste's).
    droits: Mapped[str] = mapped_column(default="", server_default="")
    depuis: Mapped[date]
    jusqu_a: Mapped[date | None]
    accorde_par: Mapped[str]
    accorde_le: Mapped[datetime] = mapped_column(Instant)
    # The demande it answers.
    demande_id: Mapped[int | None] = mapped_column(index=True)
    retire_le: Mapped[datetime | None] = mapped_column(Instant)
    retire_par: Mapped[str] = mapped_column(default="", server_default="")
    motif_retrait: Mapped[str] = mapped_column(default="", server_default="")


class SessionWeb(Base):
    """An open session, by the SHA-256 of its cookie."""

    __tablename__ = "session_web"

    cle: Mapped[str] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    csrf: Mapped[str]
    # How the person came: mot_de_passe, oidc, certificat.
    porte: Mapped[str] = mapped_column(default="mot_de_passe", server_default="mot_de_passe")
    adresse: Mapped[str] = mapped_column(default="", server_default="")
    navigateur: Mapped[str] = mapped_column(default="", server_default="")
    # When a second factor was given; None: this session has none.
    second_facteur_le: Mapped[datetime | None] = mapped_column(Instant)
    # When the person last proved again who it is, before signing.
    preuve_le: Mapped[datetime | None] = mapped_column(Instant)
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
