"""The application: what is mounted where. `orc serve` hands `web.app:make` to uvicorn."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from web import api, pages
from web.acces import check_routes
from web.deps import check_acces, check_request
from web.errors import add_error_answers
from web.security import Securite
from web.statics import get_static_url, make_statics

if TYPE_CHECKING:
    from orc.bootstrap import Orc


def make() -> FastAPI:
    """The application of this process's environment; it closes its ORC when it ends."""
    from orc.bootstrap import make_orc, read_environment  # noqa: PLC0415 - opens every adapter

    return make_app(make_orc(read_environment()), close=True)


def make_app(orc: "Orc", *, close: bool = False) -> FastAPI:
    """An application on this ORC. Raises SansRegle if a route does not say who may call it."""
    # Query strings hold what people search: they are in no log of ours.
    logging.getLogger("uvicorn.access").disabled = True

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if close:
            orc.close()

    app = FastAPI(
        title="ORC",
        description=api.DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        dependencies=[Depends(check_acces), Depends(check_request)],
    )
    app.state.orc = orc
    app.add_middleware(Securite)
    add_error_answers(app)
    routers = (*pages.ROUTERS, *api.ROUTERS)
    check_routes(routers)
    for router in routers:
        app.include_router(router)
    app.mount(get_static_url("").rstrip("/"), make_statics(), name="static")
    return app
