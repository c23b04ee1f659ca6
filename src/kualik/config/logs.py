"""What the log of the service says, and how long it talks."""

import logging

from django.core.exceptions import PermissionDenied


class RefusalsWithoutTrace(logging.Filter):
    """An ordinary refusal is a line of the log; its trace leads nowhere but to the guard."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
            record.exc_text = None
        return True
