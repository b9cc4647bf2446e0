"""What reads scans in this process: its children, and whether tesseract is here at all."""

import logging
import os
import threading
import time

from orc.errors import OrcError
from orc.ingest.extract.values import Limits
from orc.ingest.ocr.children import OcrChildren
from orc.ingest.ocr.tessdata import Tessdata, find_tessdata
from orc.settings import Settings

_INDEX_SECONDS = 10.0
log = logging.getLogger(__name__)


class Oceriseur:
    """What reads scans in this process: children, where tesseract's data are, whether to begin.

    `background`: this process reads scans by itself while it does something else.
    """

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._settings = settings
        self.children = OcrChildren(limits, settings.ocr_dpi)
        self.background = False
        self.threads = settings.ocr_enfants or max(1, (os.cpu_count() or 1) // 2)
        self._said = threading.Event()
        self._indexed = 0.0

    def find(self) -> Tessdata:
        """Where tesseract's data are; raises Unavailable, which says what to install."""
        return find_tessdata(self._settings)

    def is_ready(self) -> bool:
        """Whether scans can be read here; why not is said once in the log."""
        try:
            self.find()
        except OrcError as error:
            if not self._said.is_set():
                self._said.set()
                level = logging.INFO if self._settings.ocr == "non" else logging.WARNING
                log.log(level, "Les scans restent à océriser. %s", error)
            return False
        return True

    def must_index(self) -> bool:
        """Whether the index is to be told now of what was read: not at each document."""
        now = time.monotonic()
        due = now - self._indexed > _INDEX_SECONDS
        if due:
            self._indexed = now
        return due

    def stop(self) -> None:
        """End the children at once; the pages they were reading are read another time."""
        self.children.stop()
