"""What lies outside: printers, the digital documents service."""
