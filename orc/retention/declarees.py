"""Declarations as pages show them: per collectivité, what stands, what was before, who may act."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from orc.access.clearance import Lecteur
from orc.access.phrases import write_bornes
from orc.access.pieces_demande import get_piece
from orc.db import list_values
from orc.domain import Role
from orc.errors import NotFound
from orc.models import Collectivite, Declaration, Piece, PieceJustificative
from orc.retention.declarations import LIBELLES_GENRES, Genre, holds_now
from orc.retention.depots import DEMANDES, MARCHE, PIECE, PJ, SAISIES, find_correcteurs
from orc.retention.qualites import Qualite, Qualites, find_cellules, read_qualites
from orc.retention.regard import sees_piece, sees_pj
from orc.storage import Storage

PAR_PAGE = 50
DECLARATIONS_PAR_PAGE = 100
_INCONNUE = "Cette collectivité n’existe pas, ou elle n’est pas de votre ressort."


@dataclass(frozen=True, slots=True)
class DeclarationVue:
    """A row, in words. `etat`: en vigueur, à venir, finie, remplacée, retirée, en attente."""

    id: int
    genre: Genre
    libelle: str
    siren: str
    objet: str
    url: str
    exercices: str
    depuis: date
    jusqu_a: date | None
    valeur: str
    autorite: str
    reference: str
    motif: str
    document: str
    par: str
    le: datetime
    etat: str
    # What this reader may do of it now: correct or withdraw it, say its last day, answer it.
    peut_changer: bool
    peut_finir: bool
    peut_repondre: bool
    mienne: bool


@dataclass(frozen=True, slots=True)
class CollectiviteVue:
    """A collectivité in the list: since when it has joined; None: it has not."""

    siren: str
    nom: str
    orc: date | None
    offre: date | None
    helios: date | None
    numerisation: date | None
    en_attente: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What a whole collectivité has to have declared before anything of it may go.

    `depuis`: since when it holds today, None: it does not. `demandee`: it was asked for, and who
    records it has not answered. `de_tout`: without it, no PJ may go; else those that were scanned.
    """

    libelle: str
    depuis: date | None
    qui: str
    demandee: bool
    de_tout: bool


# Tests 1, 2, 3 and 8 (domaine.md): what pieces say for themselves is not among them.
CONDITIONS = {
    Genre.ADHESION_ORC: "le comptable l’enregistre, à la demande de la collectivité",
    Genre.ADHESION_OFFRE: "le comptable l’enregistre, à la demande de la collectivité",
    Genre.TENUE_HELIOS: "le comptable le déclare",
    Genre.NUMERISATION: "l’ordonnateur la déclare, avec son procès-verbal",
}


def find_conditions(session: Session, siren: str, today: date) -> tuple[Condition, ...]:
    """What is to be declared of a collectivité that was shown to who asks, and what lacks."""
    since = _find_since(session, [siren], today)
    query = select(Declaration.genre).where(Declaration.siren == siren, holds_now())
    standing = set(session.scalars(query))
    asked = {answer for demande, answer in DEMANDES.items() if demande.value in standing}
    return tuple(
        Condition(
            LIBELLES_GENRES[genre],
            since.get((siren, genre.value)),
            qui,
            genre in asked,
            genre is not Genre.NUMERISATION,
        )
        for genre, qui in CONDITIONS.items()
    )


def find_collectivites(
    session: Session, lecteur: Lecteur, q: str, page: int, today: date
) -> tuple[tuple[CollectiviteVue, ...], int]:
    """The collectivités this person speaks of or sees, those that wait first; and how many."""
    sirens = read_qualites(session, lecteur, today).sirens
    waiting = _count_waiting(session, sirens)
    named = {
        row.siren: row.libelle
        for row in session.scalars(
            select(Collectivite).where(Collectivite.siren.in_(list_values(sirens)))
        )
    }
    asked = q.casefold()
    found = [s for s in sirens if asked in s or asked in named.get(s, "").casefold()]
    found.sort(key=lambda s: (s not in waiting, named.get(s, s), s))
    shown = found[(page - 1) * PAR_PAGE : page * PAR_PAGE]
    since = _find_since(session, shown, today)
    return tuple(
        CollectiviteVue(
            s,
            named.get(s) or s,
            since.get((s, Genre.ADHESION_ORC.value)),
            since.get((s, Genre.ADHESION_OFFRE.value)),
            since.get((s, Genre.TENUE_HELIOS.value)),
            since.get((s, Genre.NUMERISATION.value)),
            waiting.get(s, 0),
        )
        for s in shown
    ), len(found)


