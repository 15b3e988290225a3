"""What the tests of this folder share: a real Prometheus with a little history, started once."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

HISTORY_MINUTES = 40


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that scrapes nothing and knows `demo_up{job="api"}`, 1 every minute, 80 to 40 minutes ago."""
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("prometheus and promtool are not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    _write_history(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, f"--web.listen-address={address}", "--query.max-samples=1000"], stdout=log, stderr=log
        ) as server,
    ):
        try:
            _wait_until_ready(f"http://{address}", folder / "log")
            yield f"http://{address}"
        finally:
            server.terminate()


def _write_history(folder: Path) -> None:
    newest = int(datetime.now(UTC).timestamp()) // 60 * 60 - 40 * 60
    lines = [f'demo_up{{job="api"}} 1 {newest - 60 * n}' for n in reversed(range(HISTORY_MINUTES))]
    (folder / "history").write_text("\n".join(["# TYPE demo_up gauge", *lines, "# EOF", ""]))
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "history"), str(folder / "tsdb")],
        check=True,
        capture_output=True,
    )


def _wait_until_ready(url: str, log: Path) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{url}/-/ready") as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    pytest.fail(log.read_text())
