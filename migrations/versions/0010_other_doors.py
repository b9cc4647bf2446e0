"""Other doors: technical accounts, certificates, OpenID."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compte_technique",
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("proprietaire_id", sa.Integer(), nullable=False),
        sa.Column("partenaire_id", sa.Integer(), nullable=True),
        sa.Column("droits", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partenaire_id"], ["personne.id"], name=op.f("fk_compte_technique_partenaire_id")
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_compte_technique_personne_id")
        ),
        sa.ForeignKeyConstraint(
            ["proprietaire_id"], ["personne.id"], name=op.f("fk_compte_technique_proprietaire_id")
        ),
        sa.PrimaryKeyConstraint("personne_id", name=op.f("pk_compte_technique")),
    )
    op.create_index(
        op.f("ix_compte_technique_partenaire_id"), "compte_technique", ["partenaire_id"]
    )
    op.create_index(
        op.f("ix_compte_technique_proprietaire_id"), "compte_technique", ["proprietaire_id"]
    )
    op.create_index(op.f("ix_compte_technique_siren"), "compte_technique", ["siren"])
    op.create_table(
        "cle_api",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("debut", sa.String(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("creee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creee_par", sa.String(), nullable=False),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retiree_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vue_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_cle_api_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cle_api")),
        sa.UniqueConstraint("empreinte", name=op.f("uq_cle_api_empreinte")),
    )
    op.create_index(op.f("ix_cle_api_expire_le"), "cle_api", ["expire_le"])
    op.create_index(op.f("ix_cle_api_personne_id"), "cle_api", ["personne_id"])
    op.create_table(
        "certificat_client",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("sujet", sa.String(), nullable=False),
        sa.Column("emetteur", sa.String(), nullable=False),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrole_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_certificat_client_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificat_client")),
        sa.UniqueConstraint("empreinte", name=op.f("uq_certificat_client_empreinte")),
    )
    op.create_index(op.f("ix_certificat_client_personne_id"), "certificat_client", ["personne_id"])
    op.create_table(
        "identite_federee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("emetteur", sa.String(), nullable=False),
        sa.Column("sujet", sa.String(), nullable=False),
        sa.Column("liee_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_identite_federee_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identite_federee")),
        sa.UniqueConstraint("emetteur", "sujet", name=op.f("uq_identite_federee_emetteur_sujet")),
    )
    op.create_index(op.f("ix_identite_federee_personne_id"), "identite_federee", ["personne_id"])
    op.create_table(
        "aller_oidc",
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verificateur", sa.String(), nullable=False),
        sa.Column("suite", sa.String(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("etat", name=op.f("pk_aller_oidc")),
    )
    op.create_index(op.f("ix_aller_oidc_cree_le"), "aller_oidc", ["cree_le"])


def downgrade() -> None:
    op.drop_table("aller_oidc")
    op.drop_table("identite_federee")
    op.drop_table("certificat_client")
    op.drop_table("cle_api")
    op.drop_table("compte_technique")
