"""Declarations recorded, corrected, ended, taken back: rows added, never edited; who may."""

from dataclasses import replace
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.access.demandes import check_motif
from orc.access.pieces_demande import check_pieces, put_piece
from orc.db import Writing, lock
from orc.domain import format_date
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.journal import Acte, Auteur, record_acte
from orc.marques import mark_collectivites, mark_pieces_to_decide, mark_to_decide
from orc.models import (
    Budget,
    Declaration,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    RefCompta,
    read_now,
)
from orc.retention.criteres import Criteres, compile_criteres
from orc.retention.declarations import LIBELLES_GENRES, Genre, holds_now
from orc.retention.depots import (
    MARCHE,
    PIECE,
    PJ,
    SAISIES,
    TOUT,
    Depot,
    check_depot,
    find_correcteurs,
)
from orc.retention.qualites import Qualite, find_cellules, read_qualites, write_qualites
from orc.retention.regard import (
    DOMAINE_MARCHE,
    find_sendings,
    find_sendings_of_piece,
    sees_piece,
    sees_pj,
)
from orc.storage import Storage

_INCONNUE = "Cette déclaration n’existe pas, ou elle n’est pas de votre ressort."


def record_declaration(
    session: Writing, storage: Storage, lecteur: Lecteur, depot: Depot, *, today: date
) -> int:
    """Declare a fact; the id of its row.

    Raises Invalid, NotFound on what one does not see, Forbidden where another has to say it,
    Conflict where it is said already.
    """
    siren, qualites = find_diseur(session, lecteur, depot.genre, depot.objet, depot.siren, today)
    qualite = choose_qualite(qualites)
    return insert_declaration(session, storage, lecteur.auteur, depot, siren, qualite=qualite)


def find_diseur(
    session: Session, lecteur: Lecteur, genre: Genre, objet: str, siren: str, today: date
) -> tuple[str, frozenset[Qualite]]:
    """The collectivité of an object, and as what this person may declare that of it.

    Raises NotFound, Forbidden.
    """
    kind, key = _split(genre, objet)
    wanted = SAISIES[genre].qualites
    if kind in (PJ, PIECE):
        return _find_diseur_of(session, lecteur, wanted, kind, int(key))
    qualites = read_qualites(session, lecteur, today)
    if siren not in qualites.sirens:
        raise NotFound("Cette collectivité n’existe pas, ou elle n’est pas de votre ressort.")
    mine = qualites.find(siren) & wanted
    if not mine:
        raise Forbidden(_write_wanted(genre))
    if kind == MARCHE and not _has_marche(session, siren, key):
        raise NotFound("Cette collectivité n’a pas de marché de ce numéro.")
    return siren, mine


def choose_qualite(qualites: frozenset[Qualite]) -> Qualite:
    """As what a person of several qualités says it: what fewer may undo."""
    return min(qualites, key=lambda q: (q is Qualite.ORDONNATEUR, q.value))


def _split(genre: Genre, objet: str) -> tuple[str, str]:
    kind, _, key = objet.partition(":")
    if kind not in SAISIES[genre].objets or (kind and not key):
        raise Invalid("Cela ne se déclare pas de cet objet.", objet)
    if kind in (PJ, PIECE) and not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Invalid("Cet objet n’a pas de numéro.", objet)
    return kind, key


def _write_wanted(genre: Genre) -> str:
    wanted = write_qualites(SAISIES[genre].qualites)
    return f"{LIBELLES_GENRES[genre]} : cela se déclare comme {wanted} de la collectivité entière."


def _find_diseur_of(
    session: Session, lecteur: Lecteur, wanted: frozenset[Qualite], kind: str, ident: int
) -> tuple[str, frozenset[Qualite]]:
    """Seen as one who may say it: what is only seen otherwise is Forbidden."""
    if _get_siren(session, kind, ident, lecteur.clearance.retention) is None:
        raise NotFound("Cette pièce n’existe pas, ou elle n’est pas de votre ressort.")
    said = {q: _get_siren(session, kind, ident, find_cellules(lecteur, q)) for q in wanted}
    mine = frozenset(qualite for qualite, siren in said.items() if siren is not None)
    if not mine:
        raise Forbidden(f"Cela se déclare comme {write_qualites(wanted)} de cette pièce.")
    return next(filter(None, said.values())), mine


