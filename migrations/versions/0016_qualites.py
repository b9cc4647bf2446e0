"""A declaration says as what it was said: nobody undoes what a higher one answers for."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch: the table keeps its triggers.
    column = sa.Column("qualite", sa.String(), server_default="", nullable=False)
    op.add_column("declaration", column)


def downgrade() -> None:
    op.drop_column("declaration", "qualite")
