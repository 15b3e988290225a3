"""The page for people, whatever the alerts are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.scene import Living, living, write_config, write_rules
from tests.service.servers import LOGIN_PAGE, Datasource, Webhook, until, vector

pytestmark = pytest.mark.realtime

HOSTILE = '<script>alert("x")</script>'


async def test_hostile_texts_are_texts(tmp_path: Path) -> None:
    """Labels, annotations and what servers say are shown, never obeyed."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        links = "runbook: https://run.book/down, trap: 'javascript:alert(1)'"
        down = f"Down: down, annotations: {{summary: '<b>{{{{ $labels.job }}}}</b>', {links}}}"
        write_rules(tmp_path, down, "Waits: waits, for: 1h")
        datasource.answers = {"down": vector({"job": HOSTILE}), "waits": vector({"job": "a"})}
        async with living(tmp_path) as evaluator:
            await until(evaluator.accepted)
            page = await evaluator.ask("/")
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert "1 firing" in page.text
            assert "1 pending" in page.text
            assert "&lt;script&gt;" in page.text
            assert "&lt;b&gt;" in page.text
            assert HOSTILE not in page.text
            assert '<a href="https://run.book/down" rel="noreferrer">' in page.text
            assert "javascript:alert(1)" in page.text
            assert 'href="javascript' not in page.text
            datasource.instead = LOGIN_PAGE
            await until(lambda: shows(evaluator, "does not answer"))
            assert "<title>" not in (await evaluator.ask("/")).text.partition("<body>")[2]


async def shows(evaluator: Living, text: str) -> bool:
    """Whether the page holds this text."""
    return text in (await evaluator.ask("/")).text


async def test_nothing_fires(tmp_path: Path) -> None:
    """That is said, not left blank."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Down: down")
        async with living(tmp_path) as evaluator:
            await until(evaluator.is_ready)
            assert "Nothing is pending and nothing fires." in (await evaluator.ask("/")).text
