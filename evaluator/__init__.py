"""Alerting for teams whose Prometheus can only be queried."""

__version__ = "0.1.0"
