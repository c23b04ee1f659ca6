"""The ledger of numbered blanks and prints on them (A57.4, A303.4)."""

from kualik.certificates.services.blanks.counting import (
    COUNT_JOB,
    count_evening,
    is_counted,
    last_moved,
    run_count_job,
)
from kualik.certificates.services.blanks.ledger import (
    Ledger,
    blank_of,
    blanks_visible_to,
    held_by,
    ledger_of,
    ledgers_of,
    providers_visible_to,
)
from kualik.certificates.services.blanks.moving import (
    HOLDERS,
    KEEPERS,
    book_of,
    prefix_of,
    subject_of,
)
from kualik.certificates.services.blanks.printers import printers_of, set_printer, test_page
from kualik.certificates.services.blanks.printing import (
    answer_print,
    needs_reason,
    open_print,
    print_on,
    print_on_blank,
    render_print,
)
from kualik.certificates.services.blanks.receiving import (
    Delivery,
    give_blanks,
    pick_blanks,
    receive_blanks,
    take_back,
)
from kualik.certificates.services.blanks.spending import (
    Act,
    keep_act,
    lose_blank,
    spoil_blank,
    use_blank,
)
from kualik.certificates.services.blanks.wording import (
    BLANK_ACTIONS,
    BLANK_STATES,
    PRINT_ACTIONS,
)

__all__ = [
    "BLANK_ACTIONS",
    "BLANK_STATES",
    "COUNT_JOB",
    "HOLDERS",
    "KEEPERS",
    "PRINT_ACTIONS",
    "Act",
    "Delivery",
    "Ledger",
    "answer_print",
    "blank_of",
    "blanks_visible_to",
    "book_of",
    "count_evening",
    "give_blanks",
    "held_by",
    "is_counted",
    "keep_act",
    "last_moved",
    "ledger_of",
    "ledgers_of",
    "lose_blank",
    "needs_reason",
    "open_print",
    "pick_blanks",
    "prefix_of",
    "print_on",
    "print_on_blank",
    "printers_of",
    "providers_visible_to",
    "receive_blanks",
    "render_print",
    "run_count_job",
    "set_printer",
    "spoil_blank",
    "subject_of",
    "take_back",
    "test_page",
    "use_blank",
]
