"""From a scenario file to a `Scenario`: every mistake at once, each with its place.

The configuration is what `evaluator run` would read, written into the file or named by its path; its mistakes are found like
those of any other configuration, and its places are those of the file in which it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evaluator.config.compose import compose
from evaluator.config.files import read_text
from evaluator.config.loading import Loaded, load, load_document
from evaluator.config.models import items, read
from evaluator.config.nodes import Document, Node, Scalar, Table, find, is_null, text_at
from evaluator.config.problems import Problem, Problems, Severity, did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import WrongError
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.frozen import frozen
from evaluator.drill.cast import Cast
from evaluator.drill.deeds import VERBS, read_deed
from evaluator.drill.scenario import (
    BEGINNING,
    Action,
    Answering,
    Configuration,
    ExpireSilence,
    Finding,
    Kill,
    Peer,
    Reload,
    Scenario,
    SetSilence,
    Show,
    Start,
    Stop,
    Wants,
)
from evaluator.drill.scenario_models import ActionModel, ScenarioModel, moment
from evaluator.drill.wants import read_shows, read_wants


@frozen
class ScenarioRead:
    """What came of reading. scenario: None when there is an error among the problems."""

    scenario: Scenario | None
    problems: tuple[Problem, ...]


def read_scenario(path: Path, environ: Mapping[str, str]) -> ScenarioRead:
    """Read a scenario file. environ: where `${NAME}` is looked up."""
    problems = Problems()
    text = read_text(path, str(path), problems)
    document = None if text is None else compose(text, str(path), problems, environ)
    scenario = None
    if document is not None:
        if isinstance(document.root, Table) and "scenario" in document.root.values:
            scenario = _Reader(document, document.root, path, problems, environ).read()
        else:
            problems.error(document.start, "this is not a scenario", _what_it_is(document.root))
    return ScenarioRead(None if problems.failed else scenario, problems.sorted())


def _what_it_is(root: Node | None) -> str:
    names = root.values if isinstance(root, Table) else ()
    if "tests" in names:
        return "unit tests of rules are run by `promtool test rules`, this command runs files with a `scenario` at the top"
    if "groups" in names or "route" in names or "receivers" in names:
        return "`evaluator check` is for configuration and rule files, this command runs files with a `scenario` at the top"
    return "a scenario has `scenario: NAME` at the top, then config, actions and wants"


class _Reader:
    """Reads one file, block by block."""

    def __init__(self, document: Document, top: Table, path: Path, problems: Problems, environ: Mapping[str, str]) -> None:
        self._document, self._top, self._path = document, top, path
        self._problems, self._environ = problems, environ

    def read(self) -> Scenario | None:
        model = read(ScenarioModel, self._top, self._problems)
        first = self._configuration(self._top.child("config"))
        actions = self._actions(first)
        cast = _cast([first, *(one.deed.configuration for one in actions if isinstance(one.deed, Reload))])
        wants = read_wants(self._top, "wants", cast, self._problems)
        theirs = read_wants(self._top, "wants_alertmanager", cast, self._problems)
        shows = read_shows(self._top, self._problems)
        if model is None or first is None:
            return None
        self._check(model)
        return Scenario(
            name=model.scenario,
            file=str(self._path),
            configuration=first,
            actions=actions,
            wants=wants,
            until=model.until if model.until is not None else _last(actions, (wants, theirs), shows),
            start=model.start or BEGINNING,
            fixed=model.start is not None,
            shows=shows,
            departs=tuple(model.departs.items()),
            of_alertmanager=theirs if self._top.child("wants_alertmanager") is not None else None,
            switched=model.switched,
            peer=Peer(model.alertmanager.since, model.alertmanager.never),
        )

    def _check(self, model: ScenarioModel) -> None:
        if not model.scenario:
            self._problems.error(self._top.at("scenario"), "the scenario has no name", "say in a few words what it shows")
        if self._top.child("wants_alertmanager") is not None and not model.departs:
            message = "wants_alertmanager says that something differs, and departs does not say why"
            self._problems.error(self._top.key("wants_alertmanager"), message, "add departs: {NAME: REASON}")

    # -- the configuration --------------------------------------------------------------------------------------------

    def _configuration(self, node: Node | None) -> Configuration | None:
        if node is None:
            self._problems.error(self._top.key("config"), "there is no config", "write one, or the path of one")
            return None
        if isinstance(node, Scalar):
            path = Path(self._path.parent / node.text)
            return self._taken(load(path, environ=self._environ), None)
        document = replace(self._document, root=node)
        loaded = load_document(document, self._path, Reading(self._path.parent, Problems()))
        return self._taken(loaded, node if isinstance(node, Table) else None)

    def _taken(self, loaded: Loaded, written: Table | None) -> Configuration | None:
        """Errors are the scenario's; what is only warned of, `evaluator check` says."""
        for problem in loaded.problems:
            if problem.severity is Severity.ERROR:
                self._problems.error(problem.position, problem.message, problem.remedy)
        return None if loaded.settings is None else Configuration(loaded.settings, written)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _actions(self, first: Configuration | None) -> tuple[Action, ...]:
        """In the order of their instants; those of one instant in the order of the file."""
        found, current = list[tuple[Node, Action]](), first
        nodes = items(self._top, "actions", self._problems)
        for node in sorted(nodes, key=_written_at):
            action = self._action(node, current)
            if action is not None:
                found.append((node, action))
                if isinstance(action.deed, Reload):
                    current = action.deed.configuration
        self._check_lives(found)
        return tuple(action for _, action in found)

    def _action(self, node: Node, current: Configuration | None) -> Action | None:
        model = read(ActionModel, node, self._problems)
        if model is None or not isinstance(node, Table):
            return None
        verbs = [name for name in node.values if name in VERBS]
        if len(verbs) != 1:
            said = "nothing happens" if not verbs else f"{' and '.join(verbs)} cannot be one action"
            self._problems.error(node.position, said, f"write at and one of {', '.join(VERBS)}")
            return None
        if model.at < timedelta(0):
            self._problems.error(node.at("at"), "nothing happens before the beginning", "write 0 or more")
        if verbs[0] == "reload":
            reloaded = self._reloaded(node, current)
            return None if reloaded is None else Action(model.at, Reload(reloaded))
        deed = read_deed(verbs[0], model, node, _cast([current]), self._problems)
        return None if deed is None else Action(model.at, deed)

    def _reloaded(self, node: Table, current: Configuration | None) -> Configuration | None:
        written = node.values["reload"]
        return current if is_null(written) else self._configuration(written)

    def _check_lives(self, found: Sequence[tuple[Node, Action]]) -> None:
        """Nothing happens to a process or a silence that is not there; files and receivers are always there."""
        running, silences = True, set[str]()
        for node, action in found:
            match action.deed:
                case _ if not running and not isinstance(action.deed, Start | Answering | Finding | Reload):
                    self._problems.error(node.position, "nobody is there to see this", "start it first")
                case Start() if running:
                    self._problems.error(node.position, "it runs already", "kill or stop it first")
                case Start():
                    running = True
                case Kill() | Stop():
                    running = False
                case SetSilence(name):
                    silences.add(name)
                case ExpireSilence(name) if name not in silences:
                    remedy = did_you_mean(name, silences) or "set it first"
                    self._problems.error(find(node, "expire").position, f'no silence is called "{name}" by then', remedy)


def _cast(configurations: Sequence[Configuration | None]) -> Cast:
    """Everybody whom these configurations know."""
    settings = [one.settings for one in configurations if one is not None]
    if len(settings) < len(configurations):
        return Cast(known=False)
    integrations = {
        receiver.name: tuple(f"{receiver.name}/{integration.name}" for integration in receiver.integrations)
        for one in settings
        for receiver in one.told
    }
    rules = frozenset(
        rule.name for one in settings for group in one.groups for rule in group.rules if isinstance(rule, AlertingRule)
    )
    return Cast(integrations, rules, settings[-1].matcher_mode)


def _written_at(node: Node) -> timedelta:
    """When an action happens, as far as that can be read."""
    try:
        return moment(text_at(node, "at"))
    except WrongError:
        return timedelta(0)


def _last(actions: Iterable[Action], wants: Iterable[Wants], shows: Iterable[Show]) -> timedelta:
    """The last instant that a scenario speaks of."""
    acted = [action.at for action in actions]
    wanted = [one.last for want in wants for one in want.notifications]
    quiet = [one.last for want in wants for one in want.quiet]
    return max([*acted, *wanted, *quiet, *(show.at for show in shows)], default=timedelta(0))
