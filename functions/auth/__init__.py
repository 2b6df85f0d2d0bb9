"""Who is calling: accounts, sessions, tokens and roles."""
