"""Messages of anomalies tell what is wrong, and to those who may not see it, nothing else."""

from orc.search.silo_state import hide_values


def test_values_quoted_by_an_anomalie_are_not_told_to_those_who_may_not_see_them() -> None:
    message = "Le bordereau 12 annonce 75 724,75 € HT ; « Paie de mai » est inconnu."
    assert hide_values(message) == "Le bordereau … annonce … € HT ; « … » est inconnu."


def test_a_quote_cut_short_is_hidden_to_its_end() -> None:
    assert hide_values("Valeur illisible : « 1850575") == "Valeur illisible : « … »"
