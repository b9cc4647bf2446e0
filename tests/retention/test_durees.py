"""Dates of the durations: leap years, ends of month, 31 December included."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.retention.durees import Arrondi, Duree, Unite, find_libre, find_terme

# Start, duration, the last day kept, the first free day.
CAS = [
    ("2022-03-15", Duree(10, Unite.ANS), "2032-03-15", "2032-03-16"),
    ("2024-02-29", Duree(1, Unite.ANS), "2025-02-28", "2025-03-01"),
    ("2024-02-29", Duree(4, Unite.ANS), "2028-02-29", "2028-03-01"),
    ("2023-01-31", Duree(1, Unite.MOIS), "2023-02-28", "2023-03-01"),
    ("2023-11-30", Duree(3, Unite.MOIS), "2024-02-29", "2024-03-01"),
    ("2023-12-31", Duree(1, Unite.JOURS), "2024-01-01", "2024-01-02"),
    # Décret 2012-1246, art. 52: until 31 December included of the fifth year after.
    ("2021-06-30", Duree(5, Unite.ANS, Arrondi.FIN_D_ANNEE), "2026-12-31", "2027-01-01"),
    ("2021-12-31", Duree(5, Unite.ANS, Arrondi.FIN_D_EXERCICE), "2026-12-31", "2027-01-01"),
    ("2022-03-15", Duree(1, Unite.ANS, Arrondi.FIN_DE_MOIS), "2023-03-31", "2023-04-01"),
    ("2022-03-15", Duree(1, Unite.ANS, inclus=False), "2023-03-15", "2023-03-15"),
    ("9990-01-01", Duree(20, Unite.ANS), "9999-12-31", "9999-12-31"),
    ("9999-12-01", Duree(99, Unite.JOURS), "9999-12-31", "9999-12-31"),
]


@pytest.mark.parametrize(("debut", "duree", "terme", "libre"), CAS)
def test_a_term_is_where_the_law_puts_it(debut: str, duree: Duree, terme: str, libre: str) -> None:
    start = date.fromisoformat(debut)
    assert find_terme(start, duree).isoformat() == terme
    assert find_libre(start, duree).isoformat() == libre


DUREES = st.builds(
    Duree, st.integers(0, 200), st.sampled_from(Unite), st.sampled_from(Arrondi), st.booleans()
)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(DAYS, DUREES)
def test_a_duration_never_ends_before_it_begins(debut: date, duree: Duree) -> None:
    assert debut <= find_terme(debut, duree) <= find_libre(debut, duree)


@given(DAYS, DUREES)
def test_who_starts_later_never_ends_sooner(debut: date, duree: Duree) -> None:
    assert find_libre(debut, duree) <= find_libre(debut + timedelta(days=1), duree)


@given(DAYS, st.integers(0, 100), st.sampled_from(Arrondi))
def test_a_year_is_twelve_months(debut: date, years: int, arrondi: Arrondi) -> None:
    by_year = find_terme(debut, Duree(years, Unite.ANS, arrondi))
    assert by_year == find_terme(debut, Duree(12 * years, Unite.MOIS, arrondi))