def count_adhesions(session: Session, lecteur: Lecteur, today: date) -> int:
    """How many demandes of adhesion wait for this person, their comptable."""
    if Role.COMPTABLE not in lecteur.roles:
        return 0
    qualites = read_qualites(session, lecteur, today)
    mine = [s for s in qualites.sirens if Qualite.COMPTABLE in qualites.find(s)]
    return sum(_count_waiting(session, mine).values())


def _count_waiting(session: Session, sirens: Collection[str]) -> dict[str, int]:
    query = (
        select(Declaration.siren, func.count())
        .where(
            Declaration.genre.in_([genre.value for genre in DEMANDES]),
            Declaration.siren.in_(list_values(sirens)),
            holds_now(),
        )
        .group_by(Declaration.siren)
    )
    rows = session.execute(query).all() if sirens else []
    return {row[0]: row[1] for row in rows}


def _find_since(
    session: Session, sirens: Collection[str], today: date
) -> dict[tuple[str, str], date]:
    """Since when each whole fact that holds today does."""
    query = select(Declaration.siren, Declaration.genre, func.min(Declaration.depuis)).where(
        Declaration.siren.in_(list_values(sirens)),
        Declaration.objet == "",
        Declaration.depuis <= today,
        or_(Declaration.jusqu_a.is_(None), Declaration.jusqu_a >= today),
        holds_now(),
    )
    rows = session.execute(query.group_by(Declaration.siren, Declaration.genre)) if sirens else ()
    return {(siren, genre): day for siren, genre, day in rows}


def find_declarations(
    session: Session, lecteur: Lecteur, siren: str, today: date, *, page: int = 1, seule: int = 0
) -> tuple[tuple[DeclarationVue, ...], int]:
    """A page of the rows on a collectivité that this person sees, and how many there are.

    What waits first, then what stands, the last first. `seule`: this row alone. Raises NotFound
    outside its scope.
    """
    qualites = read_qualites(session, lecteur, today)
    if siren not in qualites.sirens:
        raise NotFound(_INCONNUE)
    objets = select(Declaration.objet).where(Declaration.siren == siren).distinct()
    seen = _find_seen(session, lecteur, session.scalars(objets).all())
    mine = [Declaration.siren == siren, Declaration.objet.in_(list_values(seen))]
    mine += [Declaration.id == seule] if seule else []
    later, asked = aliased(Declaration), [genre.value for genre in DEMANDES]
    query = (
        select(Declaration, later.id)
        .outerjoin(later, later.remplace_id == Declaration.id)
        .where(*mine)
        .order_by(later.id.is_not(None), Declaration.retiree, Declaration.genre.not_in(asked))
        .order_by(Declaration.id.desc())
        .limit(DECLARATIONS_PAR_PAGE)
        .offset((page - 1) * DECLARATIONS_PAR_PAGE)
    )
    rows = session.execute(query).all()
    total = session.scalar(select(func.count()).select_from(Declaration).where(*mine)) or 0
    return tuple(_make_vue(lecteur, qualites, row, by, today) for row, by in rows), total


def _find_seen(session: Session, lecteur: Lecteur, objets: Collection[str]) -> frozenset[str]:
    """Those of these objects that a person sees: what is of the whole or of a marché, it does."""
    cellules = lecteur.clearance.retention
    seen = {objet for objet in objets if objet.partition(":")[0] in ("", MARCHE)}
    pj_ids, piece_ids = _find_ids(objets, PJ), _find_ids(objets, PIECE)
    pj = select(PieceJustificative.id).where(
        PieceJustificative.id.in_(list_values(pj_ids)), sees_pj(cellules)
    )
    pieces = select(Piece.id).where(Piece.id.in_(list_values(piece_ids)), sees_piece(cellules))
    seen |= {f"{PJ}:{i}" for i in session.scalars(pj)} if pj_ids else set()
    seen |= {f"{PIECE}:{i}" for i in session.scalars(pieces)} if piece_ids else set()
    return frozenset(seen)


