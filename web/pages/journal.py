"""Journal: who did what, as far as this person may know; filters, pages, a CSV of it all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from orc.access import Clearance, Lecteur, make_regard
from orc.bootstrap import Orc
from orc.csv_lines import BOM, write_line
from orc.domain import Role, Sens
from orc.errors import Invalid
from orc.journal import Acte
from orc.journal.read import Choix, LigneJournal, Regard, find_lignes, name_acte, read_lignes
from orc.models import Bordereau, Piece, PieceJustificative, read_today
from orc.search.paged import among
from web.acces import acces
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.liens import url_bordereau, url_piece, url_pj
from web.render import render

router = APIRouter(include_in_schema=False)

CHEMIN = "/journal"
PAR_PAGE = 50
# What a page looks back on when nothing is asked: a large journal is not read from its beginning.
JOURS = 30
EN_TETES = ("Date", "Heure", "Qui", "Acte", "Objet", "Détail")
_TUS = frozenset({"adresse", "libelle", "sha256", "api", "suite", "piece"})

QUI_LIT = (Role.COMPTABLE, Role.ORDONNATEUR, Role.ADMINISTRATEUR, Role.JUGE)
Texte = Annotated[str, Query(max_length=200)]
Jour = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class ActeVu:
    """A row as people read it; `url` "" where what it is about cannot be opened."""

    quand: datetime
    qui: str
    acte: str
    objet: str
    url: str
    detail: str
    scelle: bool


@dataclass(frozen=True, slots=True)
class PageJournal:
    """The rows, what they are restricted to, and the addresses of the next page and of the CSV."""

    lignes: tuple[ActeVu, ...]
    actes: tuple[tuple[str, str], ...]
    acte: str
    qui: str
    du: str
    au: str
    perimetre: str
    params: dict[str, object]
    suivant: int | None
    premiere: bool


@dataclass(frozen=True, slots=True)
class Demande:
    """The filters of an address: an acte, a person, the first and last days."""

    acte: str = ""
    qui: str = ""
    du: date | None = None
    au: date | None = None

    @property
    def choix(self) -> Choix:
        """What is asked of the journal."""
        return Choix(
            self.acte,
            self.qui,
            depuis=_begin(self.du) if self.du else None,
            avant=_begin(self.au + timedelta(days=1)) if self.au else None,
        )

    @property
    def params(self) -> dict[str, object]:
        """What the links of the page carry: an empty beginning is said, it is not the default."""
        return {"acte": self.acte, "qui": self.qui, "au": _write(self.au)}


def _begin(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()


def _write(day: date | None) -> str:
    return day.isoformat() if day else ""


def read_demande(acte: str, qui: str, du: str | None, au: str | None) -> Demande:
    """The filters as typed; without a first day, the last JOURS. Invalid where a day is none."""
    today = read_today()
    start = today - timedelta(days=JOURS) if du is None else _read_jour(du)
    known = acte if acte in set(Acte) else ""
    return Demande(known, qui.strip(), start, _read_jour(au or ""))


def _read_jour(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("Donnez les dates du journal en jour, mois, année.") from None


@router.get(CHEMIN)
@acces(*QUI_LIT)
def show_journal(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    acte: Texte = "",
    qui: Texte = "",
    du: Jour = None,
    au: Jour = None,
    apres: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """The acts this person may know of, the latest first."""
    demande = read_demande(acte, qui, du, au)
    regard = find_regard(session, lecteur)
    found = find_lignes(session, regard, demande.choix, apres=apres, combien=PAR_PAGE + 1)
    shown = found[:PAR_PAGE]
    page = PageJournal(
        lignes=make_actes(session, shown, lecteur.clearance),
        actes=tuple((a.value, name_acte(a.value)) for a in Acte),
        acte=demande.acte,
        qui=demande.qui,
        du=_write(demande.du),
        au=_write(demande.au),
        perimetre=write_perimetre(lecteur),
        params=demande.params,
        suivant=shown[-1].id if len(found) > PAR_PAGE else None,
        premiere=apres is None,
    )
    return render(request, "journal/journal", page)


@router.get(f"{CHEMIN}.csv")
@acces(*QUI_LIT)
def export_journal(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    acte: Texte = "",
    qui: Texte = "",
    du: Jour = None,
    au: Jour = None,
) -> Response:
    """Every row the page would show, page after page, as a CSV; the export is itself an act."""
    demande = read_demande(acte, qui, du, au)
    regard = find_regard(session, lecteur)
    said = {**demande.params, "du": _write(demande.du)}
    journal.record(Acte.EXPORT, "journal", {k: v for k, v in said.items() if v})
    return StreamingResponse(
        write_csv(get_orc(request), regard, demande.choix),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="journal.csv"'},
    )


def find_regard(session: Session, lecteur: Lecteur) -> Regard:
    """What this person may read of the journal now."""
    today = read_today()
    return make_regard(session, lecteur, today)


def write_csv(orc: Orc, regard: Regard, choix: Choix) -> Iterator[str]:
    """The lines of the file: BOM, « ; », dates that a spreadsheet sorts, no formula."""
    yield BOM + write_line(EN_TETES)
    with orc.database.reading() as session:
        for ligne in read_lignes(session, regard, choix):
            here = ligne.quand.astimezone()
            yield write_line(
                (
                    here.date(),
                    f"{here:%H:%M:%S}",
                    ligne.acteur,
                    ligne.libelle,
                    ligne.objet,
                    write_detail(ligne),
                )
            )


def make_actes(
    session: Session, lignes: Sequence[LigneJournal], clearance: Clearance
) -> tuple[ActeVu, ...]:
    """The rows with the names and addresses of what they are about, where the reader sees it."""
    named = find_objets(session, lignes, clearance)
    return tuple(
        ActeVu(
            ligne.quand,
            ligne.acteur,
            ligne.libelle,
            *named.get(ligne.objet, (ligne.objet, "")),
            write_detail(ligne),
            ligne.scelle,
        )
        for ligne in lignes
    )


def find_objets(
    session: Session, lignes: Sequence[LigneJournal], clearance: Clearance
) -> dict[str, tuple[str, str]]:
    """The name and address of the pieces, bordereaux and PJ that the reader may open now."""
    ids = {"piece": set[int](), "bordereau": set[int](), "pj": set[int]()}
    through: dict[int, int] = {}
    for ligne in lignes:
        kind, _, number = ligne.objet.partition(":")
        if kind in ids and number.isdecimal():
            ids[kind].add(int(number))
            piece = ligne.details.get("piece")
            if kind == "pj" and isinstance(piece, int):
                through[int(number)] = piece
    pieces = _find_pieces(session, ids["piece"] | set(through.values()), clearance)
    found = {f"piece:{i}": (name, url_piece(i)) for i, name in pieces.items()}
    rows = session.execute(
        select(Bordereau.id, Bordereau.numero, Bordereau.exercice)
        .where(Bordereau.id.in_(ids["bordereau"]))
        .where(
            exists().where(
                Piece.bordereau_id == Bordereau.id, among(Piece.cellule_id, clearance.cellules)
            )
        )
    )
    for i, numero, exercice in rows:
        found[f"bordereau:{i}"] = (f"Bordereau {numero} · {exercice}", url_bordereau(i))
    for i, nom in session.execute(
        select(PieceJustificative.id, PieceJustificative.nom).where(
            PieceJustificative.id.in_(i for i, piece in through.items() if piece in pieces)
        )
    ):
        found[f"pj:{i}"] = (nom, url_pj(i, piece_id=through[i]))
    return found


def _find_pieces(session: Session, ids: set[int], clearance: Clearance) -> dict[int, str]:
    rows = session.execute(
        select(Piece.id, Piece.sens, Piece.numero, Piece.exercice, Piece.cellule_id).where(
            Piece.id.in_(ids)
        )
    )
    return {
        row.id: f"{'Mandat' if row.sens == Sens.DEPENSE else 'Titre'} {row.numero} · {row.exercice}"
        for row in rows
        if clearance.allows(row.cellule_id)
    }


def write_detail(ligne: LigneJournal) -> str:
    """What else the row says: the search in words, a motive, a count; no digest, no address."""
    details = ligne.details
    said = [str(details["libelle"])] if details.get("libelle") else []
    said += [f"{k} : {v}" for k, v in details.items() if k not in _TUS and v not in ("", None)]
    return " · ".join(said)


def write_perimetre(lecteur: Lecteur) -> str:
    """Whose acts the page shows, in a sentence."""
    if Role.JUGE in lecteur.roles:
        return (
            "Vos actes. Vos recherches et vos consultations sont scellées : personne d’autre que "
            "vous ne les lit."
        )
    if Role.ADMINISTRATEUR in lecteur.roles:
        return (
            "Les actes sur les comptes, les habilitations et l’ingestion ; jamais ce que chacun "
            "cherche ou consulte."
        )
    return "Vos actes, et ceux de chacun sur les documents de votre périmètre."
