"""The portal's inner documents: read into one form, answered from one reply.

Nothing here knows a database.
"""

from kualik.gateway.services.mapping.documents import (
    ADD,
    DICTIONARY,
    PAPERS,
    RESULT,
    STATUS,
    SUBMIT,
    WITHDRAW,
    Paper,
    PortalFile,
    PortalForm,
    Reply,
)
from kualik.gateway.services.mapping.reading import echo_of, operation_of, read
from kualik.gateway.services.mapping.writing import write, write_form, write_records

__all__ = [
    "ADD",
    "DICTIONARY",
    "PAPERS",
    "RESULT",
    "STATUS",
    "SUBMIT",
    "WITHDRAW",
    "Paper",
    "PortalFile",
    "PortalForm",
    "Reply",
    "echo_of",
    "operation_of",
    "read",
    "write",
    "write_form",
    "write_records",
]
