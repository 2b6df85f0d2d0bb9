"""What importing a function of auth or user costs: each loads the libraries that it needs, and no other."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = ("argon2", "cryptography", "jwt")
SIGNS, HASHES = {"cryptography", "jwt"}, {"argon2"}
NEEDS = {
    "auth.authorize": SIGNS,
    "auth.change_password": HASHES,
    "auth.end_session": set[str](),
    "auth.ensure_admin": HASHES,
    "auth.export_user": set[str](),
    "auth.get_jwks": SIGNS,
    "auth.list_sessions": set[str](),
    "auth.login": SIGNS | HASHES,
    "auth.logout": set[str](),
    "auth.on_user_erased": set[str](),
    "auth.on_letter_due": set[str](),
    "auth.on_settings_changed": set[str](),
    "auth.refresh_token": SIGNS,
    "auth.register": HASHES,
    "auth.request_reset": set[str](),
    "auth.request_verification": set[str](),
    "auth.reset_password": HASHES,
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


def loaded(module: str) -> set[str]:
    """The libraries that a fresh process has loaded after importing the module."""
    probe = f"import sys, {module}; print(*(one for one in {LIBRARIES} if one in sys.modules))"
    paths = f"{ROOT / 'functions'}:{ROOT / 'layers/common/python'}"
    environment = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_function_is_in_the_table() -> None:
    files = [file for service in ("auth", "user") for file in (ROOT / "functions" / service).glob("[!_]*.py")]

    assert {f"{file.parent.name}.{file.stem}" for file in files} == set(NEEDS)


@pytest.mark.parametrize("function", NEEDS)
def test_a_function_loads_what_it_needs(function: str) -> None:
    assert loaded(function) == NEEDS[function]
