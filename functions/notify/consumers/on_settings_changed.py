"""SettingsChanged: store the user's language and channels."""

from common.bus.user import SettingsChanged
from common.consumer import consumer
from notify.core import contacts


@consumer
def handler(settings: SettingsChanged) -> None:
    contacts.apply_settings(settings)
