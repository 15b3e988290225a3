"""People answer a real evaluator: by links that outlive it, and with nothing of them in its log."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from evaluator.core.effects import Deliver
from evaluator.core.http import Secret
from evaluator.core.records import OutboxRecord
from evaluator.core.replies import LinkSettings
from evaluator.replies.keys import Keyring
from evaluator.replies.tokens import LIFE, Purpose, Token, seal
from evaluator.service.texts import NotificationTextsOf, linking
from tests.core.playbook import T0
from tests.replies.office import BASE, Office, furnished
from tests.service.scene import Evaluator, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = pytest.mark.realtime

PEOPLE = """
people:
  ana: {{name: Ana Ruiz, webhook: "{webhook}"}}
escalations:
  ladder: {{levels: [{{at: 0m, name: on-call, notify: [person:ana]}}]}}
replies:
  telegram: {{secret_token: guess-me}}
"""


def told(webhook: Webhook, whom: str = "person:ana") -> list[str]:
    """Ids of the messages to somebody."""
    return [str(body["evaluator"]["id"]) for body in webhook.told if body["receiver"] == whom]


async def test_a_link_that_was_sent_counts_after_a_kill(tmp_path: Path) -> None:
    """The key is kept beside the database, for its own user alone. What is pressed is kept too, and no link is logged."""
    async with Datasource() as datasource, Webhook() as webhook:
        datasource.answers["up == 0"] = vector({"job": "a"})
        write_rules(tmp_path, "Down: up == 0")
        write_config(tmp_path, datasource.url, webhook.url, more=PEOPLE.format(webhook=webhook.url))
        config = tmp_path / "evaluator.yml"
        config.write_text(config.read_text().replace("route:\n", "route:\n  escalation: ladder\n"))
        async with Evaluator(tmp_path) as evaluator:
            await until(lambda: told(webhook))
            await evaluator.kill()
        key = tmp_path / "evaluator.db-links.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        sent = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        token = seal(Token(Purpose.ACK, 1, 1, "ana", sent, sent + LIFE, "0" * 16), Keyring.of([key.read_bytes()]))
        async with Evaluator(tmp_path) as evaluator, httpx.AsyncClient(trust_env=False, base_url=evaluator.url) as client:
            page = await client.get(f"/links/{token}")
            assert (page.status_code, "Acknowledge" in page.text) == (200, True)
            pressed = await client.post(f"/links/{token}")
            assert "It is yours until" in pressed.text
            assert (await client.post("/replies/telegram", json={})).status_code == 401
            await evaluator.logged("incident acked")
            metrics = await evaluator.metrics()
            assert metrics['evaluator_replies_total{outcome="done",way="link"}'] == 1
            assert metrics['evaluator_replies_total{outcome="unverified",way="telegram"}'] == 1
        assert token not in (tmp_path / "log").read_text()


def test_a_link_follows_its_secret(tmp_path: Path) -> None:
    """While the file cannot be read, messages go out without."""
    file = tmp_path / "key"
    settings = furnished(links=LinkSettings(Secret(path=file), base_url=BASE))
    link = linking(settings, lambda: b"own")
    notice = Office().fires("Down").notice()
    assert link(notice, "ack", T0) == ""
    file.write_text("0123456789abcdef")
    first = link(notice, "ack", T0)
    file.write_text("fedcba9876543210")
    assert first.startswith(f"{BASE}/links/")
    assert link(notice, "ack", T0) != first


def test_what_is_over_is_asked_about_and_nothing_else_can_be_done() -> None:
    """The message of the end has the link for labels, and none of those of the messages before."""
    office = Office().fires("Down")
    texts = NotificationTextsOf(office.settings, linking(office.settings, lambda: b"own"))
    told = [list(texts.buttons(row.notification).links) for row in rows_to_ana(office)]
    office.ends("Down")
    assert told == [["ack", "snooze", "escalate", "view"]]
    assert list(texts.buttons(rows_to_ana(office)[-1].notification).links) == ["label", "view"]


def rows_to_ana(office: Office) -> list[OutboxRecord]:
    """What was sent to her, in order."""
    rows = [effect.row for effect in office.effects if isinstance(effect, Deliver)]
    return [row for row in rows if row.notification.incident is not None and row.notification.incident.whom == "ana"]
