"""`evaluator check`: every problem with its place and a remedy, and what a server says of the expressions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import evaluator, in_thread
from tests.local_server import LocalServer, Reply

FILES = Path(__file__).parents[1] / "config"
PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<text>.+)")

RULES = """\
groups:
- name: g
  rules:
  - alert: Known
    expr: demo_up == 0
  - alert: Misspelt
    expr: demo_upp == 0 and demo_up > 0
  - alert: Newer
    expr: info(demo_up)
"""


def test_a_folder_of_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run names every file that is wrong, each problem in a line of its own with its place; exit 1."""
    monkeypatch.chdir(FILES / "bad")
    names = sorted(path.name for path in Path().glob("*.yml"))
    ended = evaluator("check", *names)
    found = [PLACE.fullmatch(line) for line in ended.err.splitlines()]
    assert ended.code == 1
    assert {match["file"] for match in found if match and not match["text"].startswith("warning: ")} == set(names)
    assert None not in found
    assert "rules-" in ended.out
    assert all(re.fullmatch(r".+: \d+ errors?", line) for line in ended.out.splitlines())


def test_good_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what they are; exit 0, with warnings too."""
    monkeypatch.chdir(FILES / "good")
    names = sorted(path.name for path in Path().glob("*.yml"))
    ended = evaluator("check", *names, env={"FLY_API_TOKEN": "x"})
    assert (ended.code, len(ended.out.splitlines())) == (0, len(names)), ended.err
    assert "fly.rules.yml: rules, 7 rules in 1 group\n" in ended.out


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same problems as objects, and nothing else on standard output."""
    monkeypatch.chdir(FILES / "bad")
    ended = evaluator("check", "--json", "am-global-unknown.yml")
    assert (ended.code, ended.err) == (1, "")
    (problem,) = json.loads(ended.out)
    assert problem == {
        "file": "am-global-unknown.yml",
        "line": 3,
        "column": 3,
        "severity": "error",
        "message": 'unknown key "slack_url" in global',
        "remedy": 'did you mean "slack_app_url"?',
    }


