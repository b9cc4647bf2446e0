"""The addresses of the pages, written in one place."""

from urllib.parse import urlencode


def url_piece(piece_id: int, *, q: str = "") -> str:
    """The page of a mandat or a titre."""
    return _make(f"/piece/{piece_id}", q=q)


def url_bordereau(bordereau_id: int) -> str:
    """The page of a bordereau."""
    return f"/bordereau/{bordereau_id}"


def url_pj(pj_id: int, *, piece_id: int, page: int = 1, q: str = "") -> str:
    """The viewer of a PJ, as this piece cites it, opened at this page (from 1)."""
    return _make(f"/pj/{pj_id}", piece=piece_id, page=page if page > 1 else None, q=q)


def _make(path: str, **params: object) -> str:
    kept = {name: value for name, value in params.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
