"""A test authority of our own: RSA and GOST 34.10-2015, with every service of a real one.

It imitates the certificates of the National Certification Authority and is trusted by nothing
but tests and demonstrations.
"""

from kualik.signatures.adapters.test_authority.answers import (
    answer_ocsp,
    answer_timestamp,
    delta_list,
    full_list,
)
from kualik.signatures.adapters.test_authority.certificates import Leaf
from kualik.signatures.adapters.test_authority.cms_signing import Stamper, sign_cms
from kualik.signatures.adapters.test_authority.hierarchy import Hierarchy, make_hierarchy
from kualik.signatures.adapters.test_authority.revocation import Revocation, Status
from kualik.signatures.adapters.test_authority.schemes import Scheme
from kualik.signatures.adapters.test_authority.storage import (
    load_hierarchy,
    open_hierarchy,
    register,
    revoked,
    save_hierarchy,
    status_of,
    write_trust,
)
from kualik.signatures.adapters.test_authority.subjects import Purpose, Role, Subject
from kualik.signatures.adapters.test_authority.xml_signing import sign_xml

__all__ = [
    "Hierarchy",
    "Leaf",
    "Purpose",
    "Revocation",
    "Role",
    "Scheme",
    "Stamper",
    "Status",
    "Subject",
    "answer_ocsp",
    "answer_timestamp",
    "delta_list",
    "full_list",
    "load_hierarchy",
    "make_hierarchy",
    "open_hierarchy",
    "register",
    "revoked",
    "save_hierarchy",
    "sign_cms",
    "sign_xml",
    "status_of",
    "write_trust",
]
