"""The dry run: every row of a list judged cell by cell; nothing is saved."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from kualik.rules.errors import RuleViolation
from kualik.training.adapters.grid import Grid, Row
from kualik.training.services.cells import Remark, RowReader, completion_of
from kualik.training.services.course import Course, ProgrammeFacts, read_course, read_days
from kualik.training.services.doubles import find_doubles
from kualik.training.services.people import PersonRead, read_person
from kualik.training.services.recognise import ColumnMapping, field_names

Verdict = Literal["ready", "attention", "known", "refused", "skipped"]
VERDICTS: Final[tuple[Verdict, ...]] = ("ready", "attention", "known", "refused", "skipped")
PROGRESS_STEP: Final = 250
FREE_TEXTS: Final = ("workplace", "position", "result", "protocol", "study_form")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDefaults:
    """What the office says once for the whole list; the list's own cells win."""

    kind: str = ""
    title_kk: str = ""
    title_ru: str = ""
    specialty_kk: str = ""
    specialty_ru: str = ""
    hours: int | None = None
    credits: Decimal | None = None
    started_on: date | None = None
    ended_on: date | None = None
    group_name: str = ""

    def texts(self) -> dict[str, str]:
        """The given values as cells would hold them."""
        given = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {name: str(value) for name, value in given if value not in (None, "")}

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> "GroupDefaults":
        """Back from ``texts``."""
        hours, share = texts.get("hours"), texts.get("credits")
        started, ended = texts.get("started_on"), texts.get("ended_on")
        return cls(
            kind=texts.get("kind", ""),
            title_kk=texts.get("title_kk", ""),
            title_ru=texts.get("title_ru", ""),
            specialty_kk=texts.get("specialty_kk", ""),
            specialty_ru=texts.get("specialty_ru", ""),
            hours=int(hours) if hours else None,
            credits=Decimal(share) if share else None,
            started_on=date.fromisoformat(started) if started else None,
            ended_on=date.fromisoformat(ended) if ended else None,
            group_name=texts.get("group_name", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionValues:
    """A person and a course they completed, read from a row and right."""

    iin: str = field(repr=False)
    family_name: str
    given_name: str
    patronymic: str
    holder_kk: str
    holder_ru: str
    course: Course
    mastered_on: date
    workplace: str
    position: str
    result: str
    protocol: str
    study_form: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row with its verdict; ``values`` only where it may be imported."""

    row: int
    verdict: Verdict
    values: CompletionValues | None
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class CheckedList:
    """The whole list judged; ``missing`` names what must be asked once for the group."""

    mapping: ColumnMapping
    rows: tuple[CheckedRow, ...]
    missing: tuple[str, ...]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many rows have each verdict."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in VERDICTS}


@dataclass(slots=True)
class _Judged:
    reader: RowReader
    person: PersonRead
    values: CompletionValues | None
    skipped: bool = False


def check_list(
    *,
    grid: Grid,
    mapping: ColumnMapping,
    defaults: GroupDefaults,
    today: date,
    edition: str,
    programmes: Sequence[ProgrammeFacts] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> CheckedList:
    """Every row ready, in need of attention, refused, or skipped as not completed.

    ``today`` bounds the day of mastery, ``edition`` the kinds and volumes (A303.5, A57.5),
    ``programmes`` are those the provider has already. ``on_progress`` is told rows done and rows.
    RuleViolation ``list_needs_column`` when no column holds the IIN or a name.
    """
    _require_columns(mapping)
    columns = {match.field: match.index for match in mapping.columns if match.field}
    rows = [row for row in grid.sheet.rows if row.number > mapping.header_row]
    rows = [row for row in rows if any(row.cell(index).text for index in columns.values())]
    missing = _missing(columns, rows, defaults)
    filled = {name: index for name, index in columns.items() if name not in missing}
    texts = defaults.texts()
    judged = []
    for done, row in enumerate(rows, start=1):
        reader = RowReader(row, filled, texts)
        item = _judge(reader, today, edition, programmes)
        if item.values is None and not (item.skipped or missing or reader.has_errors):
            # Other rows hold what this one lacks, so the group was not asked for it.
            reader.remark("ended_on", "field_missing")
        judged.append(item)
        if on_progress and (done % PROGRESS_STEP == 0 or done == len(rows)):
            on_progress(done, len(rows))
    find_doubles([(item.reader, item.person) for item in judged if not item.skipped])
    return CheckedList(mapping, tuple(_verdict(item, missing) for item in judged), missing)


def mark_known(checked: CheckedList, known: Collection[int]) -> CheckedList:
    """The list with the verdict ``known`` and a note on the rows that were imported before."""
    note = Remark("", "", "already_imported", "note", {})
    rows = tuple(
        replace(row, verdict="known", remarks=(note, *row.remarks)) if row.row in known else row
        for row in checked.rows
    )
    return replace(checked, rows=rows)


def _require_columns(mapping: ColumnMapping) -> None:
    if "iin" not in mapping.fields:
        raise RuleViolation("list_needs_column", field="iin", name=field_names(["iin"]))
    if not mapping.fields & {"full_name", "full_name_given_first", "family_name"}:
        raise RuleViolation("list_needs_column", field="full_name", name=field_names(["full_name"]))


def _missing(
    columns: Mapping[str, int], rows: Iterable[Row], defaults: GroupDefaults
) -> tuple[str, ...]:
    """What neither a column nor the group gives. Credits follow from hours and the reverse."""
    listed = list(rows)
    held = set(defaults.texts())
    for name, index in columns.items():
        texts = [row.cell(index).text for row in listed]
        if name == "completed":
            texts = [text for text in texts if completion_of(text) == "date"]
        if any(texts):
            held.add(name)
    wanted = {
        "kind": {"kind"},
        "title_kk": {"title_kk"},
        "title_ru": {"title_ru"},
        "hours": {"hours", "credits"},
        "started_on": {"started_on"},
        "ended_on": {"ended_on", "completed"},
    }
    return tuple(name for name, sources in wanted.items() if not held & sources)


def _judge(
    reader: RowReader, today: date, edition: str, programmes: Sequence[ProgrammeFacts]
) -> _Judged:
    if _is_incomplete(reader):
        reader.remark("completed", "not_completed", "note")
        return _Judged(reader, PersonRead("", "", "", ""), None, skipped=True)
    person = read_person(reader)
    started_on, mastered_on = read_days(reader, today)
    course = read_course(reader, started_on, edition, programmes)
    texts = {name: reader.text(name) for name in FREE_TEXTS}
    phone, email = _phone(reader), _email(reader)
    if course is None or mastered_on is None:
        return _Judged(reader, person, None)
    values = CompletionValues(
        iin=person.iin,
        family_name=person.family_name,
        given_name=person.given_name,
        patronymic=person.patronymic,
        holder_kk=person.full_name,
        holder_ru=person.full_name,
        course=course,
        mastered_on=mastered_on,
        phone=phone,
        email=email,
        **texts,
    )
    return _Judged(reader, person, values)


def _is_incomplete(reader: RowReader) -> bool:
    """Whether the list says so; a formula in that cell is an error and says nothing."""
    if "completed" not in reader.columns:
        return False
    text = reader.cell("completed").text
    return completion_of(text) == "no" and not reader.is_refused("completed")


def _verdict(item: _Judged, missing: tuple[str, ...]) -> CheckedRow:
    remarks = tuple(item.reader.remarks)
    number = item.reader.row.number
    if item.skipped:
        return CheckedRow(number, "skipped", None, remarks)
    severities = {remark.severity for remark in remarks}
    if "error" in severities:
        return CheckedRow(number, "refused", None, remarks)
    values = None if missing else item.values
    verdict: Verdict = "attention" if "warning" in severities else "ready"
    return CheckedRow(number, verdict, values, remarks)


def _phone(reader: RowReader) -> str:
    """A phone with a plausible number of digits; another is left out with a note."""
    text = reader.own_text("phone")
    digits = sum(letter.isdigit() for letter in text)
    if not text or 10 <= digits <= 15:
        return text
    reader.remark("phone", "phone_doubtful", "note")
    return ""


def _email(reader: RowReader) -> str:
    """An address with a name and a domain; another is left out with a note."""
    text = reader.own_text("email")
    name, sign, domain = text.partition("@")
    if not text or (name and sign and "." in domain.strip(".") and " " not in text):
        return text
    reader.remark("email", "email_doubtful", "note")
    return ""
