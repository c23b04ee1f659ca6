"""Writing answers by the rows of a profile, in their order."""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from lxml import etree

from kualik.core.clock import ZONE
from kualik.gateway.services.mapping.documents import DICTIONARY, SUBMIT, Paper, Reply
from kualik.gateway.services.profiles import Rows, families, status_words
from kualik.rules.language import Text

NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(rows: Rows, reply: Reply, *, operation: str = "") -> str:
    """The answer as an inner document; ``operation`` is that of the question where there are
    several."""
    paper = _Written(rows, _answer_name(rows, operation))
    words = status_words()[reply.status]
    reasons = reply.reasons or Text("", "")
    values = {
        "out.number": reply.echo.get("number", ""),
        "out.chain": reply.echo.get("chain", ""),
        "out.iin": reply.echo.get("iin", ""),
        "out.system": reply.echo.get("system", ""),
        "out.date": _moment(reply.at),
        "out.status": rows[f"status.{reply.status}"],
        "out.status_text": words.get(reply.language),
        "out.status_ru": words.ru,
        "out.status_kk": words.kk,
        "out.our_number": reply.our_number,
        "out.accepted_at": _moment(reply.accepted_at),
        "out.due_at": _moment(reply.due_at),
        "out.code": reply.code,
        "out.reason_ru": reasons.ru,
        "out.reason_kk": reasons.kk,
    }
    for name in families()[rows.family].rows:
        if name == "out.files":
            paper.put_list([_cells(each) for each in reply.papers])
        elif values.get(name):
            paper.put(name, values[name])
    return paper.text()


def write_records(rows: Rows, records: Sequence[tuple[str, str]]) -> str:
    """The answer to the question for a dictionary: ``record{code, name}``."""
    paper = _Written(rows, _answer_name(rows, DICTIONARY))
    for code, name in records:
        paper.add("record", {"code": code, "name": name})
    return paper.text()


def write_form(rows: Rows, values: Mapping[str, str], *, operation: str = SUBMIT) -> str:
    """A document as the portal would send it, for trying a profile out."""
    name = rows["root.request"] or rows[f"operation.{operation}"]
    paper = _Written(rows, name)
    for row in families()[rows.family].rows:
        value = values.get(row.removeprefix("form."))
        if row.startswith("form.") and row != "form.files" and value:
            paper.put(row, value, first_only=True)
    return paper.text()


class _Written:
    """Puts values where the rows say."""

    def __init__(self, rows: Rows, name: str) -> None:
        self.rows = rows
        namespace = rows["namespace"] if rows["qualified"] != "none" else ""
        self.inside = f"{{{namespace}}}" if namespace else ""
        is_whole = rows["qualified"] == "all"
        # A root outside the namespace must not declare it as the default one.
        prefix = None if is_whole else "ns"
        names = {prefix: namespace} if namespace else None
        self.root = etree.Element(f"{self.inside}{name}" if is_whole else name, nsmap=names)

    def put(self, row: str, value: str, *, first_only: bool = False) -> None:
        for path in self.rows.paths(row)[: 1 if first_only else None]:
            self._place(self.root, path, value)

    def put_list(self, entries: Sequence[Mapping[str, str]]) -> None:
        """One element of the list for each entry, its cells by their rows."""
        *parents, name = self.rows["out.files"].split("/")
        for entry in entries:
            element = etree.SubElement(self._made(self.root, parents), f"{self.inside}{name}")
            for row in (row for row in self.rows.values if row.startswith("doc.")):
                for path in self.rows.paths(row) if entry.get(row) else ():
                    self._place(element, path, entry[row])

    def add(self, name: str, cells: Mapping[str, str]) -> None:
        """A child with children of its own."""
        element = etree.SubElement(self.root, f"{self.inside}{name}")
        for cell, value in cells.items():
            etree.SubElement(element, f"{self.inside}{cell}").text = writable(value)

    def text(self) -> str:
        written: str = etree.tostring(self.root, encoding="unicode")
        return written

    def _place(self, base: etree._Element, path: str, value: str) -> None:
        *steps, last = path.split("/")
        value = writable(value)
        if last.startswith("@"):
            self._made(base, steps).set(last[1:], value)
        else:
            self._made(base, [*steps, last]).text = value

    def _made(self, base: etree._Element, steps: Sequence[str]) -> etree._Element:
        for step in steps:
            found = base.find(f"{self.inside}{step}")
            base = etree.SubElement(base, f"{self.inside}{step}") if found is None else found
        return base


def writable(text: str) -> str:
    """The text without the characters that no XML may hold, which somebody may have pasted."""
    return NOT_XML.sub("", text)


def _answer_name(rows: Rows, operation: str) -> str:
    if rows["root.response"]:
        return rows["root.response"]
    return f"{rows[f'operation.{operation or SUBMIT}']}{rows['operation.answer']}"


def _moment(moment: datetime | None) -> str:
    """With the offset of the country."""
    return "" if moment is None else moment.astimezone(ZONE).isoformat(timespec="seconds")


def _cells(paper: Paper) -> dict[str, str]:
    cells = {
        "doc.type": paper.kind,
        "doc.name": paper.name,
        "doc.mime": paper.mime,
        "doc.number": paper.number,
        "doc.date": paper.day.isoformat(),
        "doc.id": paper.file_id,
        "doc.content": base64.b64encode(paper.content).decode(),
        "doc.signature": base64.b64encode(paper.signature).decode(),
    }
    return {name: value for name, value in cells.items() if value}
