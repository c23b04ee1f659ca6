"""What the hall shows."""
