"""The command line: which rows, how often, and the order in which the tools take turns."""

import argparse
import datetime
import json
import os
import signal
import sys

import building
import dataset
import machine
import memory
import scripts
import streams
import table
from tool import Failed, Tool

CASES = [*streams.CASES[:5], *scripts.CASES[:5], *memory.CASES[:3], *scripts.CASES[5:], *streams.CASES[5:8],
         *memory.CASES[3:], *streams.CASES[8:]]

EPILOG = """environment:
  K6=PATH    a k6 to measure in turn with ssek; rows with streams need xk6-sse in it
  RUNS=N     rounds, at least 2; 3 where it is not set (--quick: 2)
  SSEK=PATH  a binary to measure instead of a release build of this tree

Everything runs on the loopback interface, each run is bounded in events and in time, and what was
started is ended, also by Ctrl-C. The table goes to stdout, progress to stderr."""


def main():
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure; all where none is named")
    parser.add_argument("--list", action="store_true", help="print the rows' names and end")
    parser.add_argument("--quick", action="store_true", help="shorter runs, for a look; not for a report")
    parser.add_argument("--json", metavar="FILE", help="write the figures of all rounds")
    parser.add_argument("--delete-data", action="store_true", help="delete the generated conversations at the end")
    args = parser.parse_args()
    if args.list:
        print("\n".join(f"{case.name:<16} {case.about}" for case in CASES))
        return 0
    unknown = [row for row in args.rows if not any(matches(row, name) for name in names)]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are: {', '.join(names)}")
    try:
        rounds = int(os.environ.get("RUNS", 2 if args.quick else 3))
    except ValueError:
        parser.error(f"RUNS={os.environ['RUNS']}: want a whole number")
    if rounds < 2:
        parser.error("RUNS: want at least 2, so that the spread shows")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        chosen = [case for case in CASES if not args.rows or any(matches(row, case.name) for row in args.rows)]
        return measure(chosen, rounds, args)
    except KeyboardInterrupt:
        print("\nscripts/bench: interrupted", file=sys.stderr)
        return 130
    finally:
        if args.delete_data:
            dataset.delete()


def matches(row, name):
    """A row is named whole or by its beginning: `ttft`, `paced-1000`."""
    return name == row or name.startswith(f"{row}-")


def measure(cases, rounds, args):
    ssek = Tool("ssek", building.ssek())
    floor = building.floor()
    k6 = Tool("k6", os.environ["K6"]) if os.environ.get("K6") else None
    files = machine.raise_open_files()
    warning = machine.warning()
    begun = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    top = [f"{begun}; {rounds} rounds{', quick' if args.quick else ''}; {machine.line()}"]
    if k6 and not k6.has_sse:
        top.append("This k6 has no k6/x/sse: rows with streams are set against the table's figures.")
    if warning:
        top.append(f"**Warning:** {warning}.")
        say(f"warning: {warning}")

    made, raw, skipped, notes, failed = [], {}, [], [], False
    for case in cases:
        reason = unfit(case, ssek, files)
        if reason:
            say(f"{case.name}: skipped: {reason}")
            skipped.append(f"- `{case.name}` was skipped: {reason}.")
            continue
        measured = {"ssek": [], "k6": [], "floor": []}
        for turn in range(rounds):
            for name, figures in turns(case, ssek, k6, floor, files, args.quick):
                say(f"{case.name} {turn + 1}/{rounds} {name}: {short(figures)}")
                if isinstance(figures, Failed):
                    failed |= name == "ssek"
                    skipped.append(f"- `{case.name}`, round {turn + 1}, {name} failed: {figures}.")
                else:
                    measured[name].append(figures)
        raw[case.name] = measured
        made += table.rows(case, measured)
        told = [figures["note"] for figures in measured["ssek"] if figures.get("note")]
        notes += [f"- `{case.name}`: {told[-1]}."] if told else []

    parts = ["\n\n".join(top), table.markdown(made), table.LEGEND, "\n".join(skipped + notes)]
    print("\n\n".join(part for part in parts if part))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"machine": top, "rounds": raw}, file, indent=1)
    return 1 if failed else 0


def turns(case, ssek, k6, floor, files, quick):
    """One round: ssek, k6, the floor client, one right after the other."""
    yield "ssek", attempt(lambda: case.measure(ssek, ssek.path, quick))
    if k6 and case.k6_files is not None and (k6.has_sse or not case.sse):
        if case.k6_files > files:
            yield "k6", Failed(f"it needs {case.k6_files} open files and the hard limit is {files}")
        else:
            yield "k6", attempt(lambda: case.measure(k6, ssek.path, quick))
    if case.floor:
        yield "floor", attempt(lambda: case.floor(floor, ssek.path, quick))


def attempt(run):
    try:
        return run()
    except Failed as failed:
        return failed


def unfit(case, ssek, files):
    """Why a case cannot be measured here."""
    if case.files > files:
        return (f"it needs {case.files} open files and the hard limit is {files}; "
                f"raise it, such as with `ulimit -Hn {case.files}` as root")
    if case.gib > machine.free_gib():
        return f"it needs {case.gib:.0f} GiB of free memory and there are {machine.free_gib():.1f}"
    if case.async_streams and not ssek.has_async_streams():
        return "this ssek has no module `ssek/sse`"
    return None


def short(figures):
    if isinstance(figures, Failed):
        return f"failed: {figures}"
    shown = [f"{label} {value:.4g}" for label, value in figures.items() if isinstance(value, (int, float))]
    return ", ".join(shown)


def say(text):
    print(text, file=sys.stderr, flush=True)
