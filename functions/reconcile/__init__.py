"""What must be true of all tables together: looked at, mended, or told to people."""
