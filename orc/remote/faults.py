"""What goes wrong far away: what may pass by itself, what an operator has to mend."""

from orc.errors import Unavailable


class Injoignable(Unavailable):
    """The whole store does not answer for now: what waits stays to be done."""


class AccesRefuse(Injoignable):
    """It answers and will not let us in: the message says which setting to mend."""


class Passing(Exception):
    """One attempt failed for a cause that may pass; never leaves `Retries`. The text is French."""


class Altered(Exception):
    """The object is no longer the one that was seen (another ETag)."""


class WholeObject(Exception):
    """The service would give the whole object instead of the range asked for."""
