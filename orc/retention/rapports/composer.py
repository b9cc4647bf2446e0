"""Each report put together: what it says of a scope, on a day, within the rights of who asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from orc.csv_lines import Valeur
from orc.domain import format_date
from orc.errors import Conflict, Invalid
from orc.models import BordereauElimination, EtapeElimination
from orc.retention.echeancier import LIBELLES_HORIZONS, find_echeances
from orc.retention.eliminations import LIBELLES_ETATS, LIBELLES_GESTES, Etat, Geste
from orc.retention.rapports.feuille import (
    LIBELLES_GENRES,
    Colonne,
    Feuille,
    Genre,
    Signature,
    Tableau,
)
from orc.retention.rapports.lignes_decisions import make_anomalies, make_etats, make_refus
from orc.retention.rapports.lignes_eliminations import (
    ATTESTES,
    DETRUITE,
    LISTEES,
    find_etapes,
    get_bordereau,
    make_detruites,
    make_gels,
    make_liste,
    make_pieces,
    make_refusees,
    make_registre,
    make_typologies,
)
from orc.retention.rapports.portee import Noms, Portee, find_noms
from orc.retention.regle_duree import VersionDeRegles
from orc.retention.regles import find_version

SUR_BORDEREAU = frozenset({Genre.BORDEREAU, Genre.PIECES, Genre.CERTIFICAT})
EN_SIGNANT = (
    "En signant, le producteur atteste que les prescriptions sont acquises et qu’aucun recours "
    "n’est possible. Rien n’est détruit avant le retour du bordereau visé."
)
ATTESTEE = "La destruction de la copie de la collectivité a été attestée par deux personnes."
ORC_NE_DETRUIT_RIEN = (
    "Ce document porte sur la copie que la collectivité détient. La copie archivée n’est pas "
    "touchée : ORC ne détruit rien."
)


@dataclass(frozen=True, slots=True)
class Demande:
    """Which report of what; `bordereau_id` for those that bear on a bordereau d'élimination."""

    genre: Genre
    siren: str = ""
    bordereau_id: int | None = None


def make_feuille(
    session: Session, cellules: frozenset[int], demande: Demande, today: date
) -> Feuille:
    """A report before it has a form. Raises NotFound, Invalid, Conflict.

    Its long tables read SQL as they are written: the session has to live until then.
    """
    portee, noms = Portee(cellules, demande.siren), find_noms(session, cellules)
    version = find_version(session, today)
    if demande.genre in SUR_BORDEREAU:
        if demande.bordereau_id is None:
            raise Invalid("Choisissez le bordereau d’élimination de ce rapport.")
        bordereau = get_bordereau(session, portee, demande.bordereau_id)
        if demande.genre is Genre.CERTIFICAT:
            return _make_certificat(session, bordereau, noms, version)
        if demande.genre is Genre.PIECES:
            return _make_pieces(session, bordereau, noms)
        return _make_bordereau(session, bordereau, noms, version)
    mentions = (
        ("Collectivité", noms.name(portee.siren) if portee.siren else "Toutes celles du ressort"),
        ("Règles de durée", f"{version.intitule}, depuis le {format_date(version.en_vigueur_le)}"),
    )
    tableau, said = _make_tableau(session, portee, noms, demande.genre, today)
    title = LIBELLES_GENRES[demande.genre]
    return Feuille(demande.genre, title, mentions, (said, ORC_NE_DETRUIT_RIEN), (tableau,))


def _make_tableau(
    session: Session, portee: Portee, noms: Noms, genre: Genre, today: date
) -> tuple[Tableau, str]:
    if genre is Genre.REFUS:
        said = "Chaque refus porte tous ses motifs, du texte ou de notre interprétation."
        return make_refus(session, portee, noms), said
    if genre is Genre.REGISTRE:
        said = "Les copies détruites par anticipation, avec le visa qui l’a permis."
        return make_registre(session, portee, noms), said
    if genre is Genre.GELS:
        said = "Une revue dépassée est une alerte : elle ne lève aucun gel."
        return make_gels(session, portee, noms, today), said
    if genre is Genre.ECHEANCIER:
        said = "Ce qui arrive au terme de sa durée, par collectivité, exercice et règle."
        return make_echeancier(session, portee, noms, today), said
    if genre is Genre.ANOMALIES:
        said = "Ce que quelqu’un doit regarder ; un événement qui manque ne permet jamais rien."
        return make_anomalies(session, portee, noms, today), said
    said = (
        "Une pièce citée par plusieurs exercices compte dans chacun, comme à l’écran : la somme "
        "des lignes peut dépasser le nombre de pièces."
    )
    return make_etats(session, portee, noms), said


def make_echeancier(session: Session, portee: Portee, noms: Noms, today: date) -> Tableau:
    """What reaches its term, by collectivité, exercice and rule."""
    colonnes = (
        Colonne("Collectivité", largeur=4),
        Colonne("Exercice", largeur=1),
        Colonne("Règle", largeur=3),
        Colonne("Sort final", largeur=1),
        *(Colonne(libelle, nombre=True) for libelle in LIBELLES_HORIZONS.values()),
        Colonne("Total", nombre=True),
        Colonne("Volume (octets)", nombre=True, largeur=3),
        Colonne("Prochain terme", largeur=2),
    )

    def read() -> Iterator[tuple[Valeur, ...]]:
        for ligne in find_echeances(session, portee, today):
            exercice = str(ligne.exercice) if ligne.exercice else "—"
            head = (noms.name(ligne.siren), exercice, ligne.regle, ligne.sort_final)
            counts = (ligne.count(horizon) for horizon in LIBELLES_HORIZONS)
            yield (*head, *counts, ligne.nombre, ligne.octets, ligne.premier)

    return Tableau("Échéances", colonnes, read())


