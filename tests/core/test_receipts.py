"""Messages that follow their group: what the receiver called the last one is there again when the next one is due.

A service that edits messages, such as Slack with `update_message`, is played here: it posts a message when it is given no
receipt, edits the one that the receipt names, and gives back what that one is called.
"""

from __future__ import annotations

from evaluator.core.records import OutboxRecord, Pairs
from evaluator.core.settings import Settings
from tests.core.playbook import NOTHING, Playbook, group, offset, route, rule, series, settings

OPS = "ops/console[0]"


def config(repeat: str = "1h") -> Settings:
    return settings(group(rule("A"), rule("B"), rule("C")), root=route(by=["team"], wait="0s", interval="1m", repeat=repeat))


class Service:
    """Posts and edits. log: in the order of time."""

    def __init__(self, play: Playbook) -> None:
        self.log: list[str] = []
        self._posted = 0
        play.receipts = self.take

    def take(self, row: OutboxRecord) -> Pairs:
        """Post or edit a message."""
        told, known = row.notification, dict(row.notification.receipt)
        if "ts" not in known:
            self._posted += 1
        name = known.get("ts", f"m{self._posted}")
        self.log.append(f"{offset(told.at)} {'edits' if known else 'posts'} {name}: {told.reason}")
        return (("channel", "C1"), ("ts", name))


def played(config: Settings) -> tuple[Playbook, Service]:
    play = Playbook(config)
    return play, Service(play)


def test_news_repeats_and_the_end_edit_the_message_and_a_new_beginning_posts_another() -> None:
    play, service = played(config())
    play.at("0s", "A", series("A")).at("5m", "B", series("B"))
    play.at("2h", "A", NOTHING).at("2h10m", "B", NOTHING).at("3h", "A", series("A")).run("3h10m")
    assert service.log == [
        "0s posts m1: first notification",
        "6m edits m1: new alerts added",
        "1h6m edits m1: repeat interval elapsed",
        "2h1m edits m1: some alerts resolved",
        "2h11m edits m1: all alerts resolved",
        "3h posts m2: first notification",
    ]


def test_what_begins_again_before_the_group_is_gone_is_a_message_of_its_own() -> None:
    """The end is the last word of the first message."""
    play, service = played(config())
    play.at("0s", "A", series("A")).at("5m", "A", NOTHING).at("7m", "A", series("A")).run("10m")
    assert [line.split(":")[0] for line in service.log] == ["0s posts m1", "6m edits m1", "7m posts m2"]


def test_a_restart_and_a_kill_find_the_message_again() -> None:
    play, service = played(config())
    play.at("0s", "A", series("A")).at("5m", "B", series("B")).at("30m", "A", NOTHING).at("30m", "B", NOTHING)
    play.run("3m").crash().run("20m").crash(after="2m").run("40m")
    assert [line.split(":")[0] for line in service.log] == ["0s posts m1", "6m edits m1", "31m edits m1"]


def test_a_reload_leaves_the_message_to_its_group() -> None:
    play, service = played(config())
    play.at("0s", "A", series("A")).at("5m", "B", series("B")).reload("3m", config(repeat="2h")).run("3h")
    assert [line.split(":")[0] for line in service.log] == ["0s posts m1", "6m edits m1", "2h6m edits m1"]


def test_an_end_to_which_nobody_answered_still_belongs_to_the_message() -> None:
    """Nobody knows whether the message says so already; a second one would stand beside one that may say that it fires."""
    play, service = played(config())
    play.at("0s", "A", series("A")).at("5m", "A", NOTHING)
    play.receiver_is_mute("6m", OPS, takes=False).receiver_works("8m10s", OPS)
    play.at("7m", "B", series("B")).run("20m")
    assert [line.split(":")[0] for line in service.log] == ["0s posts m1", "8m edits m1", "9m edits m1"]


def test_each_integration_and_each_group_has_its_own_message() -> None:
    play, service = played(config())
    play.at("0s", "A", series("A", team="web")).at("0s", "B", series("B", team="db"))
    play.at("5m", "A", NOTHING).at("6m", "B", NOTHING).run("10m")
    assert len(service.log) == 4
    posted = [line.split(" ")[2] for line in service.log if "posts" in line]
    edited = [line.split(" ")[2] for line in service.log if "edits" in line]
    assert sorted(posted) == ["m1:", "m2:"]
    assert sorted(edited) == ["m1:", "m2:"]


def test_notes_of_failed_templates_are_not_the_providers_names() -> None:
    """They stand in the history of attempts, and are not handed to the receiver as if the service had said them."""
    play = Playbook(config())
    known: list[Pairs] = []

    def take(row: OutboxRecord) -> Pairs:
        known.append(row.notification.receipt)
        return (("template_error", "text: line 1"), ("ts", "1"))

    play.receipts = take
    play.at("0s", "A", series("A")).at("5m", "B", series("B")).run("7m")
    assert known[0] == ()
    assert set(known[1:]) == {(("ts", "1"),)}
    assert play.attempts()[0].receipt == (("template_error", "text: line 1"), ("ts", "1"))
