"""The bus: one module per publisher, each bus event a frozen typed class.

>>> BusEvent
    ├── booking   BookingOrdered · BookingConfirmed · BookingFailed · BookingExpired · BookingCancelled
    ├── payment   PaymentSucceeded · PaymentFailed · PaymentRefunded
    ├── ticket    TicketPending · TicketCreated · TicketRejected · TicketVoided · TicketCheckedIn
    ├── notify    NotiPending · NotiCreated
    ├── events    EventPublished · EventChanged
    ├── auth      UserRegistered · RolesChanged
    └── user      UserUpdated
"""

from common.bus.base import BusEvent, Part, registry

__all__ = ["BusEvent", "Part", "registry"]
