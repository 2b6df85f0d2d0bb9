"""UserErased: no message about the person waits for people any more."""

from common.bus.user import UserErased
from common.consumer import consumer
from common.dead_letters import sweep
from common.erasing import twice


@consumer
def handler(erased: UserErased) -> None:
    twice(erased, sweep)
