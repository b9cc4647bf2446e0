"""What Prometheus reads at /mesures: the requests of this process, and the work of all of them."""

import hmac
import logging
import threading
import time
from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response

from orc.bootstrap import Orc
from orc.errors import NotFound, Unavailable
from orc.search.activite import Activite, find_activite
from orc.tasks import QUEUES
from web.acces import acces_anonyme
from web.sante import OK, Sondes

router = APIRouter(include_in_schema=False)

# Seconds that one look at SQL serves, however often it is asked for.
FRAIS = 5.0
SEARCHES = frozenset({"/recherche", "/api/v1/recherche"})
# Seconds: the search page aims at 50 ms.
PALIERS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

log = logging.getLogger("orc.mesures")


class Mesures:
    """The counters of this process, and what SQL and the queue say when they are read."""

    def __init__(self, orc: Orc, sondes: Sondes) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "orc_requetes",
            "Requêtes répondues par ce processus.",
            ["methode", "route", "statut"],
            registry=self.registry,
        )
        self._durations = Histogram(
            "orc_requete_secondes",
            "Durée des requêtes de ce processus.",
            ["route"],
            buckets=PALIERS,
            registry=self.registry,
        )
        self._searches = Histogram(
            "orc_recherche_secondes",
            "Durée des recherches de ce processus, site et API.",
            buckets=PALIERS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(Travail(orc, sondes))

    def observe(self, methode: str, route: str, statut: int, secondes: float) -> None:
        """Count a request answered. `route` is a template, never an address."""
        self._requests.labels(methode, route, str(statut)).inc()
        self._durations.labels(route).observe(secondes)
        if route in SEARCHES and statut < 500:
            self._searches.observe(secondes)


class Travail(Collector):
    """The state of the work, the same whichever process is asked: it comes from SQL."""

    def __init__(self, orc: Orc, sondes: Sondes) -> None:
        self._orc, self._sondes = orc, sondes
        self._lock = threading.Lock()
        self._last: tuple[float, Activite] | None = None

    def describe(self) -> list[Metric]:
        """Nothing to know before the first look: SQL is not asked when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges. A component that is down takes its own away, and says so."""
        up = GaugeMetricFamily("orc_disponible", "1 : le composant répond.", labels=["composant"])
        for name, state in self._sondes.read().composants.items():
            up.add_metric([name], float(state == OK))
        yield up
        yield from self._collect_queues()
        try:
            activite = self._read_activite()
        except Unavailable as error:
            log.warning("mesures incomplètes", exc_info=error)
            return
        yield from make_gauges(activite)

    def _collect_queues(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "orc_taches", "Tâches en attente ou en cours, par file.", labels=["file"]
        )
        try:
            for queue in QUEUES:
                waiting.add_metric([queue], self._orc.tasks.count(queue))
        except Unavailable as error:
            log.warning("mesures incomplètes", exc_info=error)
        yield waiting

    def _read_activite(self) -> Activite:
        with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > FRAIS:
                veille = self._orc.settings.veille_secondes
                with self._orc.database.reading() as session:
                    self._last = (time.monotonic(), find_activite(session, veille=veille))
            return self._last[1]


def make_gauges(activite: Activite) -> Iterator[Metric]:
    """The figures of SQL as Prometheus has them."""
    for name, help_text, counts in (
        ("orc_fichiers", "Fichiers du silo, par état.", activite.fichiers),
        ("orc_flux", "Flux, par état.", activite.flux),
        ("orc_textes", "Documents, par état de leur texte.", activite.textes),
    ):
        family = GaugeMetricFamily(name, help_text, labels=["etat"])
        for etat, nombre in counts.items():
            family.add_metric([etat], nombre)
        yield family
    failed = GaugeMetricFamily(
        "orc_echecs", "Tâches qui ont échoué, par file et par suite.", labels=["file", "suite"]
    )
    for (file, suite), nombre in activite.echecs.items():
        failed.add_metric([file, suite], nombre)
    yield failed
    oldest = GaugeMetricFamily(
        "orc_attente_secondes", "Âge de ce qui attend depuis le plus longtemps.", labels=["etape"]
    )
    for etape, secondes in activite.attentes.items():
        oldest.add_metric([etape], secondes)
    yield oldest
    yield GaugeMetricFamily(
        "orc_pieces_a_indexer", "Pièces qui attendent l’index.", value=activite.pieces_a_indexer
    )
    yield GaugeMetricFamily(
        "orc_ouvriers", "Processus « orc worker » vivants.", value=activite.ouvriers
    )


@router.get("/mesures")
@acces_anonyme
def show_mesures(request: Request) -> Response:
    """The metrics, to who gives the token of the settings; without a token set, nothing is here."""
    token = request.app.state.orc.settings.mesures_jeton
    given = request.headers.get("authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotFound("Cette adresse ne mène à rien.")
    mesures: Mesures = request.app.state.mesures
    return Response(generate_latest(mesures.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
