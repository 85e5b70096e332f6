"""A practice provider for each test, with a clock that the test moves, and a client for each of the two APIs."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from generations.sandbox import Sandbox

DEADLINE_SECONDS = 15


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1_767_965_610.5

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


def until(condition: Callable[[], Any]) -> Any:
    """Waits until the condition gives something true, and returns it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
    return found


@dataclass
class Client:
    """Speaks to one of the APIs as a stranger's client would."""

    sandbox: Sandbox
    clock: Clock
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["Authorization"] = "Bearer practice"

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.sandbox.apixo_url + path, params=query, timeout=10)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.session.post(self.sandbox.apixo_url + path, json=body, timeout=10, **options)


class ApixoClient(Client):
    def order(self, prompt: str = "a lighthouse", **changes: Any) -> requests.Response:
        model = changes.pop("model", "kling-2-6")
        outer: dict[str, Any] = {
            name: changes.pop(name) for name in ("request_type", "callback_url") if name in changes
        }
        given: dict[str, Any] = {"mode": "text-to-video", "prompt": prompt, "duration": 5, "sound": False}
        given |= {"aspect_ratio": "16:9"} | changes
        body: dict[str, Any] = {"request_type": "async", **outer, "input": given}
        return self.post(f"/generateTask/{model}", body)

    def accepted(self, prompt: str = "a lighthouse", **changes: Any) -> str:
        return str(self.order(prompt, **changes).json()["data"]["taskId"])

    def status(self, task_id: str, model: str = "kling-2-6") -> requests.Response:
        return self.get(f"/statusTask/{model}", taskId=task_id)

    def state(self, task_id: str) -> str:
        return str(self.status(task_id).json()["data"]["state"])

    def finished(self, task_id: str) -> Any:
        """Moves the clock past the end and returns the task's final data."""
        pass_time(self, task_id)
        return self.status(task_id).json()["data"]

    def urls(self, task_id: str) -> list[str]:
        return list(json.loads(self.finished(task_id)["resultJson"])["resultUrls"])

    def balance(self) -> float:
        return float(self.get("/apikeys/current-balance").json()["data"])


class ApikleyClient(Client):
    def order(self, prompt: str = "a lighthouse", **changes: Any) -> requests.Response:
        body = {"model": changes.pop("model", "kling-2.6/text-to-video")}
        body |= {"callBackUrl": changes.pop("callBackUrl")} if "callBackUrl" in changes else {}
        given = {"prompt": prompt, "sound": False, "aspect_ratio": "16:9", "duration": "5"} | changes
        return self.post("/jobs/createTask", body | {"input": given})

    def accepted(self, prompt: str = "a lighthouse", **changes: Any) -> str:
        return str(self.order(prompt, **changes).json()["data"]["taskId"])

    def status(self, task_id: str) -> requests.Response:
        return self.get("/jobs/recordInfo", taskId=task_id)

    def finished(self, task_id: str) -> Any:
        pass_time(self, task_id)
        return self.status(task_id).json()["data"]


def pass_time(client: Client, task_id: str) -> None:
    """Waits for the rendering, which takes real time, and then moves the clock. Asks nothing that would be counted."""

    def really() -> dict[str, Any]:
        return next(task for task in client.sandbox.truth()["tasks"] if task["id"] == task_id)

    until(lambda: really()["rendered"])
    client.clock.advance(600)
    assert really()["state"] in ("success", "failed")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that some test has had rendered: equal clips have equal names, so the others need not render them again."""
    return tmp_path_factory.mktemp("shelf")


def lend(source: Path, target: Path) -> None:
    for path in source.glob("*.mp4"):
        if not (target / path.name).exists():
            os.link(path, target / path.name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock, tmp_path: Path, shelf: Path) -> Iterator[Callable[..., Sandbox]]:
    """Starts practice providers; all of a test's share one directory."""
    started: list[Sandbox] = []

    def make(**options: Any) -> Sandbox:
        sandbox = Sandbox(**{"directory": tmp_path, "wait_scale": 1.0, "now": clock, **options})
        started.append(sandbox)
        lend(shelf, tmp_path / "files")
        return sandbox.start()

    yield make
    for sandbox in started:
        sandbox.stop()
    lend(tmp_path / "files", shelf)


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Sandbox:
    return start()


@pytest.fixture
def apixo(sandbox: Sandbox, clock: Clock) -> ApixoClient:
    return ApixoClient(sandbox, clock)


@pytest.fixture
def apikley(sandbox: Sandbox, clock: Clock) -> ApikleyClient:
    return ApikleyClient(sandbox, clock)


@pytest.fixture
def clients(clock: Clock) -> Callable[[Sandbox], tuple[ApixoClient, ApikleyClient]]:
    """Makes the two clients for a practice provider that the test has started itself."""
    return lambda sandbox: (ApixoClient(sandbox, clock), ApikleyClient(sandbox, clock))


@pytest.fixture
def wait() -> Callable[[Callable[[], Any]], Any]:
    return until
