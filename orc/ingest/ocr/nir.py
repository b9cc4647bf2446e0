"""The NIR of a text read by OCR, those whose digits were taken for letters included. Pure."""

import re

from stdnum import luhn

from orc.ingest.extract.nir import find_nir_spans, has_valid_key

Span = tuple[int, int]

# One sign for one, so that places stay.
_MISREAD = str.maketrans("OoQDlI|!][iZzSsGBgq", "0000111111122556899")
_SIGN = r"[\dOoQDlI|!\]\[iZzSsGBgq]"
_GAP = r"[ \t.\n]{0,2}"
# Thirteen or fifteen signs; A and B stand in Corsica's numbers.
_RUN = re.compile(rf"(?<!\w){_SIGN}(?:{_GAP}(?:{_SIGN}|(?<=2)[AaBb])){{12,14}}(?!\w)")
_LABEL = re.compile(
    r"s[eé]curit[eé]\s+sociale|\bn\W{0,3}\s*(?:de\s+)?(?:s[eé]cu|ss\b|insee)|\bNIR\b|\bs[eé]cu\b|"
    r"immatriculation",
    re.IGNORECASE,
)
_AFTER_LABEL = 200
_MOSTLY_DIGITS = 9


def find_nir(text: str) -> list[Span]:
    """Where the NIR of this text stand, in order and apart from one another.

    Besides what a printed text shows: runs whose key is right once letters are read as the digits
    they look like, and any run of that length soon after words that announce a NIR.
    """
    found = [*find_nir_spans(text), *_find_misread(text)]
    return _merge(sorted(found))


def _find_misread(text: str) -> list[Span]:
    labels = [label.end() for label in _LABEL.finditer(text)]
    found = []
    for run in _RUN.finditer(text):
        if sum(sign.isdigit() for sign in run.group()) < _MOSTLY_DIGITS:
            continue
        code = re.sub(r"[^0-9ABab]", "", run.group().translate(_MISREAD))
        announced = any(0 <= run.start() - end <= _AFTER_LABEL for end in labels)
        if _is_proved(code) or (announced and _may_be_one(code)):
            found.append(run.span())
    return found


def _is_proved(code: str) -> bool:
    """Fifteen signs with a right key, and not the number of something else."""
    return (
        len(code) == 15
        and code[0] in "123478"
        and code[13:].isdecimal()
        and has_valid_key(code[:13], code[13:])
    )


def _may_be_one(code: str) -> bool:
    siret = len(code) == 14 and code.isdecimal() and luhn.is_valid(code)
    return code[0] in "123478" and not siret


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
