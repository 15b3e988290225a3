"""Files and patterns: what is found, how it is named, and what is said when it cannot be read."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import FileKind, check_paths, load, load_rules, without_file
from evaluator.config.files import SIZE_LIMIT
from evaluator.core.labels import Labels
from evaluator.core.settings import Datasource, DatasourceKind, Heartbeat, Secret

RULES = "groups: [{name: g, rules: [{alert: A, expr: up}]}]\n"
SOURCES = "datasources: [{name: one, url: http://one}, {name: two, url: http://two}]\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def said(path: Path) -> list[str]:
    return [str(problem).removeprefix(str(path)) for problem in load(path, environ={}).problems]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1:1: the file is empty; a configuration has at least datasources and rule_files"),
        (b"# nothing\n", ":1:1: the file is empty; a configuration has at least datasources and rule_files"),
        (b"a: b\nc: caf\xe9\n", ":2:7: is not UTF-8: byte 0xe9; save the file as UTF-8"),
        ("a: é".encode("utf-16"), ":1:1: is not UTF-8: byte 0xff; save the file as UTF-8"),
        (b"x" * (SIZE_LIMIT + 1), ":1:1: is larger than 4 MiB; split it into several files"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_bytes(content)
    assert said(path) == [expected]


def test_no_file_a_folder_and_a_strange_name(tmp_path: Path) -> None:
    assert said(tmp_path / "no.yml") == [":1:1: cannot be read: no such file or directory"]
    assert said(tmp_path) == [f":1:1: is a directory, not a file; name the files in it: {tmp_path}/*.yml"]
    assert said(tmp_path / "a\0b")[0].endswith("cannot be read: embedded null byte")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    path.touch(mode=0o000)
    assert said(path) == [":1:1: cannot be read: permission denied"]


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_bytes(b"\xef\xbb\xbfretention: 5d\n")
    assert load(path, environ={}).problems == ()


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("a.yml", ["a.yml"]),
        ("./a.yml", ["a.yml"]),
        ("*.yml", ["a.yml"]),
        ("rules/*.yml", ["rules/b.yml"]),
        ("**/*.yml", ["a.yml", "rules/b.yml", "rules/deep/c.yml"]),
        ("rules/**", ["rules/b.yml", "rules/deep/c.yml"]),
        ("rules/../a.yml", ["a.yml"]),
        ("rul?s/[ab].yml", ["rules/b.yml"]),
    ],
)
def test_patterns(tmp_path: Path, entry: str, names: list[str]) -> None:
    """A group is named after its file as seen from the configuration; hidden files are for nobody."""
    write(tmp_path, a_yml=RULES, rules__b_yml=RULES, rules__deep__c_yml=RULES)
    write(tmp_path / "rules" / "..hidden", d_yml=RULES)
    (tmp_path / "evaluator.conf").write_text(SOURCES + f"rule_files: ['{entry}']\n")
    loaded = load(tmp_path / "evaluator.conf", environ={})
    assert loaded.problems == ()
    assert loaded.settings is not None
    assert [group.file for group in loaded.settings.groups] == names
    assert loaded.settings.rule_files == tuple(tmp_path / name for name in names)


def test_an_absolute_path_below_the_configuration_is_named_from_there(tmp_path: Path) -> None:
    """So that state is kept when the same files are named in another way, and when the folder moves."""
    write(tmp_path, conf__rules__a_yml=RULES, other__b_yml=RULES)
    path = tmp_path / "conf" / "evaluator.yml"
    path.write_text(SOURCES + f"rule_files: ['{tmp_path}/conf/rules/*.yml', '{tmp_path}/other/b.yml', ../other/b.yml]\n")
    loaded = load(path, environ={})
    assert loaded.settings is not None
    assert [group.file for group in loaded.settings.groups] == ["rules/a.yml", str(tmp_path / "other" / "b.yml")]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """However many patterns name it, and through whatever links."""
    write(tmp_path, a_yml=RULES)
    (tmp_path / "link.yml").symlink_to(tmp_path / "a.yml")
    found, problems = load_rules(["a.yml", "*.yml", tmp_path / "a.yml"], base=tmp_path)
    assert problems == ()
    assert len(found) == 1


def test_a_file_may_not_be_read_for_two_datasources(tmp_path: Path) -> None:
    """Its groups would have the same names, and so the same state."""
    write(tmp_path, a_yml=RULES)
    path = tmp_path / "evaluator.conf"
    path.write_text(SOURCES + "rule_files: [a.yml, {files: '*.yml', datasource: two}]\n")
    (problem,) = load(path, environ={}).problems
    assert problem.message == '"a.yml" is already read for datasource "one"'


def test_the_first_datasource_is_the_default(tmp_path: Path) -> None:
    write(tmp_path, a_yml=RULES, b_yml=RULES)
    path = tmp_path / "evaluator.conf"
    path.write_text(SOURCES + "rule_files: [a.yml, {files: b.yml, datasource: two}]\n")
    settings = load(path, environ={}).settings
    assert settings is not None
    assert [(group.file, group.datasource) for group in settings.groups] == [("a.yml", "one"), ("b.yml", "two")]


def test_problems_of_rule_files_name_them_so_that_an_editor_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the working directory, though the pattern starts at the configuration."""
    write(
        tmp_path,
        conf__rules__a_yml="groups: [{name: g, rules: [{alert: A}]}]\n",
        conf__evaluator_yml=SOURCES + "rule_files: [rules/*.yml]\n",
    )
    monkeypatch.chdir(tmp_path)
    (problem,) = load(Path("conf/evaluator.yml"), environ={}).problems
    assert str(problem).startswith("conf/rules/a.yml:1:28: ")


