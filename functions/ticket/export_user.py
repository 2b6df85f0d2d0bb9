"""Asked by user: their tickets, codes and all."""

from common.call import answers
from common.calls.export import Exported, ExportUser
from ticket.core import export


@answers
def handler(request: ExportUser) -> Exported:
    return export.of_user(request)
