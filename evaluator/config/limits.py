"""How much is taken in: `limits`. Alertmanager has some of these as flags; 0 is no limit, as there."""

from __future__ import annotations

from dataclasses import fields

from evaluator.config.models import Model
from evaluator.config.scalars import Count, Size
from evaluator.core.limits import DEFAULT_LIMITS, Limits


class LimitsModel(Model):
    """`limits`."""

    TITLE = "limits"

    alerts_per_alertname: Count = DEFAULT_LIMITS.alerts_per_alertname
    groups_per_route: Count = DEFAULT_LIMITS.groups_per_route
    silences: Count = DEFAULT_LIMITS.silences
    silence_size: Size = DEFAULT_LIMITS.silence_size
    body_size: Size = DEFAULT_LIMITS.body_size
    label_name_length: Size = DEFAULT_LIMITS.label_name_length
    label_value_length: Size = DEFAULT_LIMITS.label_value_length
    labels_per_alert: Count = DEFAULT_LIMITS.labels_per_alert
    annotation_size: Size = DEFAULT_LIMITS.annotation_size
    post_concurrency: Count = DEFAULT_LIMITS.post_concurrency


def read_limits(model: LimitsModel) -> Limits:
    """The limits; what the file does not say is as by default."""
    return Limits(**{field.name: getattr(model, field.name) for field in fields(Limits)})
