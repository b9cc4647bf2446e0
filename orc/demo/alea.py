"""Chance that repeats: a generator per place of the silo, seeded by words, not hash() nor time."""

from __future__ import annotations

import random

Alea = random.Random


def make_alea(seed: int, *mots: object) -> Alea:
    """A generator that depends on the seed and the words alone, on any machine (string seeding)."""
    graine = "/".join(str(mot) for mot in (seed, *mots))
    return Alea(graine)
