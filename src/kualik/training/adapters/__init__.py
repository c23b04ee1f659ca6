"""Reading and writing lists as files."""
