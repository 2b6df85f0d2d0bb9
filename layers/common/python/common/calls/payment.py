"""What payment answers."""

from common.call import CallAnswer, CallRequest


class AskProvider(CallRequest):
    """Does the provider know more of this payment than we do? If so, it is taken in."""

    payment_id: str


class Asked(CallAnswer):
    """`learnt`: something was taken in. `answered`: the provider has told all there is."""

    learnt: bool
    answered: bool = True
