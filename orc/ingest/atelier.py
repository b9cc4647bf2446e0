"""What ingest jobs work with, by name; bootstrap gives the real things."""

from typing import Protocol

from orc.db import Database
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.ocr.oceriseur import Oceriseur
from orc.settings import Settings
from orc.silo import Silo
from orc.storage import Storage
from orc.tasks import Tasks


class Atelier(Protocol):
    """The means of a job."""

    @property
    def settings(self) -> Settings:
        """The operator's choices."""

    @property
    def database(self) -> Database:
        """SQL."""

    @property
    def storage(self) -> Storage:
        """Extracted texts."""

    @property
    def tasks(self) -> Tasks:
        """What comes next."""

    @property
    def pool(self) -> ExtractionPool:
        """Child processes that read documents."""

    @property
    def oceriseur(self) -> Oceriseur:
        """What reads scans."""

    def open_silo(self, url: str) -> Silo:
        """The silo at this URL."""
