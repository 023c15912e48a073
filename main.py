"""Start Masklet Studio: `python3 main.py --setup` sets this machine up first, `--self-test` runs the tests."""

import sys

from app.bootstrap import start


def main() -> int:
    """Run the program with the words of the command line; gives its exit code."""
    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
