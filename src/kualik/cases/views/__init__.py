"""The pages of requests, from today's board to the public status."""

from kualik.cases.views.asking import ask, ask_check
from kualik.cases.views.board import office
from kualik.cases.views.cabinet import cabinet
from kualik.cases.views.contact import contact, contact_request
from kualik.cases.views.correcting import (
    correction_check,
    correction_new,
    correction_of,
    correction_withdraw,
    own_correction,
)
from kualik.cases.views.corrections import (
    correction,
    correction_accept,
    correction_refuse,
    corrections,
)
from kualik.cases.views.counter_phone import (
    person_phone,
    person_phone_again,
    person_phone_check,
)
from kualik.cases.views.entering import enter_code, enter_code_again, enter_code_check
from kualik.cases.views.filing import file_group
from kualik.cases.views.linking import claim_training
from kualik.cases.views.listing import approve_many, requests
from kualik.cases.views.mandates import mandate, mandate_check, mandate_checks, mandate_refuse
from kualik.cases.views.mandating import (
    acting,
    mandate_confirm,
    mandate_new,
    mandate_revoke,
    mandates,
)
from kualik.cases.views.one import approve, hand_over, receipt, review, send_back, show, withdrawal
from kualik.cases.views.own import human_review, own_receipt, own_request, withdraw
from kualik.cases.views.own_phones import phones, phones_again, phones_check, phones_remove
from kualik.cases.views.phone import seal_phone, seal_phone_answer, seal_phone_state
from kualik.cases.views.receiving import receive_document, receive_signing
from kualik.cases.views.refusing import decline, refuse
from kualik.cases.views.reviews import decide as decide_review
from kualik.cases.views.reviews import reviews
from kualik.cases.views.scans import attachment, own_attachment
from kualik.cases.views.seal import progress, seal
from kualik.cases.views.signing import prepared_file, sign, signatures, signed, signed_files
from kualik.cases.views.status import short, status
from kualik.cases.views.tasks import task_done, task_send_again, tasks

__all__ = [
    "contact",
    "contact_request",
    "ask",
    "ask_check",
    "attachment",
    "claim_training",
    "own_attachment",
    "receive_document",
    "receive_signing",
    "enter_code",
    "enter_code_again",
    "enter_code_check",
    "person_phone",
    "person_phone_again",
    "person_phone_check",
    "phones",
    "phones_again",
    "phones_check",
    "phones_remove",
    "acting",
    "correction",
    "correction_accept",
    "correction_check",
    "correction_new",
    "correction_of",
    "correction_refuse",
    "correction_withdraw",
    "corrections",
    "mandate",
    "mandate_check",
    "mandate_checks",
    "mandate_confirm",
    "mandate_new",
    "mandate_refuse",
    "mandate_revoke",
    "mandates",
    "own_correction",
    "approve",
    "approve_many",
    "cabinet",
    "decide_review",
    "decline",
    "file_group",
    "hand_over",
    "human_review",
    "office",
    "own_receipt",
    "own_request",
    "prepared_file",
    "progress",
    "receipt",
    "refuse",
    "requests",
    "review",
    "reviews",
    "seal",
    "seal_phone",
    "seal_phone_answer",
    "seal_phone_state",
    "send_back",
    "short",
    "show",
    "sign",
    "signatures",
    "signed",
    "signed_files",
    "status",
    "task_done",
    "task_send_again",
    "tasks",
    "withdraw",
    "withdrawal",
]
