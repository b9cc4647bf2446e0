"""The journal's refusal is one of integrity on PostgreSQL, as on SQLite."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FONCTION = """
CREATE OR REPLACE FUNCTION journal_intact() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'le journal ne se modifie pas'{how}; END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FONCTION.format(how=" USING ERRCODE = 'integrity_constraint_violation'"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FONCTION.format(how=""))
