"""The moment at which tests begin: the same at every run, a working day in the forenoon.

What a test finds built, its world among it, was built a minute before.
"""

from datetime import datetime, timedelta

from kualik.core.clock import ZONE

BUILT_AT = datetime(2026, 11, 17, 9, 59, tzinfo=ZONE)  # a Tuesday
BEGINS_AT = BUILT_AT + timedelta(minutes=1)
