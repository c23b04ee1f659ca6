"""The three services of the load at the portal, one of each family of inner documents."""

from typing import Final

SERVICES: Final[tuple[dict[str, str], ...]] = (
    {
        "code": "SHU-A",
        "family": "universal",
        "way": "push",
        "service_id": "LOAD_UNIVERSAL",
        "namespace": "urn:example:cert-service",
        "result_by": "inline",
    },
    {
        "code": "SHU-B",
        "family": "document",
        "way": "push",
        "service_id": "LOAD_DOCUMENT",
        "namespace": "urn:example:pep-service",
        "result_by": "file_store",
    },
    {
        "code": "SHU-C",
        "family": "operations",
        "way": "sync",
        "service_id": "LOAD_OPERATIONS",
        "namespace": "urn:example:cert-operations",
        "result_by": "inline",
    },
)
