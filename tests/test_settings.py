"""The choices of an operator are read once, checked, and explained."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from orc.errors import Invalid
from orc.settings import Settings, read_settings


def test_without_any_setting_everything_lies_in_one_folder() -> None:
    settings = read_settings({"HOME": "/root"})
    assert settings == Settings()
    assert settings.database_url().startswith("sqlite:///")
    assert settings.index_url().startswith("tantivy://")
    assert settings.storage_url().startswith("file://")
    assert settings.cache_folder() == Path("var/orc/cache")


def test_settings_are_read_by_name_and_kind() -> None:
    settings = read_settings(
        {"ORC_DATA": "/d", "ORC_WORKERS": "3", "ORC_COOKIE_SECURE": "oui", "ORC_CACHE": "/c"}
    )
    assert (settings.data, settings.workers, settings.cookie_secure) == ("/d", 3, True)
    assert settings.cache_folder() == Path("/c")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"ORC_WORKER": "3"}, "inconnu : ORC_WORKER"),
        ({"ORC_WORKERS": "trois"}, "nombre entier, pas « trois »"),
        ({"ORC_COOKIE_SECURE": "peut-être"}, "oui ou non"),
    ],
)
def test_a_wrong_setting_is_refused_in_french(environ: dict[str, str], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_settings(environ)


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Settings(), "data", "x")  # noqa: B010 - the assignment itself is under test


def test_every_setting_is_explained_in_docs_reglages() -> None:
    text = Path("docs/reglages.md").read_text(encoding="utf-8")
    for field in fields(Settings):
        assert f"| `ORC_{field.name.upper()}` |" in text
        assert field.metadata["aide"] in text
