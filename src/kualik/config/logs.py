"""What the log of the service says, and how long it talks."""

import logging
import re

from django.core.exceptions import PermissionDenied
from django.views.debug import SafeExceptionReporterFilter


class RefusalsWithoutTrace(logging.Filter):
    """An ordinary refusal is a line of the log; its trace leads nowhere but to the guard."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
            record.exc_text = None
        return True


class FaultsOnce(logging.Filter):
    """A refusal of the e-government bus, to which SOAP gives the status 500, has its own line with
    its code; the framework's says only that something broke."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", "")
        is_fault = getattr(record, "status_code", 0) == 500 and record.exc_info is None
        return not (is_fault and str(path).startswith("/gateway/"))


class SecretsHidden(SafeExceptionReporterFilter):
    """Reports of a fault leave out what Django does not know to be secret: PINs and addresses
    that hold a password."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|_PIN$|(EMAIL|SMS)_URL$",
        flags=re.IGNORECASE,
    )
