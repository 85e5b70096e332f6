"""What people write instead: submit, sleep, poll every 5 s, download; run by a thread or a django-q2 job for each clip.

No ledger, no verification, no limit on orders in the air; a process that dies forgets what it ordered.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path
from typing import Any

import requests

FIRST_POLL_SECONDS, POLL_SECONDS = 30, 5  # as documented for this model
MODEL = "kling-2-5-turbo-pro"
KEY = {"Authorization": "Bearer practice"}


def make_clip(url: str, folder: str) -> None:
    """Order a clip, wait for it, and write its file, named by the provider's id."""
    order = {"request_type": "async", "input": {"mode": "text-to-video", "prompt": "gulls", "duration": 5}}
    task_id = call("POST", f"{url}/api/v1/generateTask/{MODEL}", json=order)["taskId"]
    time.sleep(FIRST_POLL_SECONDS)
    while (data := call("GET", f"{url}/api/v1/statusTask/{MODEL}?taskId={task_id}"))["state"] != "success":
        time.sleep(POLL_SECONDS)
    answer = requests.get(json.loads(data["resultJson"])["resultUrls"][0], timeout=60)
    answer.raise_for_status()
    Path(folder, f"{task_id}.mp4").write_bytes(answer.content)


def call(method: str, url: str, **request: Any) -> dict[str, Any]:
    """Return `data` of an answer; after a 429, wait and ask again."""
    while (answer := requests.request(method, url, headers=KEY, timeout=60, **request)).status_code == 429:
        time.sleep(POLL_SECONDS)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--tasks", type=int, required=True)
    options = parser.parse_args()
    threads = [threading.Thread(target=make_clip, args=[options.url, options.folder]) for __ in range(options.tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(60)  # until the measuring process has read what this one used, and ends it


if __name__ == "__main__":
    main()
