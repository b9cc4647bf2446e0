"""What only PostgreSQL's driver needs; imported by orc.db.engines when such a base is opened."""

from psycopg.abc import Buffer
from psycopg.adapt import Loader


class Entier(Loader):
    """A NUMERIC as an int where it is whole, as a float otherwise."""

    def load(self, data: Buffer) -> int | float:
        """From the text of the server: `12`, `0.5`, `NaN`."""
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)
