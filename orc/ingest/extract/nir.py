"""Masks the social security numbers (NIR) a text shows, and nothing that only looks like one. Pure.

The rule: a NIR is never in the index, a passage, a text tab, a log nor an export.
"""

import re

MASK = "[NIR masqué]"
_S = r"[ \t\n.\u00a0\u2007\u2009\u202f–-]{0,2}"
_D = r"[ \t.|\u00a0\u2007\u2009\u202f]{1,2}"
_KEY = r"(?:[ \t\n.\u00a0\u202f/|–-]{0,3}(?:[Cc]l[eé][ :]{0,3})?(\d\d))?"
_AFTER = r"(?!\w)(?![-/_]\w)(?!,\d)"
# Sex, year, month, département, commune, order, then the key where it is written. The look-behind
# stands after the first digit so that the scan jumps from digit to digit.
_GROUPED = re.compile(
    rf"[1-478](?<!\w\w)(?<!\d[.,]\w){_S}\d\d{_S}\d\d{_S}(?:\d\d|2[ABab])"
    rf"{_S}\d{{3}}{_S}(\d{{3}}){_KEY}{_AFTER}"
)
# Forms print one digit to a box.
_BOXED = re.compile(
    rf"(?<!\w)(?<!\d[.,])[1-478](?:{_D}\d){{5}}{_D}[\dABab](?:{_D}\d){{6}}"
    rf"(?:(?:{_D}\d){{2}})?{_AFTER}"
)
_PREFIX = re.compile(r"\w[-/_]$")
_NIR_PREFIX = re.compile(r"(?:NIR|INSEE|SS|SECU|S[ée]cu)[-/_]$", re.I)
_NOT_CODE = re.compile(r"[^\dABab]")
_CORSICA = {"2A": "19", "2B": "18"}
_UNKNOWN_MONTHS = frozenset({20, *range(30, 43), *range(50, 100)})
# What a NIR leaves once spaces and dots are deleted, each digit turned into 0, A and B into b.
_SHAPES = (b"0000000000000", b"000000b000000")
# Spaces, dots and hyphens, as the bytes of UTF-8 they are made of.
_SEPARATORS = bytes(set(" \t\n.|/-\u00a0\u2007\u2009\u202f·–".encode()))
_SHAPE = bytes(
    ord("0") if sign in b"0123456789" else ord("b") if sign in b"ABab" else ord("x")
    for sign in range(256)
)


def mask_nir(text: str) -> tuple[str, bool]:
    """Give back `text` with each NIR replaced by « [NIR masqué] », and whether there was one.

    Thirteen signs with or without the key of two, spaced, dotted or not, Corsica (2A, 2B) included.
    """
    if not _may_hold_one(text):
        return text, False
    masked = _BOXED.sub(_mask_boxed, _GROUPED.sub(_mask_grouped, text))
    return masked, masked != text


def find_nir_spans(text: str) -> list[tuple[int, int]]:
    """Where the NIR that `mask_nir` masks stand in `text`, in order; they may overlap."""
    if not _may_hold_one(text):
        return []
    found = []
    for pattern, mask in ((_GROUPED, _mask_grouped), (_BOXED, _mask_boxed)):
        for seen in pattern.finditer(text):
            masked = mask(seen)
            if masked != seen.group():
                found.append((seen.start(), seen.end() - len(masked) + len(MASK)))
    return sorted(found)


def _may_hold_one(text: str) -> bool:
    """A sieve twenty times faster than the patterns: most pages have no such run of digits."""
    bare = text.encode("utf-8", "replace").translate(_SHAPE, _SEPARATORS)
    return any(shape in bare for shape in _SHAPES)


def has_valid_key(code: str, cle: str) -> bool:
    """Whether `cle` (two digits) is 97 minus the thirteen-sign `code` modulo 97."""
    digits = _CORSICA.get(code[5:7].upper(), code[5:7])
    number = code[:5] + digits + code[7:]
    return number.isdecimal() and 97 - int(number) % 97 == int(cle)


def _mask_grouped(found: re.Match[str]) -> str:
    whole, cle = found.group(), found[2] or ""
    body = whole[: found.end(1) - found.start()]
    rest = whole[len(body) :]
    code = _NOT_CODE.sub("", body)
    proved = bool(cle) and has_valid_key(code, cle)
    if proved and _is_plausible(code, sure=True):
        return MASK
    before = found.string[max(0, found.start() - 8) : found.start()]
    reference = _PREFIX.search(before) and not _NIR_PREFIX.search(before)
    if reference or "\n" in body or not _is_plausible(code, sure=len(body) > 14):
        return whole
    if rest.isdecimal():
        return MASK if len(body) > 14 else whole
    return MASK + rest


def _mask_boxed(found: re.Match[str]) -> str:
    code = _NOT_CODE.sub("", found.group())
    sure = len(code) == 15 and has_valid_key(code[:13], code[13:])
    return MASK if _is_plausible(code[:13], sure=sure) else found.group()


def _is_plausible(code: str, *, sure: bool) -> bool:
    """Sex, month, département, commune and order make sense.

    Without a valid key or the usual spacing (`sure`), only what nearly all NIR have is taken: sex
    1 or 2, a month of the calendar. Months 20, 30 to 42 and 50 to 99 stand for unknown ones.
    """
    month = int(code[3:5])
    if code[5:7] == "00" or code[7:10] == "000" or code[10:] == "000":
        return False
    if 1 <= month <= 12 and code[0] in "12":
        return True
    return sure and (1 <= month <= 12 or month in _UNKNOWN_MONTHS)
