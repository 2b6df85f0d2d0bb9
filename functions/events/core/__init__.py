"""The catalogue's logic."""
