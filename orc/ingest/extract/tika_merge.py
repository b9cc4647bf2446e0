"""What ORC and Tika each read of one mail or archive, made one: the better of the two, per part."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from orc.ingest.extract.joints import SEPARATOR, find_base_name
from orc.ingest.extract.parts import conclude
from orc.ingest.extract.tika_server import is_ours
from orc.ingest.extract.values import EtatTexte, Extraction, Partie
from orc.ingest.type_reel import MAIL, MSG

_BROKEN = "Le fichier est abîmé : Tika en a lu ce qu’il a pu."


def merge(own: Extraction, tika: Extraction) -> Extraction:
    """One Extraction: PDF, images, XML and plain text as ORC read them, the rest as Tika did.

    Parts are matched by their last name, in order: the two walk the same file the same way.
    """
    if not any(tika.every_page):
        return own
    if not own.parties and not any(own.pages):
        broken = own.etat is EtatTexte.ILLISIBLE and not tika.motif
        return replace(tika, motif=_BROKEN) if broken else tika
    base = tika if any(tika.pages) or not any(own.pages) else own
    parties = tuple(_merge_parts(own.parties, tika.parties))
    made = conclude(
        replace(
            base,
            motif="",
            extracteur=f"{own.extracteur}+tika",
            metadonnees={**own.metadonnees, **tika.metadonnees},
            parties=(),
            nir=own.nir or tika.nir,
            analyse=None,
        ),
        parties,
    )
    for cut in (own, tika):
        if cut.etat is EtatTexte.TROP_GRAND:
            return replace(made, etat=cut.etat, motif=cut.motif)
    return made


def _merge_parts(own: Sequence[Partie], tika: Sequence[Partie]) -> Iterator[Partie]:
    """ORC's parts in their order, each as better read; then those only Tika opened."""
    waiting: dict[str, deque[Partie]] = {}
    for part in tika:
        waiting.setdefault(_name(part), deque()).append(part)
    for part in own:
        found = waiting.get(_name(part))
        other = found.popleft() if found else None
        if other is not None:
            yield _choose(part, other)
        elif not _is_opened(part, tika):
            yield part
    left = {id(part) for some in waiting.values() for part in some}
    yield from (part for part in tika if id(part) in left and any(part.pages))


def _is_opened(part: Partie, tika: Sequence[Partie]) -> bool:
    """Whether Tika alone could open this archive: what it carries says more than its refusal."""
    inside = part.nom + SEPARATOR
    refused = part.etat is EtatTexte.NON_PRIS_EN_CHARGE
    return refused and any(other.nom.startswith(inside) for other in tika)


def _choose(own: Partie, tika: Partie) -> Partie:
    if is_ours(own.type) or not any(tika.pages):
        return own
    return replace(tika, nom=own.nom)


def _name(part: Partie) -> str:
    """Its last name; a mail has none that both know: ORC's is its file's, Tika's its subject."""
    if part.type in {MAIL, MSG}:
        return MAIL
    return find_base_name(part.nom).casefold()