def _make_pieces(session: Session, bordereau: BordereauElimination, noms: Noms) -> Feuille:
    title = f"Pièces du bordereau d’élimination {bordereau.numero}"
    mentions, tableau = _make_mentions(bordereau, noms), make_pieces(session, bordereau)
    return Feuille(Genre.PIECES, title, mentions, (ORC_NE_DETRUIT_RIEN,), (tableau,))


def _make_mentions(
    bordereau: BordereauElimination, noms: Noms, attestee: str = ""
) -> tuple[tuple[str, str], ...]:
    """What a report of it begins with; `attestee`: the SHA-256 of what was attested destroyed."""
    metrage = bordereau.metrage_mm
    given = (
        ("Bordereau", bordereau.numero),
        ("Collectivité", noms.name(bordereau.siren)),
        ("Intitulé", bordereau.intitule),
        ("État", LIBELLES_ETATS[Etat(bordereau.etat)]),
        ("Empreinte de la liste signée (SHA-256)", bordereau.liste_sha256),
        ("Empreinte de ce qui est détruit (SHA-256)", attestee),
        ("Autorisation", bordereau.autorisation),
        ("Délai jusqu’au", format_date(bordereau.delai_jusqu_a)),
        ("Détruite le", format_date(bordereau.detruite_le)),
        ("Méthode", bordereau.methode),
        ("Métrage du papier", "" if metrage is None else write_metrage(metrage)),
    )
    return tuple((label, value) for label, value in given if value)


def write_metrage(millimetres: int) -> str:
    """Linear metres, as archives count paper: `1,250 ml`."""
    metres, rest = divmod(millimetres, 1000)
    return f"{metres},{rest:03d} ml"


def _make_bordereau(
    session: Session, bordereau: BordereauElimination, noms: Noms, version: VersionDeRegles
) -> Feuille:
    """The columns of the archives: intitulé, typologie, dates, rule, DUA, volume, observations."""
    observations = (
        f"Observations du producteur : {bordereau.observations or 'aucune'}",
        f"Observations des archives : {bordereau.observations_archives or 'aucune'}",
    )
    said = (
        EN_SIGNANT,
        *observations,
        ORC_NE_DETRUIT_RIEN,
    )
    tableaux = (
        make_typologies(session, bordereau, version),
        make_refusees(session, bordereau),
        make_liste(session, bordereau, LISTEES),
    )
    signatures = (
        Signature("Le chef du service producteur", "Nom, date et signature"),
        Signature("Le maire ou le président", "Nom, date et signature"),
        Signature("Le directeur des archives", bordereau.autorisation or "Visa, date et signature"),
    )
    title = f"Bordereau d’élimination {bordereau.numero}"
    return Feuille(
        Genre.BORDEREAU, title, _make_mentions(bordereau, noms), said, tableaux, signatures
    )


def _make_certificat(
    session: Session, bordereau: BordereauElimination, noms: Noms, version: VersionDeRegles
) -> Feuille:
    """What was destroyed, when, how, under which visa, attested by whom."""
    if bordereau.etat not in ATTESTES:
        raise Conflict("Ce bordereau n’est pas attesté : il n’a pas encore de certificat.")
    colonnes = (Colonne("Le"), Colonne("Acte", largeur=3), Colonne("Par", largeur=4))
    etapes = find_etapes(session, bordereau.id)
    rows: list[tuple[Valeur, ...]] = [
        (etape.quand.astimezone().date(), LIBELLES_GESTES[Geste(etape.acte)], etape.par)
        for etape in etapes
    ]
    tableaux = (
        make_detruites(session, bordereau, version),
        make_refusees(session, bordereau),
        Tableau("Étapes", colonnes, rows),
        make_liste(session, bordereau, (DETRUITE,)),
    )
    said = (ATTESTEE, ORC_NE_DETRUIT_RIEN)
    signatures = (
        Signature("Première attestation", _name_signer(etapes, Geste.ATTESTER)),
        Signature("Seconde attestation", _name_signer(etapes, Geste.CONTRESIGNER)),
    )
    title = f"Certificat d’élimination {bordereau.numero}"
    mentions = _make_mentions(bordereau, noms, find_attestee(etapes))
    return Feuille(Genre.CERTIFICAT, title, mentions, said, tableaux, signatures)


def find_attestee(etapes: Sequence[EtapeElimination]) -> str:
    """The SHA-256 of the list that two people attested; empty: they did not."""
    signed = [e.liste_sha256 for e in etapes if e.acte == Geste.CONTRESIGNER.value]
    return signed[-1] if signed else ""


def _name_signer(etapes: Sequence[EtapeElimination], geste: Geste) -> str:
    """Who attested, and when; a place to sign by hand where ORC does not know."""
    for etape in reversed(etapes):
        if etape.acte == geste.value:
            return f"{etape.par}, le {format_date(etape.quand.astimezone().date())}"
    return "Nom, date et signature"
