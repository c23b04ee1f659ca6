"""The rules of the service as pure functions: standard library only, no I/O but the law's own data files."""
