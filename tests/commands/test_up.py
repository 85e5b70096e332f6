"""What a newcomer does: a fresh copy, `manage.py up`, an order, Ctrl-C. With the real processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.processes.fresh import FreshSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FreshSite]:
    # A shell lets what it runs in the background ignore Ctrl-C, and `up` would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tmp_path / "studio"
    folder.mkdir()
    site = FreshSite(folder.resolve())
    yield site
    for pid in site.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_newcomer_has_a_stored_clip_within_half_a_minute_and_nothing_is_left_behind(site: FreshSite) -> None:
    site.start()
    password = re.search(r"user admin with the password (\S+)", site.output())
    assert password and len(password[1]) >= 22  # 128 bits
    began = time.monotonic()
    done = site.manage(
        "generate", "--prompt", "a lighthouse at dawn, gulls crying", "--model", "kling-2-6", "--mode", "text-to-video",
        "--duration", "5", "--aspect-ratio", "16:9", "--sound", "--wait", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + site.output()
    assert time.monotonic() - began < 30
    (task,) = json.loads(done.stdout)
    (video,) = task["videos"]
    file = site.folder / "var/media" / video["path"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == video["sha256"]
    with av.open(str(file)) as clip:
        picture = clip.streams.video[0]
        assert picture.width * 9 == picture.height * 16
        assert round(float(clip.duration or 0) / av.time_base) == 5
        assert clip.streams.audio
    site.wait_for(lambda: site.get("/healthz") == 200, "sign of life")
    assert site.get(video["url"]) == 404  # for people who are signed in
    assert site.stop(signal.SIGTERM) == 0
    assert site.processes() == []


def test_a_second_start_keeps_everything_starts_what_was_killed_again_and_ends_with_ctrl_c(site: FreshSite) -> None:
    site.start()
    assert site.stop(signal.SIGINT) == 0
    assert site.processes() == []
    key = (site.folder / ".env").read_text()
    for name in (".env", "var/db.sqlite3"):
        assert (site.folder / name).stat().st_mode & 0o777 == 0o600
        (site.folder / name).chmod(0o644)  # as an earlier version left them
    began = time.monotonic()
    site.start()
    assert time.monotonic() - began < 15
    for path in (site.folder / ".env", *(site.folder / "var").glob("db.sqlite3*")):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (site.folder / ".env").read_text() == key
    assert len(re.findall("with the password", site.output())) == 1
    site.wait_for(lambda: site.output().count("worker started") == 2, "second worker")
    # Killed while an order is being sent, its outcome would be unknown, and it would wait for a person.
    site.wait_for(lambda: site.accepted() == 3, "accepted orders")
    os.kill(int(re.findall(r"worker started \(pid=(\d+)\)", site.output())[-1]), signal.SIGKILL)
    site.wait_for(lambda: site.output().count("worker started") == 3, "third worker")
    os.kill(int(re.findall(r"web started \(pid=(\d+)\)", site.output())[-1]), signal.SIGKILL)
    site.wait_for(lambda: site.output().count("web started") == 3, "third web server")
    # The practice clips of the first start, interrupted at once, are finished by the second.
    site.wait_for(lambda: site.stored() == 3, "practice clips")
    site.wait_for(lambda: site.get("/healthz") == 200, "sign of life")
    assert site.stop(signal.SIGINT) == 0
    assert site.processes() == []


def test_an_env_file_without_a_secret_key_gets_one_and_a_providers_key_makes_it_real(site: FreshSite) -> None:
    (site.folder / ".env").write_text("APIXO_API_KEY=not-a-key")
    site.start()
    env = (site.folder / ".env").read_text()
    assert env.startswith("APIXO_API_KEY=not-a-key\n")
    assert env.count("SECRET_KEY=") == 1
    assert "Practice mode" not in site.output()
    assert json.loads(site.manage("tasks", "--json").stdout) == []
    site.stop(signal.SIGTERM)


def test_debug_with_a_providers_key_is_refused_before_anything_is_done(site: FreshSite) -> None:
    (site.folder / ".env").write_text("APIXO_API_KEY=not-a-key\nDEBUG=True\n")
    done = site.manage("up", "--port", str(site.port))
    assert done.returncode == 1
    assert "Set DEBUG=False" in done.stderr
    assert not (site.folder / "var/db.sqlite3").exists()
    assert "Set DEBUG=False" in site.manage("check").stderr


def test_a_port_that_is_taken_is_told_before_anything_is_done(site: FreshSite) -> None:
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()
        done = site.manage("up", "--port", str(site.port))
    assert done.returncode == 1
    assert f"Port {site.port} is in use" in done.stderr
    assert not (site.folder / ".env").exists()


def test_a_ctrl_c_at_any_moment_of_the_start_leaves_nothing_behind(site: FreshSite) -> None:
    site.manage("migrate", "-v0")  # so that the starts are quick
    for seconds in (1.2, 1.6, 2.0, 2.4, 2.8):
        site.start_without_waiting()
        time.sleep(seconds)
        site.stop(signal.SIGINT)
        site.wait_for(lambda: site.processes() == [], f"end of all after {seconds} s", seconds=5)
