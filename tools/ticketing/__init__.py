"""`bin/ticketing`: operators' commands for a running system, local or in an AWS account."""
