"""Settings become a running ORC: the only module that names concrete adapters."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from migrations import migrate
from orc.access.echeances import remind_habilitations
from orc.db import Database, open_engine
from orc.errors import Invalid, Unavailable
from orc.identity.coffre import Coffre, open_coffre
from orc.identity.jobs import register_mail
from orc.index.engines.tantivy import TantivyEngine
from orc.index.engines.tantivy.generations import TantivyGenerations
from orc.index.port import Generations, SearchEngine
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.extract.values import Limits
from orc.ingest.jobs import make_threads, register_tasks
from orc.ingest.ocr.child import PATIENCE
from orc.ingest.ocr.oceriseur import Oceriseur
from orc.ingest.reconcile import enqueue_left, enqueue_unfinished
from orc.messages import Canal, Expediteur, make_expediteurs
from orc.remote import make_silo_acces, make_storage_acces
from orc.retention.eliminations import make_regles, remind_delais
from orc.retention.jobs import register_decisions
from orc.retention.rappels_gels import remind_gels
from orc.retention.retraits import register_retraits
from orc.settings import PREFIX, SUFFIX, Settings, read_settings
from orc.silo import Silo
from orc.storage import Storage
from orc.tasks import Delais, Tasks, make_tasks
from orc.tasks.ronde import Ronde

if TYPE_CHECKING:
    from orc.index.engines.elasticsearch import ElasticsearchEngine

TANTIVY, ELASTICSEARCH = "tantivy://", ("http://", "https://")


@dataclass(frozen=True)
class Orc:
    """A running ORC: everything a command, a page or a job needs, by name."""

    settings: Settings
    database: Database
    storage: Storage
    engine: SearchEngine
    tasks: Tasks
    pool: ExtractionPool
    # A page that is looked at never waits behind the documents of an ingestion.
    visionneuse: ExtractionPool
    oceriseur: Oceriseur
    coffre: Coffre
    expediteurs: Mapping[Canal, Expediteur]
    ronde: Ronde
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
                    lecture=Path(lecture) if (lecture := self.settings.silo_lecture) else None,
                    limite_lecture=self.settings.silo_lecture_octets,
                )
            return self._silos[url]

    def close(self) -> None:
        """Give back processes, files and connections, in the order that loses nothing."""
        self.oceriseur.stop()
        self.ronde.stop()
        self.tasks.stop()
        self.pool.close()
        self.visionneuse.close()
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
            os.environ.pop(PREFIX + chosen.name.upper() + SUFFIX, None)


def start_work(orc: "Orc") -> None:
    """Go on with what a kill or a lost queue left undone, in this process's own threads.

    Nothing where other processes work: each of them does it when it starts.
    """
    orc.oceriseur.background = True
    if orc.tasks.in_process:
        enqueue_unfinished(orc, orc.engine)
        orc.tasks.start()
        orc.ronde.start(lambda: enqueue_left(orc))


def make_orc(
    settings: Settings, *, new_index: bool = False, index: SearchEngine | None = None
) -> Orc:
    """Open every adapter the settings name, the database migrated to its latest tables.

    `new_index`: throw the index away first; what it held is found missing and made again.
    `index`: this one, in place of the index that the settings name.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(
        settings.database_url(),
        connexions=settings.database_connexions,
        secondes=settings.database_secondes,
    )
    migrate(engine)
    workers = settings.workers or os.cpu_count() or 1
    database = Database(engine)
    oceriseur = Oceriseur(settings, make_ocr_limits(settings))
    threads = make_threads(workers, oceriseur.threads)
    tasks = make_tasks(settings.queue, database, threads, make_delais(settings))
    orc = Orc(
        settings=settings,
        database=database,
        storage=Storage(settings.storage_url(), acces=make_storage_acces(settings)),
        engine=index or open_search_engine(settings, new=new_index),
        tasks=tasks,
        pool=open_pool(settings, workers),
        visionneuse=ExtractionPool(make_limits(settings), 1),
        oceriseur=oceriseur,
        coffre=open_coffre(settings.cle_secrets, settings.folder),
        expediteurs=make_expediteurs(settings),
        ronde=Ronde(tasks),
    )
    register_tasks(orc, orc.engine)
    register_decisions(orc)
    register_retraits(orc)
    make_regles(settings)  # what they say of eliminations is refused now, not at a signature
    register_mail(orc, (remind_habilitations, remind_delais, remind_gels))
    return orc


def open_pool(settings: Settings, workers: int) -> ExtractionPool:
    """The children that read documents, and the Tika server the settings name, if any."""
    limits = make_limits(settings)
    if not settings.tika:
        return ExtractionPool(limits, workers)
    from orc.ingest.extract import (  # noqa: PLC0415 - only where a Tika is set
        tika_http,
        tika_pool,
        tika_server,
    )

    os.environ.update(tika_http.ENVIRONMENT)
    acces = tika_http.Acces(
        settings.tika, settings.tika_ca, settings.tika_secondes, settings.tika_reponse_octets
    )
    server = tika_server.TikaServer(acces, settings.tika_octets_max)
    return tika_pool.TikaPool(server, limits, workers)


def open_search_engine(settings: Settings, *, new: bool = False) -> SearchEngine:
    """The search engine that the settings name; `new`: emptied, whatever state it is in."""
    url = settings.index_url()
    if url.startswith(TANTIVY):
        path = Path(url.removeprefix(TANTIVY))
        return TantivyEngine.reset(path) if new else TantivyEngine(path)
    engine = _open_elasticsearch(settings)
    if new:
        engine.clear()
    else:
        with suppress(Unavailable):  # it will be asked again at each search
            engine.check()
    return engine


def open_generations(settings: Settings) -> Generations:
    """The index that the settings name, and those beside it; none is opened yet."""
    url = settings.index_url()
    if url.startswith(TANTIVY):
        return TantivyGenerations(Path(url.removeprefix(TANTIVY)))
    return _open_elasticsearch(settings)


def _open_elasticsearch(settings: Settings) -> "ElasticsearchEngine":
    """Raises Unavailable where the extra « grand » is not installed, Invalid on another URL."""
    if not settings.index.startswith(ELASTICSEARCH):
        raise Invalid(
            f"Moteur de recherche inconnu : {settings.index}. Attendu : {TANTIVY}/dossier, ou "
            "https://serveur:9200/orc pour Elasticsearch."
        )
    try:
        from orc.index.engines.elasticsearch import (  # noqa: PLC0415 - the extra « grand »
            Acces,
            Forme,
            open_elasticsearch,
        )
    except ModuleNotFoundError as absent:
        raise Unavailable(
            f"La bibliothèque « {absent.name} » manque : installez ORC avec l’option « grand » "
            "(pip install 'orc-archives[grand]'), ou laissez ORC_INDEX vide."
        ) from absent
    acces = Acces(
        ca=settings.index_tls_ca,
        cle_api=settings.index_cle_api,
        utilisateur=settings.index_utilisateur,
        mot_de_passe=settings.index_mot_de_passe,
    )
    forme = Forme(settings.index_exercices, settings.index_partitions, settings.index_copies)
    secondes = float(settings.index_secondes)
    return open_elasticsearch(settings.index, acces=acces, forme=forme, secondes=secondes)


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


def make_ocr_limits(settings: Settings) -> Limits:
    """The limits of the reading of one page: a delay of its own, longer where others work."""
    return replace(make_limits(settings), secondes=settings.ocr_secondes * PATIENCE)
