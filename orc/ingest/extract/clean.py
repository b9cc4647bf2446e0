"""Text as readers give it becomes text a person reads: controls, ligatures, cut words. Pure."""

import re
import unicodedata
from collections.abc import Iterable

# Everything but line ends, printable ASCII, Latin letters and the signs French print uses.
_ODD = re.compile("[^\n -~¡-¬®-ɏ‐-‖‘-”†-•…‰‹›€™−]")
_SPACES = dict.fromkeys([0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_LINES = dict.fromkeys([0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029], "\n")
_INVISIBLE: dict[int, str | None] = dict.fromkeys(
    [
        *range(9),
        *range(0x0E, 0x20),
        *range(0x7F, 0x85),
        *range(0x86, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        *range(0xFFF9, 0xFFFD),
        0xFFFF,
    ]
)
_TABLE: dict[int, str | None] = {**_INVISIBLE, **_SPACES, **_LINES}
_LIGATURES = re.compile("[ﬀ-ﬆ]")
_PRIVATE = re.compile("[\ue000-\uf8ff\ud800-\udfff]")
_SOFT_HYPHEN = re.compile("\xad[ \t]*\n?")
# pdfium turns the hyphen of a word cut by the end of a line, and that end, into U+FFFE (or U+0002).
_CUT = re.compile("(?:([^\\W\\d_]+))?[\x02\ufffe]\n?(?:([^\\W\\d_]\\S*)[ \t]*(\n?))?")
_HYPHEN_CUT = re.compile(r"(?<![\w-])([^\W\d_]{2,})-[ \t]*\n[ \t]*([^\W\d_]\S*)[ \t]*(\n?)")
# Compounds cut at their own hyphen keep it: « sous-\npréfet » is not « souspréfet ».
_COMPOUND = re.compile(
    r"sous|vice|ex|non|demi|mi|semi|quasi|avant|après|arrière|contre|post|sans|peut|au|par|ci|"
    r"là|celui|celle|ceux|moi|lui|elle|nous|vous|rendez|c’est|haut|bas|grand|petit|mieux|bien|"
    r"trop|plein|porte|garde|auto|inter|socio|franco|saint|sainte|chef|lieu|sud|nord|ouest|"
    r"dit|centre|hors|tout|toute|compte|quote|procès|vingt|trente|quarante|cinquante|soixante|"
    r"quatre|dix"
)
_READABLE = re.compile(r"[^\W_]")
_BAD = re.compile("[\ufffd\ue000-\uf8ff\x00\x01\x03-\x08\x0e-\x1f]")


def clean_text(text: str) -> str:
    """Give back `text` with LF line ends, no control character, no ligature, cut words joined.

    Lines stay lines; any kind of space becomes a plain one; accents are composed (NFC).
    """
    return clean_and_rate(text)[0]


def clean_and_rate(text: str) -> tuple[str, float]:
    """`clean_text`, and the part (0 to 1) of signs no reader can read: see `bad_ratio`."""
    text = text.replace("\r\n", "\n")
    bad = 0.0
    # Nearly every page is plain: one scan says so.
    if _ODD.search(text):
        bad = bad_ratio(text)
        text = _clean_odd(text)
    if "-\n" in text:
        text = _HYPHEN_CUT.sub(_join_unless_compound, text)
    return text, bad


def _clean_odd(text: str) -> str:
    text = _CUT.sub(_join_unless_compound, _SOFT_HYPHEN.sub("", text))
    text = text.translate(_TABLE)
    text = _PRIVATE.sub(" ", text)
    text = _LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _join_unless_compound(found: re.Match[str]) -> str:
    """The two halves on the first line, and the rest of the second on a line of its own."""
    left, right = found[1] or "", found[2] or ""
    cut = bool(left and right) and (left[-1] + right[0]).islower()
    hyphen = "" if cut and not _COMPOUND.fullmatch(left.lower()) else "-"
    return f"{left}{hyphen}{right}\n" if right else f"{left}{hyphen}"


def has_text(pages: Iterable[str]) -> bool:
    """Whether there is a letter or a digit on any of these pages."""
    return any(_READABLE.search(page) for page in pages)


def count_readable(text: str) -> int:
    """How many letters and digits a text has."""
    return len(_READABLE.findall(text))


def bad_ratio(text: str) -> float:
    """The part (0 to 1) of signs no reader can read: U+FFFD, private use, controls."""
    if not _BAD.search(text):
        return 0.0
    seen = len(text) - text.count(" ") - text.count("\n") - text.count("\r")
    return len(_BAD.findall(text)) / max(seen, 1)


def fold(text: str) -> str:
    """Lower-case letters without accents nor ligatures: what two spellings of a word share."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    lowered = lowered.replace("ø", "o").replace("ł", "l").replace("đ", "d")
    plain = unicodedata.normalize("NFKD", lowered)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
