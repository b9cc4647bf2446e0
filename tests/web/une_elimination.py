"""A running ORC whose PJ may go, and an account for each person of an elimination."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orc.bootstrap import Orc, make_orc
from orc.identity.comptes import NouveauCompte, create_compte
from orc.settings import Settings
from tests.archive import MOT_DE_PASSE
from tests.retention.eliminables import PERSONNES, Monde, make_monde


@dataclass
class Archive:
    """The running ORC, and what is in it."""

    orc: Orc
    monde: Monde


@contextmanager
def open_archive(folder: Path, combien: int = 6, **settings: object) -> Iterator[Archive]:
    """So many PJ of a commune, all of them ELIGIBLE; its Orc closed at the end."""
    settings.setdefault("second_facteur_roles", "")
    orc = make_orc(Settings(data=str(folder / "orc"), **settings))  # type: ignore[arg-type]  # settings by their names
    try:
        with orc.database.writing() as session:
            for nom in (*PERSONNES, "administrateur"):
                create_compte(session, NouveauCompte(nom, nom.title(), MOT_DE_PASSE), par="test")
        monde = make_monde(orc.database, folder / "flux", combien)
        monde.storage = orc.storage
        yield Archive(orc, monde)
    finally:
        orc.close()
