"""The accounts: bordereau, piece (mandat or titre), ligne, tiers, marché. Amounts in cents."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base

FLUX = "flux.id"


class Bordereau(Base):
    """A bordereau as one flow sent it; the same sent again is another row, a version."""

    __tablename__ = "bordereau"
    __table_args__ = (
        Index("ix_bordereau_cle", "budget_id", "exercice", "sens", "type_bordereau", "numero"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey(FLUX), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    exercice: Mapped[int]
    sens: Mapped[str]
    type_bordereau: Mapped[str]
    numero: Mapped[str]
    date_emission: Mapped[date | None]
    objet: Mapped[str] = mapped_column(default="")
    signe: Mapped[bool] = mapped_column(default=False)
    nb_pieces_declare: Mapped[int | None]
    ht_declare: Mapped[int | None] = mapped_column(BigInteger)
    tva_declare: Mapped[int | None] = mapped_column(BigInteger)
    cumul_annuel: Mapped[int | None] = mapped_column(BigInteger)
    ligne_xml: Mapped[int] = mapped_column(default=0)


class Piece(Base):
    """A mandat or a titre as one flow sent it.

    Keys of its bordereau are repeated so that one index finds its versions. Amounts are signed:
    minus where the bordereau is one of annulation (TypBord 02).
    """

    __tablename__ = "piece"
    __table_args__ = (
        Index(
            "ix_piece_cle",
            "budget_id",
            "exercice",
            "sens",
            "numero",
            "type_bordereau",
            "numero_bordereau",
        ),
        Index("ix_piece_bordereau", "bordereau_id"),
        Index("ix_piece_cellule", "cellule_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey(FLUX), index=True)
    bordereau_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bordereau.id"))
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    cellule_id: Mapped[int] = mapped_column(ForeignKey("cellule.id"))
    domaine: Mapped[str]
    exercice: Mapped[int]
    sens: Mapped[str]
    type_bordereau: Mapped[str]
    numero_bordereau: Mapped[str]
    numero: Mapped[str]
    type_piece: Mapped[str]
    nature_piece: Mapped[str]
    objet: Mapped[str] = mapped_column(default="")
    service: Mapped[str] = mapped_column(default="")
    reference_pj: Mapped[str] = mapped_column(default="")
    date_echeance: Mapped[date | None]
    dgp_debut: Mapped[date | None]
    dgp_fin: Mapped[date | None]
    ht: Mapped[int] = mapped_column(BigInteger)
    tva: Mapped[int] = mapped_column(BigInteger)
    nb_lignes: Mapped[int]
    # Recette only.
    role: Mapped[str] = mapped_column(default="")
    date_asap: Mapped[date | None]
    edition_asap: Mapped[str] = mapped_column(default="")
    periode: Mapped[str] = mapped_column(default="")
    numero_dette: Mapped[str] = mapped_column(default="")
    numero_engagement: Mapped[str] = mapped_column(default="")
    # The latest sending of a piece is the current one; the others are its versions.
    version: Mapped[int] = mapped_column(default=1)
    courante: Mapped[bool] = mapped_column(default=True)
    # Grows each time the index must be told again: what the index holds says which turn it saw.
    tour: Mapped[int] = mapped_column(default=0)
    ligne_xml: Mapped[int] = mapped_column(default=0)


class Tiers(Base):
    """A third party as written in the flows of one collectivité: same values, same row."""

    __tablename__ = "tiers"

    # The first 62 bits of a digest of the SIREN of the collectivité and of every value.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    siren: Mapped[str]
    nom: Mapped[str]
    complement: Mapped[str] = mapped_column(default="")
    prenom: Mapped[str] = mapped_column(default="")
    civilite: Mapped[str] = mapped_column(default="")
    # Empty where it is a NIR: that one is never kept.
    identifiant: Mapped[str] = mapped_column(default="")
    nature_identifiant: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    categorie: Mapped[str] = mapped_column(default="")
    nature_juridique: Mapped[str] = mapped_column(default="")
    adresse: Mapped[str] = mapped_column(default="")
    code_postal: Mapped[str] = mapped_column(default="")
    ville: Mapped[str] = mapped_column(default="")
    pays: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    bic: Mapped[str] = mapped_column(default="")
    titulaire_compte: Mapped[str] = mapped_column(default="")


class Ligne(Base):
    """A line of a piece: where the amounts are. Signed like its piece."""

    __tablename__ = "ligne"
    __table_args__ = (
        Index("ix_ligne_marche", "marche_cle"),
        # Few lines correct another: what corrects a piece is found without reading them all.
        Index(
            "ix_ligne_origine",
            "origine_piece",
            sqlite_where=text("origine_piece <> ''"),
            postgresql_where=text("origine_piece <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    piece_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("piece.id"), index=True)
    numero: Mapped[str]
    compte: Mapped[str]
    fonction: Mapped[str] = mapped_column(default="")
    operation: Mapped[str] = mapped_column(default="")
    compte_analytique: Mapped[str] = mapped_column(default="")
    compte_tiers: Mapped[str] = mapped_column(default="")
    libelle: Mapped[str] = mapped_column(default="")
    facture: Mapped[str] = mapped_column(default="")
    mode_reglement: Mapped[str] = mapped_column(default="")
    ht: Mapped[int] = mapped_column(BigInteger)
    tva: Mapped[int] = mapped_column(BigInteger)
    marche: Mapped[str] = mapped_column(default="")
    # `marche` without hyphens nor suffix of modification, to meet a contract: structure.md, INF.
    marche_cle: Mapped[str] = mapped_column(default="")
    convention: Mapped[str] = mapped_column(default="")
    emprunt: Mapped[str] = mapped_column(default="")
    actif: Mapped[str] = mapped_column(default="")
    regie: Mapped[str] = mapped_column(default="")
    code_produit: Mapped[str] = mapped_column(default="")
    majorable: Mapped[str] = mapped_column(default="")
    # RattachPiece: the piece this one corrects.
    origine_nature: Mapped[str] = mapped_column(default="")
    origine_exercice: Mapped[int | None]
    origine_piece: Mapped[str] = mapped_column(default="")
    origine_ligne: Mapped[str] = mapped_column(default="")
    tiers_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tiers.id"), index=True)
    # Further tiers of a ligne de titre (co-débiteurs), by id, in order.
    autres_tiers: Mapped[str] = mapped_column(default="")


class Marche(Base):
    """A contract block as one flow sent it."""

    __tablename__ = "marche"
    __table_args__ = (Index("ix_marche_cle", "siren", "cle"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey(FLUX), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    siren: Mapped[str]
    cle: Mapped[str]
    id_contrat: Mapped[str]
    numero_modification: Mapped[str] = mapped_column(default="")
    objet: Mapped[str] = mapped_column(default="")
    cpv: Mapped[str] = mapped_column(default="")
    nature: Mapped[str] = mapped_column(default="")
    procedure: Mapped[str] = mapped_column(default="")
    montant: Mapped[int | None] = mapped_column(BigInteger)
    date_notification: Mapped[date | None]
    duree_mois: Mapped[int | None]
    # One line each: rôle, name, identifiant.
    acteurs: Mapped[str] = mapped_column(default="")
    ligne_xml: Mapped[int] = mapped_column(default=0)
