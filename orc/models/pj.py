"""Pièces justificatives, what cites them, and the state of their text by digest."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from orc.models.base import Base, Instant, read_now


class PieceJustificative(Base):
    """A PJ as one flow sent it: its bytes stay in the silo, at this place, with this digest."""

    __tablename__ = "piece_justificative"
    __table_args__ = (Index("ix_piece_justificative_cle", "siren", "id_unique"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey("flux.id"), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    siren: Mapped[str]
    id_unique: Mapped[str]
    nom: Mapped[str]
    type_pj: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    mime_declare: Mapped[str] = mapped_column(default="")
    type_reel: Mapped[str] = mapped_column(default="")
    # Where the base64 lies in the XML of the flow, in bytes.
    debut: Mapped[int] = mapped_column(BigInteger)
    longueur: Mapped[int] = mapped_column(BigInteger)
    # The decoded document; state and reason as orc.silo.payload says them.
    sha256: Mapped[str] = mapped_column(index=True)
    taille: Mapped[int] = mapped_column(BigInteger)
    etat: Mapped[str]
    motif: Mapped[str] = mapped_column(default="")
    # The strictest of its own type and of every piece that cites it.
    domaine: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    courante: Mapped[bool] = mapped_column(default=True)
    ligne_xml: Mapped[int] = mapped_column(default=0)


class RefCompta(Base):
    """What a PJ itself says it proves (RefCompta): met with its piece when either side arrives."""

    __tablename__ = "ref_compta"
    __table_args__ = (Index("ix_ref_compta_cle", "budget_id", "exercice", "identifiant"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flux_id: Mapped[int] = mapped_column(ForeignKey("flux.id"), index=True)
    pj_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("piece_justificative.id"), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    # 01 dépense, 02 recette, 04 budget, 06 marché.
    domaine_compta: Mapped[str]
    exercice: Mapped[int | None]
    type_objet: Mapped[str] = mapped_column(default="")
    # The number of the piece; of a marché, its key (`marche.cle`).
    identifiant: Mapped[str] = mapped_column(default="")
    complement: Mapped[str] = mapped_column(default="")


class Lien(Base):
    """One citation: this piece cites this IdUnique; `pj_id` is null until the PJ arrives."""

    __tablename__ = "lien"
    __table_args__ = (
        Index("ix_lien_cle", "siren", "id_unique"),
        Index("ix_lien_piece", "piece_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # The flow that said it; for a RefCompta, the one whose arrival let it meet its piece.
    flux_id: Mapped[int] = mapped_column(ForeignKey("flux.id"), index=True)
    piece_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("piece.id"))
    siren: Mapped[str]
    id_unique: Mapped[str]
    nom: Mapped[str] = mapped_column(default="")
    # 01 électronique, 02 papier, 03 cd-rom.
    support: Mapped[str] = mapped_column(default="01")
    # pj_ref | ref_compta
    origine: Mapped[str]
    # The line that cites it, when one does; empty: the whole piece.
    ligne_numero: Mapped[str] = mapped_column(default="")
    pj_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("piece_justificative.id"), index=True
    )
    # Whoever may see this PJ through this piece holds this cellule (strictest of both).
    cellule_id: Mapped[int] = mapped_column(ForeignKey("cellule.id"))


class LienMarche(Base):
    """One citation by a marché block: the contract cites this IdUnique."""

    __tablename__ = "lien_marche"
    __table_args__ = (
        Index("ix_lien_marche_cle", "siren", "id_unique"),
        Index("ix_lien_marche_marche", "marche_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    marche_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("marche.id"))
    siren: Mapped[str]
    id_unique: Mapped[str]
    nom: Mapped[str] = mapped_column(default="")
    support: Mapped[str] = mapped_column(default="01")
    pj_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("piece_justificative.id"), index=True
    )


class Texte(Base):
    """The state of the text of a document, by digest; the pages lie in orc.storage."""

    __tablename__ = "texte"
    __table_args__ = (
        Index(
            "ix_texte_a_extraire",
            "sha256",
            sqlite_where=text("etat = 'a_extraire'"),
            postgresql_where=text("etat = 'a_extraire'"),
        ),
        Index(
            "ix_texte_a_oceriser",
            "sha256",
            sqlite_where=text("pages_a_oceriser <> ''"),
            postgresql_where=text("pages_a_oceriser <> ''"),
        ),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    # a_extraire, then one of orc.ingest.extract.values.EtatTexte.
    etat: Mapped[str] = mapped_column(index=True)
    motif: Mapped[str] = mapped_column(default="")
    type_reel: Mapped[str] = mapped_column(default="")
    extracteur: Mapped[str] = mapped_column(default="")
    nb_pages: Mapped[int] = mapped_column(default=0)
    nb_caracteres: Mapped[int] = mapped_column(default=0)
    # 1-based, comma separated; « à océriser ».
    pages_a_oceriser: Mapped[str] = mapped_column(default="")
    # How well OCR read the pages given to it, 0 to 100; None: none of them had a word.
    qualite: Mapped[int | None]
    # JSON: metadata of the document, bounded.
    metadonnees: Mapped[str] = mapped_column(default="{}")
    # The documents it carries, as orc.models.parties says them; their pages follow its own.
    parties: Mapped[str] = mapped_column(default="[]", server_default="[]")
    # A NIR was seen, and masked in the text: the original opens under a sensitive grant only.
    nir: Mapped[bool] = mapped_column(default=False)
    tentatives: Mapped[int] = mapped_column(default=0)
    extrait_le: Mapped[datetime | None] = mapped_column(Instant)


class AIndexer(Base):
    """Pieces whose records in the index no longer say what SQL says. Emptied by index jobs."""

    __tablename__ = "a_indexer"

    piece_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # Since when it waits; marking it again changes nothing.
    depuis: Mapped[datetime | None] = mapped_column(Instant, default=read_now)
