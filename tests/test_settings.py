"""The choices of an operator are read once, checked, and explained."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from orc.errors import Invalid
from orc.index.engines import elasticsearch
from orc.ingest.extract import tika_http
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


def test_a_setting_may_be_held_by_a_file_as_a_secret_is(tmp_path: Path) -> None:
    secret = tmp_path / "base"
    secret.write_text("postgresql+psycopg://orc:s3cr3t@base/orc\n", encoding="utf-8")
    number = tmp_path / "nombre"
    number.write_text("3", encoding="utf-8")
    settings = read_settings({"ORC_DATABASE_FILE": str(secret), "ORC_WORKERS_FILE": str(number)})
    assert settings.database == "postgresql+psycopg://orc:s3cr3t@base/orc"
    assert settings.workers == 3


def test_a_secret_s_file_that_cannot_serve_is_refused_without_showing_it(tmp_path: Path) -> None:
    secret = tmp_path / "base"
    with pytest.raises(Invalid, match=r"ORC_DATABASE_FILE : le fichier .* ne se lit pas"):
        read_settings({"ORC_DATABASE_FILE": str(secret)})
    secret.write_bytes(b"s3cr3t \xff")
    with pytest.raises(Invalid, match="ne se lit pas"):
        read_settings({"ORC_DATABASE_FILE": str(secret)})
    for text in ("s3cr3t\nsuite", "x" * 20_000):
        secret.write_text(text, encoding="utf-8")
        with pytest.raises(Invalid, match="une ligne") as refusal:
            read_settings({"ORC_DATABASE_FILE": str(secret)})
        assert "s3cr3t" not in str(refusal.value)
    with pytest.raises(Invalid, match="un seul suffit"):
        read_settings({"ORC_DATABASE": "sqlite://", "ORC_DATABASE_FILE": str(secret)})
    with pytest.raises(Invalid, match="inconnu : ORC_DATABAS_FILE"):
        read_settings({"ORC_DATABAS_FILE": str(secret)})


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Settings(), "data", "x")  # noqa: B010 - the assignment itself is under test


def test_every_setting_is_explained_in_docs_reglages() -> None:
    text = Path("docs/reglages.md").read_text(encoding="utf-8")
    for field in fields(Settings):
        assert f"| `ORC_{field.name.upper()}` |" in text
        assert field.metadata["aide"] in text


def test_no_secret_is_shown_with_what_holds_it() -> None:
    addresses = {
        "ORC_DATABASE": "postgresql+psycopg://orc:s3cr3t@base/orc",
        "ORC_QUEUE": "redis://:s3cr3t@file:6379/0",
        "ORC_TIKA": "https://orc:s3cr3t@tika",
    }
    settings = read_settings({**addresses, "ORC_INDEX_CLE_API": "s3cr3t"})
    index = elasticsearch.Acces(cle_api="s3cr3t", utilisateur="orc", mot_de_passe="s3cr3t")
    for held in (settings, index, tika_http.Acces(settings.tika)):
        assert "s3cr3t" not in repr(held)
