"""ssek and k6: the same command line, the same scripts."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import building
import process

SSE_PROBE = "import sse from 'k6/x/sse'; export default function () { return sse; }"
ASYNC_PROBE = "import { connect } from 'ssek/sse'; export default function () { return connect; }"


class Failed(Exception):
    """A run that gives no figure; its text says why."""


class Tool:
    """A binary that runs k6 scripts."""

    def __init__(self, name, path):
        self.name, self.path = name, shutil.which(path)
        if self.path is None:
            sys.exit(f"scripts/bench: {path}: no such program")
        self.path = os.path.abspath(self.path)
        self.has_sse = self._runs(SSE_PROBE)

    def has_async_streams(self):
        return self._runs(ASYNC_PROBE)

    def run(self, script, env, timeout, streaming=False, **how):
        """Runs a script of `js/` to its end; `how` is for `process.measure`. Returns what it took, with
        the figures of its summary by metric and its log; with `streaming`, ssek's own of streams as well."""
        with tempfile.TemporaryDirectory() as folder:
            export, log = pathlib.Path(folder, "summary.json"), pathlib.Path(folder, "log")
            command = [self.path, "run", "--quiet", "--summary-export", str(export)]
            if streaming and self.name == "ssek":
                command.append("--streaming=on")
            for key, value in env.items():
                command += ["-e", f"{key}={value}"]
            command.append(str(building.SCRIPTS / script))
            with open(log, "wb") as errors:
                took = process.measure(command, timeout, stdout=subprocess.DEVNULL, stderr=errors,
                                       env=environment(), cwd=folder, **how)
            took.log = log.read_text(encoding="utf-8", errors="replace")
            if took.overdue:
                raise Failed(f"{self.name} {script}: not done after {timeout:.0f} s")
            if took.exit != 0:
                raise Failed(f"{self.name} {script}: exit code {took.exit}: {last_line(took.log)}")
            if "level=error" in took.log:
                raise Failed(f"{self.name} {script}: {last_line(took.log)}")
            took.metrics = json.loads(export.read_text(encoding="utf-8"))["metrics"]
            return took

    def _runs(self, text):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "probe.js")
            script.write_text(text, encoding="utf-8")
            command = [self.path, "run", "--quiet", str(script)]
            probe = subprocess.run(command, capture_output=True, env=environment(), timeout=60, check=False)
            return probe.returncode == 0


def environment():
    """The caller's environment without settings of a run, and without k6's calls to the outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("K6", "SSEK"))}
    quiet = {"K6_NO_USAGE_REPORT": "true", "K6_AUTO_EXTENSION_RESOLUTION": "false", "NO_COLOR": "1"}
    return {**kept, **quiet}


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "level=error" in line] or lines
    if not wrong:
        return "no message"
    message = re.search(r'msg="((?:[^"\\]|\\.)*)"', wrong[-1])
    return (message.group(1) if message else wrong[-1]).split("\\n")[0][:300]
