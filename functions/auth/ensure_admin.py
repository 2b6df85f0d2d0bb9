"""The operator's call: see to it that there is an admin."""

from auth.core import registration
from auth.core.admins import Admin, AdminWanted
from common.call import answers


@answers
def handler(wanted: AdminWanted) -> Admin:
    """Make the first admin; where there is one already, say who and change nothing."""
    return Admin(id=registration.ensure_admin(wanted))
