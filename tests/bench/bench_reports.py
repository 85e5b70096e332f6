"""How long the reports take over 1,000,000 entries of the ledger: `python -m tests.bench.bench_reports` prints seconds.

DATABASE_URL names a PostgreSQL database of its own; the first run fills it, which takes minutes.
"""

import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from generations.models import LedgerEntry  # noqa: E402

TIMES = 5
YEAR = {"from": "2026-01-01", "to": "2026-12-31", "money": "real"}
MONTH = {"from": "2026-06-01", "to": "2026-06-30", "money": "real"}


def main() -> None:
    """Fill the database if it is empty, then print the least and the most of some runs of each page."""
    if connection.vendor != "postgresql":
        sys.exit("DATABASE_URL has to name a PostgreSQL database that nothing else uses.")
    call_command("migrate", verbosity=0)
    if not LedgerEntry.objects.exists():
        fill()
    user = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    client = Client()
    client.force_login(user)
    out = sys.stdout.write
    out(f"{LedgerEntry.objects.count():,} entries; seconds, least and most of {TIMES} runs\n")
    for name in ("reports", "reports_prompts"):
        for period, query in (("the whole year", YEAR), ("one month", MONTH)):
            seconds = []
            for _ in range(TIMES):
                began = time.perf_counter()
                assert "Per approved clip" in client.get(reverse(name), query).content.decode()
                seconds.append(time.perf_counter() - began)
            out(f"{name:>16}, {period:<15} {min(seconds):5.2f} {max(seconds):5.2f}\n")


def fill() -> None:
    """333,334 tasks of a year, each with a hold and mostly a charge, and as many corrections as make it a million."""
    statements = Path(__file__).with_name("million.sql").read_text(encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute(statements)
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does, sooner or later


if __name__ == "__main__":
    main()
