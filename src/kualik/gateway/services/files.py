"""Files in the temporary store of the bus (ХЭД): left for the portal, fetched, confirmed.

A file dies there in hours; the permanent copy is ours. All functions raise Unreachable where the
store may be asked again later, and are called outside transactions.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.conf import settings

from kualik.core.journal import SYSTEM
from kualik.gateway.adapters import eds
from kualik.gateway.adapters.exchange import Refused
from kualik.gateway.adapters.inner import Unreadable
from kualik.gateway.adapters.posting import Unreachable
from kualik.gateway.models import Call, Peer
from kualik.gateway.queries.registers import FileStore, registers
from kualik.gateway.services import looking_up
from kualik.gateway.services.looking_up import Asker
from kualik.rules.errors import RuleViolation

SHAPE: Final = "element"


def upload(
    *,
    content: bytes,
    name: str,
    mime: str,
    now: datetime,
    peer: Peer | None = None,
    about: str = "",
) -> str:
    """Leave a file; the identifier under which the other side finds it.

    Raises ``file_store_too_large``, ``file_store_refused`` and ``gateway_off``.
    """
    store = registers().files
    if len(content) > store.most_bytes:
        raise RuleViolation("file_store_too_large", most=store.most_bytes // 1_000_000)
    call = _call(store, now, peer, about)
    file = eds.File(
        process_id=str(uuid4()),
        content=content,
        name=name,
        mime=mime,
        lasts=store.lasts,
    )
    said = _asked(call, eds.upload_xml(file, _credentials(call)), store, now)[0]
    if not said.file_id:
        raise RuleViolation("file_store_refused", answer=said.code)
    return said.file_id


def fresh_until(now: datetime) -> datetime:
    """How long what is left there at ``now`` may be spoken of: whoever hears of it has the second
    half of its life to fetch it."""
    return now + registers().files.lasts / 2


def download(*, file_id: str, now: datetime, peer: Peer | None = None, about: str = "") -> bytes:
    """The content of a file. Raises ``file_store_gone`` and what ``confirm`` raises."""
    store = registers().files
    call = _call(store, now, peer, about)
    try:
        said = _asked(call, eds.download_xml(file_id, _credentials(call)), store, now)[0]
    except RuleViolation as violation:
        cause = violation.__cause__
        if isinstance(cause, Refused) and not cause.is_final:
            # Our key or password is not in order: no fault of whoever left the file.
            raise Unreachable(str(cause)) from violation
        raise
    if not said.content:
        raise RuleViolation("file_store_gone")
    return said.content


def confirm(*, file_ids: Sequence[str], now: datetime, peer: Peer | None = None) -> None:
    """Tell that files were taken. Raises ``file_store_refused``, ``gateway_off``."""
    store = registers().files
    call = _call(store, now, peer, "")
    _asked(call, eds.confirm_xml(file_ids, _credentials(call)), store, now)


def _call(store: FileStore, now: datetime, peer: Peer | None, about: str) -> Call:
    asker = Asker(actor=SYSTEM, about=about)
    return looking_up.open_call(service_id=store.service_id, asker=asker, now=now, peer=peer)


def _credentials(call: Call) -> eds.Credentials:
    return eds.Credentials(sender_id=call.peer.sender_id, password=settings.GATEWAY_PASSWORD)


def _asked(call: Call, data: str, store: FileStore, now: datetime) -> list[eds.Said]:
    try:
        answer = looking_up.ask(call=call, data=data, shape=SHAPE, now=now)
        said = eds.read_answer(answer.data.text)
    except Refused as fault:
        raise RuleViolation("file_store_refused", answer=fault.code) from fault
    except Unreadable as fault:
        raise RuleViolation("file_store_refused", answer=str(fault)) from fault
    for one in said:
        if one.code not in store.ok:
            looking_up.note_outcome(call, f"code:{one.code}")
            named = "file_store_gone" if one.code in store.gone else "file_store_refused"
            raise RuleViolation(named, answer=one.code)
    return said
