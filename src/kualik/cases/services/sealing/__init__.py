"""From approved to issued, by one of two lawful ways and no third.

The authorised person orders; a worker prepares the files with the organisation's seal; the person
signs them (A57.10-2). Or, under A303 only and within the provider's limits, the machine orders and
the organisation's seal alone issues (A303.4).
"""

from kualik.cases.services.sealing.accepting import accept_signatures, prepared_content
from kualik.cases.services.sealing.following import (
    SealFault,
    SealProgress,
    prepared_for,
    seal_progress,
    sealing_by_machine,
    waiting_for_seal,
)
from kualik.cases.services.sealing.making import (
    is_prepared,
    prepare_requests,
    seal_alone,
    sealable_alone,
)
from kualik.cases.services.sealing.ordering import (
    OF_THE_DRAFT,
    SEAL_JOB,
    SEAL_ORDERED,
    failed_task_key,
    order_seal,
    run_seal_job,
    seal_automatically,
    seal_job_key,
)

__all__ = [
    "OF_THE_DRAFT",
    "SEAL_JOB",
    "SEAL_ORDERED",
    "SealFault",
    "SealProgress",
    "accept_signatures",
    "failed_task_key",
    "is_prepared",
    "order_seal",
    "prepare_requests",
    "prepared_content",
    "prepared_for",
    "run_seal_job",
    "seal_alone",
    "seal_automatically",
    "sealable_alone",
    "seal_job_key",
    "seal_progress",
    "sealing_by_machine",
    "waiting_for_seal",
]
