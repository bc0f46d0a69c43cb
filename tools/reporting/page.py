"""The page: one HTML file with its pictures inside, readable in light and dark, and on paper."""

import base64
import contextlib
import html
import io
import itertools
import os

import matplotlib.pyplot as plt
import numpy

from . import checks, claims, figures, sequences
from .sweep import line

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #f3f5f7; --line: #d5dae0; --link: #0b61c4;
        --yes: #17803d; --no: #b3261e; --open: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --paper: #14171a; --soft: #1f2428; --line: #3a4148;
        --link: #7ab4ff; --yes: #5bd08a; --no: #ff8a80; --open: #e3b341; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
       max-width: 72rem; padding: 1.5rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
a { color: var(--link); } nav a { margin-right: 1rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 1rem; align-items: start; }
.broad { grid-column: 1 / -1; } figure { margin: 0; } figure img { max-width: 100%; background: #fff; border-radius: 6px; border: 1px solid var(--line); }
figcaption { font-size: .9rem; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; } th { background: var(--soft); cursor: pointer; white-space: nowrap; }
.yes { color: var(--yes); } .no { color: var(--no); } .open { color: var(--open); } .yes, .no, .open { font-weight: 600; }
details { margin: .5rem 0; } pre { background: var(--soft); padding: .7rem; overflow-x: auto; font-size: .85rem; }
@media print { details { display: none; } h2 { break-before: page; } figure { break-inside: avoid; } }
"""

SORT = """
document.querySelectorAll("th").forEach(head => head.addEventListener("click", () => {
  const table = head.closest("table"), body = table.tBodies[0], at = head.cellIndex;
  const down = head.dataset.down = head.dataset.down === "1" ? "0" : "1";
  const value = row => { const text = row.cells[at].dataset.value ?? row.cells[at].textContent;
                         const number = Number(text); return text === "" || Number.isNaN(number) ? text : number; };
  [...body.rows].sort((a, b) => { const x = value(a), y = value(b);
    const order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
    return down === "1" ? order : -order; }).forEach(row => body.append(row));
}));
"""

BROAD = 8  # inches from which a figure takes the whole width
ROWS = 10000  # of the table of runs; what is left out is said


def escape(text):
    return html.escape(str(text))


def number(value):
    if isinstance(value, (str, numpy.str_)):
        return str(value)
    return "" if not numpy.isfinite(value) else f"{value:.5g}"


def table(head, rows, kind=None):
    """Rows of (text, value to sort by) or of texts; `kind` gives the class of a cell."""
    lines = ["<div class=wide><table><thead><tr>", *(f"<th>{escape(name)}</th>" for name in head),
             "</tr></thead><tbody>"]
    for row in rows:
        lines.append("<tr>")
        for cell in row:
            text, value = cell if isinstance(cell, tuple) else (cell, None)
            sort = "" if value is None else f' data-value="{escape(value)}"'
            style = f' class="{kind(text)}"' if kind and kind(text) else ""
            lines.append(f"<td{sort}{style}>{escape(text)}</td>")
        lines.append("</tr>")
    return "".join([*lines, "</tbody></table></div>"])


FINDING = ("claim", "expected", "found", "95 % interval", "values", "verdict")  # values: runs, or evaluation sets of runs


def findings(sweep):
    """A row of FINDING for each check of the sweep."""
    for finding in (checks.judge(check, sweep) for check in claims.page(sweep).checks):
        width = "" if numpy.isnan(finding.half_width) else f"± {finding.half_width:.2g}"
        yield (finding.check.claim, finding.check.expected, number(finding.found), width, finding.count,
               finding.verdict)


def verdicts(sweep):
    rows = list(findings(sweep))
    if not rows:
        return ""
    return "<h3>Claims</h3>" + table(FINDING, rows, lambda text: text if text in ("yes", "no", "open") else "")


def markdown(sweeps):
    """The claims of sweeps for a page like sweeps/README.md."""
    return "\n".join(judged(sweep, name) for sweep, (name, _) in zip(sweeps, places(sweeps)))


def judged(sweep, name):
    hours = "" if sweep.seconds is None else f", {numpy.nansum(sweep.seconds) / 3600:.2g} core hours"
    lines = [f"{name}: {int(sweep.done.sum())} of {len(sweep.state)} runs{hours}{changed(sweep)}", ""]
    rows = list(findings(sweep))
    if rows:
        lines += [f"| {' | '.join(FINDING)} |", f"|{'---|' * len(FINDING)}"]
        lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def changed(sweep):
    """How what was run differs from the sweep of that name."""
    short = ", quick: nothing is expected of it" if sweep.quick else ""
    return short + (f", with {sweep.overrides}" if sweep.overrides else "")


def picture(figure, folder, stem):
    """The <img> of a figure; with a folder its PNG and SVG files as well."""
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png")
    if folder:
        figure.savefig(svg, format="svg", metadata={"Date": None})
        replace(os.path.join(folder, f"{stem}.svg"), svg.getvalue())
        replace(os.path.join(folder, f"{stem}.png"), png.getvalue())
    plt.close(figure)
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}">'


def replace(path, content):
    """A new file in the place of what has the name. Whatever is there, in a folder that others may write to,
    is never written through."""
    draft = f"{path}.{os.getpid()}.part"
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        with open(draft, "xb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError as wrong:
        raise OSError(wrong.errno, wrong.strerror, path) from None


def runs(sweep):
    finals = [name for name, column in sweep.columns.items()
              if not column.axes or [axis.name for axis in column.axes] == ["step"]]
    rows = []
    for row in range(min(len(sweep.state), ROWS)):
        keys = [(number(value), value) for value in (sweep.keys[key][row] for key in sweep.keys)]
        cells = []
        for name in finals:
            values = sweep.columns[name].values[row]
            values = numpy.atleast_1d(values)[numpy.isfinite(numpy.atleast_1d(values))]
            last = values[-1] if values.size else numpy.nan
            cells.append((number(last), last if values.size else ""))
        rows.append([sweep.identity[row], sweep.state[row], *keys, *cells])
    left = len(sweep.state) - len(rows)
    more = f"<p>{left} more runs are in the file.</p>" if left else ""
    return (f"<details><summary>All {len(sweep.state)} runs</summary>"
            + table(["run", "state", *sweep.keys, *finals], rows) + more + "</details>")


def provenance(sweep):
    known = ("program", "commit", "compiler", "instruction_set", "host", "created", "results_version", "mpi_size")
    rows = [(key, sweep.attributes[key]) for key in known if key in sweep.attributes]
    if sweep.seconds is not None:
        rows.append(("core hours", f"{numpy.nansum(sweep.seconds) / 3600:.3g}"))
    yaml = escape(sweep.attributes.get("sweep", ""))
    extra = sweep.attributes.get("overrides", "")
    given = f"<p>On the command line:</p><pre>{escape(extra)}</pre>" if extra else ""
    return ("<details><summary>Where this comes from</summary>" + table(("what", "value"), rows)
            + f"<pre>{yaml}</pre>{given}</details>")


def places(sweeps):
    """Name and title of each sweep, which no other has on the page and among the pictures: where there are several
    of one sweep with the name of the file, and with a number where these are the same, too."""
    found = {}
    for sweep in sweeps:
        alone = sum(other.name == sweep.name for other in sweeps) == 1
        stem = os.path.splitext(line(os.path.basename(sweep.path)))[0]
        parts = itertools.chain([""] if alone or stem == sweep.name else [], [stem],
                                (f"{stem}-{count}" for count in itertools.count(2)))
        names = ((f"{sweep.name}-{part}" if part else sweep.name, part) for part in parts)
        name, part = next((name, part) for name, part in names if name not in found)
        found[name] = claims.page(sweep).title + (f": {part}" if part else "")
    return list(found.items())


def section(sweep, name, title, folder):
    page = claims.page(sweep)
    done, all_runs = int(sweep.done.sum()), len(sweep.state)
    parts = [f'<h2 id="{escape(name)}">{escape(title)}</h2><p>{escape(sweep.about)}</p>',
             f"<p>{escape(os.path.basename(sweep.path))}: {done} of {all_runs} runs have a result{escape(changed(sweep))}.</p>",
             verdicts(sweep)]
    rest = [column for column in sweep.columns if column not in page.figures]
    return "\n".join([*parts, gallery(sweep, name, page.figures, folder),
                      "<details><summary>More figures</summary>", gallery(sweep, name, rest, folder), "</details>",
                      runs(sweep), provenance(sweep)])


def gallery(sweep, name, columns, folder):
    """An index and the figures of these columns, as far as runs have them."""
    index, pictures = [], []
    for column in columns:
        drawn = figures.draw(sweep, column)
        if drawn:
            place, words = escape(f"{name}-{column}"), escape(column.replace("_", " "))
            broad = " class=broad" if drawn[0].get_figwidth() > BROAD else ""
            image = picture(drawn[0], folder, f"{name}-{column}".replace("/", "_"))
            index.append(f'<a href="#{place}">{words}</a>')
            pictures.append(f'<figure{broad} id="{place}">{image}<figcaption><b>{words}</b>: '
                            f"{escape(drawn[1])}</figcaption></figure>")
    return "\n".join([f"<nav>{' '.join(index)}</nav>", "<div class=figures>", *pictures, "</div>"])


def together(sweeps, folder):
    """What is seen only when several files lie beside each other."""
    drawn = sequences.shots_together(sweeps)
    if drawn is None:
        return ""
    figure, left = drawn
    about = ("loss of each shot of one model: plain pairs, with a tuned EOS token behind each, behind a tuned prefix"
             + figures.not_drawn(left, "model"))
    return (f'<h2 id="together">Few shots, and what helps</h2><figure class=broad>{picture(figure, folder, "few-shots")}'
            f"<figcaption>{about}</figcaption></figure>")


def write(path, sweeps, folder):
    """The page at `path`; the pictures as files in `folder` too, when there is one."""
    joint = together(sweeps, folder)
    named = places(sweeps)
    body = "\n".join([*(section(sweep, *place, folder) for sweep, place in zip(sweeps, named)), joint])
    links = "".join(f'<a href="#{escape(name)}">{escape(title)}</a>' for name, title in named)
    links += '<a href="#together">Few shots, and what helps</a>' if joint else ""
    title = "mesasweep: " + ", ".join(dict.fromkeys(sweep.name for sweep in sweeps))
    text = (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
            f"<h1>{escape(title)}</h1><nav>{links}</nav>\n{body}\n<script>{SORT}</script></body></html>\n")
    replace(path, text.encode(errors="replace"))
