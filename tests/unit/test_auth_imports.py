"""Each function of auth and user imports only the expensive libraries that it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.topology import ROWS
from tests.support.system.lambda_events import row

ROOT = Path(__file__).parents[2]
LIBRARIES = ("argon2", "cryptography", "jwt")
SIGNING, HASHING = {"cryptography", "jwt"}, {"argon2"}
EXPECTED_LIBRARIES = {
    "auth.authorize": SIGNING,
    "auth.change_password": HASHING,
    "auth.revoke_session": set[str](),
    "auth.ensure_admin": HASHING,
    "auth.export_user": set[str](),
    "auth.get_jwks": SIGNING,
    "auth.list_sessions": set[str](),
    "auth.login": SIGNING | HASHING,
    "auth.logout": set[str](),
    "auth.on_user_erased": set[str](),
    "auth.send_email": set[str](),
    "auth.on_settings_changed": set[str](),
    "auth.refresh_token": SIGNING,
    "auth.register": HASHING,
    "auth.request_password_reset": set[str](),
    "auth.request_verification": set[str](),
    "auth.reset_password": HASHING,
    "auth.set_roles": set[str](),
    "user.erase_user": set[str](),
    "user.export_user": set[str](),
    "auth.verify_email": set[str](),
    "user.get_settings": set[str](),
    "user.get_user": set[str](),
    "user.list_users": set[str](),
    "user.on_user_erased": set[str](),
    "user.on_user_registered": set[str](),
    "user.update_settings": set[str](),
    "user.update_user": set[str](),
}


def loaded_libraries(module: str) -> set[str]:
    """Return which of the libraries a fresh process loads when it imports the module."""
    probe = f"import sys, {module}; print(*(name for name in {LIBRARIES} if name in sys.modules))"
    paths = f"{ROOT / 'functions'}:{ROOT / 'layers/common/python'}"
    environment = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True)
    return set(process.stdout.split())


def test_every_function_has_expected_imports() -> None:
    assert {spec.function for spec in ROWS if spec.service in ("auth", "user")} == set(EXPECTED_LIBRARIES)


@pytest.mark.parametrize("function", EXPECTED_LIBRARIES)
def test_function_loads_only_needed_libraries(function: str) -> None:
    assert loaded_libraries(row(function).module) == EXPECTED_LIBRARIES[function]
