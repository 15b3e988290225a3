"""Asking a Prometheus, or what speaks its API, and being strict about what counts as an answer.

`client` asks: one `PrometheusClient` per datasource, used by everything that evaluates. Under it, `exchange` makes one
request, `verdict` decides what came back, `decoding` reads vectors; `concurrency`, `patience` and `sentinel` are the
manners and the caution. `history` looks back, for checks and backtests, and is imported only by those who need it: the
library behind it is not loaded when the service starts.
"""

from evaluator.prometheus.client import PrometheusClient

__all__ = ["PrometheusClient"]
