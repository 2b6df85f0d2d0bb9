"""Asked by user: the events that they organise."""

from common.call import answers
from common.calls.export import Exported, ExportUser
from events.core import export


@answers
def handler(request: ExportUser) -> Exported:
    return export.of_user(request)
