"""Every choice of an operator, in one frozen class. Read once, by bootstrap; never at import."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from orc.errors import Invalid

PREFIX = "ORC_"
# Opening a PJ holds it compressed and not: three people opening the largest take 0.8 GB.
PJ_OCTETS_MAX = 128 * 1024**2
# A setting may be given by a file that holds it, as a container's secret is.
SUFFIX = "_FILE"
SECRET_MAX = 16 * 1024


def _setting(default: Any, aide: str, *, secret: bool = False) -> Any:
    """A field with its French explanation: docs/reglages.md is made from it.

    `secret`: never shown where settings are (a log, a traceback).
    """
    return field(default=default, metadata={"aide": aide}, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is read from the environment: `database` from `ORC_DATABASE`, and so on.

    Sizes are in the unit their name says; choices of engines are URLs.
    """

    data: str = _setting("var/orc", "Dossier des données de l’installation embarquée.")
    database: str = _setting(
        "",
        "URL de la base. Vide : SQLite (WAL) sous les données. PostgreSQL 15 ou plus récent : "
        "postgresql+psycopg://compte:mot de passe@serveur/orc",
        secret=True,  # a password stands in it
    )
    database_connexions: int = _setting(
        10, "PostgreSQL : connexions d’un processus, au plus, pour lire ; autant pour écrire."
    )
    database_secondes: int = _setting(
        600, "PostgreSQL : durée d’une requête qui lit, au-delà de laquelle elle est abandonnée."
    )
    index: str = _setting(
        "",
        "Moteur de recherche. Vide : tantivy, sous les données. Elasticsearch : "
        "https://serveur:9200/orc, plusieurs nœuds séparés par des virgules.",
    )
    index_tls_ca: str = _setting(
        "", "Fichier PEM de l’autorité du certificat de l’index. Vide : celles du système."
    )
    index_cle_api: str = _setting("", "Clé d’API de l’index, telle qu’il la donne.", secret=True)
    index_utilisateur: str = _setting("", "Compte de l’index, sans clé d’API.")
    index_mot_de_passe: str = _setting("", "Mot de passe de ce compte.", secret=True)
    index_secondes: int = _setting(30, "Délai d’une recherche.")
    index_exercices: int = _setting(1, "Exercices par index d’Elasticsearch.")
    index_partitions: int = _setting(1, "Partitions (shards) d’un nouvel index.")
    index_copies: str = _setting(
        "0-1", "Copies d’un nouvel index ; 0-1 : une dès que plusieurs nœuds le permettent."
    )
    recherche_statuts_max: int = _setting(
        200_000,
        "PJ qu’un critère de destruction anticipée peut désigner dans une recherche : au-delà, "
        "elle demande de préciser.",
    )
    queue: str = _setting(
        "inprocess:",
        "File des tâches. `inprocess:` : dans le même processus. Sinon redis://, rediss://, "
        "amqp:// ou amqps://, et des « orc worker ».",
        secret=True,  # the same
    )
    veille_secondes: int = _setting(
        30, "Silence après lequel un « orc worker » est tenu pour mort et son travail repris."
    )
    tache_minutes: int = _setting(25, "Durée d’une tâche d’un « orc worker », au plus.")
    arret_secondes: int = _setting(
        30, "À l’arrêt d’un « orc worker », temps laissé aux tâches en cours avant de les rendre."
    )
    worker_memoire_mo: int = _setting(
        2048,
        "Mémoire d’un « orc worker », ses enfants non compris : au-delà, il finit ses tâches en "
        "cours et repart à neuf. 0 : sans limite.",
    )
    silo: str = _setting("", "URL fsspec du silo à lire (file:///…, s3://…, sftp://…).")
    silo_s3_endpoint: str = _setting("", "Adresse du service S3 du silo. Vide : celle d’AWS.")
    silo_s3_region: str = _setting("", "Région du service S3 du silo, par exemple fr-par.")
    silo_s3_cle: str = _setting("", "Clé d’accès S3 du silo. Vide : celles de la machine.")
    silo_s3_secret: str = _setting("", "Clé secrète S3 du silo.", secret=True)
    silo_sftp_cle: str = _setting("", "Fichier de la clé privée SSH qui ouvre le silo SFTP.")
    silo_sftp_secret: str = _setting(
        "", "Phrase de passe de cette clé ; sans clé, mot de passe du compte SFTP.", secret=True
    )
    silo_sftp_known_hosts: str = _setting(
        "", "Fichier known_hosts où se trouve la clé du serveur SFTP. Nécessaire."
    )
    silo_http_utilisateur: str = _setting("", "Compte du silo HTTP (authentification Basic).")
    silo_http_secret: str = _setting(
        "", "Mot de passe de ce compte ; sans compte, jeton (Bearer).", secret=True
    )
    silo_tls_ca: str = _setting(
        "", "Fichier PEM de l’autorité qui signe le certificat du silo. Vide : celles du système."
    )
    silo_secondes: int = _setting(20, "Délai d’une réponse du silo avant un nouvel essai.")
    silo_lecture: str = _setting("", "Dossier des flux distants en cours de lecture. Vide : cache.")
    silo_lecture_octets: int = _setting(
        8 * 1024**3, "Place, en octets, des flux distants en cours de lecture."
    )
    storage: str = _setting("", "URL fsspec des textes extraits. Vide : sous les données.")
    storage_s3_endpoint: str = _setting("", "Adresse du service S3 des textes. Vide : AWS.")
    storage_s3_region: str = _setting("", "Région du service S3 des textes.")
    storage_s3_cle: str = _setting("", "Clé d’accès S3 des textes. Vide : celles de la machine.")
    storage_s3_secret: str = _setting("", "Clé secrète S3 des textes.", secret=True)
    storage_tls_ca: str = _setting(
        "", "Fichier PEM de l’autorité du service des textes. Vide : celles du système."
    )
    cache: str = _setting("", "Dossier de ce qui peut être refait. Vide : sous les données.")
    workers: int = _setting(0, "Processus enfants d’extraction. 0 : un par cœur.")
    extraction_secondes: int = _setting(30, "Délai d’une extraction avant d’arrêter l’enfant.")
    extraction_memoire_mo: int = _setting(1024, "Mémoire d’un enfant d’extraction, en Mo.")
    extraction_pages: int = _setting(5000, "Pages lues au plus dans une pièce justificative.")
    extraction_caracteres: int = _setting(5_000_000, "Caractères gardés au plus par document.")
    ocr: str = _setting(
        "auto",
        "Océrisation des scans : `oui`, `non`, ou `auto` (si tesseract et ses données françaises "
        "sont là).",
    )
    ocr_tessdata: str = _setting(
        "", "Dossier des données de tesseract (fra.traineddata). Vide : celui du système."
    )
    ocr_dpi: int = _setting(300, "Finesse du dessin d’une page à océriser, en points par pouce.")
    ocr_secondes: int = _setting(
        60, "Temps de calcul permis pour une page à océriser ; dix fois plus de temps écoulé."
    )
    ocr_enfants: int = _setting(0, "Processus enfants d’océrisation. 0 : un pour deux cœurs.")
    tika: str = _setting(
        "",
        "URL d’un serveur Tika pour la bureautique, les messages, les archives et les formats "
        "inconnus. Vide : la bibliothèque embarquée.",
        secret=True,  # an account may stand in it
    )
    tika_ca: str = _setting(
        "", "Fichier PEM de l’autorité du certificat de Tika. Vide : celles de Mozilla (certifi)."
    )
    tika_secondes: int = _setting(30, "Délai d’une réponse de Tika avant de s’en passer.")
    tika_octets_max: int = _setting(100 * 1024**2, "Taille au plus d’un document confié à Tika.")
    tika_reponse_octets: int = _setting(32 * 1024**2, "Taille au plus d’une réponse de Tika.")
    pj_octets_max: int = _setting(
        PJ_OCTETS_MAX,
        "Taille décodée au plus d’une PJ, en octets ; l’ouvrir prend deux fois cette mémoire.",
    )
    flux_octets_max: int = _setting(4 * 1024**3, "Taille décompressée d’un flux, en octets.")
    xsd: str = _setting("", "Dossier des schémas PES V2 pour signaler les écarts. Vide : non.")
    compte_651_sensible: bool = _setting(
        True,
        "Comptes 651 : aide sociale, quand la nomenclature du budget est inconnue.",
    )
    cle_secrets: str = _setting(
        "",
        "Clé qui chiffre les seconds facteurs et signe les codes : 32 octets en base64 (URL). "
        "Vide : faite une fois dans le dossier des données (cle-secrets, 0600). La même pour tous "
        "les processus, et à sauvegarder.",
        secret=True,
    )
    courriel: str = _setting(
        "",
        "Serveur de courriel : smtps://compte:mot de passe@serveur:465, smtp://… (STARTTLS, 587), "
        "smtp+clair://… (relais de la machine, sans TLS). Vide : rien ne part, les messages se "
        "lisent dans la boîte locale (page des administrateurs).",
        secret=True,
    )
    courriel_ca: str = _setting(
        "", "Fichier PEM de l’autorité du serveur de courriel. Vide : celles du système."
    )
    courriel_expediteur: str = _setting(
        "ORC <ne-pas-repondre@localhost>", "Adresse d’expédition des courriels."
    )
    courriel_secondes: int = _setting(20, "Délai d’un envoi, courriel ou SMS.")
    sms: str = _setting(
        "",
        "Passerelle de SMS : adresse https:// où chaque message est envoyé (POST, JSON). Vide : "
        "boîte locale.",
    )
    sms_jeton: str = _setting("", "Jeton de la passerelle de SMS.", secret=True)
    sms_entete: str = _setting(
        "Authorization: Bearer {jeton}", "En-tête qui porte le jeton de la passerelle de SMS."
    )
    sms_modele: str = _setting(
        '{"to": "{numero}", "text": "{texte}"}', "Corps JSON d’un envoi à la passerelle de SMS."
    )
    mot_de_passe_jours: int = _setting(
        365, "Durée de validité d’un mot de passe, en jours. 0 : sans fin."
    )
    rappels_jours: str = _setting(
        "30,15,7,1", "Jours avant une expiration où un rappel est envoyé, une fois chacun."
    )
    gel_delai_jours: int = _setting(
        15, "Jours pendant lesquels un gel levé tient encore : de quoi en poser un autre."
    )
    second_facteur_roles: str = _setting(
        "administrateur,juge,archiviste",
        "Rôles qui doivent avoir un second facteur (application d’authentification). Vide : aucun.",
    )
    conditions: str = _setting(
        "", "Fichier texte des conditions d’utilisation (UTF-8). Vide : celles d’ORC."
    )
    charte: str = _setting("", "Adresse de la charte d’utilisation (https://…).")
    pgssi: str = _setting(
        "", "Adresse de la politique générale de sécurité des systèmes d’information (https://…)."
    )
    alerte_fraude: str = _setting(
        "Soyez vigilant : personne ne vous demandera votre mot de passe ni un code, par courriel, "
        "par SMS ou par téléphone. Vérifiez l’adresse de ce site avant de vous connecter.",
        "Bandeau de la page de connexion contre la fraude. Vide : pas de bandeau.",
    )
    guide: str = _setting("", "Adresse du guide de l’utilisateur (https://…).")
    faq: str = _setting("", "Adresse des questions fréquentes (https://…).")
    assistance: str = _setting(
        "", "Assistance, en une ligne : téléphone, horaires, adresse de courriel."
    )
    contacts: str = _setting(
        "",
        "Fichier CSV des contacts des départements, qui redonnent un mot de passe expiré : "
        "departement;libelle;courriel;telephone;horaires.",
    )
    applications: str = _setting(
        "",
        "Fichier JSON des applications de la page d’accueil : liste de {nom, adresse, description, "
        "roles, codique}.",
    )
    droits_contact: str = _setting(
        "",
        "Où exercer ses droits d’accès, de rectification et d’opposition (délégué à la protection "
        "des données).",
    )
    habilitation_mois: int = _setting(
        12,
        "Durée, en mois, d’une habilitation accordée sur demande ; elle finit si le comptable ne "
        "la renouvelle pas. 0 : sans fin.",
    )
    habilitation_validation_dgfip: bool = _setting(
        False, "L’habilitation d’une structure : un administrateur valide après le comptable."
    )
    destruction_refus_avant_offre: bool = _setting(
        True, "Destruction anticipée : refuser les PJ transmises avant l’adhésion à l’offre."
    )
    destruction_ordre_prise_en_charge: bool = _setting(
        False, "Pièces d’ordre, jamais payées : la prise en charge vaut paiement."
    )
    destruction_rubrique_inconnue_passe: bool = _setting(
        True, "Une PJ dont la rubrique n’est pas déclarée passe, et le dit. `non` : elle attend."
    )
    destruction_rubriques_originales: str = _setting(
        "03122,47121,47122,51121,5311",
        "Rubriques des PJ dont l’original ou un exemplaire unique est exigé.",
    )
    destruction_origines_de_paiement: str = _setting(
        "01,03,04,05,13,14", "OrgEma d’un mandat qui sont des paiements (PES V2, retour dépense)."
    )
    elimination_delai_jours: int = _setting(
        60,
        "Élimination : jours entre l’ouverture du délai et toute destruction ; 0 : aucun. Une "
        "liste que les archives proposent attend au moins trois mois.",
    )
    elimination_autorisation_generale: str = _setting(
        "",
        "Élimination : référence de l’autorisation générale que les archives départementales ont "
        "confirmée. Vide : chaque bordereau demande leur visa.",
    )
    elimination_certificat: str = _setting(
        "archives",
        "Élimination : qui signe le certificat, `archives` ou `producteur`.",
    )
    elimination_lignes_du_geste: int = _setting(
        1000,
        "Élimination : lignes qu’un geste vérifie lui-même. Celles d’une plus longue liste le sont "
        "d’abord par une tâche de fond.",
    )
    session_minutes_inactive: int = _setting(30, "Minutes d’inactivité avant la fin d’une session.")
    session_heures_max: int = _setting(12, "Durée au plus d’une session, en heures.")
    cle_validite_jours: int = _setting(365, "Durée d’une clé d’API, en jours.")
    cle_recouvrement_jours: int = _setting(
        30, "Jours pendant lesquels une clé d’API remplacée vaut encore, avec la nouvelle."
    )
    adresse_publique: str = _setting(
        "", "Adresse d’ORC pour les navigateurs, par exemple https://orc.exemple.fr."
    )
    oidc_emetteur: str = _setting(
        "",
        "Émetteur du fournisseur d’identité OpenID Connect (ProConnect). Vide : cette porte "
        "n’existe pas. Demande aussi ORC_ADRESSE_PUBLIQUE.",
    )
    oidc_nom: str = _setting("ProConnect", "Nom du fournisseur d’identité, tel qu’il se montre.")
    oidc_client_id: str = _setting("", "Identifiant d’ORC chez le fournisseur d’identité.")
    oidc_client_secret: str = _setting(
        "", "Secret d’ORC chez le fournisseur d’identité.", secret=True
    )
    oidc_portees: str = _setting(
        "openid email", "Portées (scopes) demandées au fournisseur d’identité."
    )
    oidc_acr_values: str = _setting(
        "",
        "Niveaux de garantie (acr) demandés, séparés par des espaces ; un autre est refusé. Vide : "
        "tous.",
    )
    oidc_amr_second_facteur: str = _setting(
        "mfa", "Valeurs d’amr, séparées par des espaces, qui valent second facteur."
    )
    oidc_algorithmes: str = _setting(
        "RS256 ES256", "Signatures admises des jetons du fournisseur d’identité."
    )
    oidc_userinfo_signe: bool = _setting(
        True, "Refuser une réponse userinfo qui n’est pas signée (ProConnect la signe)."
    )
    oidc_lier: str = _setting(
        "non",
        "Première venue par le fournisseur d’identité, sans compte lié : `non`, il faut lier "
        "depuis son compte ; `verifie`, le compte dont le courriel vérifié est le sien, si le "
        "fournisseur le dit vérifié ; `toujours`, même s’il ne le dit pas.",
    )
    oidc_tls_ca: str = _setting(
        "", "Fichier PEM de l’autorité du fournisseur d’identité. Vide : celles du système."
    )
    oidc_secondes: int = _setting(10, "Délai d’une réponse du fournisseur d’identité.")
    cookie_secure: bool = _setting(
        False, "Cookie réservé à HTTPS : à mettre à 1 derrière un mandataire TLS."
    )
    hsts_secondes: int = _setting(
        31_536_000,
        "Derrière TLS (ORC_COOKIE_SECURE) : durée de l’en-tête Strict-Transport-Security. 0 : non.",
    )
    mandataires: str = _setting(
        "",
        "Adresses ou réseaux des mandataires (reverse proxies) devant ORC, séparés par des "
        "virgules : leurs en-têtes X-Forwarded-For et X-Forwarded-Proto sont crus. Vide : aucun.",
    )
    certificats_secret: str = _setting(
        "",
        "Secret que le mandataire joint (X-Orc-Mandataire) aux certificats clients qu’il a "
        "vérifiés ; il doit aussi être de ORC_MANDATAIRES. Vide : cette porte n’existe pas.",
        secret=True,
    )
    mesures_jeton: str = _setting(
        "",
        "Jeton (Authorization: Bearer …) qui ouvre /mesures à Prometheus. Vide : /mesures n’existe "
        "pas.",
        secret=True,
    )
    journal_technique: str = _setting(
        "texte", "Forme des journaux techniques : `texte`, ou `json` pour un collecteur."
    )
    journal_niveau: str = _setting(
        "info",
        "Ce que disent les journaux techniques du site et des « orc worker » : `debug`, "
        "`info`, `warning` ou `error`.",
    )
    marque_etat: bool = _setting(
        False, "Bloc-marque et police Marianne : réservés aux services de l’État."
    )
    nom_service: str = _setting("ORC", "Nom du service, en tête de page.")

    @property
    def folder(self) -> Path:
        """Where the embedded installation keeps what it writes."""
        return Path(self.data)

    def database_url(self) -> str:
        """The SQLAlchemy URL to open."""
        return self.database or f"sqlite:///{(self.folder / 'orc.sqlite').absolute()}"

    def index_url(self) -> str:
        """The URL of the search engine to open."""
        return self.index or f"tantivy://{(self.folder / 'index').absolute()}"

    def storage_url(self) -> str:
        """The fsspec URL of the extracted texts."""
        return self.storage or f"file://{(self.folder / 'textes').absolute()}"

    def cache_folder(self) -> Path:
        """The local folder of what can be made again: indexes of .gz, members of .zip."""
        return Path(self.cache) if self.cache else self.folder / "cache"


