"""The work a worker can do: the name of a job and its handler."""

from collections.abc import Mapping

from kualik.cases.services.sealing import SEAL_JOB, run_seal_job
from kualik.core.jobs import Handler

HANDLERS: Mapping[str, Handler] = {SEAL_JOB: run_seal_job}
