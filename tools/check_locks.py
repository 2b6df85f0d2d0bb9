"""Are the lock files what they must be: hashed, naming no host, and the layer's a part of the environment's?"""

import re
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+?)(?: ; [^\\]+)? \\$")


def pins(text: str) -> dict[str, str]:
    """Version by package; a line that is neither a pin nor a hash is refused."""
    found = {}
    for line in text.splitlines():
        pin = PIN.match(line)
        if pin:
            found[pin["name"]] = pin["version"]
        elif not line.startswith("    --hash=sha256:"):
            raise ValueError(f"not a pin with hashes: {line}")
    return found


def faults(environment: str, layer: str) -> list[str]:
    """What is wrong with the two locks."""
    try:
        all_pins, layer_pins = pins(environment), pins(layer)
    except ValueError as fault:
        return [str(fault)]
    apart = [name for name, version in layer_pins.items() if all_pins.get(name) != version]
    return [f"runtime.txt has another {name} than all.txt" for name in apart]


def main() -> None:
    environment, layer = ((REQUIREMENTS / name).read_text() for name in ("all.txt", "runtime.txt"))
    wrong = faults(environment, layer)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"locks: {len(pins(environment))} packages, each with hashes")


if __name__ == "__main__":
    main()
