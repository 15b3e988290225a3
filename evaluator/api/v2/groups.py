"""Alert groups in API v2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.entries import Entry, ending
from evaluator.api.roll import Roll
from evaluator.api.v2 import parameters
from evaluator.api.v2.answers import written
from evaluator.api.v2.choice import Choice
from evaluator.api.v2.endpoints import Endpoint
from evaluator.api.v2.suppression import Suppressions
from evaluator.api.view import View
from evaluator.core.routing.grouping import AlertGroup, told_order


class Frame:
    """An alert group without its alerts, as it is written. order: by labels, then by receiver. members: as last listed."""

    __slots__ = ("group", "members", "order", "rank", "receivers", "rest", "route")

    def __init__(self, group: AlertGroup) -> None:
        self.group = group
        self.route = group.route
        self.receivers = (group.route.receiver,)
        self.order = (group.labels.order, group.route.receiver, group.id)
        self.rank = 0
        self.members: list[Entry] = []
        rest = {
            "labels": group.labels.as_dict(),
            "receiver": {"name": group.route.receiver},
            "routeLabels": group.route.labels.as_dict(),
        }
        self.rest = b"]," + msgspec.json.encode(rest)[1:] + b","


class Frames:
    """The groups of a running evaluator in the order in which they are listed; looked at anew when some came or went."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._turnover = -1
        self._frames: dict[str, Frame] = {}

    def current(self) -> dict[str, Frame]:
        """By id, in order."""
        dispatch = self._view.machine.dispatch
        if dispatch.turnover != self._turnover:
            former = [one for one in self._frames.values() if _stands(one, dispatch.groups.get(one.group.id))]
            known = {one.group.id for one in former}
            fresh = [Frame(group) for group in dispatch.groups.values() if group.id not in known]
            frames = sorted(former + fresh, key=attrgetter("order"))
            for rank, frame in enumerate(frames):
                frame.rank = rank
            self._frames, self._turnover = {one.group.id: one for one in frames}, dispatch.turnover
        return self._frames


def listing(roll: Roll, suppressions: Suppressions, frames: Frames) -> Endpoint:
    """The endpoint that lists the groups of what is on `roll`."""

    async def get(view: View, request: Request) -> Response:
        """Alert groups that hold alerts; `active`, `silenced`, `inhibited`, `muted`, `filter`, `receiver` choose among them."""
        choice, wanted = Choice.of(view, request), parameters.receivers(request, view.settings)
        muted = parameters.flag(request, "muted")
        await roll.write(choice.filters)
        suppressions.look(view.now)
        filled = _filled(roll, choice, frames.current())
        asked = (one for one in filled if wanted(one[0].receivers) and (muted or not one[0].group.muted_by))
        return written(_pieces(view, suppressions, choice, asked, Named(wanted)))

    return get


class Named(dict[tuple[str, ...], tuple[str, ...]]):
    """Of the receivers of an alert those that are asked for, by name, as Alertmanager lists them in groups."""

    def __init__(self, wanted: parameters.Wanted) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, receivers: tuple[str, ...]) -> tuple[str, ...]:
        """Found once for each combination of receivers."""
        named = self[receivers] = tuple(sorted(name for name in receivers if self._wanted((name,))))
        return named


def _stands(frame: Frame, group: AlertGroup | None) -> bool:
    return group is frame.group and group.route is frame.route


def _filled(roll: Roll, choice: Choice, frames: dict[str, Frame]) -> Iterator[tuple[Frame, list[Entry]]]:
    """The groups in order, each with those of its alerts that have the labels asked for, in order."""
    found = roll.find(choice.filters)
    if not choice.filters:
        for frame in frames.values():
            yield frame, _members(roll, frame)
        return
    filled: dict[str, list[Entry]] = {}
    for entry in found:
        for name in entry.alert.groups:
            filled.setdefault(name, []).append(entry)
    for name in sorted(filled, key=lambda name: frames[name].rank):
        yield frames[name], _in_order(frames[name], filled[name])


def _members(roll: Roll, frame: Frame) -> list[Entry]:
    """The alerts of a group in order, but for those that it lets go while they go on elsewhere."""
    known = ((roll.get(name), alert) for name, alert in frame.group.alerts.items())
    members = [entry for entry, alert in known if entry is not None and entry.alert is alert]
    if len(members) < 2:
        return members
    if len(members) != len(frame.members) or not {*map(id, members)}.issuperset(map(id, frame.members)):
        frame.members = sorted(members, key=_order)
    return frame.members


def _in_order(frame: Frame, found: list[Entry]) -> list[Entry]:
    """Some of the alerts of a group. To put many in order costs more than to look them up where they are."""
    if len(found) < 2 or len(frame.members) > 8 * len(found):
        return sorted(found, key=_order)
    wanted = {*map(id, found)}
    there = [entry for entry in frame.members if id(entry) in wanted]
    return there if len(there) == len(found) else sorted(found, key=_order)


def _order(entry: Entry) -> tuple[object, ...]:
    return told_order(entry.alert)


def _pieces(
    view: View, suppressions: Suppressions, choice: Choice, found: Iterable[tuple[Frame, list[Entry]]], named: Named
) -> list[bytes]:
    now, texts = view.now, view.texts
    any_time = ending(now + view.settings.resolve_timeout)
    pieces: list[bytes] = []
    for frame, entries in found:
        last = b""
        for entry in entries:
            told = entry.told(now, texts)
            by = suppressions.within(entry, frame.route, frame.group.muted_by)
            if not told or not choice.wants(by):
                continue
            pieces.append(last or b'{"alerts":[')
            pieces.append(told)
            if entry.ends_at is None:
                pieces.append(any_time)
            last = suppressions.written(entry, by, named[entry.receivers])
        if last:
            pieces.append(last[:-1])
            pieces.append(frame.rest)
    return pieces
