"""Files served as they are: their address holds a digest of them all, so browsers keep them."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
A_YEAR = "public, max-age=31536000, immutable"


@cache
def get_version() -> str:
    """A digest of every static file of ours, and of the stamp of those fetched at set-up."""
    digest = hashlib.sha256()
    stamp = STATIC / "vendor/versions.json"
    ours = [p for p in STATIC.rglob("*") if p.is_file() and "vendor" not in p.parts]
    for path in sorted([*ours, *([stamp] if stamp.is_file() else [])]):
        digest.update(path.relative_to(STATIC).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def get_static_url(path: str) -> str:
    """The address of a static file: `statique('css/orc.css')` in a template."""
    return f"/static/{get_version()}/{path}"


class _Forever(StaticFiles):
    """The version in the address changes with the files: an answer is good for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one file."""
        response = await super().get_response(path, scope)
        if response.status_code in {200, 304}:
            response.headers["cache-control"] = A_YEAR
        return response


def make_statics() -> GZipMiddleware:
    """The application that serves them. Compressing these is safe: nothing in them is secret."""
    return GZipMiddleware(_Forever(directory=STATIC), minimum_size=1024, compresslevel=6)
