"""Writes what `./dev bench` measured as a page and two plots: report.py RESULTS.JSON FOLDER.

FOLDER gets README.md, the table, and one SVG for each survey. Everything in them comes from RESULTS.JSON.
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "shmbroker"  # the same figures make the same files
matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text

from matplotlib import pyplot  # noqa: E402  the backend is chosen first

WORDS = {"aim": "aim reached", "pass": "passed", "missed": "**missed**", "failed": "**not measured**"}


def figure(value):
    """A number as people read it."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def bound(bar, which):
    sign = "≥" if bar["better"] == "more" else "≤"
    return f"{sign} {bar[which]:g}"


def row(bar):
    if "value" not in bar:
        return f"| {bar['id']} | {bar['what']} | {bar['failure']} | {bound(bar, 'pass')} | {bound(bar, 'aim')} | {WORDS['failed']} |"
    least, most = bar["range"]
    value = f"{figure(bar['value'])} ({figure(least)} to {figure(most)})"
    return f"| {bar['id']} | {bar['what']} | {value} | {bound(bar, 'pass')} | {bound(bar, 'aim')} | {WORDS[bar['verdict']]} |"


def notes(bars):
    for bar in bars:
        for note in bar.get("notes", []):
            yield f"- {bar['id']}: {note['what']}: {figure(note['value'])} {note['unit']}"


def page(results):
    machine = results["machine"]
    lines = [
        "# What was measured",
        "",
        f"`./dev bench` wrote this on {results['date'][:10]}, with version {results['version']}. {machine['system']}, "
        f"{machine['processor']}, {machine['processors']} processors, {machine['memory'] / 2**30:.0f} GiB.",
        f"Each value is the median of {results['repeats']} repeats, their range in brackets; both sides of a ratio were taken in",
        "turn in one run. `results.json` of the run has every sample. Wine's calls of the kernel cost much more than those of",
        "Windows, which inflates ratios to what needs them; counts and ratios of user code do not suffer from it.",
        "",
        "| bar | what | measured | pass | aim | |",
        "|---|---|---|---|---|---|",
        *[row(bar) for bar in results["bars"]],
        "",
    ]
    beside = list(notes(results["bars"]))
    if beside:
        lines += ["## Noted beside", "", *beside, ""]
    for survey in results["surveys"]:
        if "failure" not in survey:
            lines += [f"## {survey['what']}", "", f"![{survey['what']}]({survey['id']}.svg)", ""]
    return "\n".join(lines)


def plot(survey, path):
    fig, axes = pyplot.subplots(figsize=(8, 5))
    for series in survey["series"]:
        x, y, least, most = (list(column) for column in zip(*series["points"]))
        if survey["id"] == "latency":
            x = [1 / (1 - share) for share in x]  # 0.5, 0.9, 0.99…: each step as wide as the one before
        errors = [[a - b for a, b in zip(y, least)], [b - a for a, b in zip(y, most)]]
        axes.errorbar(x, y, yerr=errors, marker="o", capsize=3, label=series["name"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    if survey["id"] == "latency":
        axes.set_xticks([2, 10, 100, 1000, 10000], ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"])
    else:
        sizes = sorted({point[0] for series in survey["series"] for point in series["points"]})
        axes.set_xticks(sizes, [f"{size / 1024:g} KiB" if size >= 1024 else f"{size:g} B" for size in sizes])
    axes.minorticks_off()
    axes.set_title(survey["what"])
    axes.set_xlabel(survey["x"])
    axes.set_ylabel(survey["y"])
    axes.grid(True, alpha=0.3)
    axes.legend()
    fig.tight_layout()
    fig.savefig(path, metadata={"Date": None})
    pyplot.close(fig)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: report.py RESULTS.JSON FOLDER")
    results = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(page(results), encoding="utf-8")
    for survey in results["surveys"]:
        if "failure" not in survey:
            plot(survey, folder / f"{survey['id']}.svg")


main()
