"""How the catalog scales: `python -m tests.bench.bench_catalog [--only sqlite|postgres] [--rows N] [--explain]`.

Fills a database of its own with 10,000 clips and another with 1,000,000 (PostgreSQL) or 100,000 (SQLite) and opens each
page as a person who is not staff. Prints the queries and the time of a first visit in a minute, which counts the newest
5,000 matches; then the least time of later visits in the small and in the large one, and how many times as long.
The databases are removed at the end. It takes about ten minutes, most of them to fill PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.processes.postgres import own_server

SMALL = 10_000
LARGE = {"postgres": 1_000_000, "sqlite": 100_000}
MOST_QUERIES = 8
MOST_TIMES = 1.3
MOST_TIMES_WORDS, MOST_MS_WORDS = 3.0, 300.0
NOISE_MS = 5.0  # a page that takes as little longer is not said to miss the aim


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(LARGE))
    parser.add_argument("--rows", type=int, help="instead of 1,000,000 and 100,000")
    parser.add_argument("--explain", action="store_true", help="print each page's slowest query")
    options = parser.parse_args()
    for kind in [options.only] if options.only else LARGE:
        rows = options.rows or LARGE[kind]
        with tempfile.TemporaryDirectory(prefix="bench-catalog-") as folder:
            if kind == "sqlite":
                found = [measured(f"sqlite:///{folder}/{n}.sqlite3", n, folder, options) for n in (SMALL, rows)]
            else:
                with own_server() as server:
                    found = [measured(server.new_database(f"rows{n}"), n, folder, options) for n in (SMALL, rows)]
        report(kind, rows, *found)


def measured(url: str, rows: int, folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """Fill a database and measure it, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.catalog_pages", str(rows), *(["explain"] * options.explain)]
    surroundings = {**os.environ, "DATABASE_URL": url, "MEDIA_ROOT": folder, "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[2])
    return dict(json.loads(done.stdout))


def report(kind: str, rows: int, small: dict[str, Any], large: dict[str, Any]) -> None:
    out = sys.stdout.write
    out(f"\n{kind}: filled in {large['seconds']:.0f} s; ms are the least of {large['times']} requests\n")
    out(f"{'page':<24}{'queries':>8}{'first time':>12}{f'{SMALL:,}':>10}{f'{rows:,}':>12}{'times':>8}\n")
    for name, (queries, fresh, again) in large["pages"].items():
        before, now = (min(each) for each in (small["pages"][name][2], again))
        most = MOST_TIMES_WORDS if name.startswith("words") else MOST_TIMES
        slow = now > before * most + NOISE_MS or (name.startswith("words") and now > MOST_MS_WORDS)
        missed = "  MISSED" * (slow or queries > MOST_QUERIES)
        first = min(fresh)
        out(f"{name:<24}{queries:>8}{first:>12.1f}{before:>10.1f}{now:>12.1f}{now / before:>8.2f}{missed}\n")


if __name__ == "__main__":
    main()
