"""Runs the Python blocks of a page in docs/ as one program, and records what it prints.

    python record-pages.py from-pytorch
    python record-pages.py from-jax

writes from-pytorch.json or from-jax.json beside it: the hash of the program, and the lines that it printed. The names
in the first column of the page's table are part of the program, so each of them must exist.
PyTorch 2.15, JAX 0.10, optax 0.2, flax 0.12, safetensors 0.8.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

here = Path(__file__).parent
[page] = sys.argv[1:]
text = (here / f"../../docs/{page}.md").read_text()
blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
rows = re.findall(r"^\| (`.*?) +\|", text, re.MULTILINE)
program = "\n".join([*blocks, *[name for row in rows for name in re.findall("`(.*?)`", row)], ""])
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "program.py").write_text(program)
    run = subprocess.run([sys.executable, "program.py"], cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
record = {"program": hashlib.sha256(program.encode()).hexdigest(), "printed": run.stdout.splitlines()}
(here / f"{page}.json").write_text(json.dumps(record, indent=2) + "\n")
print(run.stdout, end="")
