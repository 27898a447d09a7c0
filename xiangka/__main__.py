"""``python -m xiangka``."""

import sys

from xiangka.cli import main

if __name__ == "__main__":
    sys.exit(main())
