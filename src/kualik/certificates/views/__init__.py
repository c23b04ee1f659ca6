"""The open check and the register."""

from kualik.certificates.views.blanks import (
    blank,
    blank_back,
    blank_lose,
    blank_nothing,
    blank_spoil,
    blanks,
    blanks_count,
    blanks_give,
    blanks_receive,
    ledger,
)
from kualik.certificates.views.documents import (
    own_archive,
    own_document,
    own_lasting_file,
    own_print,
)
from kualik.certificates.views.letters import (
    letter,
    letter_again,
    letter_bundle,
    letter_file,
    letter_signature,
    own_letter,
    own_letter_bundle,
    own_letter_signature,
)
from kualik.certificates.views.own import own_bundle, own_file, own_signature
from kualik.certificates.views.phone import card, card_manifest, own_card, own_phone
from kualik.certificates.views.policy import seal_policy
from kualik.certificates.views.printers import printer_test, printers
from kualik.certificates.views.public import by_code, by_code_data, check
from kualik.certificates.views.register import (
    certificate,
    change,
    export,
    file,
    lasting_file,
    register,
)
from kualik.certificates.views.shares import (
    share_document,
    share_end,
    shared,
    shared_file,
    shares,
)
from kualik.certificates.views.signature import bundle, signature
from kualik.certificates.views.transcript import transcript, transcript_csv, transcript_json

__all__ = [
    "blank",
    "blank_back",
    "blank_lose",
    "blank_nothing",
    "blank_spoil",
    "blanks",
    "blanks_count",
    "blanks_give",
    "blanks_receive",
    "bundle",
    "by_code",
    "by_code_data",
    "card",
    "card_manifest",
    "certificate",
    "change",
    "check",
    "export",
    "file",
    "lasting_file",
    "ledger",
    "letter",
    "letter_again",
    "letter_bundle",
    "letter_file",
    "letter_signature",
    "own_archive",
    "own_bundle",
    "own_card",
    "own_document",
    "own_file",
    "own_lasting_file",
    "own_letter",
    "own_letter_bundle",
    "own_letter_signature",
    "own_phone",
    "own_print",
    "own_signature",
    "printer_test",
    "printers",
    "register",
    "seal_policy",
    "share_document",
    "share_end",
    "shared",
    "shared_file",
    "shares",
    "signature",
    "transcript",
    "transcript_csv",
    "transcript_json",
]
