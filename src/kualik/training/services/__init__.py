"""From a list of people to completions."""

from kualik.training.services.cells import Remark
from kualik.training.services.check import (
    CheckedList,
    CheckedRow,
    CompletionValues,
    GroupDefaults,
    Verdict,
    check_list,
)
from kualik.training.services.importing import (
    ImportResult,
    Preview,
    answer_for_group,
    choose_sheet,
    confirm_import,
    correct_mapping,
    discard_import,
    forget_lists,
    preview_import,
    start_import,
)
from kualik.training.services.recognise import (
    ColumnMapping,
    ColumnMatch,
    correct,
    fields,
    recognise,
)
from kualik.training.services.remarks import remark_text, remarks_workbook, verdict_text

__all__ = [
    "CheckedList",
    "CheckedRow",
    "ColumnMapping",
    "ColumnMatch",
    "CompletionValues",
    "GroupDefaults",
    "ImportResult",
    "Preview",
    "Remark",
    "Verdict",
    "answer_for_group",
    "check_list",
    "choose_sheet",
    "confirm_import",
    "correct",
    "correct_mapping",
    "discard_import",
    "fields",
    "forget_lists",
    "preview_import",
    "recognise",
    "remark_text",
    "remarks_workbook",
    "start_import",
    "verdict_text",
]
