"""Publishing of outboxes.

relay: from stream records or item images to bus entries
"""
