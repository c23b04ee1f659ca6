"""``kualik xml verify``: who signed an XML document, and whether it holds.

Exit status 0 when every signer is valid, 1 when one is not, 2 when nothing can be read.
"""

from collections.abc import Sequence

from kualik.signatures.management.verifying import Asked, answered, make_parser, read_file
from kualik.signatures.services.verdicts import Verification
from kualik.signatures.services.xml_verification import verify_xml


def main(arguments: Sequence[str], *, unset: str = "") -> int:
    """Judges one document; returns the exit status. ``unset`` is what the settings lack."""
    parser = make_parser("xml", "Verify the enveloped signatures of an XML document.", arguments)
    return answered(parser.parse_args(arguments), _verified, unset=unset)


def _verified(asked: Asked) -> Verification:
    return verify_xml(
        document=read_file(asked.options.file),
        trust=asked.trust,
        at=asked.options.at,
        now=asked.now,
        is_revocation_required=asked.options.strict,
        fetcher=asked.fetcher,
    )
