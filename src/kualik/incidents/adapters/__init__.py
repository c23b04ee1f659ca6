"""Trying the parts of the system, and the sign left where the database cannot be reached."""
