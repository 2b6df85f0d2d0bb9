"""The gateway's own answers."""
