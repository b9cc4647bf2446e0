"""People, what was sent to them, their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ancien_mot_de_passe",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("remplace_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_ancien_mot_de_passe_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ancien_mot_de_passe")),
    )
    op.create_index(
        op.f("ix_ancien_mot_de_passe_personne_id"), "ancien_mot_de_passe", ["personne_id"]
    )
    op.create_table(
        "code_envoye",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("valeur", sa.String(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("essais", sa.Integer(), nullable=False),
        sa.Column("utilise_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_code_envoye_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_envoye")),
    )
    op.create_index(op.f("ix_code_envoye_empreinte"), "code_envoye", ["empreinte"])
    op.create_index(op.f("ix_code_envoye_personne_id"), "code_envoye", ["personne_id"])
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("canal", sa.String(), nullable=False),
        sa.Column("destinataire", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("corps", sa.String(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("unique", sa.String(), nullable=True),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("envoye_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("abandonne_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("echec", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_message_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("unique", name=op.f("uq_message_unique")),
    )
    op.create_index(op.f("ix_message_cree_le"), "message", ["cree_le"])
    op.create_index(op.f("ix_message_personne_id"), "message", ["personne_id"])
    op.add_column(
        "personne", sa.Column("courriel_verifie_le", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("personne", sa.Column("mobile", sa.String(), server_default="", nullable=False))
    op.add_column(
        "personne", sa.Column("mot_de_passe_le", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "personne", sa.Column("provisoire", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "personne", sa.Column("departement", sa.String(), server_default="", nullable=False)
    )
    op.add_column("personne", sa.Column("totp", sa.String(), server_default="", nullable=False))
    op.add_column("personne", sa.Column("totp_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "personne", sa.Column("totp_pas", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("personne", sa.Column("cree_par", sa.String(), server_default="", nullable=False))
    op.add_column(
        "session_web",
        sa.Column("porte", sa.String(), server_default="mot_de_passe", nullable=False),
    )
    op.add_column(
        "session_web", sa.Column("adresse", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "session_web", sa.Column("navigateur", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "session_web", sa.Column("second_facteur_le", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("session_web", sa.Column("preuve_le", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("session_web", "preuve_le")
    op.drop_column("session_web", "second_facteur_le")
    op.drop_column("session_web", "navigateur")
    op.drop_column("session_web", "adresse")
    op.drop_column("session_web", "porte")
    op.drop_column("personne", "cree_par")
    op.drop_column("personne", "totp_pas")
    op.drop_column("personne", "totp_le")
    op.drop_column("personne", "totp")
    op.drop_column("personne", "departement")
    op.drop_column("personne", "provisoire")
    op.drop_column("personne", "mot_de_passe_le")
    op.drop_column("personne", "mobile")
    op.drop_column("personne", "courriel_verifie_le")
    op.drop_table("message")
    op.drop_table("code_envoye")
    op.drop_table("ancien_mot_de_passe")
