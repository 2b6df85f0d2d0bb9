"""How a profile is made and changed."""
