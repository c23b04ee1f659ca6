"""The authorised person's part on a demonstration and in tests, played with a test key.

The invented people of a demonstration and their IINs stand in the list that the simulators of
NCALayer and phone read. A real installation has no such list, and no test keys.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from kualik.accounts.models import User
from kualik.accounts.services import is_own_iin
from kualik.cases.models import Request
from kualik.cases.services.sealing import (
    accept_signatures,
    is_prepared,
    prepare_requests,
)
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import prepared_letter_content
from kualik.certificates.services.signing import SignatureOutcome
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_cms
from kualik.signatures.queries import organisation_key
from kualik.signatures.services import installation_trust, test_fetcher, test_person_leaf


def trial_iins() -> list[str]:
    """The IINs of the invented people who have keys; none outside a demonstration."""
    path = Path(settings.VAR) / "simulators" / "people.json"
    if not settings.DEMO or not path.is_file():
        return []
    return [str(row["iin"]) for row in json.loads(path.read_text(encoding="utf-8"))]


def trial_leaf(
    user: User,
    provider: Provider,
    *,
    iins: Collection[str],
    now: datetime,
    scheme: Scheme = Scheme.RSA,
) -> Leaf:
    """A test key of the person with the right to sign for the provider.

    ``iins`` are candidates: the account knows its own only as a hash. Raises
    ``signer_iin_unknown``, ``test_keys_only_on_demonstration``.
    """
    own = next((iin for iin in iins if is_own_iin(user, iin)), None)
    if own is None:
        raise RuleViolation("signer_iin_unknown", name=user.full_name)
    return test_person_leaf(
        name=user.full_name,
        iin=own,
        organisation=provider.name_kk,
        bin=provider.bin,
        scheme=scheme,
        now=now,
    )


def sign_on_trial(
    *,
    requests: Sequence[Request],
    iins: Collection[str],
    now: datetime,
    scheme: Scheme = Scheme.RSA,
) -> list[SignatureOutcome]:
    """Sign the prepared documents among approved requests as their signers would, and hand the
    signatures in."""
    by_signer: dict[User, list[Request]] = {}
    for request in requests:
        if request.certificate and is_prepared(request, now):
            by_signer.setdefault(request.certificate.signer, []).append(request)
    outcomes = []
    for signer, named in by_signer.items():
        leaf = trial_leaf(signer, named[0].provider, iins=iins, now=now, scheme=scheme)
        outcomes += accept_signatures(
            user=signer,
            signatures=dict(_signed(request, leaf, now) for request in named),
            trust=installation_trust(),
            fetcher=test_fetcher(now=now),
            now=now,
        )
    return outcomes


def sign_letters_on_trial(
    *,
    letters: Sequence[Letter],
    iins: Collection[str],
    now: datetime,
    scheme: Scheme = Scheme.RSA,
) -> list[SignatureOutcome]:
    """Sign prepared letters as those who answer for them would, and hand the signatures in."""
    outcomes = []
    for letter in letters:
        if letter.signer is None or letter.provider is None:
            raise RuleViolation("letter_without_signer")
        leaf = trial_leaf(letter.signer, letter.provider, iins=iins, now=now, scheme=scheme)
        content = prepared_letter_content(letter=letter, now=now)
        signature = sign_cms(leaves=[leaf], content=content, detached=True, signing_time=now)
        outcomes += accept_signatures(
            user=letter.signer,
            signatures={letter.number: signature},
            trust=installation_trust(),
            fetcher=test_fetcher(now=now),
            now=now,
        )
    return outcomes


def issue_on_trial(
    *,
    requests: Sequence[Request],
    iins: Collection[str],
    now: datetime,
    scheme: Scheme = Scheme.RSA,
) -> None:
    """The whole way of approved requests of one provider: prepared, signed, issued.

    ``requests`` are read anew. Raises the first fault.
    """
    certificate = requests[0].certificate
    if certificate is None:
        raise RuleViolation("conflict", number=requests[0].number)
    signer = certificate.signer
    prepare_requests(
        requests=requests,
        key=organisation_key(provider=requests[0].provider, now=now),
        user=signer,
        actor=signer.acting_as(Role.AUTHORISED_PERSON),
        now=now,
    )
    for outcome in sign_on_trial(requests=requests, iins=iins, now=now, scheme=scheme):
        if outcome.violation:
            raise outcome.violation
    for request in requests:
        request.refresh_from_db()


def _signed(request: Request, leaf: Leaf, now: datetime) -> tuple[str, bytes]:
    """The number of a prepared certificate and a detached CMS over its file."""
    if request.certificate is None:
        raise RuleViolation("conflict", number=request.number)
    with default_storage.open(request.certificate.file, "rb") as stored:
        content = stored.read()
    signature = sign_cms(leaves=[leaf], content=content, detached=True, signing_time=now)
    return request.certificate.number, signature
