"""A PostgreSQL server of our own, from the Debian binaries: it can be killed without hurting anybody."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers import free_port

# Given to a database of this name, so that each test has a migrated one of its own at once.
TEMPLATE = "migrated"


def binaries() -> Path | None:
    """The newest installed server's programs; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """Initialised and started in a folder of its own under /tmp, on a free port of 127.0.0.1."""

    def __init__(self, programs: Path) -> None:
        self.programs, self.port = programs, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="studio-postgres-", dir="/tmp"))
        self.as_user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.as_user = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        where = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "server.log"), "-o", where)

    def die(self) -> None:
        """As if the machine's plug were pulled: no check point, no farewell."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    def new_database(self, name: str, *, template: str = "template1") -> str:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def remove(self) -> None:
        if (self.folder / "postmaster.pid").exists():
            self.die()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.programs / program), "-D", str(self.folder), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        assert done.returncode == 0, f"{program}: {done.stderr.decode()}"


@contextmanager
def own_server() -> Iterator[Postgres]:
    """A server for a command; without the programs the command ends and says so."""
    programs = binaries()
    if programs is None:
        raise SystemExit("no PostgreSQL server is installed")
    server = Postgres(programs)
    try:
        yield server
    finally:
        server.remove()
