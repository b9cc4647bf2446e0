"""docker-compose.yml and the image: valid, closed, and on settings that ORC knows."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orc.settings import read_settings
from tests.serveurs import Serveur
from web.security import BODY_PIECES

ROOT = Path(__file__).resolve().parents[1]
PROFILES = ("default", "grand", "grand-rabbitmq")
ROOTS = {"", "0", "root", "0:0"}


def run_compose(program: str, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Docker-compose on the file, knowing nothing of this machine's own environment."""
    whole = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environ}
    command = [program, "-f", str(ROOT / "docker-compose.yml"), *argv]
    return subprocess.run(command, capture_output=True, text=True, env=whole, check=False)


@pytest.fixture(scope="module", params=PROFILES)
def services(request: pytest.FixtureRequest, compose: Serveur) -> dict[str, Any]:
    done = run_compose(compose.url, "--profile", request.param, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def test_without_any_choice_one_container_holds_everything(compose: Serveur) -> None:
    done = run_compose(compose.url, "config", "--services")
    assert done.stdout.split() == ["orc"]


@pytest.mark.parametrize(
    ("profile", "broker", "other"),
    [("grand", "redis", "rabbitmq"), ("grand-rabbitmq", "rabbitmq", "redis")],
)
def test_the_scaled_orc_has_two_webs_and_a_worker_a_queue_on_one_broker(
    compose: Serveur, profile: str, broker: str, other: str
) -> None:
    done = run_compose(compose.url, "--profile", profile, "config", "--services")
    services = set(done.stdout.split())
    assert {"web1", "web2", "mandataire", "base", "index", "tika", "s3", broker} <= services
    assert other not in services
    workers = {name for name in services if name.startswith("worker-")}
    assert workers == {f"worker-{queue}" for queue in ("flux", "textes", "ocr", "index", "mail")}


def test_no_service_is_root_nor_without_limits_nor_without_a_check(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        assert str(service.get("user", "")) not in ROOTS, name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert service["healthcheck"]["test"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_images_are_named_without_the_host_of_a_registry(services: dict[str, Any]) -> None:
    for service in services.values():
        first, slash, _ = service["image"].partition("/")
        assert not (slash and re.search(r"[.:]|^localhost$", first)), service["image"]


def test_orc_is_given_settings_it_knows_and_no_secret_in_its_environment(
    services: dict[str, Any], tmp_path: Path
) -> None:
    ours = {name: s for name, s in services.items() if s["image"] == "orc"}
    assert ours
    for name, service in ours.items():
        environ = dict(service["environment"])
        mounted = {secret["target"] for secret in service.get("secrets", ())}
        for key, path in environ.items():
            if key.endswith("_FILE"):
                assert path in mounted, f"{name} {key}"
                environ[key] = str(tmp_path / "secret")
        (tmp_path / "secret").write_text("redis://secret", encoding="utf-8")
        settings = read_settings(environ)
        if name != "orc":
            assert settings.queue == settings.index_mot_de_passe == "redis://secret"
            assert settings.silo.startswith("s3://")


def test_only_the_reverse_proxy_is_reached_from_outside(services: dict[str, Any]) -> None:
    open_ = {name: s["ports"] for name, s in services.items() if s.get("ports")}
    assert set(open_) in ({"orc"}, {"mandataire"})
    for ports in open_.values():
        assert [port["host_ip"] for port in ports] == ["127.0.0.1"]
    for name, service in services.items():
        if name not in {"orc", "mandataire", "worker-mail"}:
            assert set(service["networks"]) == {"interne"}


def test_the_proxy_lets_through_the_largest_form_that_orc_takes() -> None:
    for name in ("nginx.conf", "certificats.conf"):
        said = (ROOT / "deploy/nginx" / name).read_text(encoding="utf-8")
        (most,) = re.findall(r"client_max_body_size (\d+)m;", said)
        assert int(most) * 1024 * 1024 == BODY_PIECES


def test_postgresql_admits_the_connections_of_every_process(services: dict[str, Any]) -> None:
    if "base" in services:
        ours = [s for s in services.values() if s["image"] == "orc"]
        wanted = len(ours) * 2 * read_settings({}).database_connexions
        (most,) = re.findall(r"max_connections=(\d+)", " ".join(services["base"]["command"]))
        assert wanted < int(most)


def test_an_operator_adds_settings_in_a_file_that_may_be_absent(
    compose: Serveur, tmp_path: Path
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/reglages").write_text("ORC_ADRESSE_PUBLIQUE=https://orc.example\n")
    (tmp_path / "docker-compose.yml").write_bytes((ROOT / "docker-compose.yml").read_bytes())
    command = [compose.url, "-f", str(tmp_path / "docker-compose.yml"), "--profile", "grand"]
    done = subprocess.run(
        [*command, "config", "--format", "json"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)["services"]
    for name in ("web1", "worker-mail"):
        assert found[name]["environment"]["ORC_ADRESSE_PUBLIQUE"] == "https://orc.example"


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts/secrets"
    script.write_bytes((ROOT / "scripts/secrets").read_bytes())
    script.chmod(0o755)
    subprocess.run([str(script)], check=True, capture_output=True)
    folder = tmp_path / "deploy/secrets"
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(set(first.values())) == len(first)
    assert all(re.fullmatch(r"\S{32,200}\n", text) for text in first.values())
    assert first["base"].strip() in first["orc_database"]
    named = re.findall(r"file: \./deploy/secrets/(\w+)", (ROOT / "docker-compose.yml").read_text())
    assert set(named) == first.keys()
    subprocess.run([str(script)], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first


def test_the_image_installs_from_the_lock_and_does_not_end_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER orc"]
    asked = ["fastapi", "Psycopg_Binary", "hatchling"]
    lock = str(ROOT / "requirements.lock")
    done = subprocess.run(
        [str(ROOT / "scripts/verrou"), lock, *asked], capture_output=True, text=True, check=False
    )
    assert re.findall(r"^([a-z-]+)==", done.stdout, re.MULTILINE) == [
        "fastapi",
        "hatchling",
        "psycopg-binary",
    ]
    assert done.stdout.count("--hash=sha256:") >= len(asked)
    refused = subprocess.run(
        [str(ROOT / "scripts/verrou"), lock, "rien-de-tel"], capture_output=True, check=False
    )
    assert refused.returncode == 1
