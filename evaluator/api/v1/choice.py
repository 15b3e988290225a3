"""Which rules a request asks for, and which page of their groups; parameters and errors are those of Prometheus 3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

import promql_parser
from starlette.datastructures import QueryParams

from evaluator.api.v1.envelope import BadParameterError
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.rules import AlertingRule, Rule
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME, Labels, Matcher, MatchOp, match_all

_KINDS = {"": None, "alert": True, "record": False}
_TRUE = ("1", "t", "true")
_FALSE = ("", "0", "f", "false")
_OPS = {"Equal": MatchOp.EQUAL, "NotEqual": MatchOp.NOT_EQUAL, "Re": MatchOp.REGEX, "NotRe": MatchOp.NOT_REGEX}
_SELECTOR = re.compile(r"\s*[\w:]*\s*(\{.*\}\s*)?", re.DOTALL)  # anything else is no selector, and the parser need not see it
_LONGEST = 10_000


@frozen
class Choice:
    """alerting: True for alerting rules, False for recording rules, None for both. Empty sets choose everything.

    selectors: alternatives; a rule is chosen by its labels as they are configured, templates as they are written.
    """

    alerting: bool | None
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    selectors: tuple[tuple[Matcher, ...], ...]
    bare: bool

    @classmethod
    def of(cls, query: QueryParams) -> Choice:
        """As the parameters say. Raises BadParameterError."""
        kind = query.get("type", "").lower()
        if kind not in _KINDS:
            raise BadParameterError("type", f'not supported value "{kind}"')
        names, groups, files = (frozenset(query.getlist(f"{name}[]")) for name in ("rule_name", "rule_group", "file"))
        selectors = tuple(map(_selector, query.getlist("match[]")))
        return cls(_KINDS[kind], names, groups, files, selectors, _without_alerts(query))

    def has(self, group: GroupEvaluation) -> bool:
        """Whether rules of this group may be asked for."""
        one = group.group
        return (not self.groups or one.name in self.groups) and (not self.files or one.file in self.files)

    def rules(self, group: GroupEvaluation) -> list[Rule]:
        """Those of the group's rules that are asked for."""
        return [rule for rule in group.group.rules if self._wants(rule)]

    def _wants(self, rule: Rule) -> bool:
        if self.alerting is not None and isinstance(rule, AlertingRule) is not self.alerting:
            return False
        return (not self.names or rule.name in self.names) and (not self.selectors or self._selects(rule.labels))

    def _selects(self, labels: Labels) -> bool:
        return any(match_all(selector, labels) for selector in self.selectors)


@frozen
class Page:
    """most: groups on it; 0 for all. token: of the group that it begins with; empty for the first."""

    most: int = 0
    token: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> Page:
        """As the parameters say. Raises BadParameterError."""
        limit, token = query.get("group_limit", ""), query.get("group_next_token", "")
        if token and not limit:
            text = "group_limit needs to be present in order to paginate over the groups"
            raise BadParameterError("group_next_token", text)
        if not limit:
            return cls()
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", limit) or abs(int(limit)) >= 2**31:
            raise BadParameterError("group_limit", "group_limit needs to be a valid number")
        if int(limit) <= 0:
            raise BadParameterError("group_limit", "group_limit needs to be greater than 0")
        return cls(int(limit), token)

    def begin(self, groups: Iterable[GroupEvaluation]) -> Iterator[GroupEvaluation]:
        """The groups from the page's first one on. Raises BadParameterError when that is not there any more."""
        found = not self.token
        for group in groups:
            found = found or token_of(group) == self.token
            if found:
                yield group
        if not found:
            text = f"invalid group_next_token '{self.token}'. were rule groups changed?"
            raise BadParameterError("group_next_token", text)


def token_of(group: GroupEvaluation) -> str:
    """What a page that begins with this group is called, as in Prometheus."""
    return sha256(group.group.key.encode()).hexdigest()


def _without_alerts(query: QueryParams) -> bool:
    text = query.get("exclude_alerts", "").lower()
    if text not in _TRUE + _FALSE:
        reason = f'error converting exclude_alerts: strconv.ParseBool: parsing "{text}": invalid syntax'
        raise BadParameterError("exclude_alerts", reason)
    return text in _TRUE


def _selector(text: str) -> tuple[Matcher, ...]:
    try:
        if len(text) > _LONGEST or _SELECTOR.fullmatch(text) is None:
            raise ValueError(f"not a selector of series: {text[:100]!r}")
        parsed = promql_parser.parse(text)
        if not isinstance(parsed, promql_parser.VectorSelector) or parsed.matchers.or_matchers:
            raise ValueError(f"not a selector of series: {text[:100]!r}")
        found = [Matcher(one.name, one.value, _OPS[str(one.op).rpartition(".")[2]]) for one in parsed.matchers.matchers]
    except ValueError as error:
        broad = "non-empty matcher" in str(error)
        text = "match[] must contain at least one non-empty matcher" if broad else str(error)
        raise BadParameterError("match[]", text) from None
    return (*([Matcher(METRIC_NAME, parsed.name)] if parsed.name else []), *found)
