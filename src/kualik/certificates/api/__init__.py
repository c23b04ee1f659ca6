"""The part of certificates in the interface for other systems, docs/api.md."""

from ninja import Router

from kualik.certificates.api.checks import router as checks
from kualik.certificates.api.register import router as register

router = Router()
router.add_router("", checks)
router.add_router("", register)
