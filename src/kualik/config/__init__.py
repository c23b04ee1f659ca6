"""Settings, addresses and the wiring of rooms.

The distribution's SQLite may carry a known write-ahead-log corruption; where the packaged one is
installed it takes the module's name before anything opens a database (ADR 0005).
"""

import importlib.util
import sys

if importlib.util.find_spec("pysqlite3") is not None:
    import pysqlite3.dbapi2

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