_TRUE = {"1", "oui", "true", "vrai"}
_FALSE = {"0", "non", "false", "faux", ""}


def _read_value(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise Invalid(f"Le réglage {name} attend oui ou non, pas « {text} ».")
        return text.lower() in _TRUE
    if kind is int:
        if not text.isdecimal():
            raise Invalid(f"Le réglage {name} attend un nombre entier, pas « {text} ».")
        return int(text)
    return text


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment; an unknown `ORC_…` name or a bad value is Invalid.

    `ORC_DATABASE_FILE` names a file that holds `ORC_DATABASE`: secrets stay out of environments.
    """
    known = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    given = _read_files(environ, known.keys())
    unknown = sorted(k for k in given if k not in known)
    if unknown:
        raise Invalid(f"Réglage inconnu : {', '.join(unknown)}. Voir docs/reglages.md.")
    values = {
        f.name: _read_value(name, given[name], type(f.default))
        for name, f in known.items()
        if name in given
    }
    return Settings(**values)  # type: ignore[arg-type]  # _read_value gave each its kind


def _read_files(environ: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The `ORC_…` of an environment, those given by a file read from it."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    for name in sorted(known):
        path = given.pop(name + SUFFIX, None)
        if path is None:
            continue
        if name in given:
            raise Invalid(f"{name} et {name + SUFFIX} sont donnés tous les deux : un seul suffit.")
        given[name] = _read_file(name, path)
    return given


def _read_file(name: str, path: str) -> str:
    """One secret, the end of its line left out. Nothing of it is in a message."""
    try:
        with Path(path).open(encoding="utf-8") as secret:
            text = secret.read(SECRET_MAX + 1)
    except (OSError, ValueError) as error:
        raise Invalid(f"{name + SUFFIX} : le fichier « {path} » ne se lit pas.") from error
    if len(text) > SECRET_MAX or "\n" in text.rstrip("\r\n"):
        raise Invalid(f"{name + SUFFIX} : « {path} » ne tient pas en une ligne.")
    return text.rstrip("\r\n")
