"""A deterministic simulation of the whole system: one seed, one schedule."""
