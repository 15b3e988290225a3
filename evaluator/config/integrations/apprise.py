"""Services by way of Apprise: `apprise_configs`. The library is an extra; without it the configuration cannot be used."""

from __future__ import annotations

import warnings
from datetime import timedelta
from importlib.util import find_spec

from pydantic import Field

from evaluator.config.integrations.common import IntegrationModel, Source, build
from evaluator.config.scalars import HIDDEN, GoSpan, Hidden, Text
from evaluator.core.http import Secret
from evaluator.core.receivers.apprise import AppriseSettings


class AppriseModel(IntegrationModel):
    """An item of `apprise_configs`."""

    TITLE = "apprise_configs"

    urls: list[Hidden] = Field(default_factory=list)
    urls_file: Text | None = None
    title: Text = ""
    body: Text = ""
    type: Text = ""
    timeout: GoSpan = timedelta(0)


def settings(model: AppriseModel, source: Source) -> AppriseSettings:
    """The settings of some services."""
    source.check_texts("title", "body", "type")
    return build(AppriseSettings, model, urls=_urls(model, source), timeout=source.timeout(model.timeout))


def _urls(model: AppriseModel, source: Source) -> tuple[Secret, ...]:
    if bool(model.urls) == bool(model.urls_file):
        source.wrong("urls", "one of urls or urls_file must be configured", "write one of them")
    if find_spec("apprise") is None:
        message = "apprise_configs needs the library Apprise, which is not installed here"
        source.reading.problems.error(source.node.position, message, "run: pip install 'promql-evaluator[apprise]'")
    else:
        _check(model, source)
    return (Secret(path=source.reading.path(model.urls_file)),) if model.urls_file else tuple(model.urls)


def _check(model: AppriseModel, source: Source) -> None:
    """URLs that Apprise cannot read. Its plug-ins are loaded here for the first time, with what they have to complain of."""
    if not model.urls:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from apprise import Apprise

        for number, url in enumerate(model.urls):
            if url.text != HIDDEN and Apprise.instantiate(url.text) is None:
                where = source.node.at("urls", number)
                source.reading.problems.error(where, "Apprise cannot read this URL", "look it up in Apprise's documentation")
