"""The official Python client, by every way to the database."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
