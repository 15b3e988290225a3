"""The arrows of the house: who may import whom, read from the sources.

Every import counts: those inside functions and those made only for type checkers too. A package that is not in the table
is refused, so a new one begins by saying where it stands.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "evaluator"

OUTSIDE = {"store", "notify", "prometheus", "wire", "config", "templating", "promql", "ical", "api", "web", "replies", "core"}
ARROWS: dict[str, set[str]] = {
    "core": set(),
    "wire": {"core"},
    "store": {"core"},
    "notify": {"core", "wire"},
    "prometheus": {"core", "wire"},
    "templating": {"core"},
    "promql": {"core"},
    "ical": {"core"},
    "config": {"core", "promql", "templating"},
    "api": {"core"},
    "web": {"core"},
    "replies": {"core", "wire"},
    "service": OUTSIDE,
    "drill": OUTSIDE,
    "cli": OUTSIDE | {"service", "drill"},
    "__main__": {"cli"},
    "__init__": set(),
}
CORE_LIBRARIES = {"re2"}
WORLDLY = {
    *("asyncio", "logging", "random", "sched", "secrets", "threading", "time", "uuid"),
    *(
        "http",
        "io",
        "multiprocessing",
        "os",
        "select",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "urllib.request",
    ),
}
CLOCK_READINGS = {"now", "utcnow", "today"}
WORLDLY_CALLS = {"breakpoint", "input", "open", "print", "__import__"}


def imports(tree: ast.AST, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything that `module` (a dotted name) imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def crossings(text: str, module: str) -> list[str]:
    """Every import of `module` that goes against the arrows, as `module:line imports name`."""
    home = module.split(".")[1]
    found = []
    for line, name in imports(ast.parse(text), module):
        target = [*name.split("."), ""][1] if name.split(".")[0] == "evaluator" else None
        if target not in {None, home, "__version__", *ARROWS[home]}:
            found.append(f"{module}:{line} imports {name}")
    return found


def foreign_imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Imports of libraries that core does not know, and of those of the standard library that touch the world."""
    for line, name in imports(tree, module):
        root = name.split(".")[0]
        touching = any(f"{name}.".startswith(f"{library}.") for library in WORLDLY)
        if touching or root not in sys.stdlib_module_names | CORE_LIBRARIES | {"evaluator"}:
            yield f"{module}:{line} imports {name}"


def readings(tree: ast.AST, module: str) -> Iterator[str]:
    """Readings of the wall clock, called or handed on, and calls of built-in functions that touch the world."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_READINGS:
            if ast.unparse(node.value).split(".")[-1] in {"datetime", "date"}:
                yield f"{module}:{node.lineno} reads a clock: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORLDLY_CALLS:
            yield f"{module}:{node.lineno} calls {node.func.id}"


def worldly(text: str, module: str) -> list[str]:
    """Everything in `module` that core must not have: foreign libraries, clocks, chance, input and output."""
    tree = ast.parse(text)
    return [*foreign_imports(tree, module), *readings(tree, module)]


def dotted(path: Path) -> str:
    """`evaluator.core.labels` for its file. A package is its `__init__`, so relative imports resolve alike."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def sources(folder: str = "") -> list[Path]:
    """All modules below a folder of the package."""
    return sorted((PACKAGE / folder).rglob("*.py"))


@pytest.mark.parametrize(
    "package", ["core", *(f"core/{path.parent.name}" for path in sorted((PACKAGE / "core").glob("*/__init__.py")))]
)
def test_packages_of_many_modules_say_what_each_is_about(package: str) -> None:
    """Whoever opens one finds the way: its docstring names all that is in it."""
    home = PACKAGE / package
    text = ast.get_docstring(ast.parse((home / "__init__.py").read_text(encoding="utf-8"))) or ""
    there = {path.stem for path in home.glob("*.py")} | {path.parent.name for path in home.glob("*/__init__.py")}
    assert set(re.findall(r"`(\w+)`", text)) == there - {"__init__"}


def test_every_package_has_its_place() -> None:
    """A folder or module directly under `evaluator` stands in the table of arrows."""
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in sources()} <= set(ARROWS)


@pytest.mark.parametrize("home", sorted(ARROWS))
def test_imports_follow_the_arrows(home: str) -> None:
    """No module imports a package that its own may not know."""
    modules = [path for path in sources() if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == home]
    assert [crossing for path in modules for crossing in crossings(path.read_text(), dotted(path))] == []


def test_core_touches_nothing() -> None:
    """Core is deterministic: no clock, no chance, no input or output, no library but RE2."""
    assert [finding for path in sources("core") for finding in worldly(path.read_text(), dotted(path))] == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("evaluator.core.evaluation.alert", "from evaluator.store import sqlite"),
        ("evaluator.core.evaluation.alert", "from evaluator import store"),
        ("evaluator.core.evaluation.alert", "from ...store.sqlite import Sqlite"),
        ("evaluator.core.__init__", "from .. import store"),
        ("evaluator.store.sqlite", "import evaluator.notify.webhook as webhook"),
        ("evaluator.api.v2", "def late():\n    from evaluator.service import loop"),
        ("evaluator.web.pages", "if TYPE_CHECKING:\n    from evaluator.store import base"),
        ("evaluator.service.loop", "from evaluator.cli import run"),
        ("evaluator.wire.client", "from evaluator.notify import delivery"),
    ],
)
def test_a_crossing_is_seen(module: str, text: str) -> None:
    """The reader of imports knows every form in which an import is written."""
    assert len(crossings(text, module)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("evaluator.config.load", "from evaluator.promql import parse\nfrom evaluator.core.evaluation.rules import Rule"),
        ("evaluator.core.evaluation.alert", "from .labels import Labels\nfrom evaluator.core import rules"),
        ("evaluator.notify.webhook", "from evaluator import __version__\nfrom evaluator.wire import client"),
        ("evaluator.__main__", "from evaluator.cli import main"),
        ("evaluator.store.sqlite", "import sqlite3, evaluatorlike"),
    ],
)
def test_an_arrow_is_allowed(module: str, text: str) -> None:
    """Imports along the arrows, inside a package, and of libraries are no crossings."""
    assert crossings(text, module) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from asyncio import sleep",
        "import httpx",
        "from urllib import request",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "from datetime import datetime\nclock = datetime.now",
        "from datetime import date\ndate.today()",
        "open('state')",
    ],
)
def test_a_touch_of_the_world_is_seen(text: str) -> None:
    """Clocks are found however they are reached, and so is a library that is not the standard one."""
    assert len(worldly(text, "evaluator.core.evaluation.alert")) == 1


def test_values_are_made_by_one_decorator() -> None:
    """`@frozen` (core/frozen.py) instead of a frozen, slotted dataclass, which costs every start three times as much."""
    plain = "@dataclass(frozen=True, slots=True)\n"
    assert [str(path.relative_to(ROOT)) for path in sorted(PACKAGE.rglob("*.py")) if plain in path.read_text()] == []
