"""Requests as people may see them."""

from kualik.cases.queries.requests import (
    UNDECIDED,
    Counts,
    Search,
    awaiting_result,
    by_name,
    completions_to_file,
    counts,
    open_jobs,
    own_requests,
    requests_of,
    requests_visible_to,
    search,
)
from kualik.cases.queries.timeline import (
    Step,
    clock_of,
    clocks_of,
    find_by_second_factor,
    plain_number,
    status_code,
    timeline,
)

__all__ = [
    "UNDECIDED",
    "Counts",
    "Search",
    "Step",
    "awaiting_result",
    "by_name",
    "clock_of",
    "clocks_of",
    "completions_to_file",
    "counts",
    "find_by_second_factor",
    "open_jobs",
    "own_requests",
    "plain_number",
    "requests_of",
    "requests_visible_to",
    "search",
    "status_code",
    "timeline",
]
