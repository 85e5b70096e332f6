"""A provider that repeats all that it was sent, wherever it can, and a mail server that does the same.

What it does with an order says a word in the prompt, such as `[reject]`: see ORDERS. Whatever is not there is accepted,
and is finished at the second poll.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.canary.secrets import Secrets
from tests.clips import clip
from tests.crash.faulty_provider.faults import words_of
from tests.servers import Line, RawServer

FOR = {"message": "the request", "msg": "the request"}  # the envelope's words at APIXO and at Apikley


def as_read(request: bytes) -> tuple[str, str, str, str]:
    """The method, the target, all headers and the body of a request."""
    head, _, body = request.decode("utf-8", "replace").partition("\r\n\r\n")
    first, _, headers = head.partition("\r\n")
    method, target, _ = first.split(" ")
    return method, target, headers, body


def repeated(request: bytes) -> str:
    """A request as servers repeat it: as it is, as JSON, as JSON within JSON, within a URL."""
    _, target, headers, body = as_read(request)
    key = next((line for line in headers.split("\r\n") if line.startswith("Authorization: ")), "")
    short = f"{target} {key} {body}"
    slashed = json.dumps(short).replace("/", "\\/")
    return " ".join([headers.replace("\r\n", "; "), short, slashed, json.dumps(slashed), quote(short), quote(key, "")])


def say(code: int, data: Any, text: str = "success") -> bytes:
    return json.dumps({"code": code, "data": data} | dict.fromkeys(FOR, text)).encode()


class RepeatingProvider:
    """Both APIs, and the files; a context manager."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self.signature = secrets.make("signature of a result's address")
        self.tasks: dict[str, dict[str, Any]] = {}
        self.downloads: dict[str, int] = {}
        self.callbacks: list[int] = []
        self.clip = clip("faststart", seconds=0.5)
        self.server = RawServer(self.answer)
        self.url = self.server.url

    def __enter__(self) -> RepeatingProvider:
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.stop()

    def answer(self, line: Line) -> None:
        request = line.request()
        if not request:
            return
        _, target, _, body = as_read(request)
        path = urlsplit(target).path
        if path.startswith("/files/"):
            self.send_file(line, path.removeprefix("/files/"), request)
        elif path.startswith("/hook/"):
            send(line, repeated(request).encode(), status="500 Trouble")
        elif body:
            self.take_order(line, request, json.loads(body))
        elif task_id := parse_qs(urlsplit(target).query).get("taskId"):
            self.tell_state(line, request, task_id[0])
        else:
            send(line, say(200, 1000.0))

    def take_order(self, line: Line, request: bytes, order: dict[str, Any]) -> None:
        prompt, text = order["input"]["prompt"], repeated(request)
        for url in order["input"].get("image_urls", ()):
            self.secrets.add(f"signature of a start image: {prompt}", token_of(url))
        callback = order.get("callback_url") or order.get("callBackUrl") or ""
        if callback:
            self.secrets.add(f"callback token: {prompt}", token_of(callback))
        for word in words_of(prompt):
            if word in ORDERS:
                ORDERS[word](line, text)
                return
        task_id = f"task-{len(self.tasks)}"
        self.tasks[task_id] = {"words": words_of(prompt), "polls": 0}
        if callback:
            threading.Thread(target=self.call_back, args=[callback, task_id, text], daemon=True).start()
        # A header that is none: urllib3 logs it with the address.
        send(line, say(200, {"taskId": task_id}, text), headers=f"Retry-After: {text}\r\nthis is no header {text}\r\n")

    def tell_state(self, line: Line, request: bytes, task_id: str) -> None:
        task, text = self.tasks[task_id], repeated(request)
        task["polls"] += 1
        data: dict[str, Any] = {"taskId": task_id, "state": text, "failMsg": text}
        if task["polls"] > 1 and "fail" in task["words"]:
            data |= {"state": "fail" if "apikley" in task["words"] else "failed", "failCode": text}
        elif task["polls"] > 1:
            address = f"{self.url}/files/{task_id}.mp4?X-Amz-Signature={self.signature}"
            data |= {"state": "success", "resultJson": json.dumps({"resultUrls": [address]})}
        send(line, say(200, data, text), headers=f"this is no header {text}\r\n")

    def send_file(self, line: Line, name: str, request: bytes) -> None:
        """Refuse a clip at first, then send what is no HTTP, then the clip."""
        text, times = repeated(request), self.downloads.get(name, 0)
        self.downloads[name] = times + 1
        if times == 0:
            send(line, text.encode(), status=f"503 {text}"[:2000])
        elif times == 1:
            line.sock.sendall(f"{text}\r\n\r\n".encode())
        else:
            send(line, self.clip, headers=f"Content-Type: video/mp4\r\nthis is no header {text}\r\n")

    def call_back(self, url: str, task_id: str, text: str) -> None:
        """Call back with all that was ordered, truly and not: a wrong token, another provider's name, half a body."""
        true = json.dumps({"code": 200, "data": {"taskId": task_id, "state": "success", "param": text}, "url": url})
        other = url.replace("/apixo/", "/nobody/").replace("/apikley/", "/apixo/")
        for address, body in [(url, true), (url, true[:-20]), (other, true), (f"{url[:-9]}forgery_/", true), (url, "")]:
            request = urllib.request.Request(address, body.encode(), {"Content-Type": "application/json", "X": text})
            with suppress(OSError):
                try:
                    self.callbacks.append(urllib.request.urlopen(request, timeout=20).status)
                except urllib.error.HTTPError as error:
                    self.callbacks.append(error.code)


