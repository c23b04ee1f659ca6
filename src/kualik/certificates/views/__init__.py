"""The open check and the register."""

from kualik.certificates.views.own import own_bundle, own_file, own_signature
from kualik.certificates.views.policy import seal_policy
from kualik.certificates.views.public import by_code, by_code_data, check
from kualik.certificates.views.register import (
    certificate,
    change,
    export,
    file,
    lasting_file,
    register,
)
from kualik.certificates.views.signature import bundle, signature

__all__ = [
    "bundle",
    "by_code",
    "by_code_data",
    "certificate",
    "change",
    "check",
    "export",
    "file",
    "lasting_file",
    "own_bundle",
    "own_file",
    "own_signature",
    "register",
    "seal_policy",
    "signature",
]
