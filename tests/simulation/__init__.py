"""Deterministic simulation of the whole system: each seed gives one schedule."""
