"""Cases with streams: what an event costs, and how late the first one is told."""

import json
import subprocess

from case import HIGHER, Case, Value
from mock import Mock
from tool import Failed

CHAT = "/v1/chat/completions"
BODY = '{"model":"m","stream":true,"messages":[]}'
CLOSING = 2  # events after the tokens: the finish reason and [DONE]


def seconds_until_killed(expected):
    """Patience with a run that should take so long."""
    return 4 * expected + 90


def cost(tool, script, env, expected, **how):
    """Runs a script, and the same virtual users without work; the run with `cpu` less by theirs."""
    took = tool.run(script, env, seconds_until_killed(expected), **how)
    idle = tool.run(script, {**env, "IDLE": 1}, seconds_until_killed(10))
    took.start_cpu = idle.cpu
    took.work_cpu = max(took.cpu - idle.cpu, 1e-6)
    return took


def count(tool, took, stats, expected):
    """Events counted are events sent, always."""
    seen = took.metrics.get("sse_event", {}).get("count")
    if seen != expected or stats["events"] != expected:
        raise Failed(f"{tool.name}: of {expected} events the server sent {stats['events']} "
                     f"and the client counted {seen}")


def stream(tool, ssek, vus, iterations, tokens, query, expected, **env):
    """What streams of the mock cost a tool: CPU-seconds, events, the server's own figures."""
    with Mock(ssek) as mock:
        url = f"{mock.url}{CHAT}?n={tokens}&{query}"
        took = cost(tool, "stream.js", {"STREAM": url, "VUS": vus, "ITERATIONS": iterations, **env}, expected)
        stats = mock.stats()
    events = vus * iterations * (tokens + CLOSING)
    count(tool, took, stats, events)
    return took, events, stats


def raw(floor, ssek, target, **settings):
    """What the same streams cost the raw floor client."""
    with Mock(ssek) as mock:
        command = [floor, mock.address, target, f"body={BODY}"]
        command += [f"{key}={value}" for key, value in settings.items()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or "floor: failed")
        report = json.loads(done.stdout)
        report["mock"] = mock.stats()
    return report


def paced(vus, itl, wanted):
    """Streams with a pause between their events."""
    label = "CPU-s per 1 M events"
    ttft = 500

    def plan(quick):
        seconds = (4 if itl < 100 else 8) if quick else (10 if itl < 100 else 20)
        return seconds, seconds * 1000 // itl

    def measure(tool, ssek, quick):
        seconds, tokens = plan(quick)
        query = f"ttft={ttft}&itl={itl}"
        took, events, stats = stream(tool, ssek, vus, 1, tokens, query, seconds + 5, SPREAD=itl)
        late = stats["last_write_lateness_ms"] if "last_write_lateness_ms" in stats else None
        return {label: took.work_cpu / events * 1e6, "note": lateness(late, "last events")}

    def floor(path, ssek, quick):
        _, tokens = plan(quick)
        target = f"{CHAT}?n={tokens}&ttft={ttft}&itl={itl}"
        report = raw(path, ssek, target, streams=vus, spread=itl)
        figures = {label: report["cpu_s"] / report["events"] * 1e6, "scale": None}
        if (vus, itl) != (1000, 20):
            # The table has a floor for this load only.
            other = raw(path, ssek, f"{CHAT}?n=150&ttft={ttft}&itl=20", streams=1000, spread=20)
            figures["scale"] = other["cpu_s"] / other["events"] * 1e6
        return figures

    k6 = {(1000, 20): 20, (1000, 200): 39}.get((vus, itl), 39)
    return Case(
        f"paced-{vus}-{itl}",
        f"{vus} streams, an event each {itl} ms, JSON.parse in the handler",
        [Value(label, "s", wanted=wanted, aim=4, k6=k6, k6_floor=1.8)],
        measure, floor, sse=True, files=vus + 500, k6_files=vus + 500,
    )


