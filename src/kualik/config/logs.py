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


class SecretsHidden(SafeExceptionReporterFilter):
    """Reports of a fault leave out what Django does not know to be secret: PINs and addresses
    that hold a password."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|_PIN$|(EMAIL|SMS)_URL$",
        flags=re.IGNORECASE,
    )
