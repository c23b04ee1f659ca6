"""Time-stamps on the signatures of a CMS file: CAdES-T."""

from collections.abc import Callable

from asn1crypto import cms, core

from kualik.signatures.adapters.asn1 import PARSER_ERRORS, Asn1Error, as_der, unarmoured
from kualik.signatures.adapters.cms import TIMESTAMP, CmsError, read_cms


def stamp_signatures(signature: bytes, stamp: Callable[[bytes], bytes]) -> bytes:
    """The file (DER) with a time-stamp over the signature value of every signer that has none.

    Whatever the signer's algorithm, the token's hash is the authority's. What was signed stays
    byte for byte. Raises CmsError, and what ``stamp`` raises.
    """
    if all(signer.unsigned.get(TIMESTAMP) for signer in read_cms(signature).signers):
        return signature
    try:
        info = cms.ContentInfo.load(as_der(unarmoured(signature)), strict=True)
        for signer in info["content"]["signer_infos"]:
            present = signer["unsigned_attrs"]
            kept = [] if isinstance(present, core.Void) else list(present)
            if any(attribute["type"].dotted == TIMESTAMP for attribute in kept):
                continue
            token = cms.ContentInfo.load(stamp(signer["signature"].native), strict=True)
            added = {"type": "signature_time_stamp_token", "values": [token]}
            signer["unsigned_attrs"] = cms.CMSAttributes([*kept, cms.CMSAttribute(added)])
        stamped: bytes = info.dump()
    except (Asn1Error, *PARSER_ERRORS) as error:
        raise CmsError("malformed") from error
    return stamped
