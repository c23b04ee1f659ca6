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
from kualik.signatures.adapters.test_authority.hierarchy import OWNER, Hierarchy, make_hierarchy
from kualik.signatures.adapters.test_authority.revocation import Revocation, Status
from kualik.signatures.adapters.test_authority.schemes import Scheme, new_key
from kualik.signatures.adapters.test_authority.schemes import SigningKey as TestKey
from kualik.signatures.adapters.test_authority.served import Reply, answered, published
from kualik.signatures.adapters.test_authority.storage import (
    authority_certificates,
    is_hierarchy,
    load_hierarchy,
    open_hierarchy,
    register,
    revoked,
    save_hierarchy,
    sealing_key,
    status_of,
    write_trust,
)
from kualik.signatures.adapters.test_authority.subjects import Purpose, Role, Subject
from kualik.signatures.adapters.test_authority.xml_signing import sign_xml

__all__ = [
    "OWNER",
    "Hierarchy",
    "Leaf",
    "Purpose",
    "Reply",
    "Revocation",
    "Role",
    "Scheme",
    "Stamper",
    "Status",
    "Subject",
    "TestKey",
    "answer_ocsp",
    "answer_timestamp",
    "answered",
    "authority_certificates",
    "delta_list",
    "full_list",
    "is_hierarchy",
    "load_hierarchy",
    "make_hierarchy",
    "new_key",
    "open_hierarchy",
    "published",
    "register",
    "revoked",
    "save_hierarchy",
    "sealing_key",
    "sign_cms",
    "sign_xml",
    "status_of",
    "write_trust",
]
