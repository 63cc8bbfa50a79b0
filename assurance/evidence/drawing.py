"""The map of patients' data as SVG and as Mermaid: columns from people to copies, alike apps as one."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import groupby
from textwrap import wrap

from assurance.evidence.encryption import is_encrypted
from assurance.evidence.flows import DataMap, Hop, Layer, Place
from assurance.pages.builder import build_text
from documents.counting import first_of

TITLES: dict[Layer, str] = {
    "people": "People",
    "edge": "Edge",
    "apps": "Apps and jobs",
    "stores": "Stores",
    "copies": "Copies",
    "outside": "Outside",
}
TOGETHER_FROM = {"app": 8, "host name": 8, "job": 3}
"""More of a kind than this, and those with the same ways are drawn as one; flows.csv still has each."""
COLUMNS: tuple[tuple[Layer, ...], ...] = (("people",), ("edge",), ("apps",), ("stores", "outside"), ("copies",))
NAMES_SHOWN = 3
WIDTH, HEIGHT, GAP_X, GAP_Y, TOP, LINE = 176, 42, 120, 16, 44, 24


def drawn(found: DataMap) -> DataMap:
    """The map with alike apps, and alike hosts, as one place each, where there are many."""
    for kind, most in TOGETHER_FROM.items():
        if sum(place.kind == kind for place in found.places) > most:
            found = _together(found, kind)
    return found


def _together(found: DataMap, kind: str) -> DataMap:
    """Places of a kind whose ways on are the same become one."""

    def ways(place: Place) -> frozenset[tuple[str, bool, bool, str]]:
        return frozenset(
            (hop.end.name, hop.open, hop.private, hop.encryption) for hop in found.hops if hop.start == place
        )

    groups: dict[object, list[Place]] = {}
    for place in found.places:
        if place.kind == kind:
            groups.setdefault(ways(place), []).append(place)
    names = {}
    for same in groups.values():
        if len(same) > 1:
            listed = first_of([place.name for place in same], NAMES_SHOWN)
            names.update(dict.fromkeys(same, replace(same[0], name=f"{len(same)} {kind}s: {listed}")))
    hops = [replace(hop, start=names.get(hop.start, hop.start), end=names.get(hop.end, hop.end)) for hop in found.hops]
    unique = {(hop.start, hop.end, hop.open, hop.private, hop.encryption): hop for hop in hops}
    places = list(dict.fromkeys(names.get(place, place) for place in found.places))
    return DataMap(found.stack, places, list(unique.values()))


def look(hop: Hop) -> str:
    """How a hop is drawn: ``shut``, ``bare`` (not encrypted), ``inside`` or ``public``."""
    if not hop.open:
        return "shut"
    if not is_encrypted(hop.encryption) and not hop.encryption.startswith("STARTTLS"):
        return "bare"
    return "inside" if hop.private else "public"


def svg(found: DataMap) -> str:
    """The map as SVG, drawn by its own classes so that a page can colour it; each hop has its number and a title."""
    plan = drawn(found)
    columns = [[place for layer in layers for place in plan.places if place.layer == layer] for layers in COLUMNS]
    columns = _untangled([column for column in columns if column], plan.hops)
    tallest = max((len(column) for column in columns), default=0)
    width = len(columns) * (WIDTH + GAP_X) - GAP_X + 8
    height = TOP + tallest * (HEIGHT + GAP_Y) + 8
    at: dict[Place, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        top = TOP + (tallest - len(column)) * (HEIGHT + GAP_Y) / 2
        for row, place in enumerate(column):
            at[place] = (4 + number * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y))
    parts = [
        f'<svg class="map" viewBox="0 0 {width} {height:.0f}" role="img" aria-labelledby="map-title" '
        f'style="min-width:{min(width, 900)}px" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="map-title">Where patients\' data of {escape(found.stack)} enters, rests, moves and leaves; '
        "the table below says the same</title>",
    ]
    for number, column in enumerate(columns):
        x = 4 + number * (WIDTH + GAP_X)
        titles = dict.fromkeys(TITLES[place.layer] for place in column)
        title = " and ".join(titles).replace("and Outside", "and outside")
        parts.append(f'<text class="layer" x="{x}" y="{LINE}">{title}</text>')
    parts += [_line(hop, number, at, plan.hops) for number, hop in enumerate(plan.hops, start=1)]
    parts += [_box(place, *at[place]) for place in plan.places]
    parts.append("</svg>")
    return "\n".join(parts)


def _untangled(columns: list[list[Place]], hops: Sequence[Hop]) -> list[list[Place]]:
    """Columns whose places stand beside those that they come from: fewer lines cross."""
    done: list[list[Place]] = []
    for column in columns:
        height = {place: row / max(len(each) - 1, 1) for each in done for row, place in enumerate(each)}

        def middle(place: Place, before: dict[Place, float] = height) -> float:
            rows = [before[hop.start] for hop in hops if hop.end == place and hop.start in before]
            return sum(rows) / len(rows) if rows else 2.0

        done.append(sorted(column, key=middle))
    return done


def _line(hop: Hop, number: int, at: dict[Place, tuple[float, float]], hops: Sequence[Hop]) -> str:
    """A hop as a curve from the right side of a place to the left side of another, its number on it."""
    out = sorted((each for each in hops if each.start == hop.start), key=lambda each: at[each.end][1])
    into = sorted((each for each in hops if each.end == hop.end), key=lambda each: at[each.start][1])
    leaves, comes = (out.index(hop) + 1) / (len(out) + 1), (into.index(hop) + 1) / (len(into) + 1)
    x1, y1 = at[hop.start][0] + WIDTH, at[hop.start][1] + HEIGHT * leaves
    x2, y2 = at[hop.end][0], at[hop.end][1] + HEIGHT * comes
    bend = min(abs(x2 - x1) / 2, GAP_X) if x2 > x1 else GAP_X
    c1, c2 = x1 + bend, x2 - bend
    path = f"M{x1:.0f} {y1:.1f} C{c1:.0f} {y1:.1f} {c2:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
    # Numbers of lines that leave one place stand apart: each further along its own line.
    part = (0.1 + 0.4 * leaves) * min(1, GAP_X / max(x2 - x1, 1))
    spot_x, spot_y = _bezier(part, x1, c1, c2, x2), _bezier(part, y1, y1, y2, y2)
    title = escape(f"{number}. {hop.start.name} → {hop.end.name}: {hop.way}; {hop.encryption}; {hop.right}")
    return (
        f'<g class="hop {look(hop)}"><title>{title}</title><path d="{path}"/>'
        f'<circle cx="{spot_x:.1f}" cy="{spot_y:.1f}" r="8"/>'
        f'<text class="number" x="{spot_x:.1f}" y="{spot_y + 3.5:.1f}">{number}</text></g>'
    )


def _bezier(t: float, a: float, b: float, c: float, d: float) -> float:
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d


def _box(place: Place, x: float, y: float) -> str:
    lines = wrap(place.name, 27, break_on_hyphens=False)
    shown = [*lines[:1], lines[1] + ("…" if len(lines) > 2 else "")] if len(lines) > 1 else [*lines, place.kind]
    texts = "".join(
        f'<text class="{"small" if row and len(lines) == 1 else "name"}" x="{x + 8:.0f}" y="{y + 16 + row * 15:.1f}">'
        f"{escape(line)}</text>"
        for row, line in enumerate(shown)
    )
    return (
        f'<g class="place {place.layer}"><title>{escape(place.name)} ({escape(place.kind)})</title>'
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>{texts}</g>'
    )


def mermaid(found: DataMap) -> str:
    """The map as a Mermaid flowchart; a hop says its number, and how it looks."""
    plan = drawn(found)
    ids = {place: f"p{number}" for number, place in enumerate(plan.places)}
    lines = ["flowchart LR"]
    for layer, column in groupby(plan.places, key=lambda place: place.layer):
        lines.append(f'  subgraph {layer} ["{TITLES[layer]}"]')
        lines += [f'    {ids[place]}["{_quoted(place.name)}"]' for place in column]
        lines.append("  end")
    arrows = {"shut": "-. {} .-x", "bare": "== {} ==>", "inside": "-- {} -->", "public": "-. {} .->"}
    for number, hop in enumerate(plan.hops, start=1):
        arrow = arrows[look(hop)].format(f'"{number} {look(hop)}"')
        lines.append(f"  {ids[hop.start]} {arrow} {ids[hop.end]}")
    return "\n".join(lines)


def markdown(found: DataMap) -> str:
    """A page with the map and the table of its hops."""
    return build_text("assurance.evidence", "map.md.j2", plan=drawn(found), mermaid=mermaid(found), look=look)


def _quoted(text: str) -> str:
    return text.replace('"', "'")
