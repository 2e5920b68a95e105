"""Starts the real binary for the tests of this folder, which know it only from outside."""

import os
import pathlib
import subprocess
import tempfile
import threading

import pytest

PASSWORD = "test-password"
SECRET = "test-secret-0123"
DOMAIN = "example.org"
PATIENCE = 60


class Node:
    """A running node on a data directory of its own."""

    def __init__(self, config: str = ""):
        self.folder = tempfile.TemporaryDirectory(prefix="hearth-clients-")
        data = pathlib.Path(self.folder.name) / "data"
        file = pathlib.Path(self.folder.name) / "hearth.toml"
        file.write_text(config)
        arguments = ["serve", "--rest-listen", "127.0.0.1:0", "--domain", DOMAIN, "--data-dir", data, "--config", file]
        environment = {**os.environ, "HEARTH_ADMIN_PASSWORD": PASSWORD, "HEARTH_API_SECRET": SECRET}
        environment.pop("HEARTH_LOG", None)
        binary = os.environ["HEARTH_BIN"]
        self.process = subprocess.Popen([binary, *arguments], env=environment, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        self.log: list[str] = []
        self.told = threading.Event()
        self.url = ""
        threading.Thread(target=self._follow, daemon=True).start()
        if not self.told.wait(PATIENCE) or not self.url:
            self.stop()
            raise RuntimeError("hearth does not serve:\n" + "".join(self.log))

    def _follow(self):
        for line in self.process.stderr:
            self.log = [*self.log[-999:], line]
            if not self.url and "serving http://" in line:
                self.url = "http://" + line.split("serving http://")[1].split("/")[0]
                self.told.set()
        self.told.set()

    def stop(self) -> int:
        """Tells it to stop and gives its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.folder.cleanup()


@pytest.fixture(scope="session")
def node():
    node = Node()
    yield node
    assert node.stop() == 0, "".join(node.log)
