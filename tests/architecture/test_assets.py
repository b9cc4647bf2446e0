"""The interface carries nothing reserved to the State, and loads nothing from elsewhere."""

import json
import re
from pathlib import Path

import pytest

REMOTE = re.compile(r"""(?:src|href|action)=["']\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//""")


@pytest.fixture
def vendor(root: Path) -> Path:
    folder = root / "web/static/vendor"
    if not folder.is_dir():
        pytest.skip("les composants de l’interface ne sont pas installés : make installer")
    return folder


def test_no_mark_of_the_state_is_served_by_default(vendor: Path) -> None:
    served = [path for path in vendor.rglob("*") if "dsfr-etat" not in path.parts]
    names = {path.name.lower() for path in served}
    assert not [name for name in names if "marianne" in name or name.endswith((".woff", ".woff2"))]
    assert "marianne" not in (vendor / "dsfr/dsfr.min.css").read_text().lower().replace(
        "red-marianne", ""
    )


def test_every_icon_a_style_sheet_names_is_served(vendor: Path) -> None:
    for sheet in (vendor / "dsfr").glob("*.css"):
        named = set(re.findall(r"url\(([^)\"':]+\.svg)\)", sheet.read_text(encoding="utf-8")))
        assert named
        assert not [icon for icon in named if not (sheet.parent / icon).is_file()]


def test_pages_load_nothing_from_elsewhere(tree_texts: dict[str, str]) -> None:
    own = [name for name in tree_texts if name.startswith(("web/templates/", "web/static/"))]
    assert not [name for name in own if REMOTE.search(tree_texts[name])]


def test_the_lock_names_every_package_by_its_content(root: Path) -> None:
    packages = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    fetched = {
        n: p for n, p in packages.items() if n.startswith("node_modules/") and "link" not in p
    }
    assert fetched
    assert all("integrity" in package and "resolved" not in package for package in fetched.values())
