"""The portal's own books: what was asked, sent, heard and injected, in a small SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS request (
  number TEXT PRIMARY KEY, person TEXT NOT NULL, service TEXT NOT NULL, way TEXT NOT NULL,
  correlation_id TEXT NOT NULL UNIQUE, form TEXT NOT NULL, filed_at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'IN_PROCESSING', code TEXT NOT NULL DEFAULT '',
  text_kk TEXT NOT NULL DEFAULT '', text_ru TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL,
  acked_at TEXT, final_at TEXT, responses INTEGER NOT NULL DEFAULT 0,
  copies INTEGER NOT NULL DEFAULT 0, result TEXT, verdict TEXT);
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  told TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS event_of ON event (number);
CREATE TABLE IF NOT EXISTS heard (
  key TEXT PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, number TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, kind TEXT NOT NULL, message_id TEXT NOT NULL,
  data TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', due REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (state, due);
CREATE TABLE IF NOT EXISTS kept (
  room TEXT NOT NULL, key TEXT NOT NULL, told TEXT NOT NULL, content BLOB,
  PRIMARY KEY (room, key));
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
FIRST = {"request": 101_000_000_000_000, "message": 900_000_000, "correlation": 3_900_000}
Row = sqlite3.Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that waits for its way to the system; ``due`` is the machine's time in seconds."""

    id: int
    number: str
    kind: str
    message_id: str
    data: str
    attempts: int
    state: str
    outcome: str


