"""Migrations, there and back, in a database of their own: what was written before keeps its meaning."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as present
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django_q.models import Schedule
from pytest_django import DjangoDbBlocker, Settings

from generations.models import (
    Budget,
    BudgetEvent,
    Delivery,
    GenerationTask,
    LedgerEntry,
    NoticeCursor,
    Pause,
    Price,
    Prompt,
    Shot,
    Video,
)
from generations.models.ledger import EntryKind
from generations.worker import jobs
from tests.factories import NOW, a_budget, a_price

OLD = "0008_words"  # the state before columns and tables got their plain names
POSTGRESQL = connection.vendor == "postgresql"
NAMES = ("sweep", "cleanup", "reconcile")


@pytest.fixture
def empty_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[None]:
    """Point the default connection at an empty database on the same kind of server, and drop it in the end."""
    kept = str(connection.settings_dict["NAME"])
    own = f"{kept}_migrations" if POSTGRESQL else str(tmp_path / "db.sqlite3")
    with django_db_blocker.unblock():
        server(f'DROP DATABASE IF EXISTS "{own}"', f'CREATE DATABASE "{own}"')
        point_at(own)
        yield
        point_at(kept)
        server(f'DROP DATABASE "{own}"')


def server(*statements: str) -> None:
    if POSTGRESQL:
        with connection._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def point_at(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


def migrate(name: str = "") -> Any:
    """Migrate to a state of the rows, or to the newest; the models of that state."""
    call_command("migrate", *(["generations", name] if name else []), verbosity=0)
    ContentType.objects.clear_cache()
    loader = MigrationExecutor(connection).loader
    return loader.project_state([("generations", name)]).apps if name else present


def triggers() -> set[str]:
    catalog = "pg_trigger WHERE NOT tgisinternal" if POSTGRESQL else "sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {'tgname' if POSTGRESQL else 'name'} FROM {catalog}")
        return {name for (name,) in cursor.fetchall()}


GUARDS = (
    {"ledger_is_append_only", "ledger_is_append_only_truncate"}
    if POSTGRESQL
    else {"ledger_is_append_only_UPDATE", "ledger_is_append_only_DELETE"}
)


def test_the_ledger_keeps_its_triggers_on_the_way_back_and_forth(empty_database: None) -> None:
    """SQLite rebuilds a table that loses a column, and forgets its triggers."""
    for name in ("", "0006_review", "", OLD, ""):
        migrate(name)
        assert triggers() >= GUARDS


def written_before() -> None:
    """Write a row of each table and column that had another name."""
    call_command("migrate", "django_q", verbosity=0)
    old = migrate(OLD)
    user = old.get_model("auth", "User").objects.create(username="mira", is_staff=True)
    permission = old.get_model("auth", "Permission")
    user.user_permissions.set(permission.objects.filter(codename__in=("delete_breaker", "view_heading")))
    task = old.get_model("generations", "GenerationTask").objects.create(
        prompt=old.get_model("generations", "Prompt").objects.create(text="a lighthouse"), prompt_text="a lighthouse",
        provider="apixo", model="kling-2-1", mode="master-text-to-video", duration_seconds=5, practice=True,
        price_usd="0.30", created_at=NOW, due_at=NOW, ordered_by=user, cfg_scale="0.6", deaths=2,
        posts=3, asks=4, doubtful=True,
    )  # fmt: skip
    enter(old, "hold", task_id=task.pk)
    old.get_model("generations", "Breaker").objects.create(provider="apixo", reason="401", opened_at=NOW)
    for name in NAMES:
        Schedule.objects.create(name=f"old {name}", func=f"generations.jobs.{name}")


def enter(apps: Any, kind: str, *, task_id: int) -> Any:
    """Write an entry as any program may that has the database's password."""
    return apps.get_model("generations", "LedgerEntry").objects.create(
        task_id=task_id,
        kind=kind,
        amount_usd="0.30",
        at=NOW,
        day=NOW.date(),
        practice=True,
        note="of a test",
        by_id=User.objects.values_list("pk", flat=True).get() if kind == "adjust" else None,
    )


