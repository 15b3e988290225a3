"""What all suites share: how coroutines are run, how workers share the suite, how thorough properties are, and haste."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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

TOGETHER = {
    **dict.fromkeys(("tests/test_compose.py", "tests/cli/test_commands.py", "tests/cli/test_run.py"), "the port of users"),
    **{
        f"tests/conformance/test_{name}.py": "the story of the rulers"
        for name in ("departures", "every_slot", "live", "rules_api", "timelines")
    },
}
"""Files that only one worker may do, and why: what several of them would fight for, or have to do once more."""


def group(nodeid: str) -> str:
    """What a worker does as a whole: a file, or several that belong together."""
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file, file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups that wait for the real clock come first.

    Those leave the machine to each other, and are not held up by tests that compute; and no worker is left waiting in the end.
    """
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[group(item.nodeid)].append(item)
    waiting = {name for name, members in groups.items() if any(item.get_closest_marker("realtime") for item in members)}
    order = sorted(groups, key=lambda name: name not in waiting)
    items[:] = [item for name in order for item in groups[name]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Where workers share the suite, each takes one group after the other, in the order in which they are collected.

    Of pytest-xdist's own ways `loadgroup` would do the same, but it names groups by a trick that pytest 9 is proof against.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)


# -- haste ------------------------------------------------------------------------------------------------------------


def pytest_collection_finish() -> None:
    """What the collection has made stays to the end: the garbage collector need not go through it again and again.

    Nor as often as in a process that is to stay small.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000)


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
