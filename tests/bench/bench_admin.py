"""How the admin's lists scale: `python -m tests.bench.bench_admin [--rows N] [--only MODEL] [--explain]`.

Fills an SQLite database of its own with 100,000 tasks and as many clips, 20,000 prompts and 200,000 ledger entries,
opens each list as a superuser, and prints the queries and the least time of seven requests: by the clock, and of the
processor, which tells more on a busy machine. The database is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = 100_000
MOST_MS = 150.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", default="", help="the lists whose names begin so, such as video")
    parser.add_argument("--explain", action="store_true", help="print each page's slowest queries")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-admin-") as folder:
        chosen = [str(options.rows), options.only, *(["explain"] * options.explain)]
        command = [sys.executable, "-m", "tests.bench.admin_lists", *chosen]
        surroundings = {
            **os.environ, "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "MEDIA_ROOT": folder, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        root = Path(__file__).parents[2]
        done = subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, check=True, cwd=root)
    found = json.loads(done.stdout)
    sys.stdout.write(f"{options.rows:,} tasks; ms are the least of {found['times']} requests\n")
    sys.stdout.write(f"{'page':<42}{'queries':>8}{'ms':>10}{'of CPU':>10}\n")
    for name, (queries, took, busy) in found["pages"].items():
        missed = "  MISSED" * (min(took) > MOST_MS)
        sys.stdout.write(f"{name:<42}{queries:>8}{min(took):>10.1f}{min(busy):>10.1f}{missed}\n")


if __name__ == "__main__":
    main()
