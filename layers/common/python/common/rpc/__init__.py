"""Synchronous calls between services: one contract module per callee, and the edge (`invocation`)."""
