"""Scenario files played one after the other, and what is to be said of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from evaluator.config.problems import Problem, one_line
from evaluator.core.frozen import frozen
from evaluator.drill.playing import play
from evaluator.drill.report import Line, timeline
from evaluator.drill.scenario import Scenario
from evaluator.drill.scenario_file import read_scenario
from evaluator.drill.verdict import judge

AS_ALERTMANAGER = "compatibility: alertmanager"


@frozen
class Case:
    """One scenario played once, or a file that cannot be read. mode: how it was played, empty for as it stands."""

    file: str
    name: str
    mode: str = ""
    problems: tuple[Problem, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all was as wanted."""
        return not self.problems and not any(line.wrong for line in self.lines)

    @property
    def title(self) -> str:
        """What it is called, for people."""
        return f"{self.name} ({self.mode})" if self.mode else self.name


def run(paths: Iterable[Path], environ: Mapping[str, str]) -> Iterator[Case]:
    """Each file's cases: as it stands, and with Alertmanager's behaviour where the file says how that differs."""
    for path in paths:
        found = read_scenario(path, environ)
        if found.scenario is None:
            yield Case(str(path), path.stem, problems=found.problems)
            continue
        yield _case(found.scenario)
        if found.scenario.of_alertmanager is not None and found.scenario.switched:
            yield _case(found.scenario.compatible(), AS_ALERTMANAGER)


def _case(scenario: Scenario, mode: str = "") -> Case:
    played = play(scenario)
    verdict = judge(scenario.wants, played, scenario.until)
    return Case(scenario.file, scenario.name, mode, lines=tuple(timeline(verdict, played)))


def junit_xml(cases: Iterable[Case]) -> str:
    """The cases as JUnit's XML, one suite for each file."""
    top = ElementTree.Element("testsuites")
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.file, []).append(case)
    for file, found in suites.items():
        failed = sum(not case.passed for case in found)
        suite = ElementTree.SubElement(top, "testsuite", name=file, tests=str(len(found)), failures=str(failed))
        for case in found:
            _add(suite, case)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode")


def _add(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(suite, "testcase", name=one_line(case.title), classname=case.file)
    if not case.passed:
        wrong = [str(problem) for problem in case.problems] or [str(line) for line in case.lines if line.wrong]
        failure = ElementTree.SubElement(element, "failure", message=one_line(wrong[0].strip()))
        failure.text = "\n".join(one_line(text) for text in (wrong if case.problems else map(str, case.lines)))
