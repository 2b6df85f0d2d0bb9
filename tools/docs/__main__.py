"""`python -m tools.docs` writes the generated documentation, `--check` only says what is out of date."""

import argparse
import sys

from tools.docs import pages


def main() -> int:
    """The exit code: 0 if the documentation is up to date, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if anything differs")
    if parser.parse_args().check:
        stale = pages.stale()
        for path in stale:
            print(f"{path} is out of date: run make docs and commit it", file=sys.stderr)
        return 1 if stale else 0
    for path in pages.write():
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
