"""The keys of rule files, which are Prometheus', and those of its relatives that people bring along.

Thanos, Mimir and vmalert each add keys that the others refuse. They are refused here too, since dropping one silently would
change what a rule means; the remedy names whose key it is and what does the same here.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.scalars import Span, Text, Whole

_KUBERNETES = "this is a Kubernetes object: keep what stands under spec"
_SLOTS = "every group keeps to fixed slots of its interval here; remove it"


class RuleFileModel(Model):
    """A rule file."""

    TITLE = "a rule file"
    FOREIGN = MappingProxyType(
        {
            "apiVersion": _KUBERNETES,
            "kind": _KUBERNETES,
            "metadata": _KUBERNETES,
            "spec": _KUBERNETES,
            "namespace": "a key of Mimir and Loki: a group is known by its file and name here",
            "rules": "rules stand in a group: groups: [{name: NAME, rules: [...]}]",
        }
    )

    groups: Any = None


class GroupModel(Model):
    """A rule group. Its rules are read one by one."""

    TITLE = "a rule group"
    FOREIGN = MappingProxyType(
        {
            "partial_response_strategy": "a key of Thanos: a partial answer never resolves an alert here; remove it",
            "source_tenants": "a key of Mimir: send the tenants in a header of the datasource, X-Scope-OrgID",
            "align_evaluation_time_on_interval": f"a key of Mimir: {_SLOTS}",
            "evaluation_delay": "a key of Mimir: write query_offset",
            "eval_delay": "a key of vmalert: write query_offset",
            "eval_offset": f"a key of vmalert: {_SLOTS}",
            "eval_alignment": f"a key of vmalert: {_SLOTS}",
            "concurrency": "a key of vmalert: write max_concurrency at the datasource",
            "type": "a key of vmalert: the language is that of the datasource; write its kind there",
            "params": "a key of vmalert: VictoriaMetrics' nocache is sent by itself; there are no others here",
            "headers": "a key of vmalert: write headers at the datasource",
            "notifier_headers": "a key of vmalert: write http_headers at the receiver",
            "tenant": "a key of vmalert: write the tenant into the url of the datasource",
            "debug": "a key of vmalert: remove it",
            "datasource": "write it beside the file: rule_files: [{files: GLOB, datasource: NAME}]",
        }
    )

    name: Text = ""
    interval: Span = timedelta(0)
    query_offset: Span | None = None
    limit: Whole = 0
    labels: dict[str, Text] = Field(default_factory=dict)
    rules: Any = None


class RuleModel(Model):
    """A rule. An empty `alert` or `record` counts as absent."""

    TITLE = "a rule"
    FOREIGN = MappingProxyType(
        {
            "debug": "a key of vmalert: remove it",
            "update_entries_limit": "a key of vmalert: remove it",
            "name": "write it as alert or record",
            "severity": "write it under labels",
            "summary": "write it under annotations",
            "description": "write it under annotations",
        }
    )

    alert: Text = ""
    record: Text = ""
    expr: Text = ""
    for_: Span = Field(default=timedelta(0), alias="for")
    keep_firing_for: Span = timedelta(0)
    labels: dict[str, Text] = Field(default_factory=dict)
    annotations: dict[str, Text] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the alert or the recorded series."""
        return self.alert or self.record
