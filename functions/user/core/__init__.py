"""Core of user.

directory: the list of all users
erasure: replaces a profile by a tombstone (GDPR)
errors: domain errors
export: exports a user's data from all services
repository: storage of profiles and settings
schemas: requests and responses of the routes
service: reads, updates and erases profiles and settings
"""