def token_of(url: str) -> str:
    """The signature in the address of a callback or of a start image."""
    return urlsplit(url).path.rstrip("/").rpartition(":")[2].partition(".")[0]


def send(line: Line, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
    line.answer(body, status=status, headers=f"Connection: close\r\n{headers}")


def break_off(line: Line, text: str) -> None:
    body = say(200, None, text)
    line.answer(body[:-30], headers="Connection: close\r\n", length=len(body))


ORDERS: dict[str, Callable[[Line, str], None]] = {
    "reject": lambda line, text: send(line, say(400, {"error": text}, text), status="400 Bad Request"),
    "server error": lambda line, text: send(line, say(500, None, text), status="500 Trouble"),
    "page": lambda line, text: send(line, f"<html>{text}</html>".encode(), status="502 Bad Gateway"),
    "garbage": lambda line, text: send(line, b"\xff\xfe" + text.encode()),
    "redirect": lambda line, text: send(line, text.encode(), status="307 Elsewhere", headers=f"Location: {text}\r\n"),
    "no http": lambda line, text: line.sock.sendall(f"{text}\r\n\r\n".encode()),
    "cut": break_off,
    "odd id": lambda line, text: send(line, say(200, {"taskId": text}, text)),
    "bad key": lambda line, text: send(line, say(401, None, text), status="401 Unauthorized"),
}


class MailServer:
    """SMTP, without TLS: the first one who signs in is refused in words that repeat what was sent."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.sign_ins: list[str] = []
        self.server = RawServer(self.speak)
        self.port = int(self.server.url.rpartition(":")[2])

    def __enter__(self) -> MailServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.stop()

    def speak(self, line: Line) -> None:
        stream = line.sock.makefile("rb")
        say = lambda text: line.sock.sendall(f"{text}\r\n".encode())  # noqa: E731
        say("220 hello")
        for words in iter(lambda: stream.readline().decode().strip(), ""):
            verb = words[:4].upper()
            if verb == "EHLO":
                say("250-hello\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                self.sign_ins.append(words)
                say("235 yes" if len(self.sign_ins) > 1 else f"535 no: {words}")
            elif verb == "DATA":
                say("354 go on")
                self.mails.append("".join(iter(lambda: stream.readline().decode(), ".\r\n")))
                say("250 taken")
            else:
                say("221 bye" if verb == "QUIT" else "250 yes")
