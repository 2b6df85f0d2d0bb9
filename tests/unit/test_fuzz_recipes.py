"""Every recipe belongs to an operation: a misspelt one would never be used."""

from tests.fuzz import recipes, roles
from tools.docs import introspection

OPERATIONS = {row.file for row in introspection.routes()}
PREFIXES = ("_path_", "_body_")


def test_every_recipe_belongs_to_an_operation() -> None:
    names = [(name, prefix) for name in vars(recipes.Recipes) for prefix in PREFIXES if name.startswith(prefix)]
    operations = {name.removeprefix(prefix) for name, prefix in names}

    assert len(operations) >= 40
    assert operations <= OPERATIONS
    assert set(recipes._FULL_BODIES) <= OPERATIONS
    assert set(roles._RESTRICTED) <= OPERATIONS


def test_every_full_body_has_a_recipe() -> None:
    assert all(hasattr(recipes.Recipes, f"_body_{operation}") for operation in recipes._FULL_BODIES)
