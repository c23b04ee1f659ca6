"""What comes from outside: scans that anybody may have made."""
