"""Settings become a running ORC: the only module that names concrete adapters."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock

from migrations import migrate
from orc.db import Database, open_engine
from orc.errors import Invalid
from orc.index.engines.tantivy import TantivyEngine
from orc.index.port import SearchEngine
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.extract.values import Limits
from orc.ingest.jobs import make_threads, register_tasks
from orc.ingest.reconcile import enqueue_unfinished
from orc.remote import make_silo_acces
from orc.settings import PREFIX, Settings, read_settings
from orc.silo import Silo
from orc.storage import Storage
from orc.tasks import Delais, Tasks, make_tasks

TANTIVY = "tantivy://"


@dataclass(frozen=True)
class Orc:
    """A running ORC: everything a command, a page or a job needs, by name."""

    settings: Settings
    database: Database
    storage: Storage
    engine: SearchEngine
    tasks: Tasks
    pool: ExtractionPool
    _silos: dict[str, Silo] = field(default_factory=dict)
    _opening: Lock = field(default_factory=Lock)

    def open_silo(self, url: str) -> Silo:
        """The silo at this URL, with what the settings say of caches and limits; one per URL."""
        with self._opening:
            if url not in self._silos:
                self._silos[url] = Silo(
                    url,
                    acces=make_silo_acces(self.settings),
                    cache=self.settings.cache_folder(),
                    limite_flux=self.settings.flux_octets_max,
                )
            return self._silos[url]

    def close(self) -> None:
        """Give back processes, files and connections, in the order that loses nothing."""
        self.tasks.stop()
        self.pool.close()
        self.engine.close()
        self.database.close()


def read_environment() -> Settings:
    """The settings of this process: the one place that reads the environment."""
    return read_settings(os.environ)


def publish_settings(settings: Settings) -> None:
    """Let `web.app:make`, which a server calls by its name, open an ORC on these settings."""
    for chosen in fields(Settings):
        value = getattr(settings, chosen.name)
        if value != chosen.default:
            text = str(int(value)) if isinstance(value, bool) else str(value)
            os.environ[PREFIX + chosen.name.upper()] = text


def start_work(orc: "Orc") -> None:
    """Go on with what a kill or a lost queue left undone, in this process's own threads.

    Nothing where other processes work: each of them does it when it starts.
    """
    if orc.tasks.in_process:
        enqueue_unfinished(orc, orc.engine)
        orc.tasks.start()


def make_orc(settings: Settings, *, new_index: bool = False) -> Orc:
    """Open every adapter the settings name, the database migrated to its latest tables.

    `new_index`: throw the index away first; what it held is found missing and made again.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url())
    migrate(engine)
    workers = settings.workers or os.cpu_count() or 1
    database = Database(engine)
    orc = Orc(
        settings=settings,
        database=database,
        storage=Storage(settings.storage_url()),
        engine=open_search_engine(settings.index_url(), new=new_index),
        tasks=make_tasks(settings.queue, database, make_threads(workers), make_delais(settings)),
        pool=ExtractionPool(make_limits(settings), workers),
    )
    register_tasks(orc, orc.engine)
    return orc


def open_search_engine(url: str, *, new: bool = False) -> SearchEngine:
    """The search engine of this URL; `new`: emptied, whatever state it is in."""
    if not url.startswith(TANTIVY):
        raise Invalid(f"Moteur de recherche inconnu : {url}. Attendu : {TANTIVY}/dossier")
    path = Path(url.removeprefix(TANTIVY))
    return TantivyEngine.reset(path) if new else TantivyEngine(path)


def make_delais(settings: Settings) -> Delais:
    """How long tasks wait and last, from the settings."""
    return Delais(
        veille=settings.veille_secondes,
        limite=settings.tache_minutes * 60,
        arret=settings.arret_secondes,
    )


def make_limits(settings: Settings) -> Limits:
    """The limits of an extraction child, from the settings."""
    return Limits(
        secondes=settings.extraction_secondes,
        memoire_mo=settings.extraction_memoire_mo,
        pages=settings.extraction_pages,
        caracteres=settings.extraction_caracteres,
    )