def test_rows_written_under_the_old_names_are_read_under_the_new_ones(empty_database: None) -> None:
    written_before()
    migrate()
    task = GenerationTask.objects.get()
    assert task.order().parameters == {"prompt": "a lighthouse", "duration": 5, "cfg_scale": Decimal("0.6")}
    assert set(Price.objects.filter(is_minimum=True).values_list("model", flat=True)) == {"kling-2-5-turbo-pro"}
    assert (task.crash_count, task.send_count, task.poll_count, task.maybe_accepted) == (2, 3, 4, True)
    pause = Pause.objects.get()
    assert (pause.provider, pause.reason, pause.paused_at) == ("apixo", "401", NOW)
    user = User.objects.get()
    assert set(user.user_permissions.values_list("codename", flat=True)) == {"delete_pause", "view_costcenter"}
    assert LedgerEntry.objects.get().kind == EntryKind.HOLD
    jobs.load_schedules()
    assert {func.rpartition(".")[0] for func in Schedule.objects.values_list("func", flat=True)} == {jobs.__name__}


def test_a_pause_and_the_right_to_end_it_survive_its_new_table_there_and_back(empty_database: None) -> None:
    written_before()
    migrate()
    assert [(pause.provider, pause.model, pause.reason) for pause in Pause.objects.all()] == [("apixo", "", "401")]
    Pause.objects.create(provider="apixo", model="kling-2-6", reason="403", paused_at=NOW)
    Pause.objects.create(provider="apikley", model="kling-2-6", reason="403", paused_at=NOW)
    old = migrate("0013_parameters").get_model("generations", "Pause").objects.order_by("provider")
    assert list(old.values_list("provider", "reason")) == [("apikley", "403"), ("apixo", "401")]
    migrate()
    assert Pause.objects.filter(model="").count() == 2
    assert User.objects.get().has_perm("generations.delete_pause")


def test_the_ledgers_triggers_work_after_the_renaming_and_after_its_undoing(empty_database: None) -> None:
    written_before()
    task_id = GenerationTask.objects.values_list("pk", flat=True).get()
    for name, column, kind in (("", "cost_center", "charge"), (OLD, "heading", "adjust")):
        apps = migrate(name)
        entry = enter(apps, kind, task_id=task_id)
        entry.refresh_from_db()
        assert (getattr(entry, f"{column}_id") is not None) == POSTGRESQL
        centers = apps.get_model("generations", column.replace("_", ""))
        assert centers.objects.count() == int(POSTGRESQL)  # the same one that the hold has
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            type(entry).objects.filter(pk=entry.pk).update(note="changed")
    old = apps.get_model("generations", "GenerationTask").objects.values_list("deaths", "posts", "asks", "doubtful")
    assert old.get() == (2, 3, 4, True)
    assert (
        apps.get_model("auth", "Permission").objects.filter(codename="delete_breaker", user__username="mira").exists()
    )


def test_takes_and_retries_of_one_order_get_one_shot_and_clips_get_copies_of_their_order(empty_database: None) -> None:
    old = migrate("0016_due_index")
    tasks, videos = (old.get_model("generations", name).objects for name in ("GenerationTask", "Video"))
    prompt = old.get_model("generations", "Prompt").objects.create(text="a lighthouse")
    prompt.tags.add(old.get_model("generations", "Tag").objects.create(name="Été"))

    def task(**changes: Any) -> Any:
        fields = {"prompt": prompt, "prompt_text": "a Lighthouse", "provider": "apixo", "model": "kling-2-1",
                  "mode": "master-text-to-video", "duration_seconds": 5, "practice": True, "created_at": NOW,
                  "status": "stored", "batch": uuid.uuid4()}  # fmt: skip
        return tasks.create(**fields | changes)

    first = task(status="failed")
    second = task(batch=first.batch, take=2)
    retry = task(retry_of=task(retry_of=first, status="failed"))
    other = task(aspect_ratio="9:16")
    for each in (second, retry, other):
        videos.create(
            task=each, position=0, title="At dawn", file=f"videos/{each.pk}.mp4", sha256="0" * 64, size_bytes=1,
            duration_seconds=5, width=1280, height=720, fps=24, has_audio=False, created_at=NOW, decoded_at=NOW,
        )  # fmt: skip
    migrate()
    shots = [video.shot_id for video in Video.objects.order_by("pk")]
    assert shots[0] == shots[1] != shots[2]
    video = Video.objects.get(task_id=other.pk)
    assert (video.prompt_id, video.model, video.aspect_ratio, video.practice) == (prompt.pk, "kling-2-1", "9:16", True)
    assert video.words == "at dawn a lighthouse ete"
    assert Shot.objects.create().pk > max(shots)


