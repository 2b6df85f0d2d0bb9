"""Reconciliation service: checks invariants across all tables, repairs or reports violations."""
