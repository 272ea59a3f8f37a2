"""The audit of the lock fails when an advisory matches, and never passes for one that was not made."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools import audit

ROOT = Path(__file__).resolve().parents[1]
LOCK = """\
jinja2==3.1.0 \\
    --hash=sha256:00
Six==1.17.0 ; sys_platform == 'win32' \\
    --hash=sha256:11
"""
ADVISORY = {
    "id": "PYSEC-1",
    "aliases": ["CVE-2026-1"],
    "summary": "templates run code",
    "affected": [
        {
            "package": {"name": "Jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.6"}]}],
        },
        {"package": {"name": "other"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "9"}]}]},
    ],
}


class Database:
    """An advisory database on a port of this machine, in the shape of OSV's API."""

    def __init__(self) -> None:
        self.vulnerable: dict[str, list[str]] = {}
        self.advisories: dict[str, dict[str, Any]] = {}
        self.asked: list[Any] = []
        self.answer: tuple[int, bytes] | None = None
        database = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                database.asked.append(question)
                packages = [f"{q['package']['name']}=={q['version']}" for q in question["queries"]]
                found = [database.vulnerable.get(each, []) for each in packages]
                self.reply({"results": [{"vulns": [{"id": id} for id in ids]} if ids else {} for ids in found]})

            def do_GET(self) -> None:
                known = database.advisories.get(self.path.removeprefix("/v1/vulns/"))
                self.reply(known or {}, 200 if known else 500)

            def reply(self, document: Any, status: int = 200) -> None:
                status, body = database.answer or (status, json.dumps(document).encode())
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def database() -> Iterator[Database]:
    """A database that knows of nothing."""
    made = Database()
    yield made
    made.stop()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of two packages."""
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


def test_a_clean_lock_passes(database: Database, lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every pin is asked about, whatever its marker; none is known: said with the number that was looked at."""
    assert audit.main([str(lock), "--database", database.url]) == 0
    assert "audited: 2 packages, 0 advisories match" in capsys.readouterr().out
    names = [(q["package"]["name"], q["version"]) for q in database.asked[0]["queries"]]
    assert names == [("jinja2", "3.1.0"), ("six", "1.17.0")]


def test_an_advisory_fails_the_audit(database: Database, lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named with its other names, what it says, and the version that mends it; it can be ignored by any name."""
    database.vulnerable["jinja2==3.1.0"] = ["PYSEC-1"]
    database.advisories["PYSEC-1"] = ADVISORY

    assert audit.main([str(lock), "--database", database.url]) == 1
    said = capsys.readouterr().out
    assert "FOUND: jinja2 3.1.0: PYSEC-1 (CVE-2026-1): templates run code; take 3.1.6" in said
    assert audit.main([str(lock), "--database", database.url, "--ignore", "CVE-2026-1"]) == 0
    assert "1 ignored" in capsys.readouterr().out


def test_an_advisory_that_cannot_be_looked_up_still_fails(database: Database, lock: Path) -> None:
    """That one matches is known; only its words are not."""
    database.vulnerable["six==1.17.0"] = ["PYSEC-2"]
    assert audit.main([str(lock), "--database", database.url]) == 1


def test_a_withdrawn_advisory_is_none(database: Database, lock: Path) -> None:
    """What was taken back stops nobody."""
    database.vulnerable["jinja2==3.1.0"] = ["PYSEC-1"]
    database.advisories["PYSEC-1"] = {**ADVISORY, "withdrawn": "2026-03-01T00:00:00Z"}
    assert audit.main([str(lock), "--database", database.url]) == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((503, b"{}"), id="an outage"),
        pytest.param((404, b"not here"), id="a mirror without advisories"),
        pytest.param((200, b"<html>Welcome</html>"), id="a portal that asks for a password"),
        pytest.param((200, b"{}"), id="another service"),
        pytest.param((200, b'{"results": [{}]}'), id="an answer about one of two"),
        pytest.param((200, b'{"results": [{}, {"next_page_token": "x"}]}'), id="a part of the answer"),
    ],
)
def test_no_answer_is_no_clean_audit(
    database: Database, lock: Path, answer: tuple[int, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever cannot be an audit says so, and never `audited`; where one is required it fails."""
    database.answer = answer
    assert audit.main([str(lock), "--database", database.url]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("not audited: the advisory database cannot be reached (")
    assert "audited:" not in said.out
    assert audit.main([str(lock), "--database", database.url, "--required"]) == 1


def test_nobody_listens(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A workplace without a way out goes on, and says why nothing was audited."""
    assert audit.main([str(lock), "--database", "http://127.0.0.1:9"]) == 0
    assert "not audited: the advisory database cannot be reached" in capsys.readouterr().err


def test_a_lock_without_pins_is_no_lock(tmp_path: Path) -> None:
    """Nothing to audit is a mistake, not a pass."""
    empty = tmp_path / "requirements.lock"
    empty.write_text("# nothing\n")
    assert audit.main([str(empty)]) == 2


def test_the_lock_of_this_project_is_read_whole(database: Database) -> None:
    """Every package of the lock is asked about, in a process of its own, as `make audit` does."""
    done = subprocess.run(
        [sys.executable, "tools/audit.py", "requirements.lock", "--database", database.url],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line[:1].isalnum()]
    assert len(database.asked[0]["queries"]) == len(lines) > 40


def test_ci_audits() -> None:
    """`.ci/run` calls `make audit`, and that calls the script on the lock."""
    assert "make audit" in (ROOT / ".ci" / "run").read_text().splitlines()
    assert "tools/audit.py requirements.lock" in (ROOT / "Makefile").read_text()
