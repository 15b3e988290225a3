"""What the tests of commands share."""

from tests.prometheus.conftest import prometheus

__all__ = ["prometheus"]
