"""Whether tesseract can read French here: its library and its data, or what to install."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from orc.errors import Invalid, Unavailable
from orc.settings import Settings

LANGUE = "fra"
# Debian and Ubuntu, Fedora, Arch and Alpine, what one compiles.
_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)
CHOICES = ("auto", "oui", "non")
_LIBRARY = (
    "L’océrisation demande la bibliothèque tesserocr : installez ORC avec l’option « grand » "
    "(pip install 'orc-archives[grand]')."
)
_DATA = (
    "Les données françaises de tesseract manquent : installez-les (Debian, Ubuntu : "
    "« apt-get install tesseract-ocr tesseract-ocr-fra »), ou donnez leur dossier par le réglage "
    "ORC_OCR_TESSDATA."
)


@dataclass(frozen=True, slots=True)
class Tessdata:
    """The folder of tesseract's data; `osd`: it can also tell which way up a page is."""

    folder: str
    osd: bool


def find_tessdata(settings: Settings) -> Tessdata:
    """Where tesseract's French data are. Raises Unavailable, which says what to install.

    Raises Invalid on an unknown value of the setting `ocr`, Unavailable too where it is « non ».
    """
    if settings.ocr not in CHOICES:
        raise Invalid(f"Le réglage ORC_OCR attend auto, oui ou non, pas « {settings.ocr} ».")
    if settings.ocr == "non":
        raise Unavailable("L’océrisation est coupée par le réglage ORC_OCR=non.")
    if find_spec("tesserocr") is None:
        raise Unavailable(_LIBRARY)
    given = settings.ocr_tessdata
    folders = [Path(given)] if given else _list_folders()
    for folder in folders:
        if (folder / f"{LANGUE}.traineddata").is_file():
            return Tessdata(str(folder), (folder / "osd.traineddata").is_file())
    if given:
        raise Unavailable(f"Il n’y a pas de « {LANGUE}.traineddata » dans « {given} ». {_DATA}")
    raise Unavailable(_DATA)


def _list_folders() -> list[Path]:
    """The usual places, the newest version of each first."""
    root = Path("/")
    return [f for pattern in _FOLDERS for f in sorted(root.glob(pattern[1:]), reverse=True)]
