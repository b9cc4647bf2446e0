"""The results as the page shows them: titles, amounts, alerts, passages with their links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orc.domain import format_date
from orc.index.fields import STATUT
from orc.search.consult_values import LIBELLES_PRESENCES, LIBELLES_TEXTES, Presence
from orc.search.libelles import make_libelle
from orc.search.passages import Passage
from orc.search.resultats import PjResume, Resultat, name_piece
from web.liens import url_bordereau, url_piece, url_pj

# Texts that a search cannot read yet, or ever.
_ALERTES = frozenset(LIBELLES_TEXTES) - {"", "extrait", "a_extraire"}
_NATURES: tuple[tuple[str, str, str], ...] = (
    ("application/pdf", "PDF", "fr-icon-file-pdf-line"),
    ("image/", "Image", "fr-icon-image-line"),
    ("application/xml", "XML", "fr-icon-code-s-slash-line"),
    ("text/", "Texte", "fr-icon-file-text-line"),
    ("application/vnd.openxmlformats-officedocument.spreadsheet", "Tableur", "fr-icon-table-line"),
    ("application/vnd.oasis.opendocument.spreadsheet", "Tableur", "fr-icon-table-line"),
    ("application/vnd.openxmlformats", "Bureautique", "fr-icon-file-text-line"),
    ("application/vnd.oasis", "Bureautique", "fr-icon-file-text-line"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PassageVue:
    """Some words around those searched: pieces of text, and whether each was searched.

    `page` is 0 where the passage is not of a page (an objet); `fichier` is the PJ it comes from,
    where the result is not that PJ. `partie`: the document that PJ carries which says it, and
    `page` is then its own.
    """

    page: int
    morceaux: tuple[tuple[str, bool], ...]
    url: str
    fichier: str = ""
    partie: str = ""


@dataclass(frozen=True, slots=True)
class ResultatVue:
    """One result: `fichier` is "" where it is a piece; amounts in signed cents."""

    title: str
    url: str
    montant: int
    fichier: str
    nature_fichier: str
    icone: str
    alerte: str
    # The answer on early destruction, for who may see it; empty: none.
    destruction: str
    passages: tuple[PassageVue, ...]
    piece: str
    url_piece: str
    bordereau: str
    numero_bordereau: str
    url_bordereau: str
    lieu: str
    objet: str
    date: date | None
    tiers: str
    nb_pj: int


def make_resultats(
    resultats: Sequence[Resultat],
    passages: Mapping[int, Sequence[Passage]],
    cited: Mapping[int, PjResume],
    q: str,
    statuts: Mapping[int, str],
) -> tuple[ResultatVue, ...]:
    """The results of the screen. `passages`: by lien_id for PJ, by piece id for pieces.

    `cited`: the PJ that the passages of pieces come from, by lien_id. `statuts`: the words of
    early destruction, by pj_id.
    """
    return tuple(
        _make_pj(r, r.pj, passages.get(r.pj.lien_id, ()), q, statuts.get(r.pj.pj_id or 0, ""))
        if r.pj
        else _make_piece(r, passages.get(r.piece.id, ()), cited, q)
        for r in resultats
    )


def _make_pj(
    r: Resultat, pj: PjResume, found: Sequence[Passage], q: str, statut: str
) -> ResultatVue:
    page = next((t.page for t in found if t.page), 1)
    url = _url_pj(r, pj, page, q)
    nature, icone = find_nature(pj.type_reel)
    pages = f" · {pj.nb_pages} page{'s' if pj.nb_pages > 1 else ''}" if pj.nb_pages else ""
    texts = (nature, pj.type_pj.libelle)
    return _make(
        r,
        url=url,
        fichier=pj.nom,
        nature=", ".join(filter(None, texts)) + pages,
        icone=icone,
        alerte=find_alerte(pj),
        destruction=make_libelle(STATUT.name, statut),
        passages=tuple(_make_passage(t, _url_pj(r, pj, t.page, q)) for t in found),
    )


def _make_passage(passage: Passage, url: str, fichier: str = "") -> PassageVue:
    page = passage.page_partie or passage.page
    return PassageVue(page, passage.morceaux, url, fichier, passage.partie)


def _url_pj(r: Resultat, pj: PjResume, page: int, q: str) -> str:
    if pj.pj_id is None:
        return url_piece(r.piece.id, q=q)
    return url_pj(pj.pj_id, piece_id=r.piece.id, page=page, q=q)


def _make_piece(
    r: Resultat, found: Sequence[Passage], cited: Mapping[int, PjResume], q: str
) -> ResultatVue:
    passages = []
    for passage in found:
        pj = cited.get(passage.lien_id) if passage.lien_id is not None else None
        url = _url_pj(r, pj, passage.page, q) if pj else url_piece(r.piece.id, q=q)
        passages.append(_make_passage(passage, url, pj.nom if pj else ""))
    url = url_piece(r.piece.id, q=q)
    return _make(r, url=url, fichier="", nature="", icone="", alerte="", passages=tuple(passages))


def _make(
    r: Resultat,
    *,
    url: str,
    fichier: str,
    nature: str,
    icone: str,
    alerte: str,
    destruction: str = "",
    passages: tuple[PassageVue, ...],
) -> ResultatVue:
    day = r.bordereau.date_emission
    issued = f" du {format_date(day)}" if day else ""
    return ResultatVue(
        title=r.piece.tiers or r.piece.objet or name_piece(r),
        url=url,
        montant=r.piece.ttc,
        fichier=fichier,
        nature_fichier=nature,
        icone=icone,
        alerte=alerte,
        destruction=destruction,
        passages=passages,
        piece=name_piece(r),
        url_piece=url_piece(r.piece.id),
        bordereau=f"bordereau {r.bordereau.numero}{issued}",
        numero_bordereau=r.bordereau.numero,
        url_bordereau=url_bordereau(r.bordereau.id),
        lieu=f"{r.lieu.nom_collectivite}, {r.lieu.nom_budget}",
        # Said already by a passage of its own, where the words are in it.
        objet="" if any(p.page == 0 for p in passages) else r.piece.objet,
        date=day,
        tiers=r.piece.tiers,
        nb_pj=r.piece.nb_pj,
    )


def find_nature(type_reel: str) -> tuple[str, str]:
    """What a type of content is called, and its icon."""
    for start, nature, icone in _NATURES:
        if type_reel.startswith(start):
            return nature, icone
    return "", "fr-icon-file-line"


def find_alerte(pj: PjResume) -> str:
    """Why the document may be absent or its text unknown; "" when all is well."""
    if pj.presence is not Presence.RECUE:
        return LIBELLES_PRESENCES[pj.presence]
    return LIBELLES_TEXTES[pj.etat_texte] if pj.etat_texte in _ALERTES else ""