def _get_siren(session: Session, kind: str, ident: int, cellules: frozenset[int]) -> str | None:
    if kind == PJ:
        query = select(PieceJustificative.siren).where(
            PieceJustificative.id == ident, sees_pj(cellules)
        )
        return session.scalar(query)
    budget = select(Budget.siren).join(Piece, Piece.budget_id == Budget.id)
    return session.scalar(budget.where(Piece.id == ident, sees_piece(cellules)))


def _has_marche(session: Session, siren: str, cle: str) -> bool:
    """Whether a contract, a line of a piece, or a PJ itself, of this collectivité names it."""
    contract = select(Marche.id).where(Marche.siren == siren, Marche.cle == cle)
    line = (
        select(Ligne.id)
        .join(Piece, Piece.id == Ligne.piece_id)
        .join(Budget, Budget.id == Piece.budget_id)
        .where(Ligne.marche_cle == cle, Budget.siren == siren)
    )
    of_pj = (
        select(RefCompta.id)
        .join(PieceJustificative, PieceJustificative.id == RefCompta.pj_id)
        .where(PieceJustificative.siren == siren, RefCompta.identifiant == cle)
        .where(RefCompta.domaine_compta == DOMAINE_MARCHE)
    )
    return any(session.scalar(query.limit(1)) is not None for query in (contract, line, of_pj))


def insert_declaration(
    session: Writing,
    storage: Storage,
    auteur: Auteur,
    depot: Depot,
    siren: str,
    *,
    qualite: Qualite | None = None,
    remplace: Declaration | None = None,
) -> int:
    """Add a row, its document, its Acte, the marks of what it bears on; its id."""
    depot = check_depot(depot, kept=remplace.document if remplace else "")
    lock(session, f"declaration:{siren}:{depot.genre.value}:{depot.objet}")
    _check_new(session, depot, siren, remplace)
    row = Declaration(
        genre=depot.genre.value,
        siren=siren,
        objet=depot.objet,
        exercice_min=depot.exercice_min,
        exercice_max=depot.exercice_max,
        depuis=depot.depuis,
        jusqu_a=depot.jusqu_a,
        valeur=depot.valeur,
        autorite=depot.autorite,
        reference=depot.reference,
        motif=depot.motif,
        document=remplace.document if remplace else "",
        document_sha256=remplace.document_sha256 if remplace else "",
        personne_id=auteur.personne_id,
        saisie_par=auteur.identifiant,
        qualite=qualite.value if qualite else "",
        saisie_le=read_now(),
        remplace_id=remplace.id if remplace else None,
    )
    if depot.document:
        (piece,) = check_pieces([depot.document])
        row.document, row.document_sha256 = piece.nom, put_piece(storage, piece)
        storage.sync()
    return _add(session, auteur, row)


def _add(session: Writing, auteur: Auteur, row: Declaration) -> int:
    """Write it, journal it, mark what it bears on, in this transaction."""
    session.add(row)
    session.flush()
    said = {"siren": row.siren, "genre": row.genre, "objet": row.objet, "depuis": str(row.depuis)}
    details = {
        **said,
        "jusqu_a": str(row.jusqu_a or ""),
        "valeur": row.valeur,
        "remplace": row.remplace_id,
        "retiree": bool(row.retiree),
    }
    record_acte(
        session, Acte.DECLARATION, acteur=auteur.identifiant, personne_id=auteur.personne_id,
        objet=f"declaration:{row.id}", details=details,
    )  # fmt: skip
    mark_objet(session, row.siren, row.objet)
    return row.id


def mark_objet(session: Writing, siren: str, objet: str) -> None:
    """The PJ that a declaration on this object bears on are to be decided again."""
    kind, _, key = objet.partition(":")
    if kind == TOUT:
        mark_collectivites(session, [siren])
    elif kind == MARCHE:
        bears = compile_criteres(Criteres(siren=siren, marches=(key,)))
        mark_to_decide(session, select(PieceJustificative.id).where(bears))
    elif kind == PJ:
        mark_to_decide(session, find_sendings([int(key)]))
    else:
        mark_pieces_to_decide(session, find_sendings_of_piece([int(key)]))


def _check_new(session: Session, depot: Depot, siren: str, remplace: Declaration | None) -> None:
    """Raises Conflict where a standing row says the same of a day it has too."""
    query = select(Declaration).where(
        Declaration.genre == depot.genre.value,
        Declaration.siren == siren,
        Declaration.objet == depot.objet,
        Declaration.depuis <= (depot.jusqu_a or date.max),
        or_(Declaration.jusqu_a.is_(None), Declaration.jusqu_a >= depot.depuis),
        holds_now(),
    )
    for row in session.scalars(query):
        same = all(getattr(row, n) == getattr(depot, n) for n in SAISIES[depot.genre].distincts)
        if same and (remplace is None or row.id != remplace.id):
            raise Conflict(
                f"C’est déjà déclaré depuis le {format_date(row.depuis)} par {row.saisie_par} : "
                "corrigez cette déclaration plutôt que d’en ajouter une."
            )


