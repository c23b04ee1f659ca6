"""What was done, how fast, and by which clause."""

from kualik.oversight.queries.compliance import (
    STATES,
    ClauseServed,
    compliance,
    quoted_clauses,
    stray_quotations,
)

__all__ = ["STATES", "ClauseServed", "compliance", "quoted_clauses", "stray_quotations"]
