"""Generates the parts of docs/ that derive from the topology and the code."""
