"""The pages of requests, from today's board to the public status."""

from kualik.cases.views.board import office
from kualik.cases.views.filing import file_group
from kualik.cases.views.listing import approve_many, requests
from kualik.cases.views.one import approve, hand_over, receipt, review, send_back, show, withdrawal
from kualik.cases.views.refusing import decline, refuse
from kualik.cases.views.seal import progress, seal
from kualik.cases.views.status import status

__all__ = [
    "approve",
    "approve_many",
    "decline",
    "file_group",
    "hand_over",
    "office",
    "progress",
    "receipt",
    "refuse",
    "requests",
    "review",
    "seal",
    "send_back",
    "show",
    "status",
    "withdrawal",
]
