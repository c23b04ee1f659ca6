"""What a line of the log keeps of an error."""

import logging
import sys

import pytest
from django.core.exceptions import PermissionDenied

from kualik.config.logs import RefusalsWithoutTrace


@pytest.mark.parametrize(
    ("error", "is_traced"), [(PermissionDenied("another role"), False), (RuntimeError(), True)]
)
def test_only_an_ordinary_refusal_loses_its_trace(error: Exception, is_traced: bool) -> None:
    try:
        raise error
    except type(error):
        facts = sys.exc_info()
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Forbidden", (), facts)
    assert RefusalsWithoutTrace().filter(record)
    assert bool(record.exc_info) is is_traced
