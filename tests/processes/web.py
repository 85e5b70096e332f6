"""The site's web server as `manage.py up` runs it."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import proc
from tests.processes.site import ROOT, Site
from tests.servers import free_port


@dataclass
class Web:
    """A context manager: it serves from the beginning of the block to its end."""

    site: Site
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Web:
        command = ["manage.py", "web", "--port", str(self.port)]
        with (self.site.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.site.env, stdout=log, stderr=log
            )
        proc.wait_for(lambda: self.status("GET", "/login/") == 200, "web server")
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def status(self, method: str, path: str, body: bytes = b"") -> int:
        """What is answered; 0 when nothing is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the answer may be there already
                connection.request(method, path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def memory_mb(self) -> float:
        """Resident memory of the server."""
        own = [self.process.pid, *proc.children(self.process.pid, proc.everybody())]
        lines = [line for pid in own for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
