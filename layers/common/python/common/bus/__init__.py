"""The bus: one module per publisher, each bus event a frozen typed class.

>>> BusEvent
    ├── booking   BookingOrdered · BookingExtended · BookingConfirmed · BookingFailed · BookingExpired
    │             · BookingCancelled · AvailabilityChanged · CapacityChanged
    ├── payment   PaymentSucceeded · PaymentFailed · RefundRequested · PaymentRefunded · PaymentRefundFailed
    ├── ticket    TicketPending · TicketCreated · TicketRejected · TicketVoided · TicketReissued
    │             · TicketOffered · TicketTransferred · TicketCheckedIn · TicketCheckInUndone
    ├── notify    NotiPending · NotiCreated
    ├── events    EventPublished · EventChanged · EventCancelled · CategoryChanged
    ├── auth      UserRegistered · RolesChanged · EmailRequested
    └── user      UserUpdated · SettingsChanged · UserErased
"""

from common.bus.base import BusEvent, EventPart, registry

__all__ = ["BusEvent", "EventPart", "registry"]