def test_another_base(tmp_path: Path) -> None:
    write(tmp_path, conf__evaluator_yml=SOURCES + "rule_files: [a.yml]\n", rules__a_yml=RULES)
    loaded = load(tmp_path / "conf" / "evaluator.yml", environ={}, base=tmp_path / "rules")
    assert loaded.settings is not None
    assert [group.file for group in loaded.settings.groups] == ["a.yml"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "sqlite:///evaluator.db"),
        ("storage: sqlite:///state.db\n", "sqlite:///{base}/state.db"),
        ("storage: sqlite:////var/lib/state.db\n", "sqlite:////var/lib/state.db"),
        ("storage: 'sqlite://'\n", "sqlite://"),
        ("storage: 'sqlite:///:memory:'\n", "sqlite:///:memory:"),
    ],
)
def test_storage(tmp_path: Path, written: str, expected: str) -> None:
    """A file that the configuration names starts there; the default starts where the service does."""
    path = tmp_path / "evaluator.yml"
    path.write_text(f"retention: 5d\n{written}")
    settings = load(path, environ={}).settings
    assert settings is not None
    assert settings.storage == expected.format(base=tmp_path)


def test_the_values_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(
        "evaluation_interval: 15s\nexternal_labels: {a: 1, b: yes, c: ~}\nexternal_url: https://a.example.org/x/\n"
        "retention: 1w\ncatch_up: {max: 1h, notify: no}\nheartbeat: {url_file: beat, every: 30s}\n"
        "web: {listen: '[::1]:80'}\nglobal: {resolve_timeout: 7m}\n"
    )
    settings = load(path, environ={}).settings
    assert settings is not None
    assert settings.path == path
    assert settings.evaluation_interval == timedelta(seconds=15)
    assert settings.external_labels == Labels({"a": "1", "b": "yes", "c": ""})
    assert settings.external_url == "https://a.example.org/x"
    assert settings.retention == timedelta(days=7)
    assert (settings.catch_up.max, settings.catch_up.notify) == (timedelta(hours=1), False)
    assert settings.heartbeat == Heartbeat(Secret(path=tmp_path / "beat"), timedelta(seconds=30))
    assert settings.listen == ("::1", 80)
    assert settings.resolve_timeout == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("written", "kind", "offset"),
    [
        ("", DatasourceKind.PROMETHEUS, 0),
        ("kind: victoriametrics", DatasourceKind.VICTORIAMETRICS, 30),
        ("kind: victoriametrics\n    query_offset: 1m", DatasourceKind.VICTORIAMETRICS, 60),
        ("query_offset: 5s", DatasourceKind.PROMETHEUS, 5),
    ],
)
def test_victoriametrics_looks_back(tmp_path: Path, written: str, kind: DatasourceKind, offset: int) -> None:
    path = tmp_path / "evaluator.yml"
    path.write_text(f"datasources:\n  - name: a\n    url: http://a/\n    {written}\n")
    settings = load(path, environ={}).settings
    assert settings is not None
    assert settings.datasources == (Datasource("a", "http://a", kind, query_offset=timedelta(seconds=offset)),)


