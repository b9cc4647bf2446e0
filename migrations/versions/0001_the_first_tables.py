"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "a_indexer",
        sa.Column("piece_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("piece_id", name=op.f("pk_a_indexer")),
    )
    op.create_table(
        "collectivite",
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("departement", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("siren", name=op.f("pk_collectivite")),
    )
    op.create_table(
        "echec_connexion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.Column("identifiant", sa.String(), nullable=False),
        sa.Column("adresse", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_echec_connexion")),
    )
    with op.batch_alter_table("echec_connexion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_echec_connexion_adresse"), ["adresse"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_echec_connexion_identifiant"), ["identifiant"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_echec_connexion_quand"), ["quand"], unique=False)

    op.create_table(
        "fichier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("silo", sa.String(), nullable=False),
        sa.Column("chemin", sa.String(), nullable=False),
        sa.Column("genre", sa.String(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("mtime", sa.Double(), nullable=True),
        sa.Column("vu_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disparu_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remplace_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fichier")),
    )
    with op.batch_alter_table("fichier", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fichier_etat"), ["etat"], unique=False)
        batch_op.create_index(
            "uq_fichier_present",
            ["silo", "chemin"],
            unique=True,
            sqlite_where=sa.text("remplace_le IS NULL AND disparu_le IS NULL"),
            postgresql_where=sa.text("remplace_le IS NULL AND disparu_le IS NULL"),
        )

    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quand", sa.DateTime(timezone=True), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=True),
        sa.Column("acteur", sa.String(), nullable=False),
        sa.Column("acte", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("scelle", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_acte"), ["acte"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_personne_id"), ["personne_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_quand"), ["quand"], unique=False)

    op.create_table(
        "personne",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifiant", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("courriel", sa.String(), nullable=False),
        sa.Column("mot_de_passe", sa.String(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("desactive_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personne")),
        sa.UniqueConstraint("identifiant", name=op.f("uq_personne_identifiant")),
    )
    op.create_table(
        "texte",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("type_reel", sa.String(), nullable=False),
        sa.Column("extracteur", sa.String(), nullable=False),
        sa.Column("nb_pages", sa.Integer(), nullable=False),
        sa.Column("nb_caracteres", sa.Integer(), nullable=False),
        sa.Column("pages_a_oceriser", sa.String(), nullable=False),
        sa.Column("metadonnees", sa.String(), nullable=False),
        sa.Column("nir", sa.Boolean(), nullable=False),
        sa.Column("tentatives", sa.Integer(), nullable=False),
        sa.Column("extrait_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_texte")),
    )
    with op.batch_alter_table("texte", schema=None) as batch_op:
        batch_op.create_index(
            "ix_texte_a_extraire",
            ["sha256"],
            unique=False,
            sqlite_where=sa.text("etat = 'a_extraire'"),
            postgresql_where=sa.text("etat = 'a_extraire'"),
        )
        batch_op.create_index(batch_op.f("ix_texte_etat"), ["etat"], unique=False)

    op.create_table(
        "tiers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("complement", sa.String(), nullable=False),
        sa.Column("prenom", sa.String(), nullable=False),
        sa.Column("civilite", sa.String(), nullable=False),
        sa.Column("identifiant", sa.String(), nullable=False),
        sa.Column("nature_identifiant", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("categorie", sa.String(), nullable=False),
        sa.Column("nature_juridique", sa.String(), nullable=False),
        sa.Column("adresse", sa.String(), nullable=False),
        sa.Column("code_postal", sa.String(), nullable=False),
        sa.Column("ville", sa.String(), nullable=False),
        sa.Column("pays", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("bic", sa.String(), nullable=False),
        sa.Column("titulaire_compte", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
    )
    op.create_table(
        "budget",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("siret", sa.String(), nullable=False),
        sa.Column("cod_col", sa.String(), nullable=False),
        sa.Column("cod_bud", sa.String(), nullable=False),
        sa.Column("id_post", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("libelle_poste", sa.String(), nullable=False),
        sa.Column("nomenclature", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["siren"], ["collectivite.siren"], name=op.f("fk_budget_siren")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
        sa.UniqueConstraint(
            "siret", "cod_col", "cod_bud", name=op.f("uq_budget_siret_cod_col_cod_bud")
        ),
    )
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_budget_id_post"), ["id_post"], unique=False)
        batch_op.create_index(batch_op.f("ix_budget_siren"), ["siren"], unique=False)

    op.create_table(
        "habilitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("portee", sa.String(), nullable=False),
        sa.Column("portee_cle", sa.String(), nullable=False),
        sa.Column("exercice_min", sa.Integer(), nullable=True),
        sa.Column("exercice_max", sa.Integer(), nullable=True),
        sa.Column("domaines", sa.String(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("jusqu_a", sa.Date(), nullable=True),
        sa.Column("accorde_par", sa.String(), nullable=False),
        sa.Column("accorde_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_habilitation_personne_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_habilitation")),
    )
    with op.batch_alter_table("habilitation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_habilitation_personne_id"), ["personne_id"], unique=False
        )

    op.create_table(
        "session_web",
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("personne_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("ouverte_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vue_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fermee_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_session_web_personne_id")
        ),
        sa.PrimaryKeyConstraint("cle", name=op.f("pk_session_web")),
    )
    with op.batch_alter_table("session_web", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_session_web_personne_id"), ["personne_id"], unique=False
        )

    op.create_table(
        "cellule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("domaine", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_cellule_budget_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cellule")),
        sa.UniqueConstraint(
            "budget_id", "exercice", "domaine", name=op.f("uq_cellule_budget_id_exercice_domaine")
        ),
    )
    op.create_table(
        "cloture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("close_le", sa.Date(), nullable=False),
        sa.Column("enregistree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enregistree_par", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("retiree_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retiree_par", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_cloture_budget_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloture")),
    )
    with op.batch_alter_table("cloture", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cloture_en_vigueur",
            ["budget_id", "exercice"],
            unique=True,
            sqlite_where=sa.text("retiree_le IS NULL"),
            postgresql_where=sa.text("retiree_le IS NULL"),
        )

    op.create_table(
        "flux",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("recu_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lu_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forme", sa.String(), nullable=False),
        sa.Column("nom_fic", sa.String(), nullable=False),
        sa.Column("typ_fic", sa.String(), nullable=False),
        sa.Column("encodage", sa.String(), nullable=False),
        sa.Column("date_flux", sa.Date(), nullable=True),
        sa.Column("budget_id", sa.Integer(), nullable=True),
        sa.Column("nb_bordereaux", sa.Integer(), nullable=False),
        sa.Column("nb_pieces", sa.Integer(), nullable=False),
        sa.Column("nb_pj", sa.Integer(), nullable=False),
        sa.Column("nb_anomalies", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_flux_budget_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flux")),
        sa.UniqueConstraint("sha256", name=op.f("uq_flux_sha256")),
    )
    with op.batch_alter_table("flux", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flux_budget_id"), ["budget_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_flux_etat"), ["etat"], unique=False)
        batch_op.create_index(batch_op.f("ix_flux_nom_fic"), ["nom_fic"], unique=False)

    op.create_table(
        "anomalie",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("gravite", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("chemin", sa.String(), nullable=False),
        sa.Column("ligne", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_anomalie_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anomalie")),
    )
    with op.batch_alter_table("anomalie", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_anomalie_flux_id"), ["flux_id"], unique=False)

    op.create_table(
        "bordereau",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("sens", sa.String(), nullable=False),
        sa.Column("type_bordereau", sa.String(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("date_emission", sa.Date(), nullable=True),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("signe", sa.Boolean(), nullable=False),
        sa.Column("nb_pieces_declare", sa.Integer(), nullable=True),
        sa.Column("ht_declare", sa.BigInteger(), nullable=True),
        sa.Column("tva_declare", sa.BigInteger(), nullable=True),
        sa.Column("cumul_annuel", sa.BigInteger(), nullable=True),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_bordereau_budget_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_bordereau_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bordereau")),
    )
    with op.batch_alter_table("bordereau", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bordereau_cle",
            ["budget_id", "exercice", "sens", "type_bordereau", "numero"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_bordereau_flux_id"), ["flux_id"], unique=False)

    op.create_table(
        "emplacement",
        sa.Column("fichier_id", sa.Integer(), nullable=False),
        sa.Column("membre", sa.String(), nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=True),
        sa.Column("motif", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fichier_id"], ["fichier.id"], name=op.f("fk_emplacement_fichier_id")
        ),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_emplacement_flux_id")),
        sa.PrimaryKeyConstraint("fichier_id", "membre", name=op.f("pk_emplacement")),
    )
    with op.batch_alter_table("emplacement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emplacement_flux_id"), ["flux_id"], unique=False)

    op.create_table(
        "marche",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("id_contrat", sa.String(), nullable=False),
        sa.Column("numero_modification", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("cpv", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("montant", sa.BigInteger(), nullable=True),
        sa.Column("date_notification", sa.Date(), nullable=True),
        sa.Column("duree_mois", sa.Integer(), nullable=True),
        sa.Column("acteurs", sa.String(), nullable=False),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_marche_budget_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_marche_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marche")),
    )
    with op.batch_alter_table("marche", schema=None) as batch_op:
        batch_op.create_index("ix_marche_cle", ["siren", "cle"], unique=False)
        batch_op.create_index(batch_op.f("ix_marche_flux_id"), ["flux_id"], unique=False)

    op.create_table(
        "piece_justificative",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("type_pj", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("mime_declare", sa.String(), nullable=False),
        sa.Column("type_reel", sa.String(), nullable=False),
        sa.Column("debut", sa.BigInteger(), nullable=False),
        sa.Column("longueur", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("domaine", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("courante", sa.Boolean(), nullable=False),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budget.id"], name=op.f("fk_piece_justificative_budget_id")
        ),
        sa.ForeignKeyConstraint(
            ["flux_id"], ["flux.id"], name=op.f("fk_piece_justificative_flux_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piece_justificative")),
    )
    with op.batch_alter_table("piece_justificative", schema=None) as batch_op:
        batch_op.create_index("ix_piece_justificative_cle", ["siren", "id_unique"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_piece_justificative_flux_id"), ["flux_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_piece_justificative_sha256"), ["sha256"], unique=False)

    op.create_table(
        "lien_marche",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("marche_id", sa.BigInteger(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("support", sa.String(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marche_id"], ["marche.id"], name=op.f("fk_lien_marche_marche_id")
        ),
        sa.ForeignKeyConstraint(
            ["pj_id"], ["piece_justificative.id"], name=op.f("fk_lien_marche_pj_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lien_marche")),
    )
    with op.batch_alter_table("lien_marche", schema=None) as batch_op:
        batch_op.create_index("ix_lien_marche_cle", ["siren", "id_unique"], unique=False)
        batch_op.create_index("ix_lien_marche_marche", ["marche_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lien_marche_pj_id"), ["pj_id"], unique=False)

    op.create_table(
        "piece",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("bordereau_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("cellule_id", sa.Integer(), nullable=False),
        sa.Column("domaine", sa.String(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=False),
        sa.Column("sens", sa.String(), nullable=False),
        sa.Column("type_bordereau", sa.String(), nullable=False),
        sa.Column("numero_bordereau", sa.String(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("type_piece", sa.String(), nullable=False),
        sa.Column("nature_piece", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("reference_pj", sa.String(), nullable=False),
        sa.Column("date_echeance", sa.Date(), nullable=True),
        sa.Column("dgp_debut", sa.Date(), nullable=True),
        sa.Column("dgp_fin", sa.Date(), nullable=True),
        sa.Column("ht", sa.BigInteger(), nullable=False),
        sa.Column("tva", sa.BigInteger(), nullable=False),
        sa.Column("nb_lignes", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("date_asap", sa.Date(), nullable=True),
        sa.Column("edition_asap", sa.String(), nullable=False),
        sa.Column("periode", sa.String(), nullable=False),
        sa.Column("numero_dette", sa.String(), nullable=False),
        sa.Column("numero_engagement", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("courante", sa.Boolean(), nullable=False),
        sa.Column("tour", sa.Integer(), nullable=False),
        sa.Column("ligne_xml", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bordereau_id"], ["bordereau.id"], name=op.f("fk_piece_bordereau_id")
        ),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_piece_budget_id")),
        sa.ForeignKeyConstraint(["cellule_id"], ["cellule.id"], name=op.f("fk_piece_cellule_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_piece_flux_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piece")),
    )
    with op.batch_alter_table("piece", schema=None) as batch_op:
        batch_op.create_index("ix_piece_bordereau", ["bordereau_id"], unique=False)
        batch_op.create_index("ix_piece_cellule", ["cellule_id"], unique=False)
        batch_op.create_index(
            "ix_piece_cle",
            ["budget_id", "exercice", "sens", "numero", "type_bordereau", "numero_bordereau"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_piece_flux_id"), ["flux_id"], unique=False)

    op.create_table(
        "ref_compta",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("domaine_compta", sa.String(), nullable=False),
        sa.Column("exercice", sa.Integer(), nullable=True),
        sa.Column("type_objet", sa.String(), nullable=False),
        sa.Column("identifiant", sa.String(), nullable=False),
        sa.Column("complement", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name=op.f("fk_ref_compta_budget_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_ref_compta_flux_id")),
        sa.ForeignKeyConstraint(
            ["pj_id"], ["piece_justificative.id"], name=op.f("fk_ref_compta_pj_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ref_compta")),
    )
    with op.batch_alter_table("ref_compta", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ref_compta_cle", ["budget_id", "exercice", "identifiant"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ref_compta_flux_id"), ["flux_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ref_compta_pj_id"), ["pj_id"], unique=False)

    op.create_table(
        "lien",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("flux_id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.BigInteger(), nullable=False),
        sa.Column("siren", sa.String(), nullable=False),
        sa.Column("id_unique", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("support", sa.String(), nullable=False),
        sa.Column("origine", sa.String(), nullable=False),
        sa.Column("ligne_numero", sa.String(), nullable=False),
        sa.Column("pj_id", sa.BigInteger(), nullable=True),
        sa.Column("cellule_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cellule_id"], ["cellule.id"], name=op.f("fk_lien_cellule_id")),
        sa.ForeignKeyConstraint(["flux_id"], ["flux.id"], name=op.f("fk_lien_flux_id")),
        sa.ForeignKeyConstraint(["piece_id"], ["piece.id"], name=op.f("fk_lien_piece_id")),
        sa.ForeignKeyConstraint(["pj_id"], ["piece_justificative.id"], name=op.f("fk_lien_pj_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lien")),
    )
    with op.batch_alter_table("lien", schema=None) as batch_op:
        batch_op.create_index("ix_lien_cle", ["siren", "id_unique"], unique=False)
        batch_op.create_index(batch_op.f("ix_lien_flux_id"), ["flux_id"], unique=False)
        batch_op.create_index("ix_lien_piece", ["piece_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lien_pj_id"), ["pj_id"], unique=False)

    op.create_table(
        "ligne",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("piece_id", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("compte", sa.String(), nullable=False),
        sa.Column("fonction", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("compte_analytique", sa.String(), nullable=False),
        sa.Column("compte_tiers", sa.String(), nullable=False),
        sa.Column("libelle", sa.String(), nullable=False),
        sa.Column("facture", sa.String(), nullable=False),
        sa.Column("mode_reglement", sa.String(), nullable=False),
        sa.Column("ht", sa.BigInteger(), nullable=False),
        sa.Column("tva", sa.BigInteger(), nullable=False),
        sa.Column("marche", sa.String(), nullable=False),
        sa.Column("marche_cle", sa.String(), nullable=False),
        sa.Column("convention", sa.String(), nullable=False),
        sa.Column("emprunt", sa.String(), nullable=False),
        sa.Column("actif", sa.String(), nullable=False),
        sa.Column("regie", sa.String(), nullable=False),
        sa.Column("code_produit", sa.String(), nullable=False),
        sa.Column("majorable", sa.String(), nullable=False),
        sa.Column("origine_nature", sa.String(), nullable=False),
        sa.Column("origine_exercice", sa.Integer(), nullable=True),
        sa.Column("origine_piece", sa.String(), nullable=False),
        sa.Column("origine_ligne", sa.String(), nullable=False),
        sa.Column("tiers_id", sa.BigInteger(), nullable=True),
        sa.Column("autres_tiers", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["piece_id"], ["piece.id"], name=op.f("fk_ligne_piece_id")),
        sa.ForeignKeyConstraint(["tiers_id"], ["tiers.id"], name=op.f("fk_ligne_tiers_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ligne")),
    )
    with op.batch_alter_table("ligne", schema=None) as batch_op:
        batch_op.create_index("ix_ligne_marche", ["marche_cle"], unique=False)
        batch_op.create_index(
            "ix_ligne_origine",
            ["origine_piece"],
            unique=False,
            sqlite_where=sa.text("origine_piece <> ''"),
            postgresql_where=sa.text("origine_piece <> ''"),
        )
        batch_op.create_index(batch_op.f("ix_ligne_piece_id"), ["piece_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ligne_tiers_id"), ["tiers_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("ligne", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ligne_tiers_id"))
        batch_op.drop_index(batch_op.f("ix_ligne_piece_id"))
        batch_op.drop_index(
            "ix_ligne_origine",
            sqlite_where=sa.text("origine_piece <> ''"),
            postgresql_where=sa.text("origine_piece <> ''"),
        )
        batch_op.drop_index("ix_ligne_marche")

    op.drop_table("ligne")
    with op.batch_alter_table("lien", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lien_pj_id"))
        batch_op.drop_index("ix_lien_piece")
        batch_op.drop_index(batch_op.f("ix_lien_flux_id"))
        batch_op.drop_index("ix_lien_cle")

    op.drop_table("lien")
    with op.batch_alter_table("ref_compta", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ref_compta_pj_id"))
        batch_op.drop_index(batch_op.f("ix_ref_compta_flux_id"))
        batch_op.drop_index("ix_ref_compta_cle")

    op.drop_table("ref_compta")
    with op.batch_alter_table("piece", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_piece_flux_id"))
        batch_op.drop_index("ix_piece_cle")
        batch_op.drop_index("ix_piece_cellule")
        batch_op.drop_index("ix_piece_bordereau")

    op.drop_table("piece")
    with op.batch_alter_table("lien_marche", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lien_marche_pj_id"))
        batch_op.drop_index("ix_lien_marche_marche")
        batch_op.drop_index("ix_lien_marche_cle")

    op.drop_table("lien_marche")
    with op.batch_alter_table("piece_justificative", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_piece_justificative_sha256"))
        batch_op.drop_index(batch_op.f("ix_piece_justificative_flux_id"))
        batch_op.drop_index("ix_piece_justificative_cle")

    op.drop_table("piece_justificative")
    with op.batch_alter_table("marche", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marche_flux_id"))
        batch_op.drop_index("ix_marche_cle")

    op.drop_table("marche")
    with op.batch_alter_table("emplacement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_emplacement_flux_id"))

    op.drop_table("emplacement")
    with op.batch_alter_table("bordereau", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bordereau_flux_id"))
        batch_op.drop_index("ix_bordereau_cle")

    op.drop_table("bordereau")
    with op.batch_alter_table("anomalie", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_anomalie_flux_id"))

    op.drop_table("anomalie")
    with op.batch_alter_table("flux", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_flux_nom_fic"))
        batch_op.drop_index(batch_op.f("ix_flux_etat"))
        batch_op.drop_index(batch_op.f("ix_flux_budget_id"))

    op.drop_table("flux")
    with op.batch_alter_table("cloture", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cloture_en_vigueur",
            sqlite_where=sa.text("retiree_le IS NULL"),
            postgresql_where=sa.text("retiree_le IS NULL"),
        )

    op.drop_table("cloture")
    op.drop_table("cellule")
    with op.batch_alter_table("session_web", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_web_personne_id"))

    op.drop_table("session_web")
    with op.batch_alter_table("habilitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_habilitation_personne_id"))

    op.drop_table("habilitation")
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_budget_siren"))
        batch_op.drop_index(batch_op.f("ix_budget_id_post"))

    op.drop_table("budget")
    op.drop_table("tiers")
    with op.batch_alter_table("texte", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_texte_etat"))
        batch_op.drop_index(
            "ix_texte_a_extraire",
            sqlite_where=sa.text("etat = 'a_extraire'"),
            postgresql_where=sa.text("etat = 'a_extraire'"),
        )

    op.drop_table("texte")
    op.drop_table("personne")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_quand"))
        batch_op.drop_index(batch_op.f("ix_journal_personne_id"))
        batch_op.drop_index(batch_op.f("ix_journal_acte"))

    op.drop_table("journal")
    with op.batch_alter_table("fichier", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_fichier_present",
            sqlite_where=sa.text("remplace_le IS NULL AND disparu_le IS NULL"),
            postgresql_where=sa.text("remplace_le IS NULL AND disparu_le IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_fichier_etat"))

    op.drop_table("fichier")
    with op.batch_alter_table("echec_connexion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_echec_connexion_quand"))
        batch_op.drop_index(batch_op.f("ix_echec_connexion_identifiant"))
        batch_op.drop_index(batch_op.f("ix_echec_connexion_adresse"))

    op.drop_table("echec_connexion")
    op.drop_table("collectivite")
    op.drop_table("a_indexer")
