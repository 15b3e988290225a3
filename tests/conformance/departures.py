"""Where the evaluator means to differ from Prometheus, by the rule that shows it. Everything else must be the same.

What is different and how is said and held in `test_departures.py`; here is only what the general comparison leaves out.
"""

from __future__ import annotations

DEPARTURES = {
    "OverLimit": "a rule over its limit keeps the alerts that it has and admits no new ones; Prometheus forgets them all",
    "BrokenLabel": "a label template that fails fails the evaluation; in Prometheus its error becomes the label",
    "LongDuration": "a duration beyond 292 years is printed; Prometheus' count of nanoseconds overflows",
    "AskedForAText": "a template's query may return a text, which strvalue shows; Prometheus refuses it",
    "AskedForNonsense": "of a query that a template asks and the server refuses, it is said who refuses it",
    "LargeNumber": "numbers in queries are printed as Prometheus 3 does, 1000000; older versions write 1e+06",
    "RecordedRange": "a range of a recorded name is sampled at multiples of the interval, not at the group's slots",
    "RecordedElsewhere": "a recorded name is computed for the slot; stored by another group it is up to an interval old",
}
