"""Forwarding own alerts to Alertmanagers: through a queue for each of them, as Prometheus does.

What is due is decided by the machine; here it is relabelled, queued and posted. Nothing that is queued is kept, and nothing
that was not accepted is tried again: what matters is due again soon.
"""
