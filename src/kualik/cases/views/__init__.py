"""The pages of requests, from today's board to the public status."""

from kualik.cases.views.board import office
from kualik.cases.views.cabinet import cabinet
from kualik.cases.views.filing import file_group
from kualik.cases.views.listing import approve_many, requests
from kualik.cases.views.one import approve, hand_over, receipt, review, send_back, show, withdrawal
from kualik.cases.views.phone import seal_phone, seal_phone_answer, seal_phone_state
from kualik.cases.views.refusing import decline, refuse
from kualik.cases.views.seal import progress, seal
from kualik.cases.views.signing import prepared_file, sign, signatures, signed, signed_files
from kualik.cases.views.status import status

__all__ = [
    "approve",
    "approve_many",
    "cabinet",
    "decline",
    "file_group",
    "hand_over",
    "office",
    "prepared_file",
    "progress",
    "receipt",
    "refuse",
    "requests",
    "review",
    "seal",
    "seal_phone",
    "seal_phone_answer",
    "seal_phone_state",
    "send_back",
    "show",
    "sign",
    "signatures",
    "signed",
    "signed_files",
    "status",
    "withdrawal",
]
