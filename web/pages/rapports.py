"""Reports of early destruction: those that may be made, one on screen, those given; échéancier."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response, StreamingResponse

from orc.access import Lecteur
from orc.csv_lines import Valeur
from orc.domain import format_date
from orc.errors import Invalid, NotFound
from orc.journal import Acte
from orc.models import BordereauElimination, read_today
from orc.retention.echeancier import (
    LIBELLES_HORIZONS,
    Horizon,
    LigneEcheance,
    find_echeances,
)
from orc.retention.rapports.archives import (
    TYPES,
    RapportDonne,
    find_rapports,
    get_rapport,
    give_rapport,
    read_octets,
)
from orc.retention.rapports.composer import SUR_BORDEREAU, Demande, make_feuille
from orc.retention.rapports.feuille import (
    LIBELLES_GENRES,
    Forme,
    Genre,
    Tableau,
    write_valeur,
)
from orc.retention.rapports.lignes_decisions import LIBELLES_ETATS, count_etats, sum_types
from orc.retention.rapports.lignes_eliminations import ATTESTES, find_bordereaux
from orc.retention.rapports.portee import PAGE_MAX, Noms, Portee, choose_portee, count_pj
from web.acces import acces_destruction
from web.deps import Connecte, Formulaire, JournalDuLecteur, Lecture, get_orc
from web.disposition import make_disposition
from web.forms import read_nombre, read_texte
from web.plots import Barres, Serie, make_barres
from web.render import render

router = APIRouter(include_in_schema=False)

APERCU = 50
BARRES_MAX = 40
Siren = Annotated[str, Query(pattern=r"^[0-9A-Z]{0,9}$")]
_CLASSES = "abcdef"
DESCRIPTIONS = {
    Genre.ETATS: "Combien de pièces, et quel volume, par collectivité, exercice, type et statut.",
    Genre.ECHEANCIER: "Ce qui arrive au terme de sa durée d’ici un, trois et cinq ans.",
    Genre.REFUS: "Chaque pièce refusée, avec tous ses motifs et leurs références.",
    Genre.ANOMALIES: "Pièces payées sans acquit, événements qui manquent, règles contradictoires.",
    Genre.GELS: "Les gels qui tiennent, ceux dont la revue est dépassée d’abord.",
    Genre.REGISTRE: "Les copies détruites par anticipation, avec leur visa et leur empreinte.",
    Genre.BORDEREAU: "Un bordereau dans les colonnes des archives, à signer et à viser.",
    Genre.PIECES: "Une ligne par pièce d’un bordereau : règle, dates, empreinte, sort, motif.",
    Genre.CERTIFICAT: "Ce qui a été détruit, quand, comment, attesté par qui.",
}


@dataclass(frozen=True, slots=True)
class GenrePropose:
    """A kind of report: its name, what it says."""

    cle: str
    libelle: str
    description: str


@dataclass(frozen=True, slots=True)
class PageRapports:
    """What may be made, and what was given."""

    genres: tuple[GenrePropose, ...]
    donnes: tuple[RapportDonne, ...]
    fait: RapportDonne | None


@dataclass(frozen=True, slots=True)
class TableauVu:
    """The first lines of a table, as texts; `suite`: there are more."""

    title: str
    colonnes: tuple[tuple[str, bool], ...]
    lignes: tuple[tuple[str, ...], ...]
    suite: bool


@dataclass(frozen=True, slots=True)
class PageApercu:
    """A report before it is given."""

    genre: str
    title: str
    description: str
    collectivites: tuple[tuple[str, str], ...]
    siren: str
    bordereaux: tuple[BordereauElimination, ...]
    sur_bordereau: bool
    bordereau_id: int | None
    mentions: tuple[tuple[str, str], ...]
    paragraphes: tuple[str, ...]
    tableaux: tuple[TableauVu, ...]
    plot: Barres | None


@dataclass(frozen=True, slots=True)
class PageEcheancier:
    """What reaches its term."""

    collectivites: tuple[tuple[str, str], ...]
    siren: str
    plot: Barres | None
    lignes: tuple[tuple[str, ...], ...]
    horizons: tuple[str, ...]


@router.get("/destruction/rapports")
@acces_destruction()
def show_rapports(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The kinds of reports, and those given that this person may take again."""
    donnes = tuple(find_rapports(session, lecteur.clearance.retention))
    page = PageRapports(
        genres=tuple(
            GenrePropose(genre.value, LIBELLES_GENRES[genre], said)
            for genre, said in DESCRIPTIONS.items()
        ),
        donnes=donnes,
        fait=next((r for r in donnes if r.numero == fait), None),
    )
    return render(request, "destruction/rapports", page)


