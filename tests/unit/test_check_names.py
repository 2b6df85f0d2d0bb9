"""A retired name of any kind turns the check red."""

from pathlib import Path

import pytest

from tools.check_names import MINIMUM, ROOT, findings, retired

PLANTED = {
    "identifier": ("functions/booking/core/planted.py", "def give_back() -> None: ..."),
    "attribute": ("tests/planted.py", "import booking\nbooking.give_back_stray"),
    "module": ("layers/common/python/common/patience.py", ""),
    "import": ("tools/planted.py", "from common import burst"),
    "key": ("functions/booking/core/planted.py", 'ENTRY = {"did": "order"}'),
    "metric": ("functions/notify/core/planted.py", 'NAME = "MailsSent"'),
    "function": ("tests/planted.py", 'FUNCTION = "cdc.say_again"'),
    "document": ("docs/planted.md", "See `infra/vocabulary.py`."),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, _ in PLANTED.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    return tmp_path


def test_list_has_enough_names() -> None:
    assert sum(map(len, retired().values())) >= MINIMUM
    assert all(len(names) > 10 for names in retired().values())


def test_no_retired_name_is_used() -> None:
    assert findings(ROOT, retired()) == []


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_name_is_found(project: Path, kind: str) -> None:
    assert findings(project, retired()) == []
    path, text = PLANTED[kind]
    (project / path).write_text(text)

    assert len(findings(project, retired())) == 1


def test_renamed_folder_does_not_empty_the_check(project: Path) -> None:
    nested = project / "functions/booking/http/deeper/planted.py"
    nested.parent.mkdir(parents=True)
    nested.write_text('ENTRY = {"did": "order"}')

    assert len(findings(project, retired())) == 1
