"""SettingsChanged: store the user's locale for e-mails."""

from auth.core import repository
from common.bus.user import SettingsChanged
from common.consumer import consumer


@consumer
def handler(settings: SettingsChanged) -> None:
    repository.update_locale(settings)