@router.get("/destruction/rapports/apercu/{genre}")
@acces_destruction()
def show_apercu(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    genre: str,
    siren: Siren = "",
    bordereau: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """A report on screen: its plot, its first lines, the forms it may be given as."""
    page = _make_apercu(session, lecteur, read_genre(genre), siren, bordereau)
    return render(request, "destruction/apercu", page)


def read_genre(text: str) -> Genre:
    """The kind an address names. Raises NotFound."""
    try:
        return Genre(text)
    except ValueError:
        raise NotFound("Ce rapport n’existe pas.") from None


def _make_apercu(
    session: Session,
    lecteur: Lecteur,
    genre: Genre,
    siren: str,
    bordereau_id: int | None,
) -> PageApercu:
    cellules = lecteur.clearance.retention
    portee, noms = choose_portee(session, cellules, siren)
    sur_bordereau = genre in SUR_BORDEREAU
    bordereaux: Sequence[BordereauElimination] = ()
    if sur_bordereau:
        etats = ATTESTES if genre is Genre.CERTIFICAT else ()
        bordereaux = find_bordereaux(session, portee, etats)
    shown = None
    if cellules and (bordereau_id is not None or not sur_bordereau):
        shown = make_feuille(session, cellules, Demande(genre, siren, bordereau_id), read_today())
    # Contradictions are looked for in every PJ before the first of them is found.
    heavy = genre is Genre.ANOMALIES and count_pj(session, portee) > PAGE_MAX
    most = 0 if heavy else APERCU
    return PageApercu(
        genre=genre.value,
        title=shown.title if shown else LIBELLES_GENRES[genre],
        description=DESCRIPTIONS[genre],
        collectivites=tuple(noms.libelles.items()),
        siren=siren,
        bordereaux=tuple(bordereaux),
        sur_bordereau=sur_bordereau,
        bordereau_id=bordereau_id,
        mentions=shown.mentions if shown else (),
        paragraphes=shown.paragraphes if shown else (),
        tableaux=tuple(cut_tableau(tableau, most) for tableau in shown.tableaux) if shown else (),
        plot=_make_plot(session, portee, noms, genre),
    )


def cut_tableau(tableau: Tableau, most: int = APERCU) -> TableauVu:
    """Its first lines: the others are not read."""
    lignes = [write_ligne(ligne) for ligne in islice(tableau.lignes, most + 1 if most else 0)]
    colonnes = tuple((colonne.libelle, colonne.nombre) for colonne in tableau.colonnes)
    return TableauVu(tableau.title, colonnes, tuple(lignes[:most]), len(lignes) > most or not most)


def write_ligne(ligne: tuple[Valeur, ...]) -> tuple[str, ...]:
    """A line as a person reads it."""
    return tuple(write_valeur(valeur) for valeur in ligne)


def _make_plot(session: Session, portee: Portee, noms: Noms, genre: Genre) -> Barres | None:
    if genre is not Genre.ETATS or not portee.cellules:
        return None
    rows = [
        (
            _name_row(noms, siren, exercice),
            "",
            tuple(counts.get(statut, (0, 0))[0] for statut in LIBELLES_ETATS),
        )
        for (siren, exercice), counts in sum_types(count_etats(session, portee)).items()
    ]
    series = make_series(tuple(LIBELLES_ETATS.values()))
    return make_barres(
        "Pièces justificatives par statut", "Collectivité et exercice", series, rows[:BARRES_MAX]
    )


def _name_row(noms: Noms, siren: str, exercice: int) -> str:
    return f"{noms.libelles.get(siren, siren)}, {exercice or 'sans exercice'}"


def make_series(libelles: tuple[str, ...]) -> tuple[Serie, ...]:
    """A series for each label, each with its colour."""
    return tuple(
        Serie(libelle, f"orc-serie-{_CLASSES[rang % len(_CLASSES)]}")
        for rang, libelle in enumerate(libelles)
    )


@router.post("/destruction/rapports")
@acces_destruction()
def make_rapport(request: Request, lecteur: Connecte, form: Formulaire) -> Response:
    """Make a report and keep it; it is then taken from the list of those given."""
    genre = read_genre(read_texte(form, "genre", 40))
    try:
        forme = Forme(read_texte(form, "forme", 10))
    except ValueError:
        raise Invalid("Choisissez une forme : PDF, ODS ou CSV.") from None
    demande = Demande(genre, read_texte(form, "siren", 9), read_nombre(form, "bordereau"))
    orc = get_orc(request)
    given = give_rapport(
        orc.database,
        orc.storage,
        lecteur,
        demande,
        forme,
        read_today(),
        orc.settings.nom_service,
    )
    return RedirectResponse(f"/destruction/rapports?fait={given.numero}", 303)


@router.get("/destruction/rapports/fichier/{numero}")
@acces_destruction()
def download_rapport(
    request: Request, session: Lecture, lecteur: Connecte, journal: JournalDuLecteur, numero: str
) -> Response:
    """The very bytes of a report that was given; journaled."""
    found = get_rapport(session, lecteur.clearance.retention, numero)
    journal.record(Acte.TELECHARGEMENT, f"rapport:{found.numero}", {"sha256": found.sha256})
    return StreamingResponse(
        read_octets(get_orc(request).storage, found),
        media_type=TYPES[found.forme],
        headers={
            "Content-Disposition": make_disposition(found.fichier, ""),
            "Content-Length": str(found.octets),
            "Repr-Digest": f"sha-256=:{_encode(found.sha256)}:",
        },
    )


def _encode(sha256: str) -> str:
    """A digest as RFC 9530 writes it."""
    return b64encode(bytes.fromhex(sha256)).decode()


@router.get("/destruction/echeancier")
@acces_destruction()
def show_echeancier(
    request: Request, session: Lecture, lecteur: Connecte, siren: Siren = ""
) -> Response:
    """What reaches its term in one, three and five years."""
    cellules = lecteur.clearance.retention
    portee, noms = choose_portee(session, cellules, siren)
    lignes = find_echeances(session, portee, read_today())
    page = PageEcheancier(
        collectivites=tuple(noms.libelles.items()),
        siren=siren,
        plot=make_plot_echeances(lignes, noms) if lignes else None,
        lignes=tuple(write_echeance(ligne, noms) for ligne in lignes),
        horizons=tuple(LIBELLES_HORIZONS.values()),
    )
    return render(request, "destruction/echeancier", page)


def make_plot_echeances(lignes: Sequence[LigneEcheance], noms: Noms) -> Barres:
    """PJ by horizon, of each collectivité × exercice."""
    rows: dict[tuple[str, int], list[int]] = {}
    for ligne in lignes:
        row = rows.setdefault((ligne.siren, ligne.exercice), [0] * len(Horizon))
        for rang, horizon in enumerate(Horizon):
            row[rang] += ligne.count(horizon)
    return make_barres(
        "Pièces justificatives par échéance",
        "Collectivité et exercice",
        make_series(tuple(LIBELLES_HORIZONS.values())),
        [
            (_name_row(noms, siren, exercice), "", tuple(row))
            for (siren, exercice), row in list(rows.items())[:BARRES_MAX]
        ],
    )


def write_echeance(ligne: LigneEcheance, noms: Noms) -> tuple[str, ...]:
    """A line of the échéancier as texts: names, then the number of each horizon."""
    return (
        noms.name(ligne.siren),
        str(ligne.exercice) if ligne.exercice else "—",
        ligne.regle,
        ligne.sort_final or "—",
        *(write_valeur(ligne.count(horizon)) for horizon in Horizon),
        write_valeur(ligne.nombre),
        format_date(ligne.premier),
    )
