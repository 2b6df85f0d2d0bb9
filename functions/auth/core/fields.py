"""What people give of themselves: how it must look, and that it is not shown."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from auth.core import names


def _composed(text: str) -> str:
    # The same password typed on two keyboards may come composed or decomposed.
    return unicodedata.normalize("NFC", text)


Email = Annotated[
    str, Field(max_length=names.LONGEST_EMAIL, json_schema_extra={"format": "email"}), AfterValidator(names.email)
]
UserName = Annotated[str, Field(min_length=3, max_length=30), AfterValidator(names.user_name)]
PersonName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(names.person_name)]
MobilePhone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]  # E.164
Password = Annotated[str, AfterValidator(_composed), Field(min_length=15, max_length=256)]  # at most 1,024 bytes
GivenPassword = Annotated[str, AfterValidator(_composed), Field(min_length=1, max_length=256)]
GivenToken = Annotated[str, Field(min_length=1, max_length=512)]


class Private:
    """Where errors and debuggers show it, its fields are left out."""

    def __repr_args__(self) -> Sequence[tuple[str | None, Any]]:
        return ()
