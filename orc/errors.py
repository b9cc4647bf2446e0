"""What ORC refuses, in words for a person. Only web/errors.py and the CLI map them outwards."""


class OrcError(Exception):
    """A refusal that a person reads: the message is French and says what to do next."""


class NotFound(OrcError):
    """It does not exist, or the reader may not see it: the two are never told apart."""


class Forbidden(OrcError):
    """The act itself is not the person's to do, whatever the object."""


class Conflict(OrcError):
    """True in itself, but not in the present state of the archive."""


class Invalid(OrcError):
    """The input cannot be understood; `place` says where (a path, a line, a position)."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{message} ({place})" if place else message)
        self.place = place


class Unavailable(OrcError):
    """Something outside ORC does not answer: trying again later may do."""
