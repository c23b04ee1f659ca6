"""``kualik cms verify``: who signed a file, and whether it holds.

Exit status 0 when every signer is valid, 1 when one is not, 2 when nothing can be read.
"""

from collections.abc import Sequence
from pathlib import Path

from kualik.signatures.management.verifying import Asked, answered, make_parser, read_file
from kualik.signatures.services.cms_verification import verify_cms
from kualik.signatures.services.verdicts import Verification


def main(arguments: Sequence[str], *, unset: str = "") -> int:
    """Judges one file; returns the exit status. ``unset`` is what the settings lack."""
    parser = make_parser("cms", "Verify a CMS signature, attached or detached.", arguments)
    parser.add_argument(
        "--content", metavar="FILE", type=Path, help="the document of a detached signature"
    )
    return answered(parser.parse_args(arguments), _verified, unset=unset)


def _verified(asked: Asked) -> Verification:
    content: Path | None = asked.options.content
    return verify_cms(
        signature=read_file(asked.options.file),
        document=None if content is None else read_file(content),
        trust=asked.trust,
        at=asked.options.at,
        now=asked.now,
        is_revocation_required=asked.options.strict,
        fetcher=asked.fetcher,
    )
