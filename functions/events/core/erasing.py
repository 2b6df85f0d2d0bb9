"""Of an organiser who left, what was never published goes; what was, others have read and may have paid for."""

from contextlib import suppress

from common import log, store
from common.erasing import listed
from common.store import ConditionFailed, Delete
from events.core import promises
from events.core.repository import TABLE


def forget(user_id: str) -> None:
    """Delete the drafts of the user, those that were called off too."""
    for event in listed(TABLE, user_id, "by_organiser", "organiser_id"):
        if promises.public(event):
            continue
        draft = {"pk": event["pk"], "sk": event["sk"]}
        with suppress(ConditionFailed):  # published meanwhile, or gone
            store.write(Delete(TABLE, draft, condition="#terms_version = :never", values={"never": 0}))
            log.count("DraftsErased")
