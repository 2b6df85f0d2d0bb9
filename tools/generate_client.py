"""Generate a typed client of the API from docs/openapi.json into generated/, as a proof of the document.

`python -m tools.generate_client`; anything that the generator cannot read is an error.
"""

import subprocess
import sys
from pathlib import Path

from tools.docs.introspection import ROOT

TARGET = Path("generated") / "ticketing_api"
SETTINGS = """\
post_hooks: []
content_type_overrides:
  application/pdf: application/octet-stream
  image/png: application/octet-stream
  image/svg+xml: application/octet-stream
"""


class GenerationFailed(SystemExit):
    """The generator failed; exits with its output."""


def main() -> None:
    target = ROOT / TARGET
    target.parent.mkdir(exist_ok=True)
    settings = target.parent / "settings.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--meta", "none"]
    command += ["--path", str(ROOT / "docs" / "openapi.json"), "--config", str(settings)]
    command += ["--output-path", str(target), "--overwrite", "--fail-on-warning"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode:
        raise GenerationFailed(f"cannot generate a client from docs/openapi.json:\n{result.stdout}{result.stderr}")
    (target / "py.typed").touch()
    print(f"{TARGET}: a typed client of the API")


if __name__ == "__main__":
    main()
