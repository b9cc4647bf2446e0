"""The documents a document carries become its parts, one by one and under bounds. Child only."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from orc.ingest.extract.archives import ARCHIVES, BadArchive
from orc.ingest.extract.joints import (
    DEPTH,
    SEPARATOR,
    Allowance,
    Exhausted,
    Joint,
    clean_name,
    explain_unread,
)
from orc.ingest.extract.values import EtatTexte, Extraction, Partie
from orc.ingest.type_reel import INCONNU, MAILS, PDF, find_type

Read = Callable[[bytes, str, str], tuple[Extraction, Iterable[Joint]]]

# What has no text of its own to speak of, only what it carries.
CARRIERS = ARCHIVES | MAILS
_READ = frozenset({EtatTexte.EXTRAIT, EtatTexte.SANS_TEXTE, EtatTexte.VIDE})
_TOO_DEEP = "Il est trop profond (archive dans une archive) : il n’a pas été ouvert."
SCANNED = "Il est numérisé : l’OCR ne se fait pas encore dans un document joint."
_CRASHED = "Sa lecture a échoué ({})."
_MEMORY = "Sa lecture demande plus de mémoire que la limite."


class Parts:
    """Reads what one document carries.

    `harmed`: a library failed so that this process must end. `etat`, `motif`: why some were left.
    """

    def __init__(self, read: Read, allowance: Allowance) -> None:
        self._read = read
        self._allowance = allowance
        self.harmed = False
        self.etat: EtatTexte | None = None
        self.motif = ""

    def read(self, joints: Iterable[Joint]) -> tuple[Partie, ...]:
        """Every part, those of parts included."""
        parts: list[Partie] = []
        try:
            for part in self._walk(joints, "", 1):
                parts.append(part)  # noqa: PERF402 - what came before a failure is kept
        except Exhausted as error:
            self.etat, self.motif = EtatTexte.TROP_GRAND, str(error)
        except BadArchive as error:
            self.etat, self.motif = EtatTexte.ILLISIBLE, str(error)
        return tuple(parts)

    def conclude(self, extraction: Extraction, parties: tuple[Partie, ...]) -> Extraction:
        """The extraction of the document with its parts, and what they change in its state."""
        made = conclude(extraction, parties)
        if self.etat is None:
            return made
        kept = self.etat is EtatTexte.ILLISIBLE and any(any(part.pages) for part in parties)
        return replace(made, etat=made.etat if kept else self.etat, motif=self.motif)

    def _walk(self, joints: Iterable[Joint], prefix: str, depth: int) -> Iterator[Partie]:
        for rank, joint in enumerate(joints, 1):
            self._allowance.count_joint()
            yield from self._read_joint(joint, prefix + clean_name(joint.nom, rank), depth)

    def _read_joint(self, joint: Joint, name: str, depth: int) -> Iterator[Partie]:
        if joint.motif:
            yield Partie(name, INCONNU, (), joint.etat, joint.motif)
            return
        kind = find_type(joint.octets)
        if kind in CARRIERS and depth >= DEPTH:
            yield Partie(name, kind, (), EtatTexte.TROP_GRAND, _TOO_DEEP)
            return
        extraction, inside = self._read_safely(joint.octets, name, kind)
        if kind not in ARCHIVES or extraction.motif:
            yield make_part(name, extraction, joint.type or kind)
        try:
            yield from self._walk(inside, name + SEPARATOR, depth + 1)
        except BadArchive as error:
            yield Partie(name, kind, (), EtatTexte.ILLISIBLE, str(error))

    def _read_safely(
        self, octets: bytes, name: str, kind: str
    ) -> tuple[Extraction, Iterable[Joint]]:
        """No part may cost the others their text; BaseException: what a Rust library raises."""
        try:
            return self._read(octets, name, kind)
        except MemoryError:
            self.harmed = True
            return Extraction(EtatTexte.MEMOIRE, _MEMORY, type_reel=kind), ()
        except BadArchive as error:
            return Extraction(EtatTexte.ILLISIBLE, str(error), type_reel=kind), ()
        except BaseException as error:  # noqa: BLE001 - said by the state of the part
            self.harmed = self.harmed or not isinstance(error, Exception)
            motif = _CRASHED.format(type(error).__name__)
            return Extraction(EtatTexte.ILLISIBLE, motif, type_reel=kind), ()


def make_part(name: str, extraction: Extraction, type_reel: str) -> Partie:
    """A part out of what was read of it; scans of parts await an OCR that does not come yet."""
    motif = extraction.motif
    if extraction.pages_a_oceriser:
        motif = SCANNED
    return Partie(name, type_reel, extraction.pages, extraction.etat, motif)


def conclude(extraction: Extraction, parties: tuple[Partie, ...]) -> Extraction:
    """An extraction with its parts, and what they change in its state and reason."""
    if not extraction.pages and any(part.pages for part in parties):
        extraction = replace(extraction, pages=("",) * _count_pages(extraction))
    unread = [(p.nom, p.motif) for p in parties if p.etat not in _READ and p.motif]
    said = explain_unread(unread)
    if not extraction.motif and (extraction.type_reel in ARCHIVES or _is_empty(extraction)):
        etat, alone = _conclude_archive(extraction, parties)
        return replace(extraction, parties=parties, etat=etat, motif=said or alone)
    return replace(extraction, parties=parties, motif=extraction.motif or said)


def _is_empty(extraction: Extraction) -> bool:
    """Whether all its text is that of what it carries: a mail without words, an unknown archive."""
    return extraction.type_reel != PDF and not any(extraction.pages)


def _count_pages(extraction: Extraction) -> int:
    """Pages of a document that gave no text: those of its parts are counted after them."""
    said = extraction.metadonnees.get("pages", "")
    return max(int(said) if said.isdecimal() else 0, *extraction.pages_a_oceriser, 0)


def _conclude_archive(extraction: Extraction, parties: tuple[Partie, ...]) -> tuple[EtatTexte, str]:
    """The state of an archive: it is read when something in it is; else as what it holds."""
    if any(extraction.pages) or any(any(part.pages) for part in parties):
        return EtatTexte.EXTRAIT, ""
    if not parties:
        return EtatTexte.SANS_TEXTE, "L’archive est vide."
    etats = {part.etat for part in parties} - _READ
    if not etats:
        return EtatTexte.SANS_TEXTE, "Les documents de l’archive ne contiennent pas de texte."
    if len(etats) == 1 and (etat := etats.pop()) is not EtatTexte.A_OCERISER:
        return etat, ""
    return EtatTexte.NON_PRIS_EN_CHARGE, ""
