"""A text names the documents that its document carries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parties = sa.Column("parties", sa.String(), nullable=False, server_default="[]")
    op.add_column("texte", parties)


def downgrade() -> None:
    op.drop_column("texte", "parties")
