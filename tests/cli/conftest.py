"""What the tests of commands share."""

from tests.prometheus.conftest import prometheus
from tests.service.conftest import pytest_pyfunc_call

__all__ = ["prometheus", "pytest_pyfunc_call"]
