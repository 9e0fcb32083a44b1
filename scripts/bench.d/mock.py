"""The server of all rows: `ssek mock`, a fresh one for each run."""

import json
import re
import subprocess
import urllib.request

import process


class Mock:
    """A mock server on a free port of the loopback interface; a context manager."""

    def __init__(self, ssek):
        self.process = process.start([ssek, "mock", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True)
        found = re.search(r"http://([\d.]+:\d+)", self.process.stdout.readline())
        if not found:
            process.stop(self.process)
            raise RuntimeError(f"{ssek} mock does not start")
        self.address = found.group(1)
        self.url = f"http://{self.address}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        process.stop(self.process)

    def stats(self):
        """What the mock did so far."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=10) as answer:
            return json.load(answer)
