"""`bin/ticketing`: what an operator does with a running system, on this machine or in an account."""
