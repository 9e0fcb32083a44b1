"""What a row is: a value that a case measures, what k6 gets for it, and what is wanted."""

from dataclasses import dataclass
from typing import Callable, Optional

LOWER, HIGHER = "lower", "higher"


@dataclass
class Value:
    """A figure that a case gives for each tool."""

    label: str
    unit: str
    better: str = LOWER
    # How many times better than k6 it has to be at least, and is meant to be.
    wanted: Optional[float] = None
    aim: Optional[float] = None
    # The figure itself, where that is what is wanted: at most so much, and the aim.
    limit: Optional[float] = None
    limit_aim: Optional[float] = None
    # k6's figure in the table of reference figures, for where no k6 can be run.
    k6: Optional[float] = None
    # The floor's figure in the same table: k6's is scaled by what the floor is here.
    k6_floor: Optional[float] = None


@dataclass
class Case:
    """A way to measure one or several values. `measure(tool, ssek, quick)` and `floor(path, ssek, quick)`
    return figures by label; the label `scale` is the floor's figure that k6's is scaled by, where it
    is not the floor's own for the value. `ssek` is the binary whose mock serves."""

    name: str
    about: str
    values: list
    measure: Callable
    floor: Optional[Callable] = None
    # What a tool must have.
    sse: bool = False
    async_streams: bool = False
    # Open files that the client and the server need each, and free memory in GiB.
    files: int = 1000
    gib: float = 1.0
    # k6 opens a connection a call and keeps them. None: k6 has nothing of the kind.
    k6_files: Optional[int] = 1000


def ratio(value, ssek, k6):
    """How many times better ssek is than k6; None where that cannot be said."""
    if not ssek or not k6 or ssek <= 0 or k6 <= 0:
        return None
    return k6 / ssek if value.better == LOWER else ssek / k6


def reference(value, floor):
    """k6's figure from the table, scaled by the floor's figure here where the table has one for it."""
    if value.k6 is None:
        return None
    if value.k6_floor is None:
        return value.k6
    return value.k6 * floor / value.k6_floor if floor else None


def verdict(value, ssek, k6):
    """`ok`, `aim` (which is more than ok) or `short`; an empty text where nothing is wanted or known."""
    if ssek is None:
        return ""
    if value.limit is not None:
        if ssek <= (value.limit_aim if value.limit_aim is not None else -1):
            return "aim"
        return "ok" if ssek <= value.limit else "short"
    better = ratio(value, ssek, k6)
    if value.wanted is None or better is None:
        return ""
    if value.aim is not None and better >= value.aim:
        return "aim"
    return "ok" if better >= value.wanted else "short"