def test_mistakes_of_datasources_and_of_their_rules_are_named_in_one_run(tmp_path: Path) -> None:
    """A datasource that is wrong is still known by its name, and its rules are still read."""
    write(tmp_path, a_yml="groups: [{name: g, rules: [{alert: A}]}]\n")
    path = tmp_path / "evaluator.conf"
    path.write_text(
        "datasources:\n  - {name: one, url: http://one, time_out: 5s}\nrule_files: [{files: a.yml, datasource: one}]\n"
    )
    assert [problem.message for problem in load(path, environ={}).problems] == [
        'unknown key "time_out" in a datasource',
        'group "g", rule 1, "A": field \'expr\' must be set in rule',
    ]


def test_templates_are_found(tmp_path: Path) -> None:
    write(tmp_path, t__a_yml='{{ define "a" }}x{{ end }}', t__b_yml="x")
    path = tmp_path / "evaluator.yml"
    path.write_text("templates: ['t/*']\n")
    settings = load(path, environ={}).settings
    assert settings is not None
    assert settings.templates == (tmp_path / "t" / "a.yml", tmp_path / "t" / "b.yml")


def test_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`evaluator run --prometheus URL --rules GLOB`: patterns start at the working directory."""
    write(tmp_path, rules__a_yml=RULES)
    monkeypatch.chdir(tmp_path)
    loaded = without_file("http://localhost:9090/", ["rules/*.yml"])
    assert loaded.problems == ()
    assert loaded.settings is not None
    assert loaded.settings.datasources == (Datasource("default", "http://localhost:9090"),)
    assert [(group.file, group.datasource) for group in loaded.settings.groups] == [("rules/a.yml", "default")]
    assert [receiver.name for receiver in loaded.settings.receivers] == [loaded.settings.route.receiver] == ["console"]


def test_arguments_that_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [str(problem) for problem in without_file("localhost:9090", []).problems] == [
        "--prometheus:1:1: unsupported scheme for URL; start it with https:// or http://"
    ]
    loaded = without_file("http://localhost:9090", ["no.yml", "no/*.yml"])
    assert loaded.settings is None
    assert [str(problem) for problem in loaded.problems] == [
        'no.yml:1:1: rule file "no.yml" does not exist; correct the path, or remove it',
        'no/*.yml:1:1: warning: no file matches "no/*.yml"; no rules come from this pattern',
    ]


def test_checking_tells_files_apart_by_their_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path, a_yml=RULES, b_yml="retention: 5d\n", c_yml="a: [\n", d_yml="", e_yml="datasources: [{name: a, url: ${X}}]\n"
    )
    monkeypatch.chdir(tmp_path)
    checked = check_paths([Path(f"{name}.yml") for name in "abcde"] + [Path("no.yml")], environ={"X": "http://x"})
    assert [file.kind for file in checked.files] == [
        FileKind.RULES,
        FileKind.CONFIG,
        FileKind.UNREADABLE,
        FileKind.RULES,
        FileKind.CONFIG,
        FileKind.UNREADABLE,
    ]
    assert [group.key for group in checked.files[0].groups] == ["a.yml;g"]
    assert [file.settings is not None for file in checked.files] == [False, True, False, False, True, False]


def test_rule_files_that_are_checked_together_know_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        a_yml="groups: [{name: g, rules: [{alert: A, expr: 'x:y > 1'}]}]\n",
        b_yml="groups: [{name: g, rules: [{record: 'x:y', expr: sum(up)}]}]\n",
    )
    monkeypatch.chdir(tmp_path)
    checked = check_paths([Path("a.yml"), Path("b.yml")], environ={})
    assert "sum(up)" in checked.files[0].groups[0].rules[0].query
