"""`python -m tests.crash`: every case, or one, or the planted bugs; each violation with the id that replays it."""

# ruff: noqa: T201 - what a command says
from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connections  # noqa: E402

from tests.crash.cases import SCENARIOS, Case, find  # noqa: E402
from tests.crash.harness import make_template  # noqa: E402
from tests.crash.mutations import MUTATIONS  # noqa: E402
from tests.crash.runner import Lane, Verdict, run_all  # noqa: E402

LANES = 2  # one for each core
SHELF = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a kill leaves what is there, as on a disk


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of scenarios' names, or planted bugs; all without any")
    parser.add_argument("--case", help="replay one case and keep its folder, e.g. apixo-busy/17")
    parser.add_argument("--every", type=int, default=1, help="try each k-th point only")
    parser.add_argument("--planted", action="store_true", help="put each bug in, and see it caught")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--list", action="store_true", help="list the scenarios and the planted bugs")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.list:
        print(*SCENARIOS, "", *(f"{mutation.name}: {mutation.says}" for mutation in MUTATIONS), sep="\n")
        return 0
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="crash-", dir=SHELF) as folder:
        server = url.rpartition("/")[0] if (url := os.environ["DATABASE_URL"]).startswith("postgres") else ""
        template = f"crash_{os.getpid()}_template" if server else str(Path(folder, "template.sqlite3"))
        lane = Lane(template, Path(folder), seed=options.seed, server=server)
        if server:
            lane.administer(f'CREATE DATABASE "{template}"')
        connections.databases["default"]["NAME"] = template
        try:
            return run(lane, options)
        finally:
            if server:
                lane.administer(f'DROP DATABASE "{template}" WITH (FORCE)')


def run(lane: Lane, options: argparse.Namespace) -> int:
    make_template()
    if options.case:
        return replay(lane, find(options.case))
    if options.planted:
        return try_planted(lane, options.names)
    scenarios = [one for one in SCENARIOS.values() if one.name.startswith(tuple(options.names) or "")]
    began, tried, bad = time.monotonic(), 0, 0
    for verdict in run_all(scenarios, [replace(lane) for __ in range(LANES)], every=options.every):
        tried += 1
        if verdict.violations:
            bad += 1
            print(said(verdict, options.seed), flush=True)
    seconds = time.monotonic() - began
    print(f"{tried} cases of {len(scenarios)} scenarios in {seconds:.0f} s, seed {options.seed}: {bad} with violations")
    return bool(bad)


def said(verdict: Verdict, seed: str) -> str:
    where = f"killed at {verdict.died_at}" if verdict.died_at else "not killed"
    lines = [f"{verdict.case} ({where}, {verdict.seconds:.2f} s)"]
    lines += [f"    {text}" for text in verdict.violations]
    if verdict.violations:
        lines.append(f"    again: python -m tests.crash --seed {seed} --case {verdict.case}")
    return "\n".join(lines)


def replay(lane: Lane, case: Case) -> int:
    lane.folder, lane.keep = Path(tempfile.mkdtemp(prefix="crash-case-")), True
    lane.open()
    verdict = lane.run(case)
    lane.close()
    print(said(verdict, lane.seed))
    print(f"its database, files and traces: {lane.folder}")
    return bool(verdict.violations)


def try_planted(lane: Lane, names: list[str]) -> int:
    """Each bug's case fails as it should with the bug, and passes without it."""
    wanted = [mutation for mutation in MUTATIONS if not names or mutation.name in names]
    missed = 0
    lane.open()
    healthy = {case: lane.run(find(case)).violations for case in sorted({mutation.case for mutation in wanted})}
    for mutation in wanted:
        lane.mutate = mutation.put_in
        found = lane.run(find(mutation.case)).violations
        first = next((text for text in found if text.startswith(mutation.caught)), "")
        missed += not first or bool(healthy[mutation.case])
        print(f"{'caught' if first else 'MISSED'}  {mutation.name}  {mutation.case}: {first or found}", flush=True)
    lane.close()
    for case, violations in healthy.items():
        if violations:
            print(f"without any bug, {case}: {violations}")
    print(f"{len(wanted) - missed} of {len(wanted)} planted bugs are caught")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
