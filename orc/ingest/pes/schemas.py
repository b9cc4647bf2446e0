"""Validation against the official schemas: it flags, it never rejects.

The schemas are the DGFiP's and are not shipped: a setting names the folder that holds them. Old
flows, valid in their time, fail the schema of today.
"""

import itertools
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from orc.ingest.pes.tiers import mask_nir
from orc.ingest.pes.values import Anomalie, Gravite

_SCHEMAS = {
    "PES_Aller": "Rev0/PES_Aller.xsd",
    "PES_Retour": "RETOUR/Rev0/PES_Retour.xsd",
    "PES_ACQUIT_RETOUR": "RETOUR/Rev0/PES_V2_Acquit_Retour.xsd",
    "liensPj": "RETOUR/NS_LienPjCDGD/r0/CDGDLiensPJ.xsd",
}
_ACQUITS = {
    True: "Rev0/PES_V2_Acquit_Autonome_V2.xsd",
    False: "Rev0/PES_V2_Acquit_Autonome.xsd",
}
_MAX = 200
_CHUNK = 4096
_TAILLE_MAX = 128 * 1024 * 1024


def validate_flux(path: Path, xsd_dir: Path | None) -> list[Anomalie]:
    """List what the schema finds wrong in a plain XML flow, at most 200 things, [] without schema.

    `xsd_dir` is a folder of one version of the schemas, which holds PES_V2/Rev0. The whole tree is
    held in memory: flows above 128 MiB are not validated, and said not to be.
    """
    if xsd_dir is None or not xsd_dir.is_dir():
        return []
    if path.stat().st_size > _TAILLE_MAX or _has_doctype(path):
        message = "Le flux est trop gros, ou porte une DTD : il n’est pas comparé au schéma."
        return [_flag("xsd_non_valide", message, 0)]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        tree = etree.parse(str(path), parser)
        schema = _load(tree, xsd_dir)
        if schema is None:
            return []
        schema.validate(tree)
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        return [_flag("xsd_non_valide", f"La comparaison au schéma a échoué : {error}"[:300], 0)]
    log: Any = schema.error_log
    found = [
        _flag("xsd", f"Écart au schéma : {mask_nir(entry.message[:300])}", entry.line)
        for entry in itertools.islice(log, _MAX + 1)
    ]
    if len(found) > _MAX:
        message = f"Plus de {_MAX} écarts au schéma : la suite n’est pas détaillée."
        return [*found[:_MAX], _flag("anomalies_tues", message, 0)]
    return found


def _has_doctype(path: Path) -> bool:
    """Whether a DTD, or anything that is not XML, comes before the root."""
    seen: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: seen.append(True)
    parser.StartElementHandler = lambda *_: seen.append(False)
    try:
        with path.open("rb") as file:
            while not seen and (chunk := file.read(_CHUNK)):
                parser.Parse(chunk)
    except (expat.ExpatError, ValueError, LookupError):
        return not seen or seen[0]
    return not seen or seen[0]


def _load(tree: etree._ElementTree, xsd_dir: Path) -> etree.XMLSchema | None:
    """The schema of a flow by its root and namespace, None when the folder has none for it."""
    root = etree.QName(tree.getroot())
    name = _SCHEMAS.get(root.localname)
    if root.localname == "PES_ACQUIT":
        name = _ACQUITS[(root.namespace or "").endswith("/retour/v2")]
    if name is None:
        return None
    folders = (xsd_dir, xsd_dir / "PES_V2")
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    return etree.XMLSchema(etree.parse(str(file))) if file else None


def _flag(code: str, message: str, ligne: int) -> Anomalie:
    return Anomalie(code, message, "", ligne, Gravite.INFO)
