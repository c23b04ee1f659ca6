"""From a list of people to completions."""

from kualik.training.services.cells import Remark
from kualik.training.services.check import (
    CheckedRow,
    GroupDefaults,
)
from kualik.training.services.correcting import correct_completion, corrected_name
from kualik.training.services.importing import (
    ImportResult,
    answer_for_group,
    choose_sheet,
    confirm_import,
    correct_mapping,
    discard_import,
    forget_lists,
    preview_import,
    start_import,
    sweep_lists,
)
from kualik.training.services.recognise import (
    ColumnMapping,
    fields,
)
from kualik.training.services.remarks import (
    filter_text,
    remark_text,
    remarks_workbook,
    verdict_text,
)

__all__ = [
    "CheckedRow",
    "ColumnMapping",
    "GroupDefaults",
    "ImportResult",
    "Remark",
    "answer_for_group",
    "choose_sheet",
    "confirm_import",
    "correct_completion",
    "correct_mapping",
    "corrected_name",
    "discard_import",
    "fields",
    "filter_text",
    "forget_lists",
    "preview_import",
    "remark_text",
    "remarks_workbook",
    "start_import",
    "sweep_lists",
    "verdict_text",
]
