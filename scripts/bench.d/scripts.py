"""Cases without streams: what the other things that scripts do cost, and starting."""

import re
import statistics
import time

import building
import dataset
import process
from case import HIGHER, Case, Value
from mock import Mock
from streams import cost, seconds_until_killed
from tool import Failed, environment, last_line


def rate(name, about, script, vus, iterations, of_one, wanted, k6):
    """Operations per CPU-second of a script; `of_one` of them an iteration."""
    label = "per CPU-s"

    def measure(tool, ssek, quick):
        each = max(1, iterations // 5) if quick else iterations
        with Mock(ssek) as mock:
            took = cost(tool, script, {"URL": mock.url, "VUS": vus, "ITERATIONS": each}, 30)
            requests = mock.stats()["requests"] - 1
        if script == "http-get.js" and requests != vus * each:
            raise Failed(f"{tool.name}: {requests} of {vus * each} requests came")
        return {label: vus * each * of_one / took.work_cpu}

    return Case(name, about, [Value(label, "k", better=HIGHER, wanted=wanted, aim=3, k6=k6)], measure)


def measure_start(tool, _, quick):
    command = [tool.path, "run", "--quiet", str(building.SCRIPTS / "nothing.js")]
    times, peaks = [], []
    for _ in range(5 if quick else 15):
        # Time and memory in runs of their own: looking at the memory all the time takes time.
        for every in (None, 0.0005):
            took = process.measure(command, 60, sample_every=every, stdout=process.subprocess.DEVNULL,
                                   stderr=process.subprocess.DEVNULL, env=environment())
            if took.exit != 0:
                raise Failed(f"{tool.name}: exit code {took.exit} of an empty script")
            if every is None:
                times.append(took.wall * 1e3)
            else:
                peaks.append(took.peak_kb / 1024)
    return {"time": statistics.median(times), "memory": max(peaks)}


def measure_init(tool, _, quick):
    file = dataset.path(dataset.FULL // 10 if quick else dataset.FULL)
    begun = time.time()
    took = tool.run("init.js", {"DATASET": file}, seconds_until_killed(200), sample_every=0.01)
    found = re.search(r"first iteration at (\d+) ms", took.log)
    if not found:
        raise Failed(f"{tool.name}: no first iteration: {last_line(took.log)}")
    return {"first iteration": int(found.group(1)) / 1e3 - begun, "peak memory": took.peak_kb / 1024}


CASES = [
    rate("http-get", "`http.get`, 50 VUs", "http-get.js", 50, 800, 1, 1.5, 30e3),
    rate("iterations", "empty iterations, 10 VUs", "empty.js", 10, 100_000, 1, 1.5, 362e3),
    rate("check", "`check`, 10 VUs", "check.js", 10, 40, 1000, 2, 203e3),
    rate("trend-add", "`Trend.add`, 10 VUs", "trend.js", 10, 150, 1000, 2, 777e3),
    Case("start", "`run` of an empty script",
         [Value("time", "ms", wanted=1, aim=2, k6=36), Value("memory", "MB", wanted=2, k6=38)],
         measure_start),
    Case("init", f"init with a file of {dataset.FULL:,} conversations",
         [Value("first iteration", "s", wanted=1, aim=2), Value("peak memory", "MB", wanted=1, aim=2)],
         measure_init, gib=8.0),
]
