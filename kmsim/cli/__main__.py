"""`python -m kmsim.cli` is `kmsim`."""

import sys

from kmsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
