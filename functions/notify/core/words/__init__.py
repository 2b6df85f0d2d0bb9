"""The words of every mail: one module per language, with the same keys."""

from collections.abc import Mapping

from common.bus.base import Locale
from notify.core.words import de, en
from notify.core.words.language import Language

LANGUAGES: Mapping[Locale, Language] = {"en": en.LANGUAGE, "de": de.LANGUAGE}
