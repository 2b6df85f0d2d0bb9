"""Constructs by concern; each is derived from the topology's rows."""
