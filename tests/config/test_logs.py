"""What a line of the log keeps of an error."""

import logging
import sys

import pytest
from django.core.exceptions import PermissionDenied
from django.views.debug import get_default_exception_reporter_filter
from pytest_django import Settings

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


def test_a_report_of_a_fault_holds_no_secret(settings: Settings) -> None:
    secrets = ("SECRET_KEY", "IIN_KEY", "KEY_PASSPHRASE", "PKCS11_PIN", "EMAIL_URL", "SMS_URL")
    for name in secrets:
        setattr(settings, name, "482913")
    told = get_default_exception_reporter_filter().get_safe_settings()
    assert [name for name in secrets if told[name] == "482913"] == []
    assert "482913" not in repr(told)