class Books:
    """One file; each call is a transaction of its own."""

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.line = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.line.row_factory = sqlite3.Row
        self.line.execute("PRAGMA journal_mode=WAL")
        self.line.execute("PRAGMA synchronous=NORMAL")
        self.line.executescript(TABLES)
        self.lock = threading.RLock()

    def next(self, name: str) -> str:
        """The next number of a row of numbers."""
        with self.lock:
            row = self.line.execute(
                "INSERT INTO counter VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name, FIRST.get(name, 0) + 1),
            ).fetchone()
        return str(row["value"])

    # Requests

    def open(
        self, *, person: str, service: str, way: str, form: Mapping[str, Any], now: datetime
    ) -> Row:
        """A new request of a citizen."""
        number, correlation = self.next("request"), self.next("correlation")
        at = now.isoformat()
        with self.lock:
            self.line.execute(
                "INSERT INTO request (number, person, service, way, correlation_id, form,"
                " filed_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number, person, service, way, correlation, _json(form), at, at),
            )
        return self.request(number)

    def request(self, number: str) -> Row:
        """By its number. Raises KeyError."""
        return self._one("SELECT * FROM request WHERE number = ?", number)

    def by_correlation(self, correlation_id: str) -> Row:
        """By the id of its conversation. Raises KeyError."""
        return self._one("SELECT * FROM request WHERE correlation_id = ?", correlation_id)

    def requests(self, person: str | None = None) -> list[Row]:
        """All, or those of a person; the newest first."""
        return self._all(
            "SELECT * FROM request WHERE ?1 IS NULL OR person = ?1 ORDER BY number DESC", person
        )

    def change(self, number: str, **values: object) -> None:
        """Other values of a request."""
        names = ", ".join(f"{name} = ?" for name in values)
        with self.lock:
            # The names are those of the callers in this package.
            text = f"UPDATE request SET {names} WHERE number = ?"  # noqa: S608
            self.line.execute(text, (*values.values(), number))

    def add(self, number: str, name: str) -> None:
        """One more response or copy."""
        with self.lock:
            text = f"UPDATE request SET {name} = {name} + 1 WHERE number = ?"  # noqa: S608
            self.line.execute(text, (number,))

    def note(self, number: str, kind: str, *, at: datetime, **told: object) -> None:
        """Something that happened to a request; "" for what belongs to none."""
        with self.lock:
            self.line.execute(
                "INSERT INTO event (number, at, kind, told) VALUES (?, ?, ?, ?)",
                (number, at.isoformat(), kind, _json(told)),
            )

    def events(self, number: str) -> list[dict[str, Any]]:
        """What happened to a request, in order."""
        rows = self._all("SELECT * FROM event WHERE number = ? ORDER BY id", number)
        return [{"at": row["at"], "kind": row["kind"], **json.loads(row["told"])} for row in rows]

    def all_events(self) -> dict[str, list[dict[str, Any]]]:
        """The same of all requests."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._all("SELECT * FROM event ORDER BY id"):
            told = {"at": row["at"], "kind": row["kind"], **json.loads(row["told"])}
            found.setdefault(row["number"], []).append(told)
        return found

    # What the system sent

    def hear(self, key: str, number: str) -> tuple[str, bool]:
        """The id of a message of the system by its own key, and whether it is a new one."""
        with self.lock:
            row = self.line.execute("SELECT * FROM heard WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return str(row["message_id"]), False
            message_id = self.next("message")
            self.line.execute("INSERT INTO heard VALUES (?, ?, ?)", (key, message_id, number))
            return message_id, True

    def is_heard(self, message_id: str) -> bool:
        """Whether that message of the system came."""
        return bool(self._all("SELECT 1 FROM heard WHERE message_id = ?", message_id))

    # What goes to the system

    def put(self, *, number: str, kind: str, data: str, due: float, message_id: str = "") -> None:
        """A message for the system: REQUEST, UPDATE, sync or status."""
        with self.lock:
            self.line.execute(
                "INSERT INTO outbox (number, kind, message_id, data, due) VALUES (?, ?, ?, ?, ?)",
                (number, kind, message_id or self.next("message"), data, due),
            )

    def due(self, now: float, *, most: int, without: Iterable[int] = ()) -> list[Sent]:
        """What is to be sent by now, the oldest first."""
        rows = self._all(
            "SELECT * FROM outbox WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?",
            now,
            most + len(held := set(without)),
        )
        return [_sent(row) for row in rows if row["id"] not in held][:most]

    def waiting(self, service_numbers: Iterable[str], most: int) -> list[Sent]:
        """What may be pulled: pushes that were not acknowledged."""
        wanted = set(service_numbers)
        rows = self._all(
            "SELECT * FROM outbox WHERE state = 'waiting' AND kind IN ('REQUEST', 'UPDATE')"
            " ORDER BY id"
        )
        return [_sent(row) for row in rows if row["number"] in wanted][:most]

    def sent_by_message(self, message_id: str) -> Sent:
        """By the id of the message. Raises KeyError."""
        return _sent(self._one("SELECT * FROM outbox WHERE message_id = ?", message_id))

    def settle(
        self, sent: Sent, *, state: str, outcome: str = "", due: float = 0.0, tries: int = 0
    ) -> None:
        """How a try ended: waiting (again at ``due``), acked, refused."""
        with self.lock:
            self.line.execute(
                "UPDATE outbox SET state = ?, outcome = ?, due = ?, attempts = attempts + ?"
                " WHERE id = ?",
                (state, outcome, due, tries, sent.id),
            )

    def undelivered(self) -> int:
        """How many messages still wait for their way."""
        return int(self._one("SELECT count(*) n FROM outbox WHERE state = 'waiting'")["n"])

    # Files, consents, questions, behaviour

    def keep(self, room: str, key: str, told: object, content: bytes | None = None) -> None:
        """Anything else by room and key."""
        with self.lock:
            self.line.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (room, key, _json(told), content)
            )

    def kept(self, room: str, key: str) -> Any:
        """What was kept; None where nothing was."""
        rows = self._all("SELECT told FROM kept WHERE room = ? AND key = ?", room, key)
        return json.loads(rows[0]["told"]) if rows else None

    def content(self, room: str, key: str) -> bytes:
        """The bytes beside it. Raises KeyError."""
        row = self._one("SELECT content FROM kept WHERE room = ? AND key = ?", room, key)
        return bytes(row["content"] or b"")

    def all_kept(self, room: str) -> dict[str, Any]:
        """Everything of a room, the oldest first."""
        rows = self._all("SELECT key, told FROM kept WHERE room = ? ORDER BY rowid", room)
        return {row["key"]: json.loads(row["told"]) for row in rows}

    def forget(self, room: str, key: str) -> None:
        """Remove what was kept."""
        with self.lock:
            self.line.execute("DELETE FROM kept WHERE room = ? AND key = ?", (room, key))

    def _all(self, text: str, *values: object) -> list[Row]:
        with self.lock:
            return self.line.execute(text, values).fetchall()

    def _one(self, text: str, *values: object) -> Row:
        rows = self._all(text, *values)
        if not rows:
            raise KeyError(*values)
        return rows[0]


def _sent(row: Row) -> Sent:
    return Sent(**{name: row[name] for name in Sent.__dataclass_fields__})


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)
