"""Records all goldens of this package: python record.py [FAMILY ...]"""

import sys
from importlib import import_module

for name in sys.argv[1:] or ["layers", "losses", "recurrent", "attention", "models"]:
    import_module(f"families.{name}")
