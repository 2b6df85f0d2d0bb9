"""Asked by user: how they are reached, and what they were told."""

from common.call import answers
from common.calls.export import Exported, ExportUser
from notify.core import export


@answers
def handler(request: ExportUser) -> Exported:
    return export.of_user(request)
