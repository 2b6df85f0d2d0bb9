"""Core of auth.

access_tokens: signing and verification of JWT access tokens
authorizer: the API's Lambda authorizer
email_codes: e-mailed codes, and e-mail verification
email_requests: requested e-mails, and their rate limit
email_sender: composes and sends requested e-mails
email_templates: texts of account e-mails, English and German; notify has all others
erasure: erases an account (GDPR)
errors: domain errors
export: exports a user's data
fields: validation and redaction of personal fields
keys: signing keys in KMS, and the JWKS
login: login with a password
login_throttle: lockout after failed logins
model: accounts, sessions, roles, lockout delays
passwords: validation, hashing, change and reset
refresh_tokens: derivation and parsing of refresh tokens
registration: creates accounts and the first admin
repository: storage of accounts
roles: assignment of roles
schemas: requests and responses of routes and RPCs
session_repository: storage of sessions
sessions: opens and refreshes sessions, describes devices
uniqueness: items that keep user names, addresses and the first admin unique
"""
