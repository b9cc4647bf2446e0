"""Other doors than the password: technical accounts and their keys, certificates, OpenID."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class CompteTechnique(Base):
    """An account of a connector: a Personne without a password, held by a structure."""

    __tablename__ = "compte_technique"

    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), primary_key=True)
    # The structure it belongs to; its gestionnaires reset it.
    siren: Mapped[str] = mapped_column(index=True)
    # Who is warned before its key expires.
    proprietaire_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    # The partenaire it is entrusted to.
    partenaire_id: Mapped[int | None] = mapped_column(ForeignKey("personne.id"), index=True)
    # What its keys may do, comma separated: see orc.identity.
    droits: Mapped[str] = mapped_column(default="")


class CleApi(Base):
    """A key of a technical account, by its SHA-256; two overlap while one replaces the other."""

    __tablename__ = "cle_api"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    # The first characters, which tell keys apart in lists.
    debut: Mapped[str]
    empreinte: Mapped[str] = mapped_column(unique=True)
    creee_le: Mapped[datetime] = mapped_column(Instant)
    creee_par: Mapped[str]
    expire_le: Mapped[datetime] = mapped_column(Instant, index=True)
    retiree_le: Mapped[datetime | None] = mapped_column(Instant)
    vue_le: Mapped[datetime | None] = mapped_column(Instant)


class CertificatClient(Base):
    """A nominative certificate, enrolled at a first login with the password."""

    __tablename__ = "certificat_client"

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    # SHA-256 of its DER form.
    empreinte: Mapped[str] = mapped_column(unique=True)
    sujet: Mapped[str]
    emetteur: Mapped[str]
    expire_le: Mapped[datetime] = mapped_column(Instant)
    enrole_le: Mapped[datetime] = mapped_column(Instant)
    retire_le: Mapped[datetime | None] = mapped_column(Instant)


class IdentiteFederee(Base):
    """Who an OpenID provider says a person is: its issuer and subject."""

    __tablename__ = "identite_federee"
    __table_args__ = (UniqueConstraint("emetteur", "sujet"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    personne_id: Mapped[int] = mapped_column(ForeignKey("personne.id"), index=True)
    emetteur: Mapped[str]
    sujet: Mapped[str]
    liee_le: Mapped[datetime] = mapped_column(Instant)


class AllerOidc(Base):
    """A login under way at an OpenID provider, by the SHA-256 of its state; used once."""

    __tablename__ = "aller_oidc"

    etat: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    verificateur: Mapped[str]
    suite: Mapped[str]
    cree_le: Mapped[datetime] = mapped_column(Instant, index=True)
