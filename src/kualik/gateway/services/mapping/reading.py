"""Reading the portal's inner documents by the rows of a profile.

Elements are found by their local names, whatever prefix or namespace a sender chose.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from lxml import etree

from kualik.gateway.services.mapping.documents import (
    ADD,
    DICTIONARY,
    RESULT,
    STATUS,
    SUBMIT,
    WITHDRAW,
    PortalFile,
    PortalForm,
)
from kualik.gateway.services.profiles import Rows, families
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_iin
from kualik.signatures.adapters.xml_reading import XmlError, read_xml
from kualik.signatures.adapters.xml_shape import DS

LENGTHS: Final[Mapping[str, int]] = {
    "number": 60,
    "chain": 60,
    "family_name": 100,
    "given_name": 100,
    "patronymic": 100,
    "programme": 500,
    "email": 120,
    "comment": 1000,
    "dictionary": 60,
}
LONGEST: Final = 200
MOST_FILES: Final = 5
DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T+Z-].*)?|(\d\d)\.(\d\d)\.(\d{4})")


def read(rows: Rows, xml: str) -> PortalForm:
    """The form in an inner document.

    Raises ``gateway_form_unreadable``, ``gateway_form_other`` (another root), and, with the field,
    ``gateway_field_missing``, ``gateway_field_wrong``, ``gateway_field_long``,
    ``gateway_files_many``; a wrong IIN as ``identifiers.parse_iin`` says. No error holds a value.
    """
    root = _root(xml)
    operation = _operation(rows, root)
    said = _Said(rows, root)
    if operation == DICTIONARY:
        return PortalForm(
            operation=operation, dictionary=said.text("dictionary"), language=said.language()
        )
    number = said.needed("number")
    if operation in (STATUS, RESULT):
        return PortalForm(operation=operation, number=number, system=said.text("system"))
    if operation == WITHDRAW or said.text("action"):
        return said.update(operation, number)
    return said.form(number)


def operation_of(rows: Rows, xml: str) -> str:
    """Which of several operations a document is, good or not; "" where it is none of the service.
    What changes a request and does not say how is taken for added data."""
    try:
        root = _root(xml)
        operation = _operation(rows, root)
    except RuleViolation:
        return ""
    return ADD if operation == SUBMIT and _Said(rows, root).raw("form.action") else operation


def echo_of(rows: Rows, xml: str) -> dict[str, str]:
    """What an answer gives back of a document, good or not: number, chain, system, IIN."""
    try:
        said = _Said(rows, _root(xml))
    except RuleViolation:
        return {}
    return {name: said.raw(f"form.{name}")[:60] for name in ("number", "chain", "system", "iin")}


class _Said:
    """Looks for the values of a document."""

    def __init__(self, rows: Rows, root: etree._Element) -> None:
        self.rows, self.root = rows, root

    def raw(self, row: str, base: etree._Element | None = None) -> str:
        for path in self.rows.paths(row):
            for found in _found(self.root if base is None else base, path):
                if found.strip():
                    return " ".join(found.split())
        return ""

    def text(self, name: str) -> str:
        value = self.raw(f"form.{name}")
        if len(value) > LENGTHS.get(name, LONGEST):
            raise self._fault("gateway_field_long", name)
        return value

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self._fault("gateway_field_missing", name)
        return value

    def coded(self, name: str, otherwise: str) -> str:
        """Our word for a code."""
        value = self.text(name)
        if not value:
            return otherwise
        known = {code.casefold(): word for code, word in self.rows.codes(name).items()}
        if value.casefold() not in known:
            raise self._fault("gateway_field_wrong", name)
        return known[value.casefold()]

    def language(self) -> str:
        """The language of a dictionary: "kz" is written too, and who asks for another one that
        we do not have reads Russian."""
        value = self.text("language").casefold()
        known = {code.casefold(): word for code, word in self.rows.codes("language").items()}
        return known.get(value) or ("kk" if value[:1] in ("", "k") else "ru")

    def day(self, name: str) -> date | None:
        value = self.text(name)
        if not value:
            return None
        found = DAY.fullmatch(value)
        parts = [int(part) for part in found.groups() if part] if found else []
        try:
            return date(*(parts if found and found[1] else parts[::-1]))
        except (TypeError, ValueError) as error:
            raise self._fault("gateway_field_wrong", name) from error

    def count(self, name: str) -> int:
        value = self.text(name)
        if not value:
            return 0
        if not (value.isascii() and value.isdigit()) or not 0 < int(value) < 10_000:
            raise self._fault("gateway_field_wrong", name)
        return int(value)

    def files(self) -> tuple[PortalFile, ...]:
        path = self.rows["form.files"]
        found = _elements(self.root, path.split("/")) if path else []
        if len(found) > MOST_FILES:
            raise RuleViolation("gateway_files_many", limit=MOST_FILES)
        return tuple(self._file(each) for each in found)

    def _file(self, element: etree._Element) -> PortalFile:
        name = self.raw("file.name", element)[:LONGEST]
        file_id = self.raw("file.id", element)[:LONGEST]
        try:
            packed = "".join(self.raw("file.content", element).split())
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self._fault("gateway_field_wrong", "files") from error
        if not content and not file_id:
            raise self._fault("gateway_field_missing", "files")
        return PortalFile(name=name, content=content, file_id=file_id)

    def update(self, operation: str, number: str) -> PortalForm:
        """A withdrawal or added data; the IIN where it is named."""
        if operation != WITHDRAW:
            operation = self.coded("action", "")
        return PortalForm(
            operation=operation,
            number=number,
            chain=self.text("chain"),
            system=self.text("system"),
            iin=parse_iin(self.text("iin")).value if self.text("iin") else "",
            comment=self.text("comment"),
            files=self.files() if operation == ADD else (),
        )

    def form(self, number: str) -> PortalForm:
        """The request itself."""
        plain = ("chain", "system", "family_name", "given_name", "patronymic", "phone", "email")
        more = ("programme_code", "programme", "confirmation", "comment")
        iin = parse_iin(self.needed("iin")).value
        return PortalForm(
            number=number,
            iin=iin,
            kind=self.coded("kind", ""),
            started_on=self.day("started_on"),
            ended_on=self.day("ended_on"),
            hours=self.count("hours"),
            paper=self.coded("paper", "certificate"),
            language=self.coded("language", "kk"),
            delivery=self.coded("delivery", "electronic"),
            files=self.files(),
            **{name: self.text(name) for name in (*plain, *more)},
        )

    def _fault(self, code: str, name: str) -> RuleViolation:
        return RuleViolation(code, field=families()[self.rows.family].rows[f"form.{name}"].label)


def _root(xml: str) -> etree._Element:
    try:
        return read_xml(xml.encode()).getroot()
    except XmlError as error:
        raise RuleViolation("gateway_form_unreadable") from error


def _operation(rows: Rows, root: etree._Element) -> str:
    name = etree.QName(root).localname
    if rows["root.request"]:
        if name != rows["root.request"]:
            raise RuleViolation("gateway_form_other")
        return SUBMIT
    known = {value: word for value, word in rows.codes("operation").items() if word != "answer"}
    if name not in known:
        raise RuleViolation("gateway_form_other")
    return known[name]


def _found(base: etree._Element, path: str) -> list[str]:
    """The texts at a path, in document order."""
    steps = path.split("/")
    if steps[-1].startswith("@"):
        holders = _elements(base, steps[:-1])
        return [holder.get(steps[-1][1:]) or "" for holder in holders]
    return [element.text or "" for element in _elements(base, steps)]


def _elements(base: etree._Element, steps: Sequence[str]) -> list[etree._Element]:
    found = [base]
    for step in steps:
        found = [
            child
            for element in found
            for child in element.iterchildren("{*}*")
            if etree.QName(child).localname == step and etree.QName(child).namespace != DS
        ]
    return found
