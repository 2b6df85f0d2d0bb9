"""Erasure of an organiser: delete drafts; keep published events, which buyers may have paid for."""

from contextlib import suppress

from common import log, store
from common.erasure import items_of_user
from common.store import ConditionFailed, Delete
from events.core import edit_rules
from events.core.repository import TABLE


def erase_user_data(user_id: str) -> None:
    """Delete the drafts of the user, including cancelled drafts."""
    for event in items_of_user(TABLE, user_id, "by_organiser", "organiser_id"):
        if edit_rules.is_published(event):
            continue
        draft = {"pk": event["pk"], "sk": event["sk"]}
        with suppress(ConditionFailed):  # published concurrently, or already deleted
            store.write(Delete(TABLE, draft, condition="#terms_version = :never", values={"never": 0}))
            log.count("DraftsErased")
