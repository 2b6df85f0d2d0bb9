"""Asked by user: their payments."""

from common.call import answers
from common.calls.export import Exported, ExportUser
from payment.core import export


@answers
def handler(request: ExportUser) -> Exported:
    return export.of_user(request)
