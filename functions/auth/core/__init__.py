"""How accounts are made, proved and remembered."""
