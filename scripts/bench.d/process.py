"""Processes that are measured, and processes that must not outlive the script."""

import atexit
import os
import signal
import subprocess
import threading
import time

_running = set()


def stop_all():
    """Ends what this script started, and nothing else."""
    for process in list(_running):
        stop(process)


atexit.register(stop_all)


def start(command, **how):
    """Starts a process that ends with this script at the latest."""
    process = subprocess.Popen(command, **how)
    _running.add(process)
    return process


def stop(process):
    """Asks a process to end, then makes it."""
    _running.discard(process)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Finished:
    """What a measured process took."""

    def __init__(self, wall, usage, status, rss, peak_kb, overdue):
        self.wall = wall  # seconds
        self.cpu = usage.ru_utime + usage.ru_stime  # seconds, this process alone
        self.exit = os.waitstatus_to_exitcode(status)
        self.rss = rss  # [(seconds since the start, KiB)]
        self.peak_kb = peak_kb
        self.overdue = overdue


def measure(command, timeout, sample_every=None, while_running=None, **how):
    """Runs a command to its end. With `sample_every` (seconds), its memory is looked at that often;
    `while_running(process, started)` runs on a thread of its own."""
    started = time.monotonic()
    process = start(command, **how)
    overdue = threading.Event()

    def give_up():
        overdue.set()
        process.send_signal(signal.SIGKILL)

    watchdog = threading.Timer(timeout, give_up)
    watchdog.daemon = True
    watchdog.start()
    rss, peak, done = [], [0], threading.Event()

    def sample():
        while not done.is_set():
            now, high = memory_kb(process.pid)
            if now:
                rss.append((time.monotonic() - started, now))
                peak[0] = max(peak[0], high)
            done.wait(sample_every)

    threads = []
    if sample_every:
        threads.append(threading.Thread(target=sample, daemon=True))
    if while_running:
        threads.append(threading.Thread(target=while_running, args=(process, started), daemon=True))
    for thread in threads:
        thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
    _running.discard(process)
    watchdog.cancel()
    done.set()
    for thread in threads:
        thread.join(5)
    return Finished(wall, usage, status, rss, peak[0], overdue.is_set())


def memory_kb(pid):
    """Resident memory of a process now, and at its highest so far, in KiB."""
    now = high = 0
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    high = int(line.split()[1])
                elif line.startswith("VmRSS:"):
                    now = int(line.split()[1])
    except OSError:
        pass  # it has ended
    return now, high
