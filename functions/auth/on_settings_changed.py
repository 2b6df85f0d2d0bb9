"""SettingsChanged: auth writes to people in their language, too."""

from auth.core import repository
from common.bus.user import SettingsChanged
from common.consumer import consumer


@consumer
def handler(settings: SettingsChanged) -> None:
    repository.keep_locale(settings)
