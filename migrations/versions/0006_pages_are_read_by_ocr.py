"""Pages are read by OCR, once each, and how well is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TO_READ = sa.text("pages_a_oceriser <> ''")


def upgrade() -> None:
    op.create_table(
        "lecture_page",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("qualite", sa.Integer(), nullable=False),
        sa.Column("nb_mots", sa.Integer(), nullable=False),
        sa.Column("nir", sa.Boolean(), nullable=False),
        sa.Column("lecteur", sa.String(), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "page", name=op.f("pk_lecture_page")),
    )
    op.add_column("texte", sa.Column("qualite", sa.Integer(), nullable=True))
    op.create_index(
        "ix_texte_a_oceriser",
        "texte",
        ["sha256"],
        sqlite_where=TO_READ,
        postgresql_where=TO_READ,
    )


def downgrade() -> None:
    op.drop_index("ix_texte_a_oceriser", table_name="texte")
    op.drop_column("texte", "qualite")
    op.drop_table("lecture_page")
