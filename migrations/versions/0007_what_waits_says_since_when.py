"""A piece that waits for the index says since when."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("a_indexer", sa.Column("depuis", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("a_indexer", "depuis")
