"""One question, one answer: the hits of a page, the totals of every tab, the passages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.errors import Invalid, NotFound
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import (
    DemandeFacette,
    Et,
    Expression,
    Hit,
    Hits,
    Mot,
    Ou,
    Phrase,
    Prefixe,
    Query,
    Tri,
    ValeurFacette,
)
from orc.models import Lien, Piece, PieceJustificative, Texte
from orc.models.parties import find_place, load_parties
from orc.search.paged import among
from orc.search.passages import Passage, find_passages, mark
from orc.search.statuts import Informe
from orc.search.syntax import make_filtres, parse
from orc.storage import Storage

PERTINENCE = "pertinence"
TRIS: Mapping[str, Tri | None] = MappingProxyType(
    {
        PERTINENCE: None,
        "date_recente": Tri("date"),
        "date_ancienne": Tri("date", decroissant=False),
        "montant_fort": Tri("montant"),
        "montant_faible": Tri("montant", decroissant=False),
        "exercice": Tri("exercice"),
        "numero": Tri("piece", decroissant=False),
        "bordereau": Tri("bordereau", decroissant=False),
    }
)
TAILLE_MAX = 500

# Texts read for one hit of a piece: the first PJ that speak of it are enough on a result. Of a
# whole page, however long: a page of 500 pieces reads one PJ of each.
_PJ_READ, _TEXTS_READ = 8, 500
_NOMBRE = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What an address or a command line says. `tri` "": by relevance, or the latest first.

    `filtres`: values by name of field, as `parse_facet_value` reads them.
    """

    texte: str = ""
    filtres: Mapping[str, Sequence[str]] = field(default_factory=dict)
    genre: Genre = Genre.PJ
    tri: str = ""
    apres: str | None = None
    taille: int = 20
    facettes: tuple[DemandeFacette, ...] = ()


@dataclass(frozen=True, slots=True)
class Reponse:
    """`sommes`: pieces found and their TTC in signed cents, by sens, which are never added up.

    `passages`: by the numero of the hit (lien_id for PJ, piece_id for pieces).
    """

    expression: Expression
    hits: Hits
    nb_pj: int
    nb_pieces: int
    sommes: tuple[ValeurFacette, ...]
    passages: Mapping[int, tuple[Passage, ...]]


def find(
    engine: SearchEngine,
    session: Session,
    storage: Storage,
    question: Question,
    *,
    clearance: Clearance,
) -> Reponse:
    """Answer a question within a Clearance.

    Raises ErreurDeSyntaxe where it is not understood, TropDeStatuts where a criterion of early
    destruction is too wide, Invalid on an unknown sort or cursor.
    """
    query = make_query(question, retention=bool(clearance.retention))
    moteur = Informe(engine, session, clearance)
    hits = moteur.search(query)
    by_sens = (DemandeFacette("sens", 2, somme=True),)
    pieces = Query(query.expression, Genre.PIECE, query.filtres, by_sens, taille=0)
    totals = moteur.search(pieces)
    nb_pj = hits.total if query.genre is Genre.PJ else moteur.count(replace(query, genre=Genre.PJ))
    passages = find_hit_passages(session, storage, hits.hits, query.expression, clearance=clearance)
    sommes = tuple(totals.facettes.get("sens", ()))
    asked = {v for v in question.filtres.get("sens", ()) if v}
    if asked:
        sommes = tuple(s for s in sommes if s.valeur in asked)
    return Reponse(query.expression, hits, nb_pj, totals.total, sommes, passages)


def make_query(question: Question, *, retention: bool = False) -> Query:
    """The query of a question: parsed, its sort chosen, its size bounded.

    `retention`: it may ask the fields of RETENTION, that an Informe answers.
    """
    expression = parse(question.texte, retention=retention)
    tri = question.tri or (PERTINENCE if has_words(expression) else "date_recente")
    if tri not in TRIS:
        raise Invalid(f"Ce tri n’existe pas : {tri}. Tris possibles : {', '.join(TRIS)}.")
    return Query(
        expression=expression,
        genre=question.genre,
        filtres=make_filtres(question.filtres, retention=retention),
        facettes=question.facettes,
        tri=TRIS[tri],
        apres=question.apres or None,
        taille=min(max(question.taille, 1), TAILLE_MAX),
    )


