"""The application: what is mounted where. `orc serve` hands `web.app:make` to uvicorn."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from orc.bootstrap import Orc, make_orc, read_environment, start_work
from orc.traces import configure_traces
from web import api, metrics, pages, sante
from web.acces import check_routes
from web.api import contrat
from web.certificats import Certificats
from web.deps import check_acces, check_request
from web.errors import add_error_answers, answer_fault
from web.metrics import Mesures
from web.observe import Observation
from web.sante import make_sondes
from web.security import Securite
from web.statics import get_static_url, make_statics


def make() -> FastAPI:
    """The application of this process's environment, with an ORC of its own."""
    settings = read_environment()
    configure_traces(settings.journal_technique, settings.journal_niveau)
    return make_app(make_orc(settings), own=True)


def make_app(orc: Orc, *, own: bool = False) -> FastAPI:
    """An application on this ORC; `own`: it runs its tasks, and closes it.

    Raises SansRegle if a route does not say who may call it.
    """
    # Query strings hold what people search: our log says the route.
    logging.getLogger("uvicorn.access").disabled = True
    sondes = make_sondes(orc)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if own:
            start_work(orc)
        yield
        sondes.close()
        if own:
            orc.close()

    app = FastAPI(
        title="ORC",
        description=contrat.DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        # It would answer with an absolute address, made of whatever Host the request says.
        redirect_slashes=False,
        dependencies=[Depends(check_acces), Depends(check_request)],
    )
    app.state.orc, app.state.sondes = orc, sondes
    app.state.mesures = Mesures(orc, sondes)
    hsts = orc.settings.hsts_secondes if orc.settings.cookie_secure else 0
    app.add_middleware(Securite, fault=answer_fault, hsts=hsts)
    app.add_middleware(Observation, mesures=app.state.mesures)
    if orc.settings.mandataires:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=orc.settings.mandataires)
    # Last added, outermost: it sees the direct peer, before ProxyHeadersMiddleware rewrites it.
    app.add_middleware(Certificats, orc.settings.mandataires, orc.settings.certificats_secret)
    add_error_answers(app)
    routers = (*pages.ROUTERS, *api.ROUTERS, sante.router, metrics.router)
    check_routes(routers)
    for router in routers:
        app.include_router(router)
    app.mount(get_static_url("").rstrip("/"), make_statics(), name="static")
    return app
