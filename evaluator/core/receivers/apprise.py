"""The long tail of services, by way of the library Apprise."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import NO_TIMEOUT, Secret


@frozen
class AppriseSettings:
    """Services by Apprise's URLs. urls: each of them one URL, or a file with one in a line.

    type: of the news, `info`, `success`, `warning` or `failure`; a template, as title and body are.
    timeout: of one attempt, zero for the usual one.
    """

    urls: tuple[Secret, ...]
    title: str = '{{ template "apprise.default.title" . }}'
    body: str = '{{ template "apprise.default.body" . }}'
    type: str = '{{ template "apprise.default.type" . }}'
    timeout: timedelta = NO_TIMEOUT
