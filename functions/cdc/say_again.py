"""Asked by reconcile: what was lost on the way to the bus is published again, under its old ids."""

from cdc.core import relay
from common.call import answers
from common.calls.cdc import Said, SayAgain


@answers
def handler(request: SayAgain) -> Said:
    published, refused = relay.again(request.images)
    return Said(published=published, refused=refused)
