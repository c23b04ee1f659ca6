"""A working day of a hall, played on the real server by HTTP and compared with books of its own."""
