"""Money in cents, as flows and as papers write it."""

from __future__ import annotations


def format_flux(centimes: int) -> str:
    """`123456` gives `1234.56`, as PES wants (decimal point, no sign)."""
    return f"{centimes // 100}.{centimes % 100:02d}"


def format_papier(centimes: int) -> str:
    """`123456` gives `1 234,56`, as an invoice writes it."""
    entier = f"{centimes // 100:,}".replace(",", " ")
    return f"{entier},{centimes % 100:02d}"


def compute_tva(ht: int, taux: int) -> int:
    """The TVA of `ht` at `taux` (in hundredths of a percent), rounded half up."""
    return (ht * taux + 5000) // 10000


def share(total: int, parts: int) -> list[int]:
    """`total` cut in `parts` amounts that add up to it, the first ones larger."""
    quotient, reste = divmod(total, parts)
    return [quotient + (1 if rang < reste else 0) for rang in range(parts)]
