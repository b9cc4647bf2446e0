"""Tesseract: no server, a program and Debian's French data, whose folder tesserocr is given."""

import signal
from collections.abc import Mapping
from typing import ClassVar

from scripts.recettes import systeme
from scripts.recettes.serveur import Commande, Depart, Serveur

FRENCH = "/usr/share/tesseract-ocr/*/tessdata/fra.traineddata"


class Tesseract:
    """Its `url` is the folder of the data (`tessdata`)."""

    name: ClassVar[str] = "tesseract"
    paquets: ClassVar[Mapping[str, str]] = {
        "tesseract-ocr": "tesseract",
        "tesseract-ocr-fra": FRENCH,
    }
    fin: ClassVar[int] = signal.SIGTERM

    def missing(self) -> str:
        """Nothing besides the packages."""
        return ""

    def prepare(self) -> None:
        """Nothing to download."""

    def start(self, depart: Depart) -> Commande:
        """Nothing to run."""
        tessdata = str(systeme.find_files(FRENCH)[-1].parent)
        return Commande([], Serveur(name=self.name, url=tessdata, folder=str(depart.folder)))

    def ready(self, serveur: Serveur) -> bool:
        """It is there."""
        return bool(serveur.url)

    def finish(self, serveur: Serveur) -> Serveur:
        """Nothing to do."""
        return serveur


RECETTES = {"tesseract": Tesseract()}
