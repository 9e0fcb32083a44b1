"""The report: one Markdown table."""

import statistics

from case import ratio, reference, verdict

HEAD = ("row", "unit", "ssek", "k6", "floor", "ssek : k6", "wanted", "verdict")


def rows(case, measured):
    """The rows of a case. `measured` has the figures of all rounds by tool, and `notes`."""
    made = []
    for value in case.values:
        ssek, k6, floor = (series(measured.get(tool), value.label) for tool in ("ssek", "k6", "floor"))
        scale = series(measured.get("floor"), "scale") or floor
        figure, told = median(k6), cell(value, k6)
        if figure is None:
            figure = reference(value, median(scale))
            told = f"{number(value, figure)} {'‡' if value.k6_floor else '†'}" if figure else "–"
        better = ratio(value, median(ssek), figure)
        label = f"{case.about}: {value.label}" if len(case.values) > 1 else case.about
        made.append((
            f"{label} (`{case.name}`)" if value is case.values[0] else label,
            unit(value), cell(value, ssek), told, cell(value, floor),
            f"{better:.2f}" if better else "–", wanted(value), verdict(value, median(ssek), figure) or "–",
        ))
    return made


def markdown(table):
    lines = [HEAD, tuple("---" for _ in HEAD), *table]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


LEGEND = """ssek, k6, floor: median (lowest–highest) of all rounds. ssek : k6: how many times better ssek is. \
Verdict: `aim` where the aim is reached, `ok` where what is wanted is, else `short`.
† k6's figure measured on another machine: compare with care. \
‡ the same, scaled by what the floor client is here to what it was there."""


def series(rounds, label):
    return [figures[label] for figures in rounds or [] if figures.get(label) is not None]


def median(figures):
    return statistics.median(figures) if figures else None


def cell(value, figures):
    if not figures:
        return "–"
    middle = number(value, statistics.median(figures))
    if len(figures) == 1:
        return middle
    return f"{middle} ({number(value, min(figures))}–{number(value, max(figures))})"


def number(value, figure):
    figure = figure / 1e3 if value.unit == "k" else figure
    size = abs(figure)
    return f"{figure:,.0f}" if size >= 100 else f"{figure:.1f}" if size >= 10 else f"{figure:.2f}"


def unit(value):
    if value.unit == "k":
        return f"k {value.label}"
    return value.label if value.label.startswith("CPU") else value.unit


def wanted(value):
    if value.limit is not None:
        aim = f", aim {value.limit_aim:g}" if value.limit_aim is not None else ""
        return f"≤ {value.limit:g} {value.unit}{aim}"
    if value.wanted is None:
        return "–"
    return f"≥ {value.wanted:.2g} ×" + (f", aim {value.aim:g} ×" if value.aim else "")
