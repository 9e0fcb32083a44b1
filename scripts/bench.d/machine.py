"""What the machine is, and whether it is free."""

import os
import platform
import resource


def line():
    """One line for the top of a report."""
    model = "unknown CPU"
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            model = next(text.split(":", 1)[1].strip() for text in info if text.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{cores()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.release()}, "
            f"load average {load}")


def cores():
    return len(os.sched_getaffinity(0))


def warning():
    """A warning where other work runs; None where the machine looks free."""
    load = os.getloadavg()[0]
    if load <= 0.3 * cores():
        return None
    return (f"the load average is {load:.2f} on {cores()} cores: other work runs (or ran a minute ago), "
            "and the figures will be worse and less steady than this machine can do")


def raise_open_files():
    """Allows as many open files as the system lets us; returns how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 30


def free_gib():
    """Memory that is available, in GiB."""
    with open("/proc/meminfo", encoding="ascii") as info:
        return next(int(text.split()[1]) for text in info if text.startswith("MemAvailable")) / 2**20