def _find_ids(objets: Collection[str], kind: str) -> list[int]:
    return [int(key) for k, _, key in (o.partition(":") for o in objets) if k == kind]


def _make_vue(
    lecteur: Lecteur, qualites: Qualites, row: Declaration, later_id: int | None, today: date
) -> DeclarationVue:
    genre = Genre(row.genre)
    stands = later_id is None and not row.retiree
    asked = genre in DEMANDES
    changes = stands and not asked and _may_change(lecteur, qualites, row)
    comptable = row.siren in qualites.comptable
    mine = row.personne_id == lecteur.personne_id
    return DeclarationVue(
        id=row.id,
        genre=genre,
        libelle=LIBELLES_GENRES[genre],
        siren=row.siren,
        objet=_name_objet(row.objet),
        url=_write_url(row.objet),
        exercices=write_bornes(row.exercice_min, row.exercice_max),
        depuis=row.depuis,
        jusqu_a=row.jusqu_a,
        valeur=row.valeur,
        autorite=row.autorite,
        reference=row.reference,
        motif=row.motif,
        document=row.document,
        par=row.saisie_par,
        le=row.saisie_le,
        etat=_find_etat(row, later_id, today),
        peut_changer=changes,
        peut_finir=changes and SAISIES[genre].fin,
        peut_repondre=stands and asked and comptable and not mine,
        mienne=stands and asked and mine,
    )


def _name_objet(objet: str) -> str:
    kind, _, key = objet.partition(":")
    return {"": "", MARCHE: f"marché {key}", PJ: "une pièce justificative", PIECE: "une pièce"}[
        kind
    ]


def _write_url(objet: str) -> str:
    """Where who sees it for retention reads of it: its content may be closed to them."""
    kind, _, key = objet.partition(":")
    return {PJ: f"/destruction/pj/{key}", PIECE: f"/piece/{key}"}.get(kind, "")


def _find_etat(row: Declaration, later_id: int | None, today: date) -> str:
    asked = Genre(row.genre) in DEMANDES
    if row.retiree:
        return row.valeur if asked else "retirée"
    if later_id is not None:
        return "répondue" if asked else "remplacée"
    if asked:
        return "en attente"
    if row.depuis > today:
        return "à venir"
    return "finie" if row.jusqu_a and row.jusqu_a < today else "en vigueur"


def _may_change(lecteur: Lecteur, qualites: Qualites, row: Declaration) -> bool:
    """Whether it is said by what this person is; the act itself checks it again."""
    wanted = find_correcteurs(Genre(row.genre), row.qualite)
    if row.objet.partition(":")[0] in ("", MARCHE):
        return bool(qualites.find(row.siren) & wanted)
    return any(find_cellules(lecteur, qualite) for qualite in wanted)


def find_genres(session: Session, lecteur: Lecteur, siren: str, today: date) -> tuple[Genre, ...]:
    """What this person may declare of the whole of a collectivité, or of its marchés."""
    mine = read_qualites(session, lecteur, today).find(siren)
    return tuple(
        genre
        for genre, rule in SAISIES.items()
        if rule.qualites & mine and rule.objets[0] in ("", MARCHE)
    )


def find_genres_de_piece(lecteur: Lecteur) -> tuple[Genre, ...]:
    """What this person may declare of a PJ or a piece, for those it sees as one who may."""
    return tuple(
        genre
        for genre, rule in SAISIES.items()
        if PJ in rule.objets and any(find_cellules(lecteur, q) for q in rule.qualites)
    )


def open_document(
    session: Session, storage: Storage, lecteur: Lecteur, declaration_id: int, today: date
) -> tuple[str, bytes]:
    """The name and bytes of the document of a declaration. Raises NotFound."""
    row = session.get(Declaration, declaration_id)
    sirens = read_qualites(session, lecteur, today).sirens
    if (
        row is None
        or not row.document_sha256
        or row.siren not in sirens
        or row.objet not in _find_seen(session, lecteur, [row.objet])
    ):
        raise NotFound("Ce document n’existe pas, ou il n’est pas de votre ressort.")
    return row.document, get_piece(storage, row.document_sha256)
