"""The register of reports: a number, a day, a SHA-256, the very bytes, who may take them again."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.csv_lines import Valeur
from orc.db import Database, list_values
from orc.domain import format_nombre
from orc.errors import NotFound
from orc.journal import Acte, record_acte
from orc.models import Budget, Cellule, Rapport, read_now
from orc.retention.rapports.composer import Demande, make_feuille
from orc.retention.rapports.feuille import (
    LIBELLES_GENRES,
    Feuille,
    Forme,
    Genre,
    Identite,
    Tableau,
)
from orc.retention.rapports.pdf import write_pdf
from orc.retention.rapports.tableur import ODS, write_csv, write_ods
from orc.retention.regard import find_sirens
from orc.storage import Storage

# The bytes of a report are kept in pieces of this size: none is ever whole in memory.
MORCEAU = 8 * 1024 * 1024
DERNIERS = 200
TYPES = {Forme.PDF: "application/pdf", Forme.ODS: ODS, Forme.CSV: "text/csv; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class RapportDonne:
    """A report as it was given."""

    id: int
    numero: str
    genre: Genre
    siren: str
    forme: Forme
    sha256: str
    octets: int
    nb_lignes: int
    par: str
    quand: datetime

    @property
    def libelle(self) -> str:
        """What it is, in words."""
        return LIBELLES_GENRES[self.genre]

    @property
    def fichier(self) -> str:
        """The name of its file."""
        return f"{self.numero}_{self.genre.value}.{self.forme.value}"


class _Compteur:
    """Counts the lines of the first table as they are read."""

    def __init__(self) -> None:
        self.lignes = 0

    def count(self, feuille: Feuille) -> Feuille:
        first, *others = feuille.tableaux
        counted = replace(first, lignes=self._read(first))
        return replace(feuille, tableaux=(counted, *others))

    def _read(self, tableau: Tableau) -> Iterator[tuple[Valeur, ...]]:
        for ligne in tableau.lignes:
            self.lignes += 1
            yield ligne


def give_rapport(
    database: Database,
    storage: Storage,
    lecteur: Lecteur,
    demande: Demande,
    forme: Forme,
    today: date,
    service: str = "ORC",
) -> RapportDonne:
    """Make a report, keep its bytes, write it in the register and the journal.

    Nothing is locked while it is written: a number is taken first. A report that fails leaves a
    number nobody sees. Raises NotFound, Invalid, Conflict.
    """
    with database.reading() as session:
        cellules = _restrict(session, lecteur.clearance.retention, demande.siren)
        make_feuille(session, cellules, demande, today)  # refused before it takes a number
    numero = _reserve(database, lecteur, demande, forme, today, cellules)
    compteur = _Compteur()
    identite = Identite(numero, lecteur.nom, today)
    with database.reading() as session:
        feuille = compteur.count(make_feuille(session, cellules, demande, today))
        sha256, octets = keep_octets(storage, numero, _write(feuille, identite, forme, service))
    storage.sync()
    with database.writing() as session:
        session.execute(
            update(Rapport)
            .where(Rapport.numero == numero)
            .values(sha256=sha256, octets=octets, nb_lignes=compteur.lignes)
        )
        record_acte(
            session,
            Acte.RAPPORT,
            acteur=lecteur.identifiant,
            personne_id=lecteur.personne_id,
            objet=f"rapport:{numero}",
            details={
                "genre": demande.genre.value,
                "forme": forme.value,
                "lignes": format_nombre(compteur.lignes, "ligne"),
                "sha256": sha256,
            },
        )
        row = session.scalars(select(Rapport).where(Rapport.numero == numero)).one()
        return _make(row)


def _restrict(session: Session, cellules: frozenset[int], siren: str) -> frozenset[int]:
    """The cellules of one collectivité among these. Raises NotFound where there is none."""
    if siren:
        query = (
            select(Cellule.id)
            .join(Budget, Budget.id == Cellule.budget_id)
            .where(Budget.siren == siren, Cellule.id.in_(list_values(cellules)))
        )
        cellules = frozenset(session.scalars(query))
    if not cellules:
        raise NotFound("Cette collectivité n’est pas de votre ressort.")
    return cellules


def _reserve(
    database: Database,
    lecteur: Lecteur,
    demande: Demande,
    forme: Forme,
    today: date,
    cellules: frozenset[int],
) -> str:
    parametres = {"bordereau": demande.bordereau_id, "cellules": sorted(cellules)}
    now = read_now()
    with database.writing() as session:
        made = session.execute(
            insert(Rapport)
            .values(
                numero=f"en cours {now.isoformat()} {lecteur.personne_id}",
                genre=demande.genre.value,
                siren=demande.siren,
                parametres=json.dumps(parametres),
                forme=forme.value,
                sha256="",
                octets=0,
                nb_lignes=0,
                personne_id=lecteur.personne_id,
                par=lecteur.nom,
                quand=now,
            )
            .returning(Rapport.id)
        ).scalar_one()
        numero = f"R-{today.year}-{made:06d}"
        session.execute(update(Rapport).where(Rapport.id == made).values(numero=numero))
    return numero


def _write(feuille: Feuille, identite: Identite, forme: Forme, service: str) -> Iterable[bytes]:
    if forme is Forme.PDF:
        return (write_pdf(feuille, identite, service),)
    if forme is Forme.ODS:
        return write_ods(feuille, identite)
    return write_csv(feuille)


def keep_octets(storage: Storage, numero: str, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Keep these bytes in pieces; their SHA-256 and how many there are."""
    digest, octets, rang = hashlib.sha256(), 0, 0
    waiting = bytearray()
    for chunk in chunks:
        digest.update(chunk)
        octets += len(chunk)
        waiting += chunk
        while len(waiting) >= MORCEAU:
            storage.put_bytes(make_key(numero, rang), bytes(waiting[:MORCEAU]))
            del waiting[:MORCEAU]
            rang += 1
    storage.put_bytes(make_key(numero, rang), bytes(waiting))
    return digest.hexdigest(), octets