def growth(counts):
    """What an event costs at an unchanging total rate, by the number of streams that it is spread over."""
    rate, unit = 10_000, "CPU-s per 1 M events"
    last = f"{counts[-1]:,} streams : {counts[0]:,}"

    def tokens(vus, quick):
        return (6 if quick else 20) * rate // vus

    def query(vus):
        return f"ttft=500&itl={vus * 1000 // rate}"

    def measure(tool, ssek, quick):
        figures = {}
        for vus in counts:
            many = tokens(vus, quick)
            # Opening the streams costs the same in both runs.
            full, events, _ = stream(tool, ssek, vus, 1, many, query(vus), 30, SPREAD=vus * 1000 // rate)
            bare, few, _ = stream(tool, ssek, vus, 1, 1, query(vus), 10, SPREAD=vus * 1000 // rate)
            figures[f"{vus:,} streams"] = (full.cpu - bare.cpu) / (events - few) * 1e6
        return {**figures, last: figures[f"{counts[-1]:,} streams"] / figures[f"{counts[0]:,} streams"]}

    def floor(path, ssek, quick):
        figures = {}
        for vus in counts:
            spread = vus * 1000 // rate
            full, bare = (raw(path, ssek, f"{CHAT}?n={many}&{query(vus)}", streams=vus, spread=spread)
                          for many in (tokens(vus, quick), 1))
            cpu, events = full["cpu_s"] - bare["cpu_s"], full["events"] - bare["events"]
            figures[f"{vus:,} streams"] = cpu / events * 1e6
        return {**figures, last: figures[f"{counts[-1]:,} streams"] / figures[f"{counts[0]:,} streams"]}

    values = [Value(f"{vus:,} streams", unit) for vus in counts]
    return Case(
        "growth", f"{rate:,} events a second in all", [*values, Value(last, "×", limit=2)], measure, floor,
        sse=True, files=counts[-1] + 500, k6_files=counts[-1] + 500,
    )


def burst(handler, wanted, aim, k6):
    """Streams as fast as they come."""
    label = "events per CPU-s"

    def measure(tool, ssek, quick):
        streams = 5 if quick else 20
        took, events, _ = stream(tool, ssek, 50, streams, 500, "burst=1", 20, HANDLER=handler)
        return {label: events / took.work_cpu}

    def floor(path, ssek, _):
        report = raw(path, ssek, f"{CHAT}?n=500&burst=1", streams=50, rounds=100)
        return {label: report["events"] / report["cpu_s"]}

    return Case(
        f"burst-{handler}",
        f"50 streams of 500 events in bursts, {'JSON.parse in the' if handler == 'json' else 'empty'} handler",
        [Value(label, "k", better=HIGHER, wanted=wanted, aim=aim, k6=k6, k6_floor=27e6)],
        measure, floor, sse=True, k6_files=1500,
    )


def ttft(vus, k6=(None, None), floor_figures=(None, None)):
    """How much later than the server meant it the first event of lockstep streams is seen."""
    intended = 500
    mean, tail = "mean", "p99"
    # What the tool itself reports as the time to the first event; k6 leaves that to the script.
    own_mean, own_tail = "mean, as the tool reports it", "p99, as the tool reports it"

    def measure(tool, ssek, quick):
        waves, period = (3 if quick else 8), intended + 1500
        env = {"VUS": vus, "ITERATIONS": waves, "TTFT": intended, "PERIOD": period}
        with Mock(ssek) as mock:
            url = f"{mock.url}{CHAT}?n=5&ttft={intended}&itl=0"
            took = tool.run("ttft.js", {**env, "STREAM": url}, seconds_until_killed(waves * period / 1000),
                            streaming=True)
            stats = mock.stats()
        count(tool, took, stats, vus * waves * (5 + CLOSING))
        error = own = took.metrics["ttft_error"]
        if "sse_time_to_first_event" in took.metrics:
            own = took.metrics["sse_time_to_first_event"]
            own = {key: own[key] - intended for key in ("avg", "p(99)")}
        late = lateness(stats["first_write_lateness_ms"], "first events")
        return {mean: error["avg"], tail: error["p(99)"], own_mean: own["avg"], own_tail: own["p(99)"], "note": late}

    def floor(path, ssek, quick):
        report = raw(path, ssek, f"{CHAT}?n=5&ttft={intended}&itl=0", streams=vus, lockstep=1,
                     rounds=3 if quick else 8)
        times = report["ttft_ms"]
        figures = times["mean"] - intended, times["p99"] - intended
        return dict(zip((mean, tail, own_mean, own_tail), figures * 2))

    values = [Value(label, "ms", wanted=2, k6=of_k6, k6_floor=of_floor)
              for label, of_k6, of_floor in zip((mean, tail, own_mean, own_tail), k6 * 2, floor_figures * 2)]
    return Case(
        f"ttft-{vus}", f"TTFT error of {vus} lockstep streams", values, measure, floor, sse=True,
        files=vus + 500, k6_files=8 * vus + 500,
    )


def lateness(late, of):
    return f"the server wrote its {of} late by p50 {late['p50']}, p99 {late['p99']} ms" if late else ""


CASES = [
    paced(1000, 20, 1.5),
    paced(1000, 200, 2),
    paced(5000, 200, 2),
    burst("json", 2, 4, 111e3),
    burst("empty", 2, 3, 366e3),
    ttft(100),
    ttft(500),
    ttft(1000, (54, 151), (11, 38)),
    growth((10, 100, 1000, 5000)),
]
