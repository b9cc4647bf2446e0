"""What a load balancer asks: does this process live, can it serve? No auth, no word of anybody."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import JSONResponse

from orc.bootstrap import Orc
from orc.tasks import INDEX
from web.acces import acces_anonyme

router = APIRouter(prefix="/sante", include_in_schema=False)

# A component that takes longer does not answer, for who waits behind a page.
DELAI = 2.0
# Seconds one answer serves whoever asks: nobody loads the components by asking.
FRAIS = 1.0
RETRY_AFTER = "10"
OK, EN_PANNE, LENT = "ok", "en_panne", "lent"
ABSENT = "0" * 64
# Without it no page is served; without another, pages say which of them cannot answer.
NECESSAIRE = "base"

log = logging.getLogger("orc.sante")


@dataclass(frozen=True, slots=True)
class Sante:
    """The state of each component: ok, en_panne, or lent (no answer within DELAI)."""

    composants: Mapping[str, str]

    @property
    def pret(self) -> bool:
        """Whether pages can be served, be it to say what does not answer."""
        return self.composants[NECESSAIRE] == OK

    @property
    def entiere(self) -> bool:
        """Whether everything answers."""
        return all(state == OK for state in self.composants.values())


class Sondes:
    """Looks at the components, all at once, each bounded; a hung one is not asked again."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], delai: float = DELAI) -> None:
        self._checks = dict(checks)
        self._delai = delai
        self._threads = ThreadPoolExecutor(len(self._checks), thread_name_prefix="sonde")
        self._asked: dict[str, Future[object]] = {}
        self._lock = threading.Lock()
        self._last: tuple[float, Sante] | None = None

    def read(self) -> Sante:
        """The state of every component now, at most FRAIS old."""
        with self._lock:
            if self._last and time.monotonic() - self._last[0] < FRAIS:
                return self._last[1]
            for name, check in self._checks.items():
                if name not in self._asked:
                    self._asked[name] = self._threads.submit(check)
            wait(self._asked.values(), self._delai)
            found = Sante({name: self._take(name) for name in self._checks})
            if self._last is None or self._last[1] != found:
                self._tell(found)
            self._last = (time.monotonic(), found)
            return found

    def close(self) -> None:
        """Ask no more; who waits for a hung component is left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _take(self, name: str) -> str:
        if not self._asked[name].done():
            return LENT
        error = self._asked.pop(name).exception()
        if error is not None:
            log.warning("%s ne répond pas", name, exc_info=error)
            return EN_PANNE
        return OK

    def _tell(self, found: Sante) -> None:
        level = logging.INFO if found.entiere else logging.WARNING
        log.log(level, "santé", extra=dict(found.composants))


def make_sondes(orc: Orc) -> Sondes:
    """The probes of this ORC: database, search engine, texts, queue. Each reads next to nothing."""

    def ask_base() -> None:
        with orc.database.reading() as session:
            session.execute(text("SELECT 1"))

    return Sondes(
        {
            "base": ask_base,
            "recherche": lambda: orc.engine.find_versions(taille=1),
            "textes": lambda: orc.storage.exists(ABSENT),
            "file": lambda: orc.tasks.count(INDEX),
        }
    )


@router.get("/vivant")
@acces_anonyme
async def show_vivant() -> JSONResponse:
    """This process answers, whatever becomes of the others."""
    return JSONResponse({"vivant": True})


@router.get("/pret")
@acces_anonyme
def show_pret(request: Request) -> JSONResponse:
    """Whether pages can be served, and which components do not answer."""
    sondes: Sondes = request.app.state.sondes
    found = sondes.read()
    body = {"pret": found.pret, **found.composants}
    headers = {} if found.pret else {"retry-after": RETRY_AFTER}
    return JSONResponse(body, 200 if found.pret else 503, headers=headers)
