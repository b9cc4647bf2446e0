"""Where the work is: queues, processes and what they do, how far an ingestion is, what failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.ingest.atelier import Atelier
from orc.ingest.echecs import count_echecs
from orc.ingest.run import Suivi, read_suivi
from orc.models import Fichier, Flux, Ouvrier, TacheEnCours
from orc.tasks import FLUX, INDEX, MAIL, OCR, QUEUES, TEXTES, FileCoupee, Id, Ids, read_cle
from orc.tasks.leases import is_alive

LIBELLES_FILES = {
    FLUX: "Flux à lire",
    TEXTES: "Textes à extraire",
    OCR: "Images à océriser",
    INDEX: "Pièces à indexer",
    MAIL: "Courriels à envoyer",
}
LIBELLES_TACHES = {
    "lire_fichier": "Lire le fichier",
    "extraire_textes": "Extraire les textes du flux",
    "oceriser": "Océriser le document",
    "chercher_scans": "Chercher les scans à océriser",
    "indexer": "Indexer les pièces",
    "decider": "Décider de la destruction anticipée",
    "flux": "Lire le flux",
    "envoyer_message": "Envoyer le message",
    "rappeler": "Préparer les rappels",
    "balayage": "Chercher ce qu’une file a perdu",
}


@dataclass(frozen=True, slots=True)
class FileDeTaches:
    """A queue; `en_attente` None: its broker does not answer."""

    nom: str
    libelle: str
    en_attente: int | None
    en_cours: int


@dataclass(frozen=True, slots=True)
class Processus:
    """A process that lives, and what it does now; of no queue: a command typed by hand."""

    machine: str
    pid: int
    files: tuple[str, ...]
    depuis: datetime
    memoire_mo: int
    taches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traitements:
    """Everything an operator looks at; `panne`: what the broker says when it does not answer."""

    dans_le_processus: bool
    courtier: str
    panne: str
    files: tuple[FileDeTaches, ...]
    processus: tuple[Processus, ...]
    suivi: Suivi
    nb_echecs: int
    nb_ecartees: int

    @property
    def sans_ouvrier(self) -> bool:
        """Whether nothing moves on: no process takes tasks of the queues."""
        return not self.dans_le_processus and not any(p.files for p in self.processus)


def read_traitements(atelier: Atelier) -> Traitements:
    """The state of the work, from SQL and from the broker."""
    counts, panne = _count(atelier)
    with atelier.database.reading() as session:
        processus = _find_processus(session, atelier.settings.veille_secondes)
        running = session.scalars(select(TacheEnCours.tache)).all() if processus else []
        nb_echecs, nb_ecartees = count_echecs(session), count_echecs(session, ecartees=True)
    queues = {tache.nom: tache.queue for tache in atelier.tasks.taches.values()}
    return Traitements(
        dans_le_processus=atelier.tasks.in_process,
        courtier=_name_courtier(atelier.settings.queue),
        panne=panne,
        files=tuple(
            FileDeTaches(
                name,
                LIBELLES_FILES[name],
                counts[name],
                sum(queues.get(tache) == name for tache in running),
            )
            for name in QUEUES
        ),
        processus=processus,
        suivi=read_suivi(atelier.database),
        nb_echecs=nb_echecs,
        nb_ecartees=nb_ecartees,
    )


def _count(atelier: Atelier) -> tuple[dict[str, int | None], str]:
    counts: dict[str, int | None] = dict.fromkeys(QUEUES)
    try:
        for name in QUEUES:
            counts[name] = atelier.tasks.count(name)
    except FileCoupee as error:
        return counts, str(error)
    return counts, ""


def _name_courtier(url: str) -> str:
    kind = url.partition(":")[0]
    return {"inprocess": "dans le processus", "redis": "Redis", "rediss": "Redis"}.get(
        kind, "RabbitMQ"
    )


def _find_processus(session: Session, veille: float) -> tuple[Processus, ...]:
    query = select(Ouvrier).where(is_alive(veille)).order_by(Ouvrier.machine, Ouvrier.depuis)
    ouvriers = session.scalars(query).all()
    taches: dict[str, list[tuple[str, str]]] = {o.id: [] for o in ouvriers}
    for row in session.scalars(select(TacheEnCours).order_by(TacheEnCours.depuis)):
        if row.ouvrier in taches:
            taches[row.ouvrier].append((row.tache, row.cle))
    names = name_taches(session, [key for keys in taches.values() for key in keys])
    return tuple(
        Processus(
            machine=o.machine,
            pid=o.pid,
            files=tuple(name for name in o.files.split(",") if name),
            depuis=o.depuis,
            memoire_mo=o.memoire_mo,
            taches=tuple(names[key] for key in taches[o.id]),
        )
        for o in ouvriers
    )


def name_taches(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What people call tasks: the act, and the file or the flow by its name."""
    wanted = {key: read_cle(key[1]) for key in keys}
    names: dict[tuple[str, Id], str] = {}
    for taches, column_id, column in (
        (("lire_fichier",), Fichier.id, Fichier.chemin),
        (("extraire_textes", "flux"), Flux.id, Flux.nom_fic),
    ):
        ids = {i for (tache, _), found in wanted.items() if tache in taches for i in found}
        for row in session.execute(select(column_id, column).where(column_id.in_(ids))):
            names.update({(tache, row[0]): row[1] for tache in taches})
    return {key: _name(key[0], ids, names) for key, ids in wanted.items()}


def _name(tache: str, ids: Ids, names: Mapping[tuple[str, Id], str]) -> str:
    # Several may index at once: their leases are told apart by a number that says nothing.
    said = [names.get((tache, i), "") or str(i) for i in ids if tache != "indexer"]
    return " ".join([LIBELLES_TACHES.get(tache, tache), *said])
