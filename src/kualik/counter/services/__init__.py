"""What changes the hall."""