@pytest.mark.realtime
def test_a_server_is_asked(prometheus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric that it does not know is a warning, an expression that it refuses an error in its own words."""
    monkeypatch.chdir(tmp_path)
    Path("a.rules.yml").write_text(RULES)
    ended = evaluator("check", "--prometheus", prometheus, "a.rules.yml")
    assert ended.code == 1
    said = [line for line in ended.err.splitlines() if "Misspelt" in line or "the server refuses" in line]
    assert said[0].startswith("a.rules.yml:6:5: warning: demo_upp in Misspelt matches no series of the last hour; ")
    assert re.match(
        r'a\.rules\.yml:8:5: the server refuses the expression of Newer: .*unknown function with name "info"', said[1]
    )
    assert len(said) == 2
    assert "Known" not in ended.err


async def test_a_server_that_is_none(tmp_path: Path) -> None:
    """One line that says so, before anything else is said of the rules."""
    rules = tmp_path / "a.rules.yml"
    rules.write_text(RULES)
    async with LocalServer(Reply(headers={"Content-Type": "text/html"}, body=b"<h1>Please sign in</h1>")) as server:
        ended = await in_thread("check", "--prometheus", server.url, str(rules))
        assert ended.err.startswith(f"evaluator: {server.url} cannot be asked: ")
    assert ended.code == 1
    assert "Please sign in" in ended.err
    assert ended.err.count("\n") == 1


def test_the_plan(tmp_path: Path) -> None:
    """Rules of a group share requests as they will when they are asked."""
    (tmp_path / "r.yml").write_text(
        "groups:\n- name: g\n  rules:\n"
        "  - {alert: A, expr: 'up{job=\"a\"} == 0'}\n"
        "  - {alert: B, expr: 'up{job=\"b\"} == 0'}\n"
        "  - {alert: C, expr: sort(up)}\n"
    )
    ended = evaluator("check", "--plan", str(tmp_path / "r.yml"))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1:] == [
        f"{tmp_path}/r.yml;g: 3 alerting rules, 2 requests",
        "  request 1: 2 expressions as 1",
        '    up{job=~"a|b"} == 0',
        "  request 2: 1 expression, alone: sort orders its result",
        "    sort(up)",
    ]


PEOPLE = """\
people: {ana: {name: Ana Ruiz, email: a@example.org}, bo: {email: b@example.org}, mia: {email: c@example.org}}
schedules: {primary: {layers: [{rotation: [ana, bo], every: 1 week, handoff: "Mon 09:00", start: 2026-01-05}]}}
"""


def test_who_moves_when_a_rotation_changes(tmp_path: Path) -> None:
    """By names, on the clocks of the schedule."""
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(PEOPLE)
    new.write_text(PEOPLE.replace("[ana, bo]", "[ana, bo, mia]"))
    ended = evaluator("check", str(new), "--against", str(old))
    assert (ended.code, ended.err) == (0, "")
    heading, *rows = [re.split("  +", line.strip()) for line in ended.out.splitlines()[1:]]
    assert heading == ["schedule", "from", "to", "was", "will be"]
    assert {row[0] for row in rows} == {"primary"}
    assert {row[4] for row in rows} >= {"mia"}
    assert {row[3] for row in rows} <= {"Ana Ruiz", "bo"}
    assert " UTC" in ended.out


def test_nobody_moves_when_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "same.yml"
    path.write_text(PEOPLE)
    assert "nobody moves in the next 8 weeks\n" in evaluator("check", str(path), "--against", str(path)).out
    assert json.loads(evaluator("check", str(path), "--against", str(path), "--json").out) == {"problems": [], "moves": []}


def test_moves_for_programs(tmp_path: Path) -> None:
    """People by their keys, times with an offset."""
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(PEOPLE)
    new.write_text(PEOPLE.replace("[ana, bo]", "[mia]"))
    found = json.loads(evaluator("check", str(new), "--against", str(old), "--json").out)
    assert found["problems"] == []
    assert {tuple(move["after"]) for move in found["moves"]} == {("mia",)}
    assert {tuple(move["before"]) for move in found["moves"]} == {("ana",), ("bo",)}
    assert all(move["schedule"] == "primary" and move["from"].endswith("+00:00") for move in found["moves"])


def commit(folder: Path, *names: str) -> None:
    """Keep files in a repository of their own."""
    by = ("-c", "user.name=ana", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", *names), (*by, "commit", "-q", "-m", "as it was")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_who_moves_since_a_commit(tmp_path: Path) -> None:
    """The older file is found with the rule files that it names."""
    path, rules = tmp_path / "conf" / "evaluator.yml", tmp_path / "conf" / "r.yml"
    path.parent.mkdir()
    path.write_text(PEOPLE + 'datasources: [{name: m, url: "http://m"}]\nrule_files: [r.yml]\n')
    rules.write_text("groups: []\n")
    commit(tmp_path, "conf")
    assert "nobody moves in the next 8 weeks\n" in evaluator("check", str(path), "--against-git", "HEAD").out
    path.write_text(path.read_text().replace("[ana, bo]", "[mia]"))
    found = json.loads(evaluator("check", str(path), "--against-git", "HEAD", "--json").out)
    assert {tuple(move["after"]) for move in found["moves"]} == {("mia",)}


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_what_git_does_not_have_is_one_line(tmp_path: Path) -> None:
    path, other = tmp_path / "evaluator.yml", tmp_path / "other.yml"
    for one in (path, other):
        one.write_text(PEOPLE)
    assert "git says of" in evaluator("check", str(path), "--against-git", "HEAD").err
    commit(tmp_path, "evaluator.yml")
    assert f"{other} is not in HEAD" in evaluator("check", str(other), "--against-git", "HEAD").err
    assert "is no revision" in evaluator("check", str(path), "--against-git=--output=x").err
    assert "not both" in evaluator("check", str(path), "--against", str(other), "--against-git", "HEAD").err


def test_what_cannot_be_compared_says_so(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(PEOPLE)
    bad.write_text(PEOPLE.replace("[ana, bo]", "[ana, boo]"))
    ended = evaluator("check", str(good), "--against", str(bad))
    assert ended.code == 1
    assert 'undefined person "boo"' in ended.err
    assert f"{bad} cannot be compared with: 1 error" in ended.err
    assert "name the new one, and only that" in evaluator("check", str(good), str(good), "--against", str(good)).err
    assert "nobody moves" not in evaluator("check", str(bad), "--against", str(good)).out


def test_hours_without_anybody_ahead_are_warned_of(tmp_path: Path) -> None:
    """By the clock of the machine: a schedule that only begins in years covers nothing yet."""
    path = tmp_path / "evaluator.yml"
    path.write_text(PEOPLE.replace("2026-01-05", "2126-01-07"))
    ended = evaluator("check", str(path))
    assert ended.code == 0
    assert 'warning: nobody is on call in schedule "primary" from ' in ended.err
