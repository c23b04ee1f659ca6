"""The portal's books beside the system's own tables: whatever differs, by name."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from bench.day.system import System

STATUS = re.compile(r"(?:CurrentStatus|[Cc]ode)>\s*(\d{3})\s*<")
ISSUED = ("issued", "handed_over")
ENDS = {"APPROVED": ISSUED, "WITHDRAWN": ("withdrawn",)}
CONVERSATIONS = """
SELECT c.portal_number, c.correlation_id, c.id, r.number, r.state, f.number, f.status
FROM gateway_conversation c LEFT JOIN cases_request r ON r.id = c.request_id
LEFT JOIN certificates_certificate f ON f.id = r.certificate_id
"""
TOLD = """
SELECT conversation_id, kind, data, state FROM gateway_outbound
WHERE operation = 'sendMessage' ORDER BY id
"""
Row = dict[str, Any]


def differences(system: System, books: Row, *, has_day_without: bool) -> list[str]:
    """Empty when both sides tell the same story."""
    found = [*_conversations(system, books), *_totals(system, books, int(has_day_without))]
    incidents = system.read("SELECT state FROM incidents_incident WHERE cause = 'gateway'")
    # Faults may open more of them; the day without the gateway opens one at least.
    if has_day_without and (not incidents or ("lasts",) in map(tuple, incidents)):
        found.append(f"failures of the line, all of which should be over: {incidents}")
    return found


def _conversations(system: System, books: Row) -> Iterator[str]:
    rows = system.read(CONVERSATIONS)
    ours: dict[str, list[Any]] = {number: rest for number, *rest in rows}
    if len(ours) < len(rows):
        yield f"{len(rows)} conversations for {len(ours)} requests"
    told = defaultdict(list)
    for conversation, kind, data, _ in system.read(TOLD):
        told[conversation].append((kind, (STATUS.findall(data) or [""])[0]))
    for row in books["requests"]:
        yield from _heard(row)
        found = ours.pop(row["number"], None)
        if found is None:
            yield f"{row['number']}: {row['state']}, and we know nothing of it"
        else:
            yield from _one(row, found, told[found[1]])
    for number in ours:
        yield f"{number}: no request of the portal"


def _heard(row: Row) -> Iterator[str]:
    """What is wrong by the portal's books alone. Of a synchronous service the end may be told to
    two questions that were on their way at once, if it is the same."""
    for name in ("wrongly_taken", "breaches"):
        if row[name]:
            yield f"{row['number']}: {name} {row[name]}"
    is_push, late = row["way"] == "push", {one["code"] for one in row["after_the_end"]}
    if late - (set() if is_push else {row["code"]}):
        yield f"{row['number']}: after the end {late}"
    if row["responses"] != 1 and (is_push or not row["responses"]):
        yield f"{row['number']}: {row['responses']} responses"


def _one(row: Row, found: list[Any], told: list[tuple[str, str]]) -> Iterator[str]:
    number, (correlation, _, request, state, certificate, status) = row["number"], found
    if row["state"] not in ENDS or state not in ENDS[row["state"]]:
        yield f"{number}: {row['state']} there ({row['code']}), {request} {state} here"
    issued = (certificate, status) if state in ISSUED else ("", "valid")
    result = (row["result"] or {}).get("number", "")
    if state in ISSUED and (result, "valid") != issued:
        yield f"{number}: the result is {result} there, {issued} here"
    if row["way"] != "push":
        return
    if correlation != row["correlation_id"]:
        yield f"{number}: conversation {correlation}"
    heard = [(one["of"], one["code"]) for one in row["statuses"]]
    if heard != told:
        yield f"{number}: heard {heard}, told {told}"


def _totals(system: System, books: Row, at_counter: int) -> Iterator[str]:
    """Each once: a document, a request, a number of the register without gaps."""
    states = Counter(row["state"] for row in books["requests"])
    valid = system.read("SELECT count(*) FROM certificates_certificate WHERE status = 'valid'")
    if valid[0][0] != states["APPROVED"] + at_counter:
        yield f"{valid[0][0]} valid documents, {states['APPROVED']} approved there"
    people = system.read(
        "SELECT count(*) FROM certificates_certificate WHERE status = 'valid'"
        " GROUP BY person_id HAVING count(*) > 1"
    )
    if people:
        yield f"{len(people)} people have two documents"
    numbers = [row[0] for row in system.read("SELECT sequence FROM certificates_certificate")]
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield "the numbers of the register have gaps"
    waiting = system.read("SELECT count(*), state FROM gateway_outbound GROUP BY state")
    yield from (f"{count} messages are {state}" for count, state in waiting if state != "sent")
    failed = system.read("SELECT name, last_error FROM core_job WHERE failed_at IS NOT NULL")
    yield from (f"job {name} failed: {error[-200:]}" for name, error in failed)
