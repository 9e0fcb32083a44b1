"""Cases with many virtual users or streams at once: what one takes, and how soon all run."""

import statistics
import time

import dataset
from case import Case, Value
from mock import Mock
from streams import CHAT, count, raw, seconds_until_killed
from tool import Failed

CLOSING = 3  # events after the tokens of llm.js: the finish reason, the usage, [DONE]


def watch_streams(mock, wanted, seen):
    """Notes when the server has begun so many streams and, apart from those that ended, has them open."""

    def watch(process, started):
        while process.returncode is None:
            stats = mock.stats()
            if stats["streams"] >= wanted:
                seen.append(time.monotonic() - started)
                return
            time.sleep(0.01)

    return watch


def between(rss, begin, end):
    """The median of the memory samples of a time, in KiB."""
    inside = [kb for at, kb in rss if begin <= at <= end]
    if not inside:
        raise Failed("the run was too short to see its memory")
    return statistics.median(inside)


def memory(vus, itl, k6):
    """Resident memory per VU of llm.js: with all streams open, and after 2,000 events each."""
    opened, after, growth = "streams open", "after 2,000 events each", "growth from half time to the end"

    def measure(tool, ssek, quick):
        tokens, iterations = 497, 1 if quick else 4
        seconds = iterations * (tokens * itl / 1000 + 1)
        env = {"DATASET": dataset.path(dataset.SMALL), "ITERATIONS": iterations}
        query = f"n={tokens}&ttft=500&itl={itl}"
        with Mock(ssek) as mock:
            one = {**env, "STREAM": f"{mock.url}{CHAT}?n={tokens}&ttft=500&itl=2", "VUS": 1, "ITERATIONS": 2}
            alone = tool.run("llm.js", one, 120, sample_every=0.2)
        seen = []
        with Mock(ssek) as mock:
            env |= {"STREAM": f"{mock.url}{CHAT}?{query}", "VUS": vus}
            took = tool.run("llm.js", env, seconds_until_killed(seconds), sample_every=1.0,
                            while_running=watch_streams(mock, vus, seen))
            count(tool, took, mock.stats(), vus * iterations * (tokens + CLOSING))
        if not seen:
            raise Failed(f"{tool.name}: not all {vus} streams began")
        ready, end = seen[0], took.rss[-1][0]
        base = between(alone.rss, 0.5, 60)
        half = ready + (end - ready) / 2
        # While the last VUs end, their memory goes: the last tenth does not count.
        last = end - (end - ready) / 10
        middle = between(took.rss, half - (end - ready) / 10, half)
        late = between(took.rss, last - (end - ready) / 10, last)
        return {
            opened: (between(took.rss, ready, ready + max(3.0, seconds / 40)) - base) / (vus - 1),
            after: (late - base) / (vus - 1),
            growth: (late - middle) / middle * 100,
        }

    return Case(
        f"memory-{vus}",
        f"memory per VU of llm.js, {vus} VUs, events {itl} ms apart",
        [Value(opened, "KB", wanted=2 / 3, aim=1, k6=k6), Value(after, "KB", wanted=2 / 3, aim=1, k6=k6),
         Value(growth, "%", limit=5)],
        measure, sse=True, files=vus + 500, k6_files=4 * vus + 500, gib=vus * 0.003 + 1,
    )


def ready(vus, k6, script="llm.js"):
    """How soon all virtual users of llm.js have begun their streams; `chat.js` is the same without `k6/x/sse`, which
    any k6 can run."""
    plain = script == "chat.js"
    label = "all run after"

    def measure(tool, ssek, _):
        seen = []
        with Mock(ssek) as mock:
            env = {"DATASET": dataset.path(dataset.SMALL), "VUS": vus,
                   "STREAM": f"{mock.url}{CHAT}?n=10&ttft=4000&itl=200"}
            took = tool.run(script, env, 180, while_running=watch_streams(mock, vus, seen))
            if not plain:
                count(tool, took, mock.stats(), vus * (10 + CLOSING))
        if not seen:
            raise Failed(f"{tool.name}: not all {vus} streams began")
        return {label: seen[0]}

    return Case(
        f"ready-{vus}{'-plain' if plain else ''}",
        f"time until {vus} VUs of {script} all run, from the process's start",
        [Value(label, "s", wanted=1, aim=2, k6=k6)], measure, sse=not plain, files=vus + 500,
        k6_files=vus + 500, gib=vus * 0.003 + 1,
    )


def idle_streams():
    """Resident memory of an open stream as one of many in a virtual user."""
    label, few = "memory of one", 100

    def many(quick):
        return 2_000 if quick else 10_000

    def target(hold):
        return f"{CHAT}?n=1&ttft={hold * 1000 + 60_000}"

    def resident(tool, ssek, streams, hold):
        seen = []
        with Mock(ssek) as mock:
            env = {"STREAM": f"{mock.url}/sse?n=1&ttft={hold * 1000 + 60_000}", "STREAMS": streams,
                   "HOLD": hold * 1000}
            took = tool.run("idle-streams.js", env, 120, sample_every=0.1,
                            while_running=watch_streams(mock, streams, seen))
        if not seen:
            raise Failed(f"{tool.name}: not all {streams} streams were opened")
        return between(took.rss, seen[0] + 1, seen[0] + hold - 0.5)

    def measure(tool, ssek, quick):
        streams, hold = many(quick), 5
        grown = resident(tool, ssek, streams, hold) - resident(tool, ssek, few, hold)
        return {label: grown / (streams - few)}

    def floor(path, ssek, quick):
        report = raw(path, ssek, target(5), streams=many(quick), hold=2000)
        return {label: report["kb_per_stream"]}

    return Case(
        "idle-streams", "idle streams of `ssek/sse` in one VU",
        [Value(label, "KB", limit=40, limit_aim=20)],
        measure, floor, async_streams=True, files=10_500, k6_files=None,
    )


CASES = [
    memory(1000, 20, 380),
    memory(5000, 200, 310),
    idle_streams(),
    ready(1000, 0.38),
    ready(1000, 0.38, "chat.js"),
    ready(5000, 1.55),
    ready(5000, 1.55, "chat.js"),
]
