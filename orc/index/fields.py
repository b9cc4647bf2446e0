"""THE list of what people search by: mapping, syntax, forms and documentation derive from it.

A new field is one line here and one in make_records.py; RETENTION is answered by SQL instead.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Genre(StrEnum):
    """What one record stands for; a search asks for one genre at a time."""

    PIECE = "piece"
    LIGNE = "ligne"
    PJ = "pj"


class Kind(StrEnum):
    """How a field is compared.

    texte: words, stemmed, and exact forms for phrases and prefixes. mot: a code, whole or by
    prefix. reference: written in many ways, leading zeros and separators aside. numero: a
    reference that also has ranges. montant: int cents. date: datetime.date. mois: int yyyymm.
    choix: one of a few words.
    """

    TEXTE = "texte"
    MOT = "mot"
    REFERENCE = "reference"
    NUMERO = "numero"
    ENTIER = "entier"
    MONTANT = "montant"
    DATE = "date"
    MOIS = "mois"
    BOOLEEN = "booleen"
    CHOIX = "choix"


ORDERED = frozenset({Kind.NUMERO, Kind.ENTIER, Kind.MONTANT, Kind.DATE, Kind.MOIS})
NUMBERS = frozenset({Kind.ENTIER, Kind.MONTANT, Kind.DATE, Kind.MOIS, Kind.BOOLEEN})


@dataclass(frozen=True, slots=True)
class Field:
    """One criterion: `group` gathers the form and the documentation, `help` is one example.

    `found`: a word without a field is looked for here too (texts, references, amounts).
    `choix`: the only words that may be asked, of that kind.
    """

    name: str
    kind: Kind
    label: str
    group: str
    help: str
    facet: bool = False
    sort: bool = False
    multi: bool = False
    found: bool = False
    aliases: tuple[str, ...] = ()
    choix: tuple[str, ...] = ()


def _group(group: str, *fields: tuple[str, Kind, str, str, str, str]) -> tuple[Field, ...]:
    """Read lines of (name, kind, flags, aliases, label, help).

    Flags: f facet, s sort, m multi, r found (as every text is).
    """
    return tuple(
        Field(
            name=name,
            kind=kind,
            label=label,
            group=group,
            help=example,
            facet="f" in flags,
            sort="s" in flags,
            multi="m" in flags,
            found="r" in flags or kind is Kind.TEXTE,
            aliases=tuple(aliases.split()),
        )
        for name, kind, flags, aliases, label, example in fields
    )


_T, _M, _R, _N, _E = Kind.TEXTE, Kind.MOT, Kind.REFERENCE, Kind.NUMERO, Kind.ENTIER
_C, _D, _Y, _B = Kind.MONTANT, Kind.DATE, Kind.MOIS, Kind.BOOLEEN

FIELDS: tuple[Field, ...] = (
    *_group(
        "Collectivité et budget",
        ("collectivite", _M, "fr", "siren_collectivite", "Collectivité", "collectivite:217600123"),
        ("nom_collectivite", _T, "", "commune", "Nom de la collectivité", "commune:Sainte-Anne"),
        ("budget", _M, "f", "", "Budget", "budget:21760012300010-101-00"),
        ("nom_budget", _T, "", "", "Nom du budget", "nom_budget:assainissement"),
        ("poste", _M, "f", "codique", "Poste comptable", "poste:033012"),
        ("exercice", _E, "fs", "annee", "Exercice", "exercice:2021..2023"),
        ("domaine", _M, "f", "", "Domaine", "domaine:ordinaire"),
        ("sens", _M, "f", "", "Sens", "sens:recette"),
    ),
    *_group(
        "Bordereau",
        ("bordereau", _N, "sr", "num_bordereau", "Numéro de bordereau", "bordereau:12"),
        ("type_bordereau", _M, "f", "", "Type de bordereau", "type_bordereau:02"),
        ("date", _D, "s", "date_bordereau", "Date d’émission", "date:2023-01..2023-03"),
        ("mois", _Y, "f", "", "Mois d’émission", "mois:2023-04"),
        ("bordereau_ht", _C, "", "", "Montant HT du bordereau", "bordereau_ht:>100000"),
        ("bordereau_ttc", _C, "r", "", "Montant TTC du bordereau", "bordereau_ttc:>120000"),
        ("bordereau_pieces", _E, "", "", "Nombre de pièces du bordereau", "bordereau_pieces:>50"),
    ),
    *_group(
        "Mandat ou titre",
        ("piece", _N, "sr", "numero mandat titre", "Numéro de pièce", "mandat:100..150"),
        ("type_piece", _M, "f", "", "Type de pièce", "type_piece:09"),
        ("nature", _M, "f", "nature_piece", "Nature de pièce", "nature:11"),
        ("objet", _T, "m", "", "Objet", "objet:électricité"),
        ("echeance", _D, "", "", "Date d’échéance", "echeance:2023-06"),
        ("dgp_debut", _D, "", "", "Début du délai de paiement", "dgp_debut:2023-05-02"),
        ("dgp_fin", _D, "", "", "Fin du délai de paiement", "dgp_fin:2023-06"),
        ("montant", _C, "sr", "ttc", "Montant TTC", "montant:1000..5000"),
        ("ht", _C, "r", "montant_ht", "Montant HT", "ht:833,33"),
        ("nb_pj", _E, "f", "", "Nombre de pièces justificatives", "nb_pj:0"),
        ("etat", _M, "f", "", "État (à venir)", "etat:paye"),
    ),
    *_group(
        "Ligne",
        ("ligne", _N, "m", "", "Numéro de ligne", "ligne:3"),
        ("compte", _M, "fmr", "imputation", "Compte par nature", "compte:606*"),
        ("fonction", _M, "fm", "", "Fonction", "fonction:211"),
        ("operation", _R, "mr", "", "Opération", "operation:2019-04"),
        ("libelle_ligne", _T, "m", "libelle", "Libellé de la ligne", "libelle:fourniture"),
        ("facture", _R, "mr", "", "Numéro de facture", "facture:F2023-00127"),
        ("marche", _R, "mr", "", "Marché", "marche:2015-15018"),
        ("convention", _R, "mr", "", "Convention", "convention:C-2021-8"),
        ("emprunt", _R, "mr", "", "Emprunt", "emprunt:E0012"),
        ("actif", _R, "mr", "inventaire", "Actif", "actif:2020-VEH-3"),
        ("regie", _R, "m", "", "Régie", "regie:12"),
        ("mode_reglement", _M, "fm", "reglement", "Mode de règlement", "mode_reglement:03"),
        ("piece_origine", _R, "mr", "origine", "Pièce d’origine", "origine:127"),
        ("service", _M, "fmr", "", "Service", "service:ECOLES"),
        ("montant_ligne", _C, "mr", "", "Montant TTC d’une ligne", "montant_ligne:1234,56"),
    ),
    *_group(
        "Tiers",
        ("tiers", _T, "fm", "fournisseur debiteur", "Tiers", 'tiers:"régie des eaux"'),
        ("siret", _R, "mr", "siren", "SIRET ou SIREN du tiers", "siret:552 081 317 66522"),
        ("ref_tiers", _R, "mr", "", "Référence locale du tiers", "ref_tiers:F00042"),
        ("categorie_tiers", _M, "fm", "categorie", "Catégorie de tiers", "categorie:50"),
        ("nature_juridique", _M, "fm", "", "Nature juridique", "nature_juridique:06"),
        ("iban", _R, "mr", "rib", "IBAN ou RIB", "iban:FR7630001007941234567890185"),
    ),
    *_group(
        "Recette",
        ("role", _R, "mr", "", "Rôle", "role:12"),
        ("date_asap", _D, "m", "asap", "Date de l’avis des sommes à payer", "date_asap:2023-04"),
        ("majorable", _B, "m", "", "Majorable", "majorable:oui"),
        ("periode", _T, "m", "", "Période", "periode:avril"),
        ("dette", _R, "mr", "", "Numéro de dette", "dette:2023-000456"),
        ("engagement", _R, "mr", "", "Numéro d’engagement", "engagement:E2023-12"),
        ("produit", _M, "fm", "code_produit", "Code produit", "produit:77"),
    ),
    *_group(
        "Pièce justificative",
        ("type_pj", _M, "fm", "", "Type de PJ", "type_pj:003"),
        ("nom_pj", _T, "m", "fichier", "Nom du fichier", "fichier:facture*"),
        ("description", _T, "m", "", "Description", "description:devis"),
        ("id_unique", _R, "mr", "pj", "Identifiant unique", "pj:FAC2023000127"),
        ("presence", _M, "fm", "", "Présence", "presence:papier"),
        ("format", _M, "fm", "", "Format", "format:pdf"),
        ("etat_texte", _M, "fm", "", "État du texte", "etat_texte:a_oceriser"),
        ("nb_pages", _E, "m", "pages", "Nombre de pages", "pages:>20"),
        ("qualite", _E, "m", "qualite_lecture", "Qualité d’océrisation (0 à 100)", "qualite:<60"),
        ("texte", _T, "m", "contenu", "Texte de la PJ", 'texte:"service fait"'),
    ),
)

# What SQL alone knows of a PJ, since it changes without it (decision 0019): no index holds these,
# orc/search/statuts.py answers them. Only who sees the retention of a PJ may ask.
STATUT = Field(
    "destruction",
    Kind.CHOIX,
    "Destruction anticipée",
    "Destruction anticipée",
    "destruction:permise",
    facet=True,
    aliases=("statut_destruction",),
    choix=("permise", "attente", "suspendue", "refusee", "gelee"),
)
RETENTION: tuple[Field, ...] = (
    STATUT,
    *_group(
        "Destruction anticipée",
        ("destruction_depuis", _D, "", "permise_depuis", "Destruction permise depuis",
         "destruction_depuis:..2025-01-01"),
        ("terme", _D, "", "fin_de_conservation", "Terme de conservation", "terme:..2030-12-31"),
    ),
)  # fmt: skip

BY_NAME: MappingProxyType[str, Field] = MappingProxyType({f.name: f for f in (*FIELDS, *RETENTION)})
_RETENTION = frozenset(f.name for f in RETENTION)

# What an unqualified word is looked for in, beside `texte` and every reference and amount.
WORDS: tuple[str, ...] = tuple(f.name for f in FIELDS if f.kind is Kind.TEXTE and f.name != "texte")


def fold_name(name: str) -> str:
    """Lower-case, without accents, hyphens as underscores: how a field's name may be typed."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\s-]+", "_", bare.strip().lower())


_ALIASES: dict[str, Field] = {}
for _field in BY_NAME.values():
    for _name in (_field.name, *_field.aliases):
        if _name in _ALIASES:  # pragma: no cover - a fault of this file, seen at import
            raise AssertionError(f"{_name} names two fields")
        _ALIASES[_name] = _field


def find_field(name: str, *, retention: bool = False) -> Field | None:
    """The field of that name or alias as a person types it, accents and case aside.

    `retention`: for a person who may ask those of RETENTION; for others there are none.
    """
    field = _ALIASES.get(fold_name(name))
    return field if field and (retention or not is_of_sql(field.name)) else None


def find_names(*, retention: bool = False) -> Iterable[str]:
    """Every name and alias, for « vouliez-vous dire »."""
    return (name for name, f in _ALIASES.items() if retention or not is_of_sql(f.name))


def is_of_sql(champ: str) -> bool:
    """Whether SQL answers this field, for those of retention alone: no engine knows it."""
    return champ in _RETENTION
