"""Limits: how much of anything is taken in, so that nobody's mistake takes the evaluator away from everybody else.

Zero is no limit. The defaults are far above what a configuration that works ever needs; the two that change what people hear,
`alerts_per_alertname` and `groups_per_route`, differ in what a refusal means:

- an alert beyond `alerts_per_alertname` is not taken in. Only posted alerts are counted, and only those that fire; as in
  Alertmanager, one that is known is always taken, so the end of an alert that was taken in is never lost.
- a group beyond `groups_per_route` is not opened. Its alerts are told all the same, together, in one overflow group of the
  route: people hear late and coarsely rather than never. Alertmanager, where it has such a limit, drops them.

Whatever was refused is counted and raises one built-in alert for each limit (`core.watching.refusals`). A limit that is lowered
by a reload, or was lower before a restart, takes nothing away from what was accepted.
"""

from __future__ import annotations

from enum import StrEnum

from evaluator.core.frozen import frozen

KIB = 1024
MIB = 1024 * KIB
UNITS = {"GiB": 1024 * MIB, "MiB": MIB, "KiB": KIB, "B": 1}
"""From the largest to the smallest."""


class Limit(StrEnum):
    """What can be refused and is told; the names are the keys of the configuration."""

    ALERTS_PER_ALERTNAME = "alerts_per_alertname"
    GROUPS_PER_ROUTE = "groups_per_route"
    SILENCES = "silences"
    SILENCE_SIZE = "silence_size"
    BODY_SIZE = "body_size"
    LABEL_NAME_LENGTH = "label_name_length"
    LABEL_VALUE_LENGTH = "label_value_length"
    LABELS_PER_ALERT = "labels_per_alert"
    ANNOTATION_SIZE = "annotation_size"


@frozen
class Limits:
    """How much is taken in; 0 is no limit.

    alerts_per_alertname: posted alerts that fire under one name. groups_per_route: open groups. silences: silences that are
    kept, those that are over included. Sizes and lengths are bytes of UTF-8: silence_size of all texts of one silence or
    window, body_size of a request, annotation_size of names and values of one alert's annotations. post_concurrency: requests
    that change something and are in hand at once.
    """

    alerts_per_alertname: int = 0
    groups_per_route: int = 100_000
    silences: int = 100_000
    silence_size: int = 64 * KIB
    body_size: int = 16 * MIB
    label_name_length: int = KIB
    label_value_length: int = 64 * KIB
    labels_per_alert: int = 256
    annotation_size: int = 256 * KIB
    post_concurrency: int = 64


DEFAULT_LIMITS = Limits()


def format_size(size: int) -> str:
    """A number of bytes in the largest unit that divides it: `16MiB`, `1500B`; no limit is `0`."""
    unit = next(name for name, each in UNITS.items() if size % each == 0)
    return f"{size // UNITS[unit]}{unit}" if size else "0"
