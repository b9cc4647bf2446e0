"""Tasks under way, tasks that failed, and the processes that do them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ouvrier",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vu_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memoire_mo", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ouvrier")),
    )
    op.create_index(op.f("ix_ouvrier_vu_le"), "ouvrier", ["vu_le"])
    op.create_table(
        "tache_en_cours",
        sa.Column("tache", sa.String(), nullable=False),
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("ouvrier", sa.String(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("encore", sa.Boolean(), nullable=False),
        sa.Column("reprises", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tache", "cle", name=op.f("pk_tache_en_cours")),
    )
    op.create_index(op.f("ix_tache_en_cours_ouvrier"), "tache_en_cours", ["ouvrier"])
    op.create_table(
        "tache_echouee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tache", sa.String(), nullable=False),
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("essais", sa.Integer(), nullable=False),
        sa.Column("passagere", sa.Boolean(), nullable=False),
        sa.Column("premiere_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("derniere_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prochain_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ecartee_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tache_echouee")),
        sa.UniqueConstraint("tache", "cle", name=op.f("uq_tache_echouee_tache_cle")),
    )


def downgrade() -> None:
    op.drop_table("tache_echouee")
    op.drop_table("tache_en_cours")
    op.drop_table("ouvrier")
