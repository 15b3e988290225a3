"""`evaluator run`: what it needs, and what it says when it cannot start: one line with the remedy, exit 1, no traceback."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from evaluator.cli import run
from evaluator.store.opening import open_store
from tests.cli.commands import Ended, evaluator
from tests.service.scene import write_config, write_rules
from tests.service.servers import Datasource, vector


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with a configuration and one rule; logging stays as the tests have it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "set_up", lambda form: None)
    write_config(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1")
    write_rules(tmp_path, "Down: up == 0")


def refused(*arguments: str) -> str:
    """The one line with which `run` refuses to start."""
    ended = evaluator("run", "--config", "evaluator.yml", *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("evaluator: ")
    return ended.err


def test_port_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("--listen", address)
    assert said == f"evaluator: cannot listen on {address}: Address already in use; choose another address with --listen\n"


def test_address_that_is_none() -> None:
    assert "write HOST:PORT, as in 127.0.0.1:9093" in refused("--listen", "9093")
    assert "choose another address with --listen" in refused("--listen", "203.0.113.1:9093")


def test_storage_in_use(tmp_path: Path) -> None:
    """It names who has it."""
    with closing(open_store(f"sqlite:///{tmp_path}/evaluator.db")):
        said = refused("--listen", "127.0.0.1:0")
    assert "it is in use by process" in said
    assert "stop that one, or name another file as storage" in said


def test_storage_that_cannot_be_written(tmp_path: Path) -> None:
    said = refused("--listen", "127.0.0.1:0", "--storage", f"sqlite:///{tmp_path}/missing/evaluator.db")
    assert "No such file or directory; see that its directory exists and is writable" in said
    assert "name a file, as in sqlite:///evaluator.db" in refused("--listen", "127.0.0.1:0", "--storage", "postgres")


def test_a_configuration_that_is_not_there() -> None:
    ended = evaluator("run", "--config", "missing.yml")
    assert (ended.code, ended.err.splitlines()) == (
        1,
        ["missing.yml:1:1: cannot be read: no such file or directory", "evaluator: the configuration cannot be used: 1 error"],
    )


def test_no_configuration_at_all() -> None:
    """It says both ways to give one."""
    Path("evaluator.yml").unlink()
    ended = evaluator("run")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "--config" in ended.err
    assert "--prometheus URL --rules 'GLOB'" in ended.err


def test_a_secret_that_is_not_set() -> None:
    """The place and the name of the variable."""
    config = Path("evaluator.yml")
    config.write_text(config.read_text().replace('"http://127.0.0.1:1"', "${MISSING}", 1))
    ended = evaluator("run", "--config", "evaluator.yml", env={"MISSING": None})
    assert (ended.code, ended.err.splitlines()[0]) == (
        1,
        "evaluator.yml:2:23: environment variable MISSING is not set; set MISSING before starting",
    )


ARGUMENTS = {
    "--prometheus needs --rules GLOB: which rules are to be evaluated?": ["--prometheus", "http://127.0.0.1:1"],
    "--rules needs --prometheus URL": ["--rules", "rules.yml"],
    "--prometheus and --config exclude each other": ["--prometheus", "http://127.0.0.1:1", "--config", "evaluator.yml"],
}


@pytest.mark.parametrize(("said", "arguments"), ARGUMENTS.items(), ids=ARGUMENTS)
def test_options_that_do_not_go_together(said: str, arguments: list[str]) -> None:
    ended = evaluator("run", *arguments)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert said in ended.err


def test_what_the_server_is_called_must_be_a_url() -> None:
    ended = evaluator("run", "--prometheus", "localhost:9090", "--rules", "rules.yml")
    assert ended.code == 1
    assert "start it with https:// or http://" in ended.err


@pytest.mark.realtime
@pytest.mark.slow
async def test_a_server_and_rules_are_enough(tmp_path: Path) -> None:
    """No file, no receiver: the notification is on standard output, the log is not."""
    write_rules(tmp_path, "Down: up == 0", interval="1s")
    async with Datasource() as datasource:
        datasource.answers = {"up == 0": vector({"instance": "db:9100"})}
        ended = await run_until_told(datasource.url)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("FIRING:1  ")
    assert "Down" in ended.out
    assert "db:9100" in ended.out
    assert "stopped" in ended.err
    assert "Traceback" not in ended.err


PROGRAM = """
from datetime import timedelta
from functools import partial
from evaluator.__main__ import main
from evaluator.config import loading

loading.Route = partial(loading.Route, group_wait=timedelta(0))
main()
"""


async def run_until_told(url: str) -> Ended:
    """Run it as people do, but for the half minute that a group waits; interrupt it after the first line that it prints."""
    command = ("-c", PROGRAM, "run", "--prometheus", url, "--rules", "r*.yml", "--listen", "127.0.0.1:0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        first = await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, (first + rest).decode(), err.decode())
