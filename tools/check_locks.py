"""Check the lock files: every pin has hashes, none names a host, the layer's pins are in the environment's."""

import re
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+?)(?: ; [^\\]+)? \\$")


def parse_pins(text: str) -> dict[str, str]:
    """Version by package; raises ValueError for a line that is neither a pin nor a hash."""
    found = {}
    for line in text.splitlines():
        pin = PIN.match(line)
        if pin:
            found[pin["name"]] = pin["version"]
        elif not line.startswith("    --hash=sha256:"):
            raise ValueError(f"not a pin with hashes: {line}")
    return found


def find_problems(environment: str, layer: str) -> list[str]:
    """What is wrong with the two lock files."""
    try:
        all_pins, layer_pins = parse_pins(environment), parse_pins(layer)
    except ValueError as error:
        return [str(error)]
    mismatched = [name for name, version in layer_pins.items() if all_pins.get(name) != version]
    return [f"runtime.txt has another version of {name} than all.txt" for name in mismatched]


def main() -> None:
    environment, layer = ((REQUIREMENTS / name).read_text() for name in ("all.txt", "runtime.txt"))
    problems = find_problems(environment, layer)
    if problems:
        sys.exit("\n".join(problems))
    print(f"locks: {len(parse_pins(environment))} packages, each with hashes")


if __name__ == "__main__":
    main()
