"""Taking in the alerts that others post: what a post comes to, for the alert that it names.

Most posts repeat what is known, with a later end. Those are recognised before anything is built for them, and change nothing
that is kept. That is no loss: a restart gives every posted alert at least `resolve_timeout` from then on (`resumed`), because
nobody could post while nobody listened, and an alert that ended too early would be taken back for no reason. An end further
away than that is kept anew only when it has moved by more than `resolve_timeout`, and a restart makes up for the difference.
Annotations that change with every post, as those with a value in them do, are kept when something else is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from evaluator.core.alerts import Alert, Alerts, Fixed
from evaluator.core.labels import ALERT_NAME
from evaluator.core.posted.posting import AHEAD, SOURCE, Period, PostedAlert, claimed, merged
from evaluator.core.records import Annotations

FOREVER = datetime.max.replace(tzinfo=UTC)


class Taken(Enum):
    """What a post came to.

    NOT: it is over, and was not known. REFUSED: it was not known, and there are too many with its name. AGAIN: nothing that
    is kept. CHANGED: something that is kept. TURNED: the alert began, ended, or began again.
    """

    NOT = auto()
    REFUSED = auto()
    AGAIN = auto()
    CHANGED = auto()
    TURNED = auto()


def take(
    alerts: Alerts,
    posted: PostedAlert,
    now: datetime,
    resolve_timeout: timedelta,
    most: int = 0,
    ahead: timedelta = AHEAD,
) -> tuple[Alert | None, Taken]:
    """Somebody posts this alert. Gives it, and what came of that; None for one that was not taken in.

    most: alerts with one alertname that others may post, 0 for no limit; whoever is known is always heard. ahead: see `merged`.
    """
    alert = alerts.get(posted.labels.fingerprint)
    if alert is not None and _goes_on(alert, posted, now, resolve_timeout):
        return alert, Taken.AGAIN
    claim = claimed(posted, now, resolve_timeout)
    if alert is None and claim.over(now):
        return None, Taken.NOT
    if alert is None and 0 < most <= alerts.posted(posted.labels.get(ALERT_NAME, "")):
        return None, Taken.REFUSED
    if alert is None:
        return _claim(alerts, posted, claim, now), Taken.TURNED
    before = Period(alert.starts_at, alert.ends_at or alert.expires_at or FOREVER, alert.guessed)
    if claim.overlaps(before):
        claim = merged(before, claim, now, ahead)
    if claim.over(now):
        return alert, _end(alerts, alert, posted, claim, now)
    return alert, _assert(alerts, alert, posted, claim, now, resolve_timeout)


def resumed(alert: Alert, now: datetime, resolve_timeout: timedelta) -> datetime:
    """When a posted alert is over after a restart at `now`, unless somebody posts it again."""
    if alert.kept_until is not None:
        return max(alert.kept_until, now) + resolve_timeout
    return max(alert.expires_at or now, now + resolve_timeout)


def _goes_on(alert: Alert, posted: PostedAlert, now: datetime, resolve_timeout: timedelta) -> bool:
    """Whether a post says nothing but that the alert goes on; then its end has been moved.

    This is what the long way would come to, and the way that nearly all posts take.
    """
    guess, until = posted.ends_at is None, posted.ends_at or now + resolve_timeout
    if alert.ends_at is not None or alert.expires_at is None or alert.guessed is not guess or SOURCE not in alert.sources:
        return False
    if until <= now or until < alert.expires_at or (posted.starts_at or now) < alert.starts_at:
        return False
    if until > alert.expires_at and not _kept(alert.kept_until, until, now, resolve_timeout):
        return False
    alert.expires_at, alert.updated_at, alert.generator_url = until, now, posted.generator_url
    if alert.described.annotations.expanded != posted.annotations:
        alert.described = _described(posted)
    return True


def _assert(
    alerts: Alerts, alert: Alert, posted: PostedAlert, claim: Period, now: datetime, resolve_timeout: timedelta
) -> Taken:
    """The post says that a known alert fires."""
    fired, stood, expired_at, kept_until = alert.firing, _standing(alert), alert.expires_at, alert.kept_until
    _claim(alerts, posted, claim, now)
    if not fired:
        return Taken.TURNED
    sooner = expired_at is None or claim.ends_at < expired_at
    if not sooner and (claim.ends_at == expired_at or _kept(kept_until, claim.ends_at, now, resolve_timeout)):
        alert.kept_until = kept_until
        return Taken.AGAIN if _standing(alert) == stood else Taken.CHANGED
    alert.kept_until = None if sooner else claim.ends_at
    return Taken.CHANGED


def _end(alerts: Alerts, alert: Alert, posted: PostedAlert, claim: Period, now: datetime) -> Taken:
    """The post says that a known alert is over; whoever else asserts it goes on to."""
    if alert.firing:
        asserted = SOURCE in alert.sources
        if alerts.withdraw(posted.labels, SOURCE, claim.ends_at, now) is None:
            return Taken.CHANGED if asserted else Taken.AGAIN
        alert.starts_at, alert.described, alert.generator_url = claim.starts_at, _described(posted), posted.generator_url
        return Taken.TURNED
    if claim.starts_at != alert.starts_at:
        return Taken.AGAIN
    moved, alert.ends_at, alert.described = alert.ends_at != claim.ends_at, claim.ends_at, _described(posted)
    return Taken.CHANGED if moved else Taken.AGAIN


def _claim(alerts: Alerts, posted: PostedAlert, claim: Period, now: datetime) -> Alert:
    alert = alerts.affirm(posted.labels, SOURCE, claim.starts_at, now, _described(posted), posted.generator_url)
    alert.expires_at, alert.guessed, alert.kept_until = claim.ends_at, claim.guessed, None
    return alert


def _described(posted: PostedAlert) -> Fixed:
    return Fixed(Annotations(expanded=posted.annotations))


def _kept(kept_until: datetime | None, ends_at: datetime, now: datetime, resolve_timeout: timedelta) -> bool:
    """Whether a restart would let the alert last until `ends_at`, although that is not kept."""
    return ends_at - now <= resolve_timeout or (kept_until is not None and ends_at - kept_until <= resolve_timeout)


def _standing(alert: Alert) -> tuple[object, ...]:
    """What is kept, when it changes, of an alert that others post; its end aside."""
    return (alert.starts_at, alert.guessed, SOURCE in alert.sources)
