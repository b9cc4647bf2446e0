"""Reads a PES flow from a local file, block by block, in flat memory.

expat sees everything but the base64 of the PJ, which is skipped in the file; byte offsets are
those of the file all the same.
"""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from orc.ingest.pes.assembleur import Assembleur
from orc.ingest.pes.encoding import LATIN1, UTF8, Correction, Depart, find_depart
from orc.ingest.pes.lecteur import Lecteur
from orc.ingest.pes.limits import Arret, FluxIllisible, Limits
from orc.ingest.pes.octets import FichierOuvert, Octets, find_octet
from orc.ingest.pes.pj import Fichier, read_fichier
from orc.ingest.pes.values import Anomalie, Entete, Gravite
from orc.ingest.pes.values_retour import Element
from orc.silo.payload import EtatContenu

_CHUNK = 64 * 1024
_HEAD = 64 * 1024
_FICHIER = re.compile(rb"<(?:[\w.-]{1,64}:)?Fichier(?=[\s/>])")
_FICHIER_MAX = 80
_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_TAG_MAX = 8192
_INVALID_TOKEN = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_TRUNCATED = frozenset(
    expat.errors.codes[error]
    for error in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_FALSE_UTF8 = "Le fichier se dit en UTF-8 et ne l’est pas : il est lu en windows-1252."


class _FalseUtf8(Exception):
    """The file says UTF-8 and is not."""


def read_flux(path: Path, *, limits: Limits = Limits()) -> Iterator[Element]:  # noqa: B008 - a frozen value
    """Yield the elements of a plain XML flow, in its order, holding one piece at a time.

    First an Entete, last a FinFlux. What is wrong is yielded as an Anomalie and the rest goes on; a
    flow that stops short yields all that was complete, then `xml_tronque`. FluxIllisible, before
    anything is yielded, when nothing can be used: not XML, not PES, empty, UTF-16, with a DTD.
    """
    if path.stat().st_size == 0:
        raise FluxIllisible("Le fichier est vide.")
    with path.open("rb") as file:
        yield from _read(FichierOuvert(file.fileno()), limits)


def read_octets(octets: bytes, *, limits: Limits = Limits()) -> Iterator[Element]:  # noqa: B008 - a frozen value
    """Read a small flow that is already in memory, as read_flux does."""
    if not octets:
        raise FluxIllisible("Le fichier est vide.")
    yield from _read(octets, limits)


def _read(data: Octets, limits: Limits) -> Iterator[Element]:
    """Read once, and once more in windows-1252 where UTF-8 proves false, without repeating."""
    depart = find_depart(data[:_HEAD])
    run = _Passage(data, depart, limits)
    count = 0
    try:
        for element in run.read():
            count += 1
            yield element
    except _FalseUtf8:
        depart = Depart(LATIN1, depart.debut + run.bom, _FALSE_UTF8)
        run = _Passage(data, depart, limits)
        for rank, element in enumerate(run.read()):
            if rank >= count:
                yield element


class _Passage:
    """One reading of a file in one encoding."""

    def __init__(self, data: Octets, depart: Depart, limits: Limits) -> None:
        self.data = data
        self.size = len(data)
        self.depart = depart
        self.limits = limits
        self.bom = 3 if data[depart.debut : depart.debut + 3] == b"\xef\xbb\xbf" else 0
        self.out: deque[Element] = deque()
        self.correction = Correction(depart.encodage)
        name = "windows-1252" if depart.encodage == LATIN1 else depart.encodage
        self.lecteur = Lecteur(self.out.append, limits, name)
        self.assembleur = Assembleur(
            self.lecteur, limits, self.correction, self._slice, self._read_fichier
        )
        self.assembleur.sautes = depart.debut
        self.assembleur.lignes_sautees = data[: depart.debut].count(b"\n")
        self._payload: tuple[int, bytes] = (-1, b"")
        self._entete_rendue = False

    def read(self) -> Iterator[Element]:
        """Feed expat from the first byte to the last, yielding what comes out."""
        fault: Arret | expat.ExpatError | None = None
        try:
            for _ in self._feed_all():
                yield from self._drain()
        except (Arret, expat.ExpatError) as error:
            fault = error
        yield from self._drain()
        if fault is not None:
            self._signal_fault(fault)
        self._signal_encodage()
        self._signal_tues()
        self.lecteur.end(complet=fault is None or self.assembleur.termine)
        yield from self._drain()

    def _drain(self) -> Iterator[Element]:
        """Yield what is ready; nothing before the Entete, which comes first."""
        if not self._entete_rendue:
            if not self.lecteur.entete_emise:
                return
            self._entete_rendue = True
            entete = next(element for element in self.out if isinstance(element, Entete))
            self.out.remove(entete)
            yield entete
        while self.out:
            yield self.out.popleft()

    def _feed_all(self) -> Iterator[None]:
        at = self.depart.debut
        while at < self.size:
            end = min(at + _CHUNK, self.size)
            window = self.data[at : end + _FICHIER_MAX]
            stop = self._find_fichier(window, at, end)
            self._parse(window[: end - at] if not stop else self.data[at:stop])
            at = stop or end
            if stop and self.assembleur.fichier_offset == stop:
                at = self._skip_payload(stop)
            elif stop and stop < end:  # in a comment or a value: the rest is fed as it comes
                self._parse(self.data[at:end])
                at = end
            self._check_progress(at)
            yield
        self._parse(b"", final=True)

    def _find_fichier(self, window: bytes, at: int, end: int) -> int:
        """Return where the first opening tag of a Fichier in this window ends, 0 if none."""
        found = _FICHIER.search(window)
        if found is None or at + found.start() >= end:
            return 0
        start = at + found.start()
        tag = _TAG.match(self.data[start : start + _TAG_MAX])
        return start + tag.end() if tag and not tag[0].endswith(b"/>") else 0

    def _parse(self, octets: bytes, *, final: bool = False) -> None:
        try:
            self.assembleur.parser.Parse(octets, final)
        except expat.ExpatError as error:
            if self._is_false_utf8(error):
                raise _FalseUtf8 from error
            raise

    def _is_false_utf8(self, error: expat.ExpatError) -> bool:
        if self.depart.encodage != UTF8 or error.code != _INVALID_TOKEN:
            return False
        at = self.assembleur.parser.ErrorByteIndex + self.assembleur.sautes
        return not self.data[max(0, at - 3) : at + 4].isascii()

    def _skip_payload(self, start: int) -> int:
        """Jump over the base64 that begins at `start`, if the tag that closes it comes right after.

        Where something else comes (a comment, CDATA, an element), expat reads on from `start`.
        """
        end = find_octet(self.data, b"<", start)
        if end < 0 or self.data[end : end + 2] != b"</":
            return start
        if end - start <= _text_max(self.limits):
            payload = self._slice(start, end)
            self._payload = (start, payload)
            self.assembleur.lignes_sautees += payload.count(b"\n")
        self.assembleur.sautes += end - start
        return end

    def _slice(self, start: int, end: int) -> bytes:
        return self.data[start:end]

    def _read_fichier(self, start: int, end: int, mime: str) -> Fichier:
        limite = self.limits.contenu
        if end - start > _text_max(self.limits):
            message = f"Le contenu dépasse la limite de {limite} octets."
            etat = EtatContenu.TROP_GRAND
            return Fichier(start, end - start, mime, etat, "", 0, "", message)
        held, payload = self._payload
        if held != start:
            payload = self._slice(start, end)
        self._payload = (-1, b"")
        return read_fichier(payload, start, mime, limite)

    def _check_progress(self, at: int) -> None:
        if at - self.assembleur.position > self.limits.balise + _CHUNK:
            message = f"Une balise dépasse {self.limits.balise} octets."
            raise Arret("balise_trop_longue", message)

    def _signal_fault(self, fault: Arret | expat.ExpatError) -> None:
        """Say why the reading stops; FluxIllisible when there was nothing before."""
        ligne, chemin = self.assembleur.ligne, self.assembleur.chemin
        code, message = _explain(fault, self.assembleur.parser)
        gravite = Gravite.ERREUR
        if self.assembleur.termine:
            code, gravite = "suite_ignoree", Gravite.ANOMALIE
            message = "Le flux est suivi d’autre chose, qui n’est pas lu."
        elif not self.lecteur.entete_emise:
            if self.assembleur.commence:
                message = f"Le flux s’interrompt avant la fin de son en-tête : {message}"
            raise FluxIllisible(message, f"ligne {ligne}")
        self.lecteur.lecture.nb_anomalies += 1
        self.out.append(Anomalie(code, message, chemin, ligne, gravite))

    def _signal_encodage(self) -> None:
        message = self.depart.remarque
        if self.correction.faux and not message:
            message = "Des valeurs sont en UTF-8 dans un flux qui se dit autrement encodé."
        if message:
            self.lecteur.lecture.nb_anomalies += 1
            self.out.append(Anomalie("encodage_faux", message, "", 1, Gravite.INFO))

    def _signal_tues(self) -> None:
        if tues := self.lecteur.lecture.nb_tues:
            message = f"{tues} autres anomalies ne sont pas détaillées."
            self.out.append(Anomalie("anomalies_tues", message, "", 0, Gravite.INFO))


def _text_max(limits: Limits) -> int:
    """Bytes of base64, wrapped and indented, that a content within the limit may take."""
    return 2 * limits.contenu + 16 * 1024


def _explain(fault: Arret | expat.ExpatError, parser: expat.XMLParserType) -> tuple[str, str]:
    if isinstance(fault, Arret):
        return fault.code, fault.message
    if fault.code in _TRUNCATED:
        return "xml_tronque", "Le fichier est tronqué : sa fin manque."
    if parser.CurrentByteIndex <= 0:
        return "xml_invalide", "Le fichier n’est pas du XML."
    column = parser.ErrorColumnNumber + 1
    return "xml_invalide", f"Le XML n’est plus lisible à partir d’ici (colonne {column})."
