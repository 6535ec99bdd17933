"""`python -m handbill`."""

import sys

from handbill.cli import main

sys.exit(main())
