"""Who the accounts belong to: collectivité, budget, cellule, and which exercices are closed."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant


class Collectivite(Base):
    """A body, known by its SIREN; made when the first flow names it."""

    __tablename__ = "collectivite"

    siren: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str] = mapped_column(default="")
    departement: Mapped[str] = mapped_column(default="")


class Succession(Base):
    """A collectivité that took over another's rights: a merged commune, a new EPCI."""

    __tablename__ = "succession"
    __table_args__ = (UniqueConstraint("predecesseur", "successeur"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    predecesseur: Mapped[str] = mapped_column(index=True)
    successeur: Mapped[str] = mapped_column(index=True)
    depuis: Mapped[date]


class Departement(Base):
    """A département, by its code (`33`, `2A`, `974`)."""

    __tablename__ = "departement"

    code: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str]


class Poste(Base):
    """A poste comptable; one that closes names the poste that took its books over."""

    __tablename__ = "poste"

    codique: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str]
    departement: Mapped[str] = mapped_column(default="")
    depuis: Mapped[date | None]
    jusqu_a: Mapped[date | None]
    repris_par: Mapped[str] = mapped_column(default="", index=True)


class Rattachement(Base):
    """Which poste keeps the accounts of a collectivité, and when; without one, the flow says."""

    __tablename__ = "rattachement"
    __table_args__ = (UniqueConstraint("siren", "codique", "depuis"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(index=True)
    codique: Mapped[str] = mapped_column(index=True)
    depuis: Mapped[date]
    jusqu_a: Mapped[date | None]


class ServiceArchives(Base):
    """The archives a département or a collectivité answers to."""

    __tablename__ = "service_archives"

    code: Mapped[str] = mapped_column(primary_key=True)
    libelle: Mapped[str]
    departement: Mapped[str] = mapped_column(default="", index=True)
    courriel: Mapped[str] = mapped_column(default="")


class Budget(Base):
    """A budget of a collectivité: SIRET of IdColl, CodCol, CodBud."""

    __tablename__ = "budget"
    __table_args__ = (UniqueConstraint("siret", "cod_col", "cod_bud"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(ForeignKey("collectivite.siren"), index=True)
    siret: Mapped[str]
    cod_col: Mapped[str]
    cod_bud: Mapped[str]
    id_post: Mapped[str] = mapped_column(default="", index=True)
    libelle: Mapped[str] = mapped_column(default="")
    libelle_poste: Mapped[str] = mapped_column(default="")
    # M14, M57, M21…: unknown in the flows, given by budgets.csv; decides the sensitive domaines.
    nomenclature: Mapped[str] = mapped_column(default="")


class Cellule(Base):
    """Budget × exercice × domaine: the grain of what a person may see."""

    __tablename__ = "cellule"
    __table_args__ = (UniqueConstraint("budget_id", "exercice", "domaine"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    exercice: Mapped[int]
    domaine: Mapped[str]


class Cloture(Base):
    """A recorded closure of an exercice of a budget; withdrawn ones stay, with their date."""

    __tablename__ = "cloture"
    __table_args__ = (
        Index(
            "uq_cloture_en_vigueur",
            "budget_id",
            "exercice",
            unique=True,
            sqlite_where=text("retiree_le IS NULL"),
            postgresql_where=text("retiree_le IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    exercice: Mapped[int]
    close_le: Mapped[date]
    enregistree_le: Mapped[datetime] = mapped_column(Instant)
    enregistree_par: Mapped[str]
    motif: Mapped[str] = mapped_column(default="")
    retiree_le: Mapped[datetime | None] = mapped_column(Instant)
    retiree_par: Mapped[str] = mapped_column(default="")
