"""The term of each PJ stands by its decision, for searches; all is decided again."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.add_column(sa.Column("terme", sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f("ix_decision_courante_terme"), ["terme"])
        batch_op.create_index("ix_decision_courante_depuis", ["statut", "depuis"])
    op.execute(
        "INSERT INTO a_decider (pj_id, depuis) SELECT pj_id, NULL FROM decision_courante "
        "WHERE pj_id NOT IN (SELECT pj_id FROM a_decider)"
    )


def downgrade() -> None:
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_courante_depuis")
        batch_op.drop_index(batch_op.f("ix_decision_courante_terme"))
        batch_op.drop_column("terme")
