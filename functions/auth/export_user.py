"""Asked by user: the account and the sessions, without the secrets of either."""

from auth.core import export
from common.call import answers
from common.calls.export import Exported, ExportUser


@answers
def handler(request: ExportUser) -> Exported:
    return export.of_user(request)
