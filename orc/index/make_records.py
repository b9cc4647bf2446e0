"""From SQL and the texts to records: what each piece, ligne and PJ is found by."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from orc.errors import Invalid, NotFound
from orc.index.analysis import make_texte
from orc.index.fields import Genre
from orc.index.record import Record, Value
from orc.index.rows import find_liens, find_lignes, find_pieces, find_tiers, group_by_piece
from orc.storage import Storage

Values = dict[str, tuple[Value, ...]]

_SUPPORTS = {"02": "papier", "03": "cdrom"}
_FORMATS = {
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/octet-stream": "inconnu",
    "application/x-empty": "vide",
    "message/rfc822": "eml",
    "text/plain": "txt",
}
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


def make_records(session: Session, storage: Storage, piece_ids: Sequence[int]) -> Iterator[Record]:
    """Every record of these pieces, piece by piece, in the order of their ids.

    Give a few hundred ids at a time; unknown ones are left out. Nothing is decided here about
    who may see them nor whether the exercice is closed.
    """
    lignes = group_by_piece(find_lignes(session, piece_ids))
    tiers = find_tiers(
        session, (i for rows in lignes.values() for row in rows for i in _tiers_ids(row))
    )
    liens = group_by_piece(find_liens(session, piece_ids))
    for piece in find_pieces(session, piece_ids):
        yield from _PieceRecords(piece, lignes[piece.id], liens[piece.id], tiers, storage).make()


def make_format(mime: str) -> str:
    """A short name for a MIME type by content: `pdf`, `docx`, `tiff`, `pes-facture`."""
    if mime in _FORMATS:
        return _FORMATS[mime]
    return mime.rpartition("/")[2].removeprefix("x-").removeprefix("vnd.").partition("+")[0]


class _PieceRecords:
    """The records of one piece: its own metadata is on each of them."""

    def __init__(
        self,
        piece: Row[Any],
        lignes: Sequence[Row[Any]],
        liens: Sequence[Row[Any]],
        tiers: dict[int, Row[Any]],
        storage: Storage,
    ) -> None:
        self._piece = piece
        self._lignes = [(ligne, _make_ligne(ligne, tiers)) for ligne in lignes]
        self._liens = [(lien, _make_pj(lien, storage)) for lien in liens]
        cited = {lien.id_unique for lien in liens if lien.cellule_id == piece.cellule_id}
        self._common = _make_common(piece, len(cited))

    def make(self) -> Iterator[Record]:
        """The piece, then its lignes, then its PJ."""
        piece, every = self._piece, [values for _, values in self._lignes]
        # What a reader of the piece may not see of its PJ is not on the piece either.
        seen = [values for lien, values in self._liens if lien.cellule_id == piece.cellule_id]
        whole = _merge([self._common, *every, *seen])
        yield self._make(Genre.PIECE, piece.id, piece.cellule_id, whole)
        for ligne, values in self._lignes:
            amounts: Values = {"montant": (ligne.ht + ligne.tva,), "ht": (ligne.ht,)}
            yield self._make(
                Genre.LIGNE, ligne.id, piece.cellule_id, _merge([self._common, values]) | amounts
            )
        for lien, values in self._liens:
            proved = [
                v for ligne, v in self._lignes if lien.ligne_numero in ("", ligne.numero)
            ] or every
            alone = seen == [values] and len(proved) == len(every)
            said = whole if alone else _merge([self._common, *proved, values])
            yield self._make(Genre.PJ, lien.id, lien.cellule_id, said)

    def _make(self, genre: Genre, numero: int, cellule: int, values: Values) -> Record:
        return Record(genre, numero, self._piece.id, cellule, values, version=self._piece.tour)


def _make_common(piece: Row[Any], nb_pj: int) -> Values:
    emission = piece.date_emission
    # A total that counts pieces of another cellule would tell of them by subtraction.
    ht, tva, nb_pieces = (
        (None, None, None)
        if piece.reserve
        else (piece.ht_declare, piece.tva_declare, piece.nb_pieces_declare)
    )
    return _values(
        collectivite=piece.siren,
        nom_collectivite=piece.nom_collectivite,
        budget=f"{piece.siret}-{piece.cod_col}-{piece.cod_bud}",
        nom_budget=piece.nom_budget,
        poste=piece.id_post,
        exercice=piece.exercice,
        domaine=piece.domaine,
        sens=piece.sens,
        bordereau=piece.numero_bordereau,
        type_bordereau=piece.type_bordereau,
        date=emission,
        mois=emission.year * 100 + emission.month if emission else None,
        bordereau_ht=ht,
        bordereau_ttc=None if ht is None else ht + (tva or 0),
        bordereau_pieces=nb_pieces,
        piece=piece.numero,
        type_piece=piece.type_piece,
        nature=piece.nature_piece,
        objet=piece.objet,
        echeance=piece.date_echeance,
        dgp_debut=piece.dgp_debut,
        dgp_fin=piece.dgp_fin,
        montant=piece.ht + piece.tva,
        ht=piece.ht,
        nb_pj=nb_pj,
        service=piece.service,
        facture=piece.reference_pj,
        role=piece.role,
        date_asap=piece.date_asap,
        periode=piece.periode,
        dette=piece.numero_dette,
        engagement=piece.numero_engagement,
    )


def _make_ligne(ligne: Row[Any], tiers: dict[int, Row[Any]]) -> Values:
    own = _values(
        ligne=ligne.numero,
        compte=ligne.compte,
        fonction=ligne.fonction,
        operation=ligne.operation,
        libelle_ligne=ligne.libelle,
        facture=ligne.facture,
        marche=ligne.marche,
        convention=ligne.convention,
        emprunt=ligne.emprunt,
        actif=ligne.actif,
        regie=ligne.regie,
        mode_reglement=ligne.mode_reglement,
        piece_origine=ligne.origine_piece,
        montant_ligne=ligne.ht + ligne.tva,
        majorable=_BOOLEANS.get(ligne.majorable.lower()),
        produit=ligne.code_produit,
    )
    return _merge([own, *(_make_tiers(tiers[i]) for i in _tiers_ids(ligne) if i in tiers)])


def _make_tiers(tiers: Row[Any]) -> Values:
    identifiant = tiers.identifiant
    values = _values(
        tiers=" ".join(filter(None, (tiers.nom, tiers.complement, tiers.prenom))),
        siret=identifiant,
        ref_tiers=tiers.reference,
        categorie_tiers=tiers.categorie,
        nature_juridique=tiers.nature_juridique,
        iban=tiers.iban,
    )
    if tiers.nature_identifiant == "01" and len(identifiant) == 14:
        values["siret"] = (identifiant, identifiant[:9])
    return values


def _make_pj(lien: Row[Any], storage: Storage) -> Values:
    etat_texte = lien.etat_texte
    if lien.pj_id is not None and lien.etat != "ok" and etat_texte in {None, "sans_texte"}:
        etat_texte = "vide" if lien.etat == "vide" else "illisible"
    pages: tuple[str, ...] = ()
    try:
        pages = storage.get_pages(lien.sha256) if lien.nb_caracteres else ()
    except (NotFound, Invalid):  # a text lost or damaged hides neither the piece nor its PJ
        etat_texte = "illisible"
    values = _values(
        id_unique=lien.id_unique,
        nom_pj=lien.nom or lien.nom_cite,
        type_pj=lien.type_pj,
        description=lien.description,
        presence=_make_presence(lien),
        format=make_format(lien.type_lu or lien.type_reel or "") if lien.pj_id else None,
        etat_texte=etat_texte,
        nb_pages=lien.nb_pages or None,
        qualite=lien.qualite,
        texte=make_texte(pages),
    )
    if lien.pages_a_oceriser and etat_texte != "a_oceriser":
        # A text with scans among its pages was not searched for all it holds.
        values["etat_texte"] = (*values.get("etat_texte", ()), "a_oceriser")
    return values


def _make_presence(lien: Row[Any]) -> str:
    if lien.pj_id is None:
        return _SUPPORTS.get(lien.support, "attendue")
    return "recue" if lien.etat == "ok" else "illisible"


def _values(**values: Value | None) -> Values:
    """What is given: nothing is said of empty values."""
    return {name: (value,) for name, value in values.items() if value not in (None, "")}


def _merge(many: Iterable[Values]) -> Values:
    """Several values of each field, each once, in order."""
    merged: Values = {}
    several: dict[str, dict[Value, None]] = {}
    for values in many:
        for name, some in values.items():
            held = merged.setdefault(name, some)
            if held is not some and held != some:
                several.setdefault(name, dict.fromkeys(held)).update(dict.fromkeys(some))
    return merged | {name: tuple(some) for name, some in several.items()}


def _tiers_ids(ligne: Row[Any]) -> list[int]:
    others = [int(i) for i in ligne.autres_tiers.split(",") if i]
    return [ligne.tiers_id, *others] if ligne.tiers_id is not None else others
