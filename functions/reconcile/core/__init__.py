"""The invariants, and what mends them."""
