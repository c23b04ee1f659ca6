"""What other rooms may ask of signatures: keys, seals, checks, trust."""

from kualik.signatures.services.checking import REASONS, PdfCheck, SignerFacts, check_pdf
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.judging import judge_now
from kualik.signatures.services.keys import disable_key, enrol_key
from kualik.signatures.services.sealing import log_key_use, open_sealer
from kualik.signatures.services.test_keys import (
    enrol_test_key,
    ensure_test_authorities,
    test_fetcher,
    test_hierarchy,
    test_person_leaf,
)
from kualik.signatures.services.token_keys import enrol_token_key
from kualik.signatures.services.trusting import (
    installation_fetcher,
    installation_trust,
    trust_in,
    trust_store,
)
from kualik.signatures.services.verdicts import (
    Reason,
    SignerVerdict,
    Verification,
    in_words,
)
from kualik.signatures.services.xml_verification import verify_xml

__all__ = [
    "REASONS",
    "PdfCheck",
    "Reason",
    "SignerFacts",
    "SignerVerdict",
    "Verification",
    "check_pdf",
    "disable_key",
    "enrol_key",
    "enrol_test_key",
    "enrol_token_key",
    "ensure_test_authorities",
    "in_words",
    "installation_fetcher",
    "installation_trust",
    "judge_now",
    "log_key_use",
    "open_sealer",
    "test_fetcher",
    "test_hierarchy",
    "test_person_leaf",
    "trust_in",
    "trust_store",
    "verify_cms",
    "verify_xml",
]
