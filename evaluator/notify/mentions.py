"""Mentions that come from alerts are broken: a label value must not call a whole channel out of bed.

Those that a template writes itself are wanted, also when it puts a label's value into one. So a mention is broken only where
the whole of it stands in a label or an annotation. Alertmanager lets them pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.notify.rendered import RenderedNotification

_NOTHING = "\u200b"  # a space of no width: it looks the same, and is no mention


def without_mentions(text: str, notification: RenderedNotification, mention: re.Pattern[str]) -> str:
    """`text` in which every `mention` that stands in an alert's labels or annotations has a space of no width in it."""
    if mention.search(text) is None:
        return text
    told = {found.group() for value in _values(notification) for found in mention.finditer(value)}
    return mention.sub(lambda found: _broken(found.group()) if found.group() in told else found.group(), text)


def _broken(mention: str) -> str:
    """Behind the sign that makes it one."""
    return re.sub("[@!~]", lambda sign: sign.group() + _NOTHING, mention, count=1)


def _values(notification: RenderedNotification) -> Iterator[str]:
    for alert in notification.alerts:
        yield from alert.labels.values()
        yield from alert.annotations.values()
