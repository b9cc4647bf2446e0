"""Habilitations asked for and decided, missions, the dated referential."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "departement",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departement")),
    )
    op.create_table(
        "poste",
        sa.Column("codique", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("departement", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=True),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("repris_par", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("codique", name=op.f("pk_poste")),
    )
    op.create_index(op.f("ix_poste_repris_par"), "poste", ["repris_par"])
    op.create_table(
        "rattachement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("codique", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rattachement")),
        sa.UniqueConstraint(
            "siren", "codique", "depuis", name=op.f("uq_rattachement_siren_codique_depuis")
        ),
    )
    op.create_index(op.f("ix_rattachement_codique"), "rattachement", ["codique"])
    op.create_index(op.f("ix_rattachement_siren"), "rattachement", ["siren"])
    op.create_table(
        "service_archives",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("departement", sa.String(), nullable=False),
        sa.Column("courriel", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_archives")),
    )
    op.create_index(op.f("ix_service_archives_departement"), "service_archives", ["departement"])
    op.create_table(
        "succession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("predecesseur", sa.String(), nullable=False),
        sa.Column("successeur", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession")),
        sa.UniqueConstraint(
            "predecesseur", "successeur", name=op.f("uq_succession_predecesseur_successeur")
        ),
    )
    op.create_index(op.f("ix_succession_predecesseur"), "succession", ["predecesseur"])
    op.create_index(op.f("ix_succession_successeur"), "succession", ["successeur"])
    op.create_table(
        "structure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("demande_id", sa.Integer(), nullable=True),
        sa.Column("accordee_par", sa.String(), nullable=False),
        sa.Column("accordee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retiree_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retiree_par", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_structure")),
    )
    op.create_index(op.f("ix_structure_siren"), "structure", ["siren"])
    op.create_table(
        "demande",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("demandeur_id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("codique", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("portee", sa.String(), nullable=False),
        sa.Column("portee_cle", sa.String(), nullable=False),
        sa.Column("exercice_min", sa.Integer(), nullable=True),
        sa.Column("exercice_max", sa.Integer(), nullable=True),
        sa.Column("domaines", sa.String(), nullable=False),
        sa.Column("droits", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("deposee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("decidee_par", sa.String(), nullable=False),
        sa.Column("decidee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("motif_decision", sa.String(), nullable=False),
        sa.Column("validee_par", sa.String(), nullable=False),
        sa.Column("validee_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["demandeur_id"], ["personne.id"], name=op.f("fk_demande_demandeur_id")
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_demande_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demande")),
    )
    op.create_index(op.f("ix_demande_codique"), "demande", ["codique"])
    op.create_index(op.f("ix_demande_demandeur_id"), "demande", ["demandeur_id"])
    op.create_index(op.f("ix_demande_etat"), "demande", ["etat"])
    op.create_index(op.f("ix_demande_personne_id"), "demande", ["personne_id"])
    op.create_index(op.f("ix_demande_siren"), "demande", ["siren"])
    op.create_table(
        "piece_demande",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("demande_id", sa.Integer(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("taille", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["demande_id"], ["demande.id"], name=op.f("fk_piece_demande_demande_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piece_demande")),
    )
    op.create_index(op.f("ix_piece_demande_demande_id"), "piece_demande", ["demande_id"])
    op.create_table(
        "mission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ordre", sa.String(), nullable=False),
        sa.Column("juridiction", sa.String(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("chef_id", sa.Integer(), nullable=False),
        sa.Column("ouverte_par", sa.String(), nullable=False),
        sa.Column("ouverte_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_par", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["chef_id"], ["personne.id"], name=op.f("fk_mission_chef_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission")),
        sa.UniqueConstraint("reference", name=op.f("uq_mission_reference")),
    )
    op.create_index(op.f("ix_mission_chef_id"), "mission", ["chef_id"])
    op.create_table(
        "portee_mission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("exercice_min", sa.Integer(), nullable=False),
        sa.Column("exercice_max", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mission_id"], ["mission.id"], name=op.f("fk_portee_mission_mission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portee_mission")),
    )
    op.create_index(op.f("ix_portee_mission_mission_id"), "portee_mission", ["mission_id"])
    op.create_table(
        "recherche_scellee",
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("requete", sa.String(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vue_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_recherche_scellee_personne_id")
        ),
        sa.PrimaryKeyConstraint("cle", name=op.f("pk_recherche_scellee")),
        sa.UniqueConstraint(
            "personne_id", "empreinte", name=op.f("uq_recherche_scellee_personne_id_empreinte")
        ),
    )
    op.add_column(
        "habilitation", sa.Column("droits", sa.String(), server_default="", nullable=False)
    )
    op.add_column("habilitation", sa.Column("demande_id", sa.Integer(), nullable=True))
    op.add_column(
        "habilitation", sa.Column("retire_par", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "habilitation", sa.Column("motif_retrait", sa.String(), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_habilitation_demande_id"), "habilitation", ["demande_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_habilitation_demande_id"), table_name="habilitation")
    op.drop_column("habilitation", "motif_retrait")
    op.drop_column("habilitation", "retire_par")
    op.drop_column("habilitation", "demande_id")
    op.drop_column("habilitation", "droits")
    op.drop_table("recherche_scellee")
    op.drop_table("portee_mission")
    op.drop_table("mission")
    op.drop_table("piece_demande")
    op.drop_table("demande")
    op.drop_table("structure")
    op.drop_table("succession")
    op.drop_table("service_archives")
    op.drop_table("rattachement")
    op.drop_table("poste")
    op.drop_table("departement")
