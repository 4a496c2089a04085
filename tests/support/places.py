"""Where things lie."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("BGTOOL_DATA", ROOT.parent / "shared" / "data"))
