"""The rules of tickets."""
