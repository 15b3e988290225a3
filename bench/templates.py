"""Renders per second: ten annotations as people write them, as Go templates and as the Jinja2 that they convert to.

    python bench/templates.py [--seconds 1]

Processor time, not the clock; texts are read once and rendered for many samples, as the evaluator does it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from evaluator.core.labels import Labels
from evaluator.templating import Scope, compile_text
from evaluator.templating.conversion import convert_rule_text

ANNOTATIONS = (
    "{{ $labels.instance }} is down",
    "{{ $labels.job }} on {{ $labels.instance }} has been down for more than 5 minutes.",
    "Error rate of {{ $labels.app }} is {{ $value | humanizePercentage }}",
    '{{ $labels.instance }}: {{ printf "%.2f" $value }} requests a second',
    "{{ $labels.mountpoint }} has {{ $value | humanize1024 }}B left",
    "Certificate of {{ $labels.instance | stripPort }} expires in {{ $value | humanizeDuration }}",
    "{{ if gt $value 100.0 }}critical{{ else if gt $value 10.0 }}warning{{ else }}notice{{ end }}: {{ $labels.queue }}",
    '{{ $labels.path | reReplaceAll "[0-9]+" "N" }} is slow: {{ $value | humanize }}s',
    "{{ with $labels.team }}Owned by {{ . }}. {{ end }}See {{ $externalURL }}/runbooks/{{ $labels.alertname | toLower }}",
    "{{ range $name, $text := $labels }}{{ $name }}={{ $text }} {{ end }}",
)
SCOPES = tuple(
    Scope(
        Labels(
            {
                "instance": f"web-{number}:8080",
                "job": "api",
                "app": "shop",
                "team": "web",
                "path": f"/a/{number}/b",
                "queue": "mail",
            }
        ),
        float(number) * 1.7,
        external_url="https://alerts.example.org",
    )
    for number in range(100)
)


def per_second(render: Callable[[Scope], str], seconds: float) -> float:
    """Renders in a second of processor time."""
    count, begin = 0, time.process_time()
    while (used := time.process_time() - begin) < seconds:
        for scope in SCOPES:
            render(scope)
        count += len(SCOPES)
    return count / used


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--seconds", type=float, default=0.5, help="of processor time for each text and language")
    seconds = options.parse_args().seconds
    table = Table("annotation", "Go\nper second", "Jinja2\nper second", "Go, CPU s\nper 1,000", "Jinja2, CPU s\nper 1,000")
    for text in ANNOTATIONS:
        converted = convert_rule_text(text)
        assert converted.trouble is None, converted.trouble
        figures = [per_second(compile_text(each).render, seconds) for each in (text, converted.text)]
        table.add_row(text, *(f"{each:,.0f}" for each in figures), *(f"{1000 / each:.4f}" for each in figures))
    Console().print(table)


if __name__ == "__main__":
    main()
