"""Table streams onto the bus."""