def test_a_prompt_from_before_gets_its_first_version_and_is_found_by_its_words(empty_database: None) -> None:
    old = migrate("0020_search_indexes")
    user = old.get_model("auth", "User").objects.create(username="mira")
    old.get_model("generations", "Prompt").objects.create(text="Été at dawn", title="Harbour", created_by=user)
    migrate()
    prompt = Prompt.objects.get()
    assert (prompt.words, prompt.defaults) == ("harbour ete at dawn", {})
    assert prompt.keep(at=NOW, by=None) is None
    version = prompt.versions.get()
    assert (version.number, version.wording, version.by, version.at) == (
        1,
        prompt.wording,
        User.objects.get(),
        prompt.updated_at,
    )


def test_notices_begin_with_what_happens_after_their_migration(empty_database: None) -> None:
    old = migrate("0037_ledger_unpriced")
    row = {"at": NOW, "was": "running", "now": "failed", "reason": "refused"}
    task = old.get_model("generations", "GenerationTask").objects.create(
        prompt=old.get_model("generations", "Prompt").objects.create(text="a lighthouse"), prompt_text="a lighthouse",
        provider="apixo", model="kling-2-1", mode="master-text-to-video", duration_seconds=5, practice=True,
        created_at=NOW, status="failed", shot=old.get_model("generations", "Shot").objects.create(),
    )  # fmt: skip
    before = old.get_model("generations", "TaskEvent").objects.create(task=task, **row)
    migrate()
    cursors = dict(NoticeCursor.objects.values_list("name", "settled"))
    assert cursors == {"tasks": before.pk, "budgets": 0}


def test_prices_of_0_from_before_are_free_on_purpose_and_are_still_there_on_the_way_back(empty_database: None) -> None:
    prices = migrate("0042_guessed").get_model("generations", "Price").objects
    prices.update(usd=0)
    migrate()
    assert set(Price.objects.values_list("usd", "is_free")) == {(Decimal(0), True)}
    a_price("0.30", valid_from=NOW.date())
    prices = migrate("0042_guessed").get_model("generations", "Price").objects
    assert set(prices.values_list("usd", flat=True)) == {0, Decimal("0.30")}


def test_the_history_of_a_deleted_budget_is_gone_on_the_way_back_and_that_of_others_is_not(
    empty_database: None,
) -> None:
    migrate()
    for period in ("day", "month"):
        a_budget("5", period=period)
    Budget.objects.get(period="day").delete()
    assert BudgetEvent.objects.count() == 2
    events = migrate("0039_imported_prompts").get_model("generations", "BudgetEvent").objects
    assert events.get().budget.period == "month"
    migrate()
    assert BudgetEvent.objects.get().name == Budget.objects.get().kept_name


def test_tokens_and_keys_that_providers_repeated_before_are_masked(empty_database: None, settings: Settings) -> None:
    key = "sk-0123456789abcdef"
    apixo = replace(settings.PROVIDERS["apixo"], api_key=key)
    settings.PROVIDERS = {**settings.PROVIDERS, "apixo": apixo}
    old = migrate("0043_free_on_purpose")
    url = f"https://studio.example.com/webhooks/apixo/7:{'a' * 43}/"
    rows = old.get_model("generations", "GenerationTask").objects
    task = rows.create(
        prompt=old.get_model("generations", "Prompt").objects.create(text="a lighthouse"), prompt_text="a lighthouse",
        provider="apixo", model="kling-2-1", mode="master-text-to-video", duration_seconds=5, practice=True,
        created_at=NOW, status="failed", shot=old.get_model("generations", "Shot").objects.create(),
        error_message=f"no callback to {url}",
    )  # fmt: skip
    deliveries = old.get_model("generations", "Delivery").objects
    for body in (f'{{"callback_url": "{url}", "key": "{key}"}}', '{"state": "success"}'):
        deliveries.create(task=task, received_at=NOW, digest=str(len(body)), body=body)
    migrate()
    echo, plain = Delivery.objects.order_by("pk").values_list("body", flat=True)
    assert echo == '{"callback_url": "https://studio.example.com/webhooks/apixo/7:…/", "key": "[key]"}'
    assert plain == '{"state": "success"}'
    assert GenerationTask.objects.get().error_message == "no callback to https://studio.example.com/webhooks/apixo/7:…/"
    assert migrate("0043_free_on_purpose").get_model("generations", "Delivery").objects.count() == 2