def replace_declaration(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    declaration_id: int,
    depot: Depot,
    *,
    today: date,
) -> int:
    """Correct a declaration: the id of the row that takes its place; genre and object stay.

    Raises as `record_declaration`, and Conflict where another took its place first.
    """
    row, qualite = hold_declaration(session, lecteur, declaration_id, today)
    depot = replace(depot, genre=Genre(row.genre), objet=row.objet)
    return insert_declaration(
        session, storage, lecteur.auteur, depot, row.siren, qualite=qualite, remplace=row
    )


def end_declaration(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    declaration_id: int,
    jusqu_a: date,
    motif: str,
    *,
    today: date,
) -> int:
    """Say its last day, and why; the id of the row that takes its place."""
    row, qualite = hold_declaration(session, lecteur, declaration_id, today)
    depot = replace(make_depot(row), jusqu_a=jusqu_a, motif=_read_motif(motif))
    return insert_declaration(
        session, storage, lecteur.auteur, depot, row.siren, qualite=qualite, remplace=row
    )


def retire_declaration(
    session: Writing, lecteur: Lecteur, declaration_id: int, motif: str, *, today: date
) -> int:
    """Say that it was never true, and why; the id of the row that takes its place."""
    row, qualite = hold_declaration(session, lecteur, declaration_id, today)
    return withdraw(session, lecteur.auteur, row, _read_motif(motif), qualite=qualite)


def withdraw(
    session: Writing,
    auteur: Auteur,
    row: Declaration,
    motif: str,
    valeur: str = "",
    *,
    qualite: Qualite | None = None,
) -> int:
    """Add the row that only says that this one does not hold."""
    return _add(
        session,
        auteur,
        Declaration(
            genre=row.genre,
            siren=row.siren,
            objet=row.objet,
            exercice_min=row.exercice_min,
            exercice_max=row.exercice_max,
            depuis=row.depuis,
            jusqu_a=row.jusqu_a,
            valeur=valeur or row.valeur,
            motif=motif,
            personne_id=auteur.personne_id,
            saisie_par=auteur.identifiant,
            qualite=qualite.value if qualite else "",
            saisie_le=read_now(),
            remplace_id=row.id,
            retiree=True,
        ),
    )


def _read_motif(motif: str) -> str:
    return check_motif(motif, "Dites pourquoi.")


def make_depot(row: Declaration) -> Depot:
    """What a row says, to be said again but for what changes."""
    return Depot(
        genre=Genre(row.genre),
        depuis=row.depuis,
        siren=row.siren,
        objet=row.objet,
        jusqu_a=row.jusqu_a,
        exercice_min=row.exercice_min,
        exercice_max=row.exercice_max,
        valeur=row.valeur,
        autorite=row.autorite,
        reference=row.reference,
        motif=row.motif,
    )


def hold_declaration(
    session: Writing, lecteur: Lecteur, declaration_id: int, today: date
) -> tuple[Declaration, Qualite]:
    """A standing row this person may replace, and as what; held until the transaction ends.

    Raises NotFound, Forbidden (`find_correcteurs`), Conflict where another row took its place.
    """
    lock(session, f"declaration:{declaration_id}")
    row = session.get(Declaration, declaration_id)
    if row is None:
        raise NotFound(_INCONNUE)
    genre = Genre(row.genre)
    try:
        _, mine = find_diseur(session, lecteur, genre, row.objet, row.siren, today)
    except NotFound:
        raise NotFound(_INCONNUE) from None
    allowed = mine & find_correcteurs(genre, row.qualite)
    if not allowed:
        who = write_qualites(find_correcteurs(genre, row.qualite))
        raise Forbidden(f"{row.saisie_par} l’a déclaré : cela ne se change que comme {who}.")
    later = session.scalar(select(Declaration).where(Declaration.remplace_id == row.id))
    if later is not None or row.retiree:
        by = later.saisie_par if later else row.saisie_par
        raise Conflict(f"{by} a changé cette déclaration entre-temps : rien n’a été enregistré.")
    return row, choose_qualite(allowed)