def has_words(expression: Expression) -> bool:
    """Whether relevance means anything: some words are looked for, not only criteria."""
    if isinstance(expression, Et | Ou):
        return any(has_words(t) for t in expression.termes)
    return isinstance(expression, Mot | Phrase | Prefixe)


def find_hit_passages(
    session: Session,
    storage: Storage,
    hits: Sequence[Hit],
    expression: Expression,
    *,
    clearance: Clearance,
) -> dict[int, tuple[Passage, ...]]:
    """The passages of the hits on screen, by their numero; hits without any are left out.

    A piece gives its objet first (page 0), then what its PJ say. SQL says again which PJ may be
    read: the index is a hint.
    """
    found: dict[int, list[Passage]] = {}
    pieces = [h.numero for h in hits if h.genre is Genre.PIECE]
    _add_objets(session, pieces, expression, clearance, found)
    read: dict[int, int] = {}
    most = count_texts_to_read(len(hits))
    for lien in _find_texts(session, hits, clearance):
        key = lien.id if lien.genre is Genre.PJ else lien.piece_id
        kept = found.setdefault(key, [])
        read[key] = read.get(key, 0) + 1
        if len(kept) >= _NOMBRE or read[key] > most:
            continue
        passages = find_passages(
            _read_pages(storage, lien.sha256), expression, nombre=_NOMBRE - len(kept)
        )
        kept += [_place(replace(p, lien_id=lien.id), lien) for p in passages]
    return {key: tuple(kept) for key, kept in found.items() if kept}


def count_texts_to_read(shown: int) -> int:
    """How many texts to read for each hit of a page that shows so many."""
    return min(_PJ_READ, max(1, _TEXTS_READ // max(1, shown)))


@dataclass(frozen=True, slots=True)
class _Text:
    id: int
    piece_id: int
    sha256: str
    genre: Genre
    nb_pages: int
    parties: str


def _place(passage: Passage, text: _Text) -> Passage:
    """The passage, with the part of its PJ that says it, if one does."""
    parties = load_parties(text.parties)
    place = find_place(parties, text.nb_pages, passage.page) if parties else None
    if place is None:
        return passage
    return replace(passage, partie=place.partie.nom, page_partie=place.page)


_TEXTS = (
    select(
        Lien.id,
        Lien.piece_id,
        Lien.cellule_id,
        PieceJustificative.sha256,
        Texte.nb_pages,
        Texte.parties,
    )
    .join(PieceJustificative, PieceJustificative.id == Lien.pj_id)
    .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
    .order_by(Lien.id)
)
_WANTED: BindParameter[int] = bindparam("numeros", expanding=True)
_TEXTS_OF = {
    Genre.PJ: _TEXTS.where(Lien.id.in_(_WANTED)),
    Genre.PIECE: _TEXTS.where(Lien.piece_id.in_(_WANTED)),
}


def _find_texts(session: Session, hits: Sequence[Hit], clearance: Clearance) -> list[_Text]:
    """The PJ to read for these hits, among those that this Clearance allows."""
    genres = {h.genre for h in hits} & _TEXTS_OF.keys()
    return [
        _Text(row.id, row.piece_id, row.sha256, genre, row.nb_pages or 0, row.parties or "")
        for genre in sorted(genres)
        for row in session.execute(
            _TEXTS_OF[genre], {"numeros": [h.numero for h in hits if h.genre is genre]}
        )
        if clearance.allows(row.cellule_id)
    ]


def _add_objets(
    session: Session,
    piece_ids: Sequence[int],
    expression: Expression,
    clearance: Clearance,
    found: dict[int, list[Passage]],
) -> None:
    query = select(Piece.id, Piece.objet).where(
        among(Piece.id, piece_ids), among(Piece.cellule_id, clearance.cellules)
    )
    for row in session.execute(query) if piece_ids else ():
        morceaux = mark(row.objet, expression)
        if any(marked for _, marked in morceaux):
            found[row.id] = [Passage(0, morceaux)]


def _read_pages(storage: Storage, sha256: str) -> tuple[str, ...]:
    try:
        return storage.get_pages(sha256)
    except (NotFound, Invalid):  # not extracted, or damaged: said by its state, not here
        return ()
