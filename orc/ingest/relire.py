"""Texts that may be read better now: marked to be extracted again, by the tasks that always do.

Until it is read again a document stays found by the text it had.
"""

from sqlalchemy import ColumnElement, and_, func, select, update

from orc.db import Reading, Writing
from orc.errors import Invalid
from orc.ingest.a_decider import mark_textes
from orc.ingest.extract.tika_pool import SANS_TIKA
from orc.ingest.extract.values import EtatTexte
from orc.ingest.texts import FROM_SILO
from orc.models import PieceJustificative, Texte

TIKA, SILO = "tika", "silo"
MOTIFS = (TIKA, SILO)


def find_wanted(motif: str, etat: str, type_reel: str) -> ColumnElement[bool]:
    """Which texts these criteria name, "" for any; Invalid where one is unknown or all are "".

    `motif` "tika": those that the embedded library read, or could not, because Tika failed;
    "silo": those that the silo did not give.
    """
    wanted = []
    if motif:
        said = {TIKA: Texte.extracteur.endswith(SANS_TIKA), SILO: Texte.extracteur == FROM_SILO}
        if motif not in said:
            raise Invalid(f"Motif inconnu : {motif}. Motifs possibles : {', '.join(MOTIFS)}.")
        wanted.append(said[motif])
    if etat:
        if etat not in set(EtatTexte):
            raise Invalid(f"État inconnu : {etat}. États possibles : {', '.join(EtatTexte)}.")
        wanted.append(Texte.etat == etat)
    if type_reel:
        wanted.append(Texte.type_reel == type_reel)
    if not wanted:
        raise Invalid("Quels textes relire ? Donnez un motif, un état ou un type de contenu.")
    known = select(PieceJustificative.id).where(PieceJustificative.sha256 == Texte.sha256)
    return and_(Texte.etat != EtatTexte.A_EXTRAIRE, known.exists(), *wanted)


def count_wanted(session: Reading, wanted: ColumnElement[bool]) -> int:
    """How many texts these are."""
    return session.scalar(select(func.count()).select_from(Texte).where(wanted)) or 0


def ask_again(session: Writing, wanted: ColumnElement[bool]) -> int:
    """Mark them to be extracted again; how many. Then `tasks.enqueue_unfinished` has it done."""
    done = session.execute(
        update(Texte)
        .where(wanted)
        .values(etat=EtatTexte.A_EXTRAIRE.value)
        .returning(Texte.sha256)
        .execution_options(synchronize_session=False)
    ).all()
    mark_textes(session, [row.sha256 for row in done])
    return len(done)
