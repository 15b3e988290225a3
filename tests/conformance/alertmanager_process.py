"""A real Alertmanager in a folder of its own, to be started, killed, stopped and told to reload."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

_LISTENING = re.compile(r'msg="?Listening on"? address=(\S+)')


@cache
def version() -> tuple[int, ...]:
    """Of the binary; empty when there is none."""
    if BINARY is None:
        return ()
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)\.(\d+)\.(\d+)", said.stdout + said.stderr)
    assert found is not None, said
    return tuple(map(int, found.groups()))


class AlertmanagerProcess:
    """One that reads `alertmanager.yml` in its folder, and keeps its state there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begins = 0

    @property
    def url(self) -> str:
        """Where it listens since it was last started; empty before it does."""
        found = _LISTENING.search(self.log()[self._begins :])
        return f"http://{found[1]}" if found else ""

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self._folder / "alertmanager.yml").write_text(text)

    async def start(self) -> None:
        """Start it; it listens a little later."""
        self._begins = len(self.log())
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(BINARY),
                f"--config.file={self._folder / 'alertmanager.yml'}",
                f"--storage.path={self._folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
                stdout=log,
                stderr=log,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def kill(self) -> None:
        """End it at once."""
        if self.running:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Let it end in good order."""
        self._process.send_signal(signal.SIGTERM)
        await self._process.wait()

    def log(self) -> str:
        """What it has said."""
        path = self._folder / "log"
        return path.read_text() if path.exists() else ""
