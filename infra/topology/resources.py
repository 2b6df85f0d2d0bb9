"""The resources of the system: tables, buckets, keys, secrets and settings, each owned by one service."""

from infra.resource_types import Bucket, Index, Key, Mail, Secret, Setting, Table

AUTH = Table("auth", (Index("by_user", "user_id", "created_at"),), ttl="expires_at")
USERS = Table("users", (Index("by_day", "joined", "listed_as"),))
EVENTS = Table("events", (Index("listed", "listed", "listed_as"), Index("by_organiser", "organiser_id", "created_at")))
BOOKINGS = Table("bookings", (Index("by_user", "user_id", "created_at"), Index("by_event", "shard", "created_at")))
PAYMENTS = Table("payments", (Index("by_user", "user_id", "created_at"),), ttl="expires_at")
TICKETS = Table(
    "tickets",
    (
        Index("by_user", "user_id", "created_at"),
        Index("by_code", "code"),
        Index("by_event", "attendee_of", "attendee_as"),
    ),
)
NOTIFICATIONS = Table("notifications", (Index("by_user", "user_id", "created_at"),))
SANDBOX = Table("sandbox", stream=False, ttl="expires_at")
RECONCILIATION = Table("reconciliation", stream=False, ttl="expires_at")
TABLES = (AUTH, USERS, EVENTS, BOOKINGS, PAYMENTS, TICKETS, NOTIFICATIONS, SANDBOX, RECONCILIATION)

SEARCH = Bucket("search", "events.sqlite3")  # the search index, each version whole
BUCKETS = (SEARCH,)

TOKEN_KEYS = Key("token")  # ES256, access tokens
REFRESH_KEY = Secret("refresh")  # derives the successor of a refresh token
EMAIL_CODE_KEY = Secret("email-code")  # derives the codes in auth's e-mails
PAGE_TOKEN_KEY = Secret("page-token")  # signs page tokens
TICKET_SEED = Secret("ticket-seed")  # derives the Ed25519 key of each event
PROVIDER = Secret("provider", provided=True)  # {"api_key", "webhook_secret", "previous_webhook_secret" while rotating}
SECRETS = (REFRESH_KEY, EMAIL_CODE_KEY, PAGE_TOKEN_KEY, TICKET_SEED, PROVIDER)
SES = Mail()

TOKEN_ISSUER = Setting("TOKEN_ISSUER")  # iss and aud of access tokens
PUBLIC_URL = Setting("PUBLIC_URL")  # where people reach the API, no trailing slash
PROVIDER_API = Setting("PROVIDER_API")  # the provider's API base; the sandbox's where no live key is given
SHORT_HOLDS = Setting("SHORT_HOLDS")  # "1" on the local stage: holds of seconds are allowed
HOLD_BACKSTOP = Setting("HOLD_BACKSTOP_SECONDS")  # how long after payment's deadline booking ends a hold itself
PROVIDER_FAULTS = Setting("PROVIDER_FAULTS")  # "1" on the local stage: the sandbox injects faults (docs/sandbox.md)
SETTINGS = (TOKEN_ISSUER, PUBLIC_URL, PROVIDER_API, SHORT_HOLDS, HOLD_BACKSTOP, PROVIDER_FAULTS)

GET_SECRET = "GetSecretValue"
READ_PAGE_TOKEN_KEY = PAGE_TOKEN_KEY.grant(GET_SECRET)
CHECK_SEARCH_EXISTS = SEARCH.grant("ListBucket")  # without it S3 answers 403, not 404, while there is no index
