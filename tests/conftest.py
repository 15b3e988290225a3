"""What all suites share: tests that are coroutines run in an event loop of their own, and workers share the suite by files."""

from __future__ import annotations

import asyncio
import inspect

import pytest

OWN_PORT = dict.fromkeys(("tests/test_compose.py", "tests/cli/test_commands.py", "tests/cli/test_run.py"), "the port of users")
"""Files that run the evaluator as users do, on the port that it has when nobody names one."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine; leave the others to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where workers share the suite, a file goes to one of them, and so does a folder whose files share an expensive run."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        item.add_marker(pytest.mark.xdist_group(folder if folder.endswith("conformance") else OWN_PORT.get(file, file)))
