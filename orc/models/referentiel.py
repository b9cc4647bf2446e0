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
