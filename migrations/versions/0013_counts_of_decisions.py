"""What is decided is counted by the cellules that cite it, on an index; all is decided again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COMPTE = "ix_decision_courante_compte"
GROUPE = "fk_decision_courante_groupe_id"


def upgrade() -> None:
    op.create_table(
        "groupe_cellules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budget.id"], name=op.f("fk_groupe_cellules_budget_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groupe_cellules")),
        sa.UniqueConstraint("cle", name=op.f("uq_groupe_cellules_cle")),
    )
    op.create_index(op.f("ix_groupe_cellules_budget_id"), "groupe_cellules", ["budget_id"])
    op.create_table(
        "membre_groupe",
        sa.Column("cellule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("groupe_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["cellule_id"], ["cellule.id"], name=op.f("fk_membre_groupe_cellule_id")
        ),
        sa.ForeignKeyConstraint(
            ["groupe_id"], ["groupe_cellules.id"], name=op.f("fk_membre_groupe_groupe_id")
        ),
        sa.PrimaryKeyConstraint("cellule_id", "groupe_id", name=op.f("pk_membre_groupe")),
    )
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.add_column(sa.Column("jour", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("groupe_id", sa.Integer(), nullable=True))
        octets = sa.Column("octets", sa.BigInteger(), nullable=False, server_default="0")
        batch_op.add_column(octets)
        batch_op.create_foreign_key(batch_op.f(GROUPE), "groupe_cellules", ["groupe_id"], ["id"])
        columns = ["groupe_id", "siren", "statut", "motif", "octets"]
        batch_op.create_index(COMPTE, columns, unique=False)
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.alter_column("octets", server_default=None)
    # What was decided before is not counted yet: it is decided again, by its marks.
    op.execute(
        "INSERT INTO a_decider (pj_id, depuis) SELECT pj_id, NULL FROM decision_courante "
        "WHERE pj_id NOT IN (SELECT pj_id FROM a_decider)"
    )


def downgrade() -> None:
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.drop_index(COMPTE)
        batch_op.drop_constraint(batch_op.f(GROUPE), type_="foreignkey")
        batch_op.drop_column("octets")
        batch_op.drop_column("groupe_id")
        batch_op.drop_column("jour")
    op.drop_table("membre_groupe")
    op.drop_table("groupe_cellules")
