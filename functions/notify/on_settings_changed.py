"""SettingsChanged: the user is written to in this language, and by these channels."""

from common.bus.user import SettingsChanged
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(settings: SettingsChanged) -> None:
    contacts.settle(settings)
