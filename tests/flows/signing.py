"""The authorised person's keys, and signatures handed in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.sealing import accept_signatures
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.services.signing import SignatureOutcome
from kualik.demo.people import staff_iins
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_cms
from kualik.signatures.services import installation_trust, test_fetcher
from tests.flows.office import NOW, Office


def own_leaf(office: Office, *, scheme: Scheme = Scheme.RSA) -> Leaf:
    """The signer's key with the right to sign for the provider."""
    return trial_leaf(
        office.signer, office.stage.provider, iins=staff_iins(), now=NOW, scheme=scheme
    )


def file_of(request: Request) -> bytes:
    """The prepared file."""
    assert request.certificate is not None
    with default_storage.open(request.certificate.file, "rb") as stored:
        content: bytes = stored.read()
    return content


def signed(office: Office, request: Request, *leaves: Leaf, **how: Any) -> bytes:
    """A detached signature over the prepared file, as NCALayer makes it."""
    return sign_cms(
        leaves=leaves or [own_leaf(office)],
        **{"content": file_of(request), "detached": True, "signing_time": NOW, **how},
    )


def accept(
    office: Office,
    signatures: Mapping[str, bytes],
    *,
    user: User | None = None,
    now: datetime = NOW,
    **judged: Any,
) -> list[SignatureOutcome]:
    """Hand signatures in, by default with the trust and the services of the demonstration."""
    by = judged or {"trust": installation_trust(), "fetcher": test_fetcher(now=now)}
    return accept_signatures(user=user or office.signer, signatures=signatures, now=now, **by)
