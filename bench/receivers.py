"""Who takes posted alerts and notifies: the evaluator, and a real Alertmanager; how each is started."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from processes import Program


@dataclass(frozen=True, slots=True)
class Tree:
    """The configuration that both are given. by: group labels. inhibits: sources do the targets of their cluster."""

    hook: str
    by: Sequence[str] = ("alertname",)
    wait: str = "30s"
    interval: str = "5m"
    inhibits: bool = False

    def text(self) -> str:
        """As an alertmanager.yml; JSON is YAML."""
        route = {"receiver": "hook", "group_by": list(self.by), "group_wait": self.wait, "group_interval": self.interval}
        hook = {"url": self.hook, "send_resolved": False}
        rule = {"source_matchers": ['role="source"'], "target_matchers": ['role="target"'], "equal": ["cluster"]}
        return json.dumps(
            {
                "route": {**route, "repeat_interval": "4h"},
                "receivers": [{"name": "hook", "webhook_configs": [hook]}],
                "inhibit_rules": [rule] if self.inhibits else [],
            }
        )


class Notifier(Protocol):
    """Takes alerts in and notifies."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def program(self, folder: Path) -> Program:
        """On the configuration and with the state in this folder."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Ours."""

    name: str = "evaluator"

    def program(self, folder: Path) -> Program:
        """See `Notifier.program`."""
        options = {
            "--config": f"{folder}/alertmanager.yml",
            "--listen": "127.0.0.1:{port}",
            "--storage": f"sqlite:///{folder}/evaluator.db",
            "--log-format": "json",
        }
        parts = [part for option in options.items() for part in option]
        return Program("evaluator", [sys.executable, "-m", "evaluator", "run", *parts], folder)


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """The peer."""

    binary: str
    name: str = "Alertmanager"

    def program(self, folder: Path) -> Program:
        """See `Notifier.program`."""
        command = [
            self.binary,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alertmanager",
            "--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        return Program("alertmanager", command, folder)


def present() -> list[Notifier]:
    """Ours, and the peer if this machine has it."""
    binary = shutil.which("alertmanager") or shutil.which("prometheus-alertmanager")
    return [Evaluator(), *([Alertmanager(binary)] if binary else [])]
