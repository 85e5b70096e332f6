"""Keys and the database are read by the account of the site alone."""

from __future__ import annotations

from pathlib import Path

from django.test import Client

from kling_site import private_files


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_database_is_closed_from_its_first_byte(tmp_path: Path) -> None:
    database = tmp_path / "var/db.sqlite3"
    private_files.take(tmp_path, {"ENGINE": "django.db.backends.sqlite3", "NAME": database})
    assert mode(database) == 0o600


def test_files_of_an_earlier_version_are_closed_and_a_stricter_mode_stays(tmp_path: Path) -> None:
    database = tmp_path / "var/db.sqlite3"
    database.parent.mkdir()
    opened = [tmp_path / ".env", database, *(database.with_name(f"db.sqlite3{end}") for end in ("-wal", "-shm"))]
    for path in opened:
        path.write_text("kept")
        path.chmod(0o644)
    private_files.take(tmp_path, {"ENGINE": "django.db.backends.sqlite3", "NAME": database})
    assert [(mode(path), path.read_text()) for path in opened] == [(0o600, "kept")] * 4
    opened[0].chmod(0o400)
    private_files.take(tmp_path, {"ENGINE": "django.db.backends.sqlite3", "NAME": database})
    assert mode(opened[0]) == 0o400


def test_the_web_serves_no_file_of_the_site_and_lists_no_folder(admin_client: Client) -> None:
    names = (".git/config", ".git/HEAD", ".env", "manage.py", "var/db.sqlite3", "var/secret_key", "")
    for before in ("/", "/static/", "/static/../", "/static/..%2f", "/media/", "/media/../", "/media/..%2f"):
        for name in names if before != "/" else names[:-1]:
            assert admin_client.get(before + name).status_code == 404, before + name
