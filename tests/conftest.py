"""What all suites share: how coroutines are run, how workers share the suite, how thorough properties are, and haste."""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import certifi
import pytest
import uvicorn.server

from tests import effort

effort.load_profile()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine; leave the others to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


# -- workers ----------------------------------------------------------------------------------------------------------

OWN_PORT = dict.fromkeys(("tests/test_compose.py", "tests/cli/test_commands.py", "tests/cli/test_run.py"), "the port of users")
"""Files that run the evaluator as users do, on the port that it has when nobody names one."""


def pytest_configure(config: pytest.Config) -> None:
    """Groups are done in the order in which they are listed, the largest ones not first."""
    config.option.loadscopereorder = False


def _shared(item: pytest.Item) -> str:
    """What a worker does as a whole: a file, or all tests that look at the same expensive run."""
    file = item.nodeid.partition("::")[0]
    if "/conformance/" in file and "run" in getattr(item, "fixturenames", ()):
        return "the story of the rulers"
    return OWN_PORT.get(file, file)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where workers share the suite, each does one group at a time; groups that wait for the real clock come first.

    Those leave the machine to each other, and are not held up by tests that compute; and no worker is left waiting in the end.
    """
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[_shared(item)].append(item)
    for name, members in groups.items():
        for item in members:
            item.add_marker(pytest.mark.xdist_group(name))
    waiting = {name for name, members in groups.items() if any(item.get_closest_marker("realtime") for item in members)}
    order = sorted(groups, key=lambda name: name not in waiting)
    items[:] = [item for name in order for item in groups[name]]


# -- haste ------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def brief_naps() -> Iterator[None]:
    """A server that stops looks round after a hundredth of a second instead of a tenth: hundreds of tests stop one."""

    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds / 10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.server, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": nap}))
        yield


@pytest.fixture(autouse=True, scope="session")
def few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clients that are told nothing trust one public authority: to read all of them takes longer than most tests."""
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end
    bundle = tmp_path_factory.mktemp("authorities") / "bundle.pem"
    bundle.write_text(first, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(bundle))
        yield
