"""The pages of signatures: entering, the phone, the open check."""

from kualik.signatures.views.entering import eds, eds_answer, enter, leave
from kualik.signatures.views.inspecting import inspect, inspect_data
from kualik.signatures.views.phone import by_phone, phone_answer, phone_state
from kualik.signatures.views.phone_api import phone_card, phone_documents

__all__ = [
    "by_phone",
    "eds",
    "eds_answer",
    "enter",
    "inspect",
    "inspect_data",
    "leave",
    "phone_answer",
    "phone_card",
    "phone_documents",
    "phone_state",
]
