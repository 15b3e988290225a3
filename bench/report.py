"""What was measured, as values, tables and JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figures:
    """One contestant under one load.

    pace: the interval of the rules, or that they were always due. due: evaluations that the time called for. cpu,
    prometheus_cpu: seconds per 1,000 evaluations, of the evaluating process and of the Prometheus that serves it, scraping not
    counted. within: Prometheus itself was who evaluated. rss, peak_rss: MiB. lag: p50, p99 and p99.9 of slot to state, seconds;
    None where it is not exported. ready: seconds from the start until every rule had been evaluated once, slots waited for
    included. others: cores that other processes of the machine used meanwhile.
    """

    who: str
    rules: int
    kind: str
    firing: float
    pace: str
    seconds: float
    evaluations: int
    due: int
    failures: int
    missed: int
    cpu: float
    prometheus_cpu: float
    within: bool
    cores: float
    rss: float
    peak_rss: float
    lag: tuple[float | None, float | None, float | None]
    ready: float
    others: float

    @property
    def together(self) -> float:
        """Processor seconds per 1,000 evaluations of both ends; Prometheus' own ruler is both."""
        return self.prometheus_cpu if self.within else self.cpu + self.prometheus_cpu


COLUMNS = (
    "rules",
    "who",
    "CPU s\nper 1,000",
    "Prometheus' CPU s\nper 1,000",
    "both\ntogether",
    "cores",
    "RSS\nMiB",
    "evaluations\nper second",
    "evaluated\nof those due",
    "missed\nslots",
    "failed",
    "slot to state, ms\np50 / p99 / p99.9",
    "others'\ncores",
)


def line(row: Figures) -> str:
    """That something has been measured, in one line."""
    per_thousand = f"{_seconds(row.cpu)} CPU s per 1,000 evaluations"
    return f"{row.rules:,} rules, {row.who}: {per_thousand}, {row.evaluations:,} evaluations, {row.missed} slots missed"


def _seconds(cpu: float) -> str:
    """What is left after taking off what scraping costs may be less than that varies."""
    return f"{cpu:.3f}" if cpu > 0 else "in the noise"


def show(rows: Sequence[Figures], console: Console) -> None:
    """As a table."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(
            f"{row.rules:,} {row.kind}\n{row.firing:g}% firing, {row.pace}",
            row.who,
            _seconds(row.cpu),
            _seconds(row.prometheus_cpu),
            _seconds(row.together),
            f"{max(0.0, row.cores):.2f}",
            f"{row.rss:.0f}",
            f"{row.evaluations / row.seconds:,.0f}",
            f"{row.evaluations / row.due:.0%}",
            str(row.missed),
            str(row.failures),
            " / ".join("-" if lag is None else f"{lag * 1000:.0f}" for lag in row.lag),
            f"{row.others:.2f}",
        )
    console.print(table)


def show_peers(counts: Iterable[int], kind: str, console: Console) -> None:
    """The peers' figures that are kept beside this file, as far as they concern the same load."""
    known = tomllib.loads((Path(__file__).parent / "peers.toml").read_text())
    wanted = set(counts)
    figures = [one for one in known["figure"] if one["rules"] in wanted and one["kind"] == kind]
    if not figures:
        return
    table = Table("rules", "who", "CPU s\nper 1,000", "Prometheus' CPU s\nper 1,000", "RSS\nMiB", "missed\nslots", "how")
    for one in figures:
        table.add_row(
            f"{one['rules']:,} {one['kind']}",
            one["who"],
            f"{one['cpu']:.3f}",
            f"{one['prometheus_cpu']:.3f}",
            *(str(one.get(name, "-")) for name in ("rss", "missed")),
            one["how"],
        )
    console.print(f"For orientation, the peers elsewhere: {known['measured']}.")
    console.print("Absolute figures do not carry over from one machine to another: compare within one table.")
    console.print(table)


def write_json(path: Path, rows: Sequence[Figures], circumstances: dict[str, Any]) -> None:
    """Everything, for whoever compares runs."""
    path.write_text(json.dumps({**circumstances, "figures": [asdict(row) for row in rows]}, indent=2) + "\n")
