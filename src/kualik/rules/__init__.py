"""The rules of the service as pure functions: the standard library and the law's data files."""
