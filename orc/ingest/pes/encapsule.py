"""PES inside PES: a PJ of type 006 decodes to a flow that holds nothing but a PES_Facture."""

from orc.ingest.pes.flux import read_octets
from orc.ingest.pes.limits import FluxIllisible, Limits
from orc.ingest.pes.values import Anomalie, Facture, Gravite


def read_facture_encapsulee(
    octets: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
) -> list[Facture | Anomalie]:
    """Read the factures of a decoded PJ of type 006; what cannot be read is one Anomalie.

    Only one level: what the encapsulated flow may attach is not opened.
    """
    try:
        return [
            element
            for element in read_octets(octets, limits=limits)
            if isinstance(element, Facture | Anomalie) and not _is_of_entete(element)
        ]
    except FluxIllisible as error:
        return [Anomalie("facture_illisible", str(error), "", 0, Gravite.ERREUR)]


def _is_of_entete(element: Facture | Anomalie) -> bool:
    """A facture alone has no header of its own: that of its flow holds."""
    return isinstance(element, Anomalie) and element.code in {"entete_absente", "nom_fic_absent"}
