"""From orders to stored clips: `python -m tests.bench.bench_pipeline --case 720p [--database postgres] [--json FILE]`.

The provider answers each call after 0.25 s, and its clips take 40 to 80 s; every wait is as documented. This program
is compared with what people write: a loop with a thread for each clip, and django-q2 with a job for each clip.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.pipeline import footage, product, rival_runs
from tests.bench.pipeline.runs import HEAD, Provider, Run, end_at_sigterm
from tests.processes.postgres import own_server

CASES = {"tiny": (footage.TINY, 1000), "720p": (footage.HD, 600), "1080p": (footage.FULL_HD, 300)}
RUNS = ("product", "threads", "jobs")
JOBS_AT_MOST = 100  # each is a process that sleeps; say what more would need


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, default="720p")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--runs", choices=RUNS, nargs="+", default=RUNS)
    parser.add_argument("--tasks", type=int, help="instead of the case's own number")
    parser.add_argument("--per-minute", type=int, default=10_000, help="requests that the provider allows")
    parser.add_argument("--workers", type=int, default=0, help="of this program, instead of its default")
    parser.add_argument("--seconds", type=float, default=240, help="after which a run is cut off")
    parser.add_argument("--decoded", action="store_true", help="wait for this program's background decoding too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    end_at_sigterm()
    kind, tasks = CASES[options.case]
    options.tasks = options.tasks or tasks
    clips = kind.clips()
    say(f"{options.case}: clips of {kind.megabytes():.2f} MB, {options.per_minute} requests a minute\n\n{HEAD}")
    runs = []
    for name in options.runs:
        runs.append(one(name, clips, options))
        say(runs[-1].line())
    for run in runs:
        say(f"\n{run.name}: provider {run.provider_cpu_seconds:.1f} s of CPU, {dict(run.answers)}, {run.notes}")
    if options.json:
        options.json.write_text(
            json.dumps({"case": vars(options), "runs": [run.as_json() for run in runs]}, default=str)
        )
    raise SystemExit(0 if all(len(run.stored) == run.tasks for run in runs) else 1)


def one(name: str, clips: list[Path], options: argparse.Namespace) -> Run:
    """Run one of RUNS with a provider of its own."""
    rules = ["--per-minute", str(options.per_minute), "--seed", str(options.seed)]
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True))
        )
        provider = stack.enter_context(Provider(clips, *rules))
        if name == "threads":
            return rival_runs.run_threads(folder / "threads", provider, options.tasks, seconds=options.seconds)
        if name == "jobs":
            tasks = min(options.tasks, JOBS_AT_MOST)
            return rival_runs.run_jobs(folder / "jobs", provider, tasks, seconds=options.seconds)
        server = stack.enter_context(own_server()) if options.database == "postgres" else None
        env = {"APIXO_REQUESTS_PER_MINUTE": str(options.per_minute)}
        env |= {"WORKERS": str(options.workers)} if options.workers else {}
        return product.run(
            folder / "site", provider, server, options.tasks, seconds=options.seconds, env=env, decoded=options.decoded
        )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
