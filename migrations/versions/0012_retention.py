"""Early destruction: facts people declare, gels, decisions, eliminations, rules, reports."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What proves who declared, decided or signed: written once, held by the database itself.
INTACTES = ("declaration", "decision", "etape_elimination")
SQLITE = """
CREATE TRIGGER {table}_sans_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'ces lignes ne se modifient pas'); END
"""
FONCTION = """
CREATE FUNCTION retention_intacte() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'ces lignes ne se modifient pas'
USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
POSTGRESQL = """
CREATE TRIGGER {table}_intacte BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION retention_intacte();
CREATE TRIGGER {table}_entiere BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION retention_intacte()
"""


def upgrade() -> None:
    op.create_table(
        "a_decider",
        sa.Column("pj_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("pj_id", name=op.f("pk_a_decider")),
    )
    op.create_table(
        "bordereau_elimination",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("intitule", sa.String(), nullable=False),
        sa.Column("observations", sa.String(), nullable=False),
        sa.Column("observations_archives", sa.String(), nullable=False),
        sa.Column("origine", sa.String(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("pas", sa.Integer(), nullable=False),
        sa.Column("cree_par_id", sa.Integer(), nullable=True),
        sa.Column("cree_par", sa.String(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("liste_sha256", sa.String(), nullable=False),
        sa.Column("autorisation", sa.String(), nullable=False),
        sa.Column("delai_jusqu_a", sa.Date(), nullable=True),
        sa.Column("detruite_le", sa.Date(), nullable=True),
        sa.Column("methode", sa.String(), nullable=False),
        sa.Column("metrage_mm", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bordereau_elimination")),
        sa.UniqueConstraint("numero", name=op.f("uq_bordereau_elimination_numero")),
    )
    with op.batch_alter_table("bordereau_elimination", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bordereau_elimination_etat"), ["etat"], unique=False)
        batch_op.create_index(batch_op.f("ix_bordereau_elimination_siren"), ["siren"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=False),
        sa.Column("decidee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("statut", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=True),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("raisons", sa.String(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("regles_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_pj", ["pj_id", "id"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("genre", sa.String(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("exercice_min", sa.Integer(), nullable=True),
        sa.Column("exercice_max", sa.Integer(), nullable=True),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("valeur", sa.String(), nullable=False),
        sa.Column("autorite", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("saisie_par", sa.String(), nullable=False),
        sa.Column("saisie_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remplace_id", sa.Integer(), nullable=True),
        sa.Column("retiree", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["remplace_id"], ["declaration.id"], name=op.f("fk_declaration_remplace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
        sa.UniqueConstraint("remplace_id", name=op.f("uq_declaration_remplace_id")),
    )
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_declaration_genre"), ["genre"], unique=False)
        batch_op.create_index(batch_op.f("ix_declaration_siren"), ["siren"], unique=False)

    op.create_table(
        "gel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("autorite", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("portee", sa.String(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("exercice_min", sa.Integer(), nullable=True),
        sa.Column("exercice_max", sa.Integer(), nullable=True),
        sa.Column("criteres", sa.String(), nullable=False),
        sa.Column("liste_sha256", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("revue_le", sa.Date(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("pose_par", sa.String(), nullable=False),
        sa.Column("qualite", sa.String(), nullable=False),
        sa.Column("pose_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leve_par_id", sa.Integer(), nullable=True),
        sa.Column("leve_par", sa.String(), nullable=False),
        sa.Column("leve_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("motif_levee", sa.String(), nullable=False),
        sa.Column("fin_le", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gel")),
    )
    with op.batch_alter_table("gel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gel_revue_le"), ["revue_le"], unique=False)
        batch_op.create_index(batch_op.f("ix_gel_siren"), ["siren"], unique=False)

    op.create_table(
        "rapport",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("genre", sa.String(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("parametres", sa.String(), nullable=False),
        sa.Column("forme", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("nb_lignes", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("par", sa.String(), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rapport")),
        sa.UniqueConstraint("numero", name=op.f("uq_rapport_numero")),
    )
    with op.batch_alter_table("rapport", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rapport_genre"), ["genre"], unique=False)
        batch_op.create_index(batch_op.f("ix_rapport_siren"), ["siren"], unique=False)

    op.create_table(
        "sortie",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("par", sa.String(), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.Column("liste_sha256", sa.String(), nullable=False),
        sa.Column("nb_pj", sa.Integer(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sortie")),
        sa.UniqueConstraint("numero", name=op.f("uq_sortie_numero")),
    )
    with op.batch_alter_table("sortie", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sortie_siren"), ["siren"], unique=False)

    op.create_table(
        "version_regles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("redigee_par_id", sa.Integer(), nullable=True),
        sa.Column("redigee_par", sa.String(), nullable=False),
        sa.Column("redigee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publiee_par_id", sa.Integer(), nullable=True),
        sa.Column("publiee_par", sa.String(), nullable=False),
        sa.Column("publiee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("en_vigueur_le", sa.Date(), nullable=True),
        sa.Column("impact", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_regles")),
    )
    with op.batch_alter_table("version_regles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_regles_etat"), ["etat"], unique=False)

    op.create_table(
        "decision_courante",
        sa.Column("pj_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("statut", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=True),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("revoir_le", sa.Date(), nullable=True),
        sa.Column("gelee", sa.Boolean(), nullable=False),
        sa.Column("anomalie", sa.Boolean(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("motifs", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_decision_courante_decision_id")
        ),
        sa.PrimaryKeyConstraint("pj_id", name=op.f("pk_decision_courante")),
    )
    with op.batch_alter_table("decision_courante", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_decision_courante_revoir_le"), ["revoir_le"], unique=False
        )
        batch_op.create_index("ix_decision_courante_statut", ["siren", "statut"], unique=False)

    op.create_table(
        "cellule_elimination",
        sa.Column("bordereau_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cellule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["bordereau_id"],
            ["bordereau_elimination.id"],
            name=op.f("fk_cellule_elimination_bordereau_id"),
        ),
        sa.ForeignKeyConstraint(
            ["cellule_id"], ["cellule.id"], name=op.f("fk_cellule_elimination_cellule_id")
        ),
        sa.PrimaryKeyConstraint("bordereau_id", "cellule_id", name=op.f("pk_cellule_elimination")),
    )

    op.create_table(
        "regles_appliquees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("empreinte", sa.String(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regles_appliquees")),
    )

    op.create_table(
        "etape_elimination",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bordereau_id", sa.Integer(), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("par", sa.String(), nullable=False),
        sa.Column("acte", sa.String(), nullable=False),
        sa.Column("avant", sa.String(), nullable=False),
        sa.Column("apres", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("liste_sha256", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bordereau_id"],
            ["bordereau_elimination.id"],
            name=op.f("fk_etape_elimination_bordereau_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_etape_elimination")),
    )
    with op.batch_alter_table("etape_elimination", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_etape_elimination_bordereau_id"), ["bordereau_id"], unique=False
        )

    op.create_table(
        "gel_objet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gel_id", sa.Integer(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=True),
        sa.Column("piece_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gel_id"], ["gel.id"], name=op.f("fk_gel_objet_gel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gel_objet")),
    )
    with op.batch_alter_table("gel_objet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gel_objet_gel_id"), ["gel_id"], unique=False)
        batch_op.create_index("ix_gel_objet_piece", ["piece_id", "gel_id"], unique=False)
        batch_op.create_index("ix_gel_objet_pj", ["pj_id", "gel_id"], unique=False)

    op.create_table(
        "ligne_elimination",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bordereau_id", sa.Integer(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=False),
        sa.Column("en_cours", sa.Boolean(), nullable=False),
        sa.Column("statut", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("typologie", sa.String(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=True),
        sa.Column("date_min", sa.Date(), nullable=True),
        sa.Column("date_max", sa.Date(), nullable=True),
        sa.Column("regle", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bordereau_id"],
            ["bordereau_elimination.id"],
            name=op.f("fk_ligne_elimination_bordereau_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ligne_elimination")),
        sa.UniqueConstraint(
            "bordereau_id", "pj_id", name=op.f("uq_ligne_elimination_bordereau_id_pj_id")
        ),
    )
    with op.batch_alter_table("ligne_elimination", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ligne_elimination_bordereau_id"), ["bordereau_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ligne_elimination_pj_id"), ["pj_id"], unique=False)
        batch_op.create_index(
            "uq_ligne_elimination_en_cours",
            ["pj_id"],
            unique=True,
            sqlite_where=sa.text("en_cours"),
            postgresql_where=sa.text("en_cours"),
        )

    op.create_table(
        "ligne_sortie",
        sa.Column("pj_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sortie_id", sa.Integer(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.Column("sort_final", sa.String(), nullable=False),
        sa.Column("regle", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sortie_id"], ["sortie.id"], name=op.f("fk_ligne_sortie_sortie_id")
        ),
        sa.PrimaryKeyConstraint("pj_id", name=op.f("pk_ligne_sortie")),
    )
    with op.batch_alter_table("ligne_sortie", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ligne_sortie_sortie_id"), ["sortie_id"], unique=False)

    op.create_table(
        "regle_duree",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("intitule", sa.String(), nullable=False),
        sa.Column("criteres", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("fondement", sa.String(), nullable=False),
        sa.Column("evenement", sa.String(), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("unite", sa.String(), nullable=False),
        sa.Column("arrondi", sa.String(), nullable=False),
        sa.Column("inclus", sa.Boolean(), nullable=False),
        sa.Column("sort_final", sa.String(), nullable=False),
        sa.Column("garde", sa.String(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version_regles.id"], name=op.f("fk_regle_duree_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regle_duree")),
        sa.UniqueConstraint("version_id", "code", name=op.f("uq_regle_duree_version_id_code")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FONCTION)
    for table in INTACTES:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(SQLITE.format(table=table, verb=verb))
        else:
            op.execute(POSTGRESQL.format(table=table))


def downgrade() -> None:
    op.drop_table("regle_duree")
    op.drop_table("ligne_sortie")
    op.drop_table("ligne_elimination")
    op.drop_table("cellule_elimination")
    op.drop_table("gel_objet")
    op.drop_table("etape_elimination")
    op.drop_table("regles_appliquees")
    op.drop_table("decision_courante")
    op.drop_table("version_regles")
    op.drop_table("sortie")
    op.drop_table("rapport")
    op.drop_table("gel")
    op.drop_table("declaration")
    op.drop_table("decision")
    op.drop_table("bordereau_elimination")
    op.drop_table("a_decider")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION retention_intacte")
