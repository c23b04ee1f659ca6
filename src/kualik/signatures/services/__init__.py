"""What other rooms may ask of signatures: keys, seals, checks."""

from kualik.signatures.services.checking import REASONS, PdfCheck, SignerFacts, check_pdf
from kualik.signatures.services.keys import (
    disable_key,
    enrol_key,
    enrol_test_key,
    ensure_test_authority,
    trust_store,
)
from kualik.signatures.services.sealing import (
    SealedDocument,
    log_key_use,
    open_sealer,
    seal_documents,
)

__all__ = [
    "REASONS",
    "PdfCheck",
    "SealedDocument",
    "SignerFacts",
    "check_pdf",
    "disable_key",
    "enrol_key",
    "enrol_test_key",
    "ensure_test_authority",
    "log_key_use",
    "open_sealer",
    "seal_documents",
    "trust_store",
]