def make_key(numero: str, rang: int) -> str:
    """Where a piece of the bytes of a report is kept."""
    return f"rapport {numero} {rang}"


def find_rapports(session: Session, cellules: frozenset[int]) -> list[RapportDonne]:
    """The last reports that this person may take again, the latest first."""
    if not cellules:
        return []
    sirens = sorted(find_sirens(session, cellules))
    query = (
        select(Rapport)
        .where(Rapport.sha256 != "", or_(Rapport.siren == "", Rapport.siren.in_(sirens)))
        .order_by(Rapport.id.desc())
        .limit(DERNIERS)
    )
    return [_make(row) for row in session.scalars(query) if _may_take(row, cellules)]


def get_rapport(session: Session, cellules: frozenset[int], numero: str) -> RapportDonne:
    """A report that this person may take again. Raises NotFound."""
    row = session.scalar(select(Rapport).where(Rapport.numero == numero, Rapport.sha256 != ""))
    if row is None or not _may_take(row, cellules):
        raise NotFound("Ce rapport n’existe pas.")
    return _make(row)


def _may_take(row: Rapport, cellules: frozenset[int]) -> bool:
    """Who sees today all that the report was made over: its maker too, while its rights last."""
    made_over = json.loads(row.parametres).get("cellules", [])
    return bool(made_over) and cellules.issuperset(made_over)


def read_octets(storage: Storage, rapport: RapportDonne) -> Iterator[bytes]:
    """The very bytes that were given, a piece at a time. Raises NotFound, Invalid when damaged."""
    read, rang = 0, 0
    while read < rapport.octets:
        chunk = storage.get_bytes(make_key(rapport.numero, rang))
        read, rang = read + len(chunk), rang + 1
        yield chunk


def _make(row: Rapport) -> RapportDonne:
    return RapportDonne(
        row.id,
        row.numero,
        Genre(row.genre),
        row.siren,
        Forme(row.forme),
        row.sha256,
        row.octets,
        row.nb_lignes,
        row.par,
        row.quand,
    )
