"""The local stack: valid, pinned, and made of files and options that exist."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PORTS = {"prometheus": 9090, "evaluator": 9093, "webhook": 8080}

needs_command_line = pytest.mark.skipif(
    importlib.util.find_spec("evaluator.__main__") is None, reason="this tree has no command line"
)


def mounts(service: str) -> Iterator[tuple[str, str]]:
    """Source and target of everything that is mounted into a service."""
    for volume in SERVICES[service].get("volumes", ()):
        source, target, *_ = volume.split(":")
        yield source, target


def on_host(service: str, path: str) -> Path:
    """The file of this tree that a service sees as `path`. Raises LookupError when nothing of the tree is mounted there."""
    for source, target in mounts(service):
        if source.startswith("./") and Path(path).is_relative_to(target):
            return ROOT / source / Path(path).relative_to(target)
    raise LookupError(f"{service} sees nothing of this tree at {path}")


def evaluator_arguments() -> list[list[str]]:
    """Every command line that is given to the evaluator: the stack's and the image's own."""
    image = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert image is not None
    return [SERVICES["evaluator"]["command"], json.loads(image[1])]


def configuration(name: str) -> Any:
    """A YAML file of this tree, read."""
    return yaml.safe_load((ROOT / name).read_text())


def specification() -> Any:
    """The compose specification's schema, as the package check-jsonschema carries it."""
    return json.loads((files("check_jsonschema.builtin_schemas") / "vendor" / "compose-spec.json").read_text())


def test_it_is_valid() -> None:
    """The stack follows the compose specification."""
    jsonschema.validate(COMPOSE, specification())


def test_the_schema_refuses_a_misspelling() -> None:
    """The schema that the stack is held against is not one that accepts anything."""
    with pytest.raises(jsonschema.ValidationError, match="imgae"):
        jsonschema.validate({"services": {"a": {"imgae": "b"}}}, specification())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned(name: str) -> None:
    """An image is an exact version, or is built here."""
    if "build" not in SERVICES[name]:
        assert re.fullmatch(r"[\w./-]+:v?\d+(\.\d+\.\d+)?(-[\w.]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_mounted_files_exist(name: str) -> None:
    """A missing file would be created as an empty folder by the engine; a named volume is declared."""
    for source, _ in mounts(name):
        assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    """The stack has no passwords, so nothing of it listens on a network."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def test_files_that_commands_name_are_mounted() -> None:
    """Both configurations lie where their program is told to read them."""
    arguments = SERVICES["evaluator"]["command"]
    assert on_host("evaluator", arguments[arguments.index("--config") + 1]) == ROOT / "rules/demo/evaluator.yml"
    flags = dict(flag.split("=", 1) for flag in SERVICES["prometheus"]["command"])
    assert on_host("prometheus", flags["--config.file"]) == ROOT / "rules/demo/prometheus.yml"


def test_rule_files_are_seen_from_the_configuration() -> None:
    """Each glob of the evaluator's configuration, taken from where it is mounted, finds rules."""
    patterns = configuration("rules/demo/evaluator.yml")["rule_files"]
    assert all(list((ROOT / "rules" / "demo").glob(pattern)) for pattern in patterns)


def test_addresses_are_those_of_services() -> None:
    """Everybody in the stack who calls somebody else calls a service of the stack, at its port."""
    evaluator = configuration("rules/demo/evaluator.yml")
    webhooks = [webhook["url"] for receiver in evaluator["receivers"] for webhook in receiver.get("webhook_configs", ())]
    grafana = [source["url"] for source in configuration("dashboards/provisioning/datasources/local.yml")["datasources"]]
    scraped = configuration("rules/demo/prometheus.yml")["scrape_configs"]
    targets = [f"http://{target}" for job in scraped for static in job["static_configs"] for target in static["targets"]]
    urls = [*webhooks, *grafana, *targets, *(source["url"] for source in evaluator["datasources"])]
    called = {(address.hostname, address.port) for address in map(urlsplit, urls)}
    assert called - {("localhost", 9090)} == set(PORTS.items())
    assert set(PORTS) <= set(SERVICES)


def test_the_state_outlives_the_container() -> None:
    """The database is written to the named volume, which is the one place where the image's user may write."""
    path = configuration("rules/demo/evaluator.yml")["storage"].removeprefix("sqlite:///")
    assert ("evaluator", str(Path(path).parent)) in mounts("evaluator")
    assert f"VOLUME {Path(path).parent}" in (ROOT / "Dockerfile").read_text().splitlines()


@needs_command_line
@pytest.mark.parametrize("arguments", evaluator_arguments(), ids=["stack", "image"])
def test_commands_are_ones_that_the_evaluator_knows(arguments: list[str]) -> None:
    """The command line parses; with --help, which is answered before anything is opened or started."""
    asked = subprocess.run(
        [sys.executable, "-m", "evaluator", *arguments, "--help"], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr


@needs_command_line
def test_the_configuration_is_accepted() -> None:
    """`evaluator check` finds nothing to say about the configuration of the stack."""
    command = [sys.executable, "-m", "evaluator", "check", "rules/demo/evaluator.yml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_prometheus_accepts_its_configuration() -> None:
    """promtool's verdict on what the stack's Prometheus reads."""
    command = ["promtool", "check", "config", "rules/demo/prometheus.yml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.realtime
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_prometheus_starts_with_its_command(tmp_path: Path) -> None:
    """Where no container runs, its command does: Prometheus gets ready with the stack's own flags and configuration."""
    flags = dict(flag.split("=", 1) for flag in SERVICES["prometheus"]["command"])
    flags["--config.file"] = str(on_host("prometheus", flags["--config.file"]))
    flags |= {"--storage.tsdb.path": str(tmp_path), "--web.listen-address": "127.0.0.1:0"}
    command = ["prometheus", *(f"{flag}={value}" for flag, value in flags.items())]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        assert any("Server is ready to receive web requests" in line for line in started.stderr)
        started.terminate()
