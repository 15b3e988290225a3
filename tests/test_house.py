"""What stands around the package: the top level, the verbs of the Makefile, the image, and what no file may say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FOLDERS = {".ci", "bench", "dashboards", "docs", "evaluator", "rules", "templates", "tests"}
FILES = {
    *(".dockerignore", ".gitignore", "Dockerfile", "Makefile", "docker-compose.yml", "pyproject.toml"),
    *("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"),
}
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|crates|rubygems)\.(?:org|com|io)\b")

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def tracked() -> list[Path]:
    """Every file that git keeps, relative to the root. Skips where the tree is no git repository, as in a source archive."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"no git repository: {listed.stderr.strip()}")
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def dry_run(*arguments: str) -> str:
    """What make would execute, without the flags and variables that were given to a make that runs these tests."""
    given = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "WORKERS", "PYTEST_ARGS", "BENCH_ARGS", "PROMETHEUS_URL", "DEMO_SECONDS"}
    environment = {name: value for name, value in os.environ.items() if name not in given}
    return subprocess.run(
        ["make", "-n", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), continuation lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def arguments_of(instruction: str) -> list[str]:
    """The rest of every line with that instruction, in order."""
    return [rest for word, rest in instructions() if word == instruction]


def test_the_top_level_is_what_the_design_says() -> None:
    """Nothing is added to the first page of the repository by accident."""
    files = tracked()
    assert {path.parts[0] for path in files if len(path.parts) > 1} <= FOLDERS
    assert {path.parts[0] for path in files if len(path.parts) == 1} <= FILES


def test_no_file_names_this_machine_or_a_registry() -> None:
    """A path of the machine that a file was written on, or the host of a package registry, helps nobody elsewhere."""
    neighbours = [str(path) for path in ROOT.parent.iterdir() if path.is_dir() and len(path.parts) > 2]
    said = []
    for path in tracked():
        text = (ROOT / path).read_text(errors="replace")
        said += [f"{path}: {match}" for match in REGISTRY_HOST.findall(text)]
        said += [f"{path}: {place}" for place in neighbours if f"{place}/" in text]
    assert said == []


def test_continuous_integration_runs_what_developers_run() -> None:
    """`.ci/run` is executable, goes to the root of the tree, and calls make test."""
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert os.access(script, os.X_OK)
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


@needs_make
@pytest.mark.parametrize(
    ("verb", "commands"),
    [
        ("demo", ["-m evaluator demo"]),
        ("lint", ["-m ruff check", "-m ruff format --check", "-m mypy"]),
        ("test", ["-m ruff check", "-m ruff format --check", "-m mypy", "-m pytest -rs --numprocesses=2 --dist=loadscope"]),
        ("bench", ["bench/run.py"]),
        ("docs", ["-m docs.generate"]),
    ],
)
def test_make_verbs(verb: str, commands: list[str]) -> None:
    """Each verb ends with its commands, in this order, run by the virtual environment's Python."""
    lines = [
        line.removeprefix(".venv/bin/python ").strip()
        for line in dry_run(verb).splitlines()
        if line.startswith(".venv/bin/python")
    ]
    assert [line for line in lines if "-m pip" not in line] == commands


@needs_make
def test_a_given_prometheus_needs_no_package() -> None:
    """With PROMETHEUS_URL the demo installs nothing beside itself, whether or not its virtual environment is there yet."""
    package = "--no-install-recommends prometheus"
    assert package in dry_run("demo", "PROMETHEUS_URL=")
    assert package not in dry_run("demo", "PROMETHEUS_URL=http://127.0.0.1:9090")


@needs_make
def test_a_virtual_environment_of_another_place_is_made_anew() -> None:
    """A tree that was copied with its virtual environment does not import from where it came from."""
    assert "-m venv --clear nowhere" in dry_run("lint", "VENV=nowhere", "PYTHON=nowhere/bin/python")


def test_the_image_is_pinned_and_slim() -> None:
    """Both stages start from one exact slim Python."""
    images = {rest.split(" ")[0] for rest in arguments_of("FROM")}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim(-\w+)?", images.pop())


def test_the_image_does_not_run_as_root() -> None:
    """The last user is a number, which an orchestrator can tell from root without reading the image's passwd."""
    assert int(arguments_of("USER")[-1]) >= 1000


def test_the_image_ships_the_package_alone() -> None:
    """What is copied from the tree exists and is let through by .dockerignore, which lets nothing else through."""
    copied = {name for rest in arguments_of("COPY") if not rest.startswith("--from") for name in shlex.split(rest)[:-1]}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert [name for name in copied if not (ROOT / name).exists()] == []
