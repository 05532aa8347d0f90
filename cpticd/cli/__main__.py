"""Lets ``python -m cpticd.cli`` do what the command ``cpticd`` does."""

import sys

from cpticd.cli import main

sys.exit(main())
