"""The pages of the hall."""

from kualik.counter.views.acts import blank_act, blank_act_file
from kualik.counter.views.asked import ask, asked, asked_state
from kualik.counter.views.board import (
    board,
    board_code,
    board_now,
)
from kualik.counter.views.claiming import claim
from kualik.counter.views.confirming import work_phone, work_phone_again, work_phone_check
from kualik.counter.views.hall import (
    hall,
    hall_act,
    hall_now,
    hall_paper,
    hall_ticket,
    visit,
)
from kualik.counter.views.hall_settings import hall_settings, hall_window
from kualik.counter.views.handing import (
    hand_over,
    hand_over_answer,
    hand_over_file,
    hand_over_paper,
    hand_over_print,
    hand_overs,
)
from kualik.counter.views.kiosk import (
    kiosk,
    kiosk_first,
    kiosk_here,
    kiosk_lines,
    kiosk_take,
    kiosk_ticket,
)
from kualik.counter.views.pairing import hall_screens, kiosk_pair
from kualik.counter.views.printing import hall_printed
from kualik.counter.views.proving import (
    hand_over_check,
    hand_over_code,
    hand_over_scan,
    hand_over_scanned,
    hand_over_sign,
    hand_over_slip,
)
from kualik.counter.views.registers import (
    work_register,
    work_register_ask,
    work_register_state,
)
from kualik.counter.views.representing import representative
from kualik.counter.views.serving import (
    case,
    case_approve,
    case_state,
    case_withdraw,
    file_document,
)
from kualik.counter.views.stand import notice, sample, samples, stand
from kualik.counter.views.tickets import (
    queue,
    queue_book,
    queue_door,
    queue_take,
    ticket,
    ticket_act,
    ticket_now,
)
from kualik.counter.views.window import window, window_act, window_line, window_merge
from kualik.counter.views.work import identify_visitor, work

__all__ = [
    "hall_printed",
    "ask",
    "asked",
    "asked_state",
    "blank_act",
    "blank_act_file",
    "board",
    "board_code",
    "board_now",
    "case",
    "case_approve",
    "case_state",
    "case_withdraw",
    "claim",
    "file_document",
    "hall",
    "hall_act",
    "hall_now",
    "hall_paper",
    "hall_screens",
    "hall_settings",
    "hall_ticket",
    "hall_window",
    "hand_over",
    "hand_over_answer",
    "hand_over_check",
    "hand_over_code",
    "hand_over_file",
    "hand_over_paper",
    "hand_over_print",
    "hand_over_scan",
    "hand_over_scanned",
    "hand_over_sign",
    "hand_over_slip",
    "hand_overs",
    "identify_visitor",
    "kiosk",
    "kiosk_first",
    "kiosk_here",
    "kiosk_lines",
    "kiosk_pair",
    "kiosk_take",
    "kiosk_ticket",
    "notice",
    "queue",
    "queue_book",
    "queue_door",
    "queue_take",
    "representative",
    "sample",
    "samples",
    "stand",
    "ticket",
    "ticket_act",
    "ticket_now",
    "visit",
    "window",
    "window_act",
    "window_line",
    "window_merge",
    "work",
    "work_phone",
    "work_phone_again",
    "work_phone_check",
    "work_register",
    "work_register_ask",
    "work_register_state",
]
