"""E-mail templates: one module per language, with the same keys."""

from collections.abc import Mapping

from common.bus.base import Locale
from notify.core.templates import de, en
from notify.core.templates.language import Language

LANGUAGES: Mapping[Locale, Language] = {"en": en.LANGUAGE, "de": de.LANGUAGE}
