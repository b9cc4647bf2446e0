"""Who did what: one append-only row per act, in the transaction of the act."""

from orc.journal.acts import Acte, Auteur, record_acte

__all__ = ["Acte", "Auteur", "record_acte"]
