"""Constructs by concern; they derive from the topology's rows."""
