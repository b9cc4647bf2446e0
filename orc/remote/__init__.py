"""Remote stores, for the silo and for the texts: who ORC is there, retries, faults in French."""

from orc.remote.acces import Acces, make_silo_acces, make_storage_acces
from orc.remote.faults import AccesRefuse, Injoignable, Passing
from orc.remote.retry import Retries

__all__ = [
    "Acces",
    "AccesRefuse",
    "Injoignable",
    "Passing",
    "Retries",
    "make_silo_acces",
    "make_storage_acces",
]
