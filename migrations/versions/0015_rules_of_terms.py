"""The rule that keeps each PJ stands by its decision, to be counted; all is decided again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.add_column(sa.Column("regle", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("sort_final", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("libre", sa.Date(), nullable=True))
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.alter_column("sort_final", server_default=None)
    op.execute(
        "INSERT INTO a_decider (pj_id, depuis) SELECT pj_id, NULL FROM decision_courante "
        "WHERE pj_id NOT IN (SELECT pj_id FROM a_decider)"
    )


def downgrade() -> None:
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.drop_column("libre")
        batch_op.drop_column("sort_final")
        batch_op.drop_column("regle")
