"""Tests that are coroutines are run as those of the service are."""

from tests.service.conftest import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]
