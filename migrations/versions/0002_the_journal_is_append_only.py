"""The journal is append-only, held by the database itself."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER journal_sans_{verb} BEFORE {verb} ON journal
BEGIN SELECT RAISE(ABORT, 'le journal ne se modifie pas'); END
"""
POSTGRESQL = """
CREATE FUNCTION journal_intact() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'le journal ne se modifie pas'; END $$;
CREATE TRIGGER journal_intact BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION journal_intact();
CREATE TRIGGER journal_entier BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_intact()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb=verb))
    else:
        op.execute(POSTGRESQL)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER journal_sans_{verb}")
    else:
        op.execute("DROP TRIGGER journal_intact ON journal")
        op.execute("DROP TRIGGER journal_entier ON journal")
        op.execute("DROP FUNCTION journal_intact")
