"""Every command of docs/tutorial.md, in its order, as a reader types it; what it says is what the page shows."""

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(sh|text)(.*?)\n(.*?)^```$", re.M | re.S)
READY = ("sandbox is up", "serving http")


@dataclass(frozen=True)
class Step:
    """A block of commands, and what the page shows of their output."""

    commands: str
    terminal: str
    shown: str


def steps(page):
    found = []
    for kind, words, text in BLOCK.findall(page):
        if kind == "sh":
            found.append(Step(text, words.strip(), ""))
        else:
            found[-1] = Step(found[-1].commands, found[-1].terminal, text)
    return found


def missing(shown, output):
    """The lines of the page that nothing in the output is like; blanks count once, `...` stands for anything."""
    said = [" ".join(line.split()) for line in output.splitlines()]
    return [line for line in shown.splitlines() if not any(_like(" ".join(line.split()), one) for one in said)]


def _like(shown, said):
    return re.fullmatch(".*".join(re.escape(part) for part in shown.split("...")), said) is not None


class Reader:
    """Somebody with several terminals in one folder. What is exported in the first one stays there."""

    def __init__(self, folder):
        own = ("MSSQL_", "STARROCKS_", "AWS_", "S3_", "DAGSTER_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        self.environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
        self.folder, self.exports, self.others = folder, "", []

    def run(self, commands):
        script = ["bash", "-e", "-o", "pipefail", "-c", self.exports + commands]
        done = subprocess.run(
            script, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        self.exports += "".join(line + "\n" for line in commands.splitlines() if line.startswith("export "))
        return done.returncode, done.stdout + done.stderr

    def leave_running(self, commands):
        other = subprocess.Popen(
            ["bash", "-e", "-c", commands],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.others.append(other)
        heard = []
        for line in other.stderr:
            heard.append(line)
            if any(word in line for word in READY):
                return
        raise AssertionError(f"It ended: {''.join(heard)}")

    def close(self):
        for other in reversed(self.others):
            os.killpg(other.pid, signal.SIGINT)
            other.communicate(timeout=30)


@pytest.fixture
def reader(tmp_path):
    found = Reader(tmp_path)
    yield found
    found.close()


def test_the_tutorial_does_what_it_says(reader):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        page = PAGE.read_text(encoding="utf-8").replace(":8000", f":{probe.getsockname()[1]}")
        page = page.replace("--port 8000", f"--port {probe.getsockname()[1]}")
    for step in steps(page):
        if step.terminal:
            reader.leave_running(step.commands)
            continue
        code, output = reader.run(step.commands)
        assert code == 0, f"{step.commands}\n{output[-3000:]}"
        assert missing(step.shown, output) == [], f"{step.commands}\n{output[-6000:]}"


def test_a_line_that_was_not_said_is_found():
    """So that the test above can fail."""
    assert missing("certified ... 3 rows\n", "certified  hr.shifts  3 rows\n") == []
    assert missing("certified ... 3 rows\n", "certified  hr.shifts  4 rows\n") == ["certified ... 3 rows"]
