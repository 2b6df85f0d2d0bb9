"""UserErased: purge the user's messages from the dead-letter queues."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.dead_letters import purge_user_messages
from common.erasure import erase_now_and_after_grace


@consumer
def handler(event: UserErased) -> None:
    erase_now_and_after_grace(event, purge_user_messages)
