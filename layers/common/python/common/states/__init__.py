"""The states that the services' items go through, one module per service: whoever reads a history knows the way."""
