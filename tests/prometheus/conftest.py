"""What the tests of this folder share: a real Prometheus with a little history, started once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.real_servers import kept_free, serving

HISTORY_MINUTES = 40


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that scrapes nothing and knows `demo_up{job="api"}`, 1 every minute, 80 to 40 minutes ago."""
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("prometheus and promtool are not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    _write_history(folder)
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    with kept_free() as address:
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
        command += [f"--web.listen-address={address}", "--query.max-samples=1000"]
        with serving(command, f"http://{address}/-/ready", folder):
            yield f"http://{address}"


def _write_history(folder: Path) -> None:
    newest = int(datetime.now(UTC).timestamp()) // 60 * 60 - 40 * 60
    lines = [f'demo_up{{job="api"}} 1 {newest - 60 * n}' for n in reversed(range(HISTORY_MINUTES))]
    (folder / "history").write_text("\n".join(["# TYPE demo_up gauge", *lines, "# EOF", ""]))
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "history"), str(folder / "tsdb")],
        check=True,
        capture_output=True,
    )
