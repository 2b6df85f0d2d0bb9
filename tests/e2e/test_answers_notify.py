"""Responses of notifications, except those to invalid requests."""

from typing import Any

from local.actors import wait_for
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

LIST = "/v1/notifications"


def wait_for_tickets_mail(e2e: E2EFixture) -> dict[str, Any]:
    """Wait until the notification of the shared booking's tickets is sent, and return it."""

    def poll() -> dict[str, Any] | None:
        notifications = e2e.buyer.client.request_json("GET", f"{LIST}?limit=100")["items"]
        matching = [
            one for one in notifications if one["kind"] == "tickets_created" and one["booking_id"] == e2e.booking["id"]
        ]
        return next((one for one in matching if one["status"] == "SENT"), None)

    return wait_for(poll, "the tickets' mail")


def test_owner_marks_notification_as_read(e2e: E2EFixture, send: RecordingClient) -> None:
    call = f"PUT {LIST}/{wait_for_tickets_mail(e2e)['id']}"

    read, unread = (send(e2e.buyer.client, call, {"read": read}) for read in (True, False))

    assert (read.outcome, unread.outcome) == ((200, "done"), (200, "done"))
    assert (bool(read.json["read_at"]), unread.json["read_at"]) == (True, None)
    assert send(e2e.stranger.client, call, {"read": True}).outcome == (404, "notification-not-found")


def test_unread_filter_lists_matching_notifications(e2e: E2EFixture, send: RecordingClient) -> None:
    notification, by = wait_for_tickets_mail(e2e)["id"], e2e.buyer.client
    call = f"GET {LIST}?limit=100&unread="

    for word, other, read in (("true", "false", False), ("false", "true", True)):
        send(by, f"PUT {LIST}/{notification}", {"read": read})
        matching, opposite = send(by, call + word), send(by, call + other)

        assert (matching.outcome, opposite.outcome) == ((200, "done"), (200, "done"))
        assert notification in [one["id"] for one in matching.json["items"]]
        assert notification not in [one["id"] for one in opposite.json["items"]]


def test_ticket_mail_resend_is_rate_limited(e2e: E2EFixture, send: RecordingClient) -> None:
    notification = wait_for_tickets_mail(e2e)
    call = f"POST {LIST}/{notification['id']}/resend"

    with e2e.altered("notifications", notification["id"], "notification", status="DISCARDED"):
        discarded = send(e2e.buyer.client, call)
    resent = send(e2e.buyer.client, call)
    sent = wait_for_tickets_mail(e2e)
    early = send(e2e.buyer.client, call)

    assert (discarded.outcome, resent.outcome) == ((409, "not-resendable"), (200, "done"))
    assert (resent.json["status"], sent["tries"]) == ("PENDING", notification["tries"] + 1)
    assert early.outcome == (429, "resend-too-soon")
    assert int(early.headers["Retry-After"]) <= 300
    assert send(e2e.stranger.client, call).outcome == (404, "notification-not-found")
