"""Letters: official papers that are no certificates (A57.10-2, A57.9, A303.9, A57.17-2).

Drafted by a decision, rendered and sealed by a job, signed by whoever answers for them; uniform
papers without a declaration of will need no more than the organisation's seal where the edition
lets it (ADR 0021).
"""

from kualik.certificates.queries import letters_about, letters_of
from kualik.certificates.services.letters.content import (
    KEYS,
    notice_letter_facts,
    refusal_letter_facts,
)
from kualik.certificates.services.letters.drafting import (
    LETTER_JOB,
    OF_WILL,
    draft_letter,
    letter_job_key,
    order_letter,
    void_letter,
)
from kualik.certificates.services.letters.failing import faults_of, try_again
from kualik.certificates.services.letters.making import (
    discard_prepared_letter,
    is_sealed_alone,
    make_letter,
    run_letter_job,
)
from kualik.certificates.services.letters.rendering import lines_of, render, text_in, title_of
from kualik.certificates.services.letters.showing import ShownLetter, shown_letters, states_of
from kualik.certificates.services.letters.signing import (
    HANDLER_ROLES,
    SIGNERS,
    accept_letter,
    named_letters,
    prepared_letter_content,
    prepared_letters,
)
from kualik.certificates.services.letters.succeeding import SUCCEED_JOB, run_succeed_job
from kualik.certificates.services.letters.trying import try_letter

__all__ = [
    "HANDLER_ROLES",
    "KEYS",
    "LETTER_JOB",
    "OF_WILL",
    "SIGNERS",
    "SUCCEED_JOB",
    "ShownLetter",
    "accept_letter",
    "discard_prepared_letter",
    "draft_letter",
    "faults_of",
    "is_sealed_alone",
    "letter_job_key",
    "letters_about",
    "letters_of",
    "lines_of",
    "make_letter",
    "named_letters",
    "notice_letter_facts",
    "order_letter",
    "prepared_letter_content",
    "prepared_letters",
    "refusal_letter_facts",
    "render",
    "run_letter_job",
    "run_succeed_job",
    "shown_letters",
    "states_of",
    "text_in",
    "title_of",
    "try_again",
    "try_letter",
    "void_letter",
]
