"""Acquits and retours, as each flow says them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acquit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("nom_fic", sa.String(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=True),
        sa.Column("domaine", sa.String(), nullable=False),
        sa.Column("accepte", sa.Boolean(), nullable=True),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("numero_bordereau", sa.String(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("id_marche", sa.String(), nullable=False),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_acquit_budget_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_acquit_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquit")),
    )
    op.create_index("ix_acquit_bordereau", "acquit", ["budget_id", "exercice", "numero_bordereau"])
    op.create_index(op.f("ix_acquit_flux_id"), "acquit", ["flux_id"])
    op.create_index("ix_acquit_id_unique", "acquit", ["siren", "id_unique"])
    op.create_table(
        "retour_piece",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=True),
        sa.Column("type_restitution", sa.String(), nullable=False),
        sa.Column("forme_v20", sa.Boolean(), nullable=False),
        sa.Column("sens", sa.String(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("type_bordereau", sa.String(), nullable=False),
        sa.Column("numero_bordereau", sa.String(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("type_piece", sa.String(), nullable=False),
        sa.Column("prise_en_charge_le", sa.Date(), nullable=True),
        sa.Column("rejet_le", sa.Date(), nullable=True),
        sa.Column("instance_le", sa.Date(), nullable=True),
        sa.Column("motifs", sa.String(), nullable=False),
        sa.Column("commentaire", sa.String(), nullable=False),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budget.id"], name=op.f("fk_retour_piece_budget_id")
        ),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_retour_piece_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retour_piece")),
    )
    op.create_index(
        "ix_retour_piece_cle",
        "retour_piece",
        ["budget_id", "exercice", "sens", "numero_bordereau", "numero"],
    )
    op.create_index(op.f("ix_retour_piece_flux_id"), "retour_piece", ["flux_id"])
    op.create_table(
        "erreur_acquit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("acquit_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("numero_piece", sa.String(), nullable=False),
        sa.Column("numero_ligne", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acquit_id"], ["acquit.id"], name=op.f("fk_erreur_acquit_acquit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erreur_acquit")),
    )
    op.create_index(op.f("ix_erreur_acquit_acquit_id"), "erreur_acquit", ["acquit_id"])
    op.create_table(
        "retour_ligne",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("retour_id", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motifs", sa.String(), nullable=False),
        sa.Column("ht", sa.BigInteger(), nullable=True),
        sa.Column("tva", sa.BigInteger(), nullable=True),
        sa.Column("cession_opposition", sa.String(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("reste", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["retour_id"], ["retour_piece.id"], name=op.f("fk_retour_ligne_retour_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retour_ligne")),
    )
    op.create_index(op.f("ix_retour_ligne_retour_id"), "retour_ligne", ["retour_id"])
    op.create_table(
        "emargement",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ligne_id", sa.BigInteger(), nullable=False),
        sa.Column("origine", sa.String(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=True),
        sa.Column("montant", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ligne_id"], ["retour_ligne.id"], name=op.f("fk_emargement_ligne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emargement")),
    )
    op.create_index(op.f("ix_emargement_ligne_id"), "emargement", ["ligne_id"])


def downgrade() -> None:
    op.drop_table("emargement")
    op.drop_table("retour_ligne")
    op.drop_table("erreur_acquit")
    op.drop_table("retour_piece")
    op.drop_table("acquit")
