"""`python -m twolane_server.cli`, for where the `twolane` script is not on the path."""

import sys

from twolane_server.cli import main

sys.exit(main())
