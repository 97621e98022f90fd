"""plot.py - the figures as SVG: one plot of everything beside the others, one of growth."""
import math

COLOURS = {"sockade": "#c2410c", "nginx": "#15803d", "haproxy-tuned": "#1d4ed8", "haproxy": "#93a3b8"}
INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
LOW, HIGH = 0.0625, 4.0  # of the axis; what is beyond stands at its end


def text(x, y, words, size=12, anchor="start", colour=INK, weight="normal"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return ('<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" fill="%s" font-weight="%s">%s</text>'
            % (x, y, size, anchor, colour, weight, words))


def line(x1, y1, x2, y2, colour=GRID, width=1.0, dash=""):
    return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"%s/>'
            % (x1, y1, x2, y2, colour, width, ' stroke-dasharray="%s"' % dash if dash else ""))


def circle(x, y, colour, radius=5.0):
    return '<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="#fff" stroke-width="1"/>' % (x, y, radius, colour)


def document(width, height, parts):
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
            'font-family="system-ui, sans-serif">' % (width, height, width, height))
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])


# ---- beside the others

LEFT, RIGHT, ROW, TOP = 300, 760, 25, 92


def across(value):
    part = (math.log2(min(max(value, LOW), HIGH)) - math.log2(LOW)) / (math.log2(HIGH) - math.log2(LOW))
    return LEFT + part * (RIGHT - LEFT)


def legend(y):
    parts, x = [], LEFT
    for name, colour in COLOURS.items():
        parts += [circle(x, y - 4, colour), text(x + 10, y, name, 12)]
        x += 34 + 7.2 * len(name)
    return parts + [line(x, y - 10, x, y + 1, INK, 2), text(x + 8, y, "target", 12)]


def bar(y, title, costs, reference, target, unit, cost):
    """One line: what each of `costs` is of `reference`, what sockade is to be at most, and is (`cost`)."""
    parts = [text(LEFT - 14, y + 4, title, 12, "end"), line(LEFT, y, RIGHT, y)]
    for name in reversed(COLOURS):
        if name in costs:
            parts.append(circle(across(costs[name] / reference), y, COLOURS[name], 6 if name == "sockade" else 5))
    if target:
        parts.append(line(across(target), y - 8, across(target), y + 8, INK, 2))
    return parts + [text(RIGHT + 14, y + 4, "%s %s" % ("%.1f" % cost if cost < 100 else "%.0f" % cost, unit), 12, colour=COLOURS["sockade"])]


def beside(rows):
    """`rows`: what bar() takes."""
    height = TOP + ROW * len(rows) + 42
    parts = [text(20, 28, "What a request costs in the proxy", 17, weight="bold"),
             text(20, 48, "CPU time (memory at the end) of each proxy, beside the one that the target names; left is less.",
                  12, colour=FAINT), *legend(72)]
    for value, label in ((0.0625, "1/16"), (0.125, "1/8"), (0.25, "1/4"), (0.5, "1/2"), (1, "1"), (2, "2"), (4, "4")):
        x = across(value)
        parts += [line(x, TOP - 8, x, height - 40, FAINT if value == 1 else GRID, 1.5 if value == 1 else 1),
                  text(x, height - 22, label, 11, "middle", FAINT)]
    parts.append(text(RIGHT + 14, TOP - 10, "sockade", 12, colour=COLOURS["sockade"], weight="bold"))
    for index, row in enumerate(rows):
        parts += bar(TOP + ROW * index + 12, *row)
    return document(900, height, parts)


# ---- growth

PANEL, PANEL_HEIGHT, PANEL_TOP = 220, 150, 70


def panel(left, title, points):
    """`points`: {count: {"cost", "ratio"}}; the cost beside that of the first."""
    counts = sorted(points, key=int)
    parts = [text(left, PANEL_TOP - 14, title, 13, weight="bold")]
    width = PANEL - 60

    def down(ratio):
        return PANEL_TOP + PANEL_HEIGHT * (1 - min(ratio, 1.5) / 1.5)

    for value in (0, 0.5, 1, 1.5):
        parts += [line(left, down(value), left + width, down(value), FAINT if value == 1 else GRID),
                  text(left - 6, down(value) + 4, "%.1f" % value, 11, "end", FAINT)]
    places = [left + width * (0.08 + 0.84 * index / max(1, len(counts) - 1)) for index in range(len(counts))]
    heights = [down(points[count]["ratio"]) for count in counts]
    for index, count in enumerate(counts):
        if index:
            parts.append(line(places[index - 1], heights[index - 1], places[index], heights[index], COLOURS["sockade"], 2))
        parts += [circle(places[index], heights[index], COLOURS["sockade"]),
                  text(places[index], heights[index] - 11, "%.2f" % points[count]["ratio"], 11, "middle"),
                  text(places[index], PANEL_TOP + PANEL_HEIGHT + 18, "{:,}".format(int(count)), 11, "middle", FAINT)]
    return parts


def growth(panels):
    """`panels`: (title, points)."""
    parts = [text(20, 26, "The cost of a request beside the number of what it does not concern", 16, weight="bold"),
             text(20, PANEL_TOP + PANEL_HEIGHT + 44, "sockade's CPU time per request, beside that of the first point", 12,
                  colour=FAINT)]
    for index, (title, points) in enumerate(panels):
        parts += panel(50 + PANEL * index, title, points)
    return document(40 + PANEL * len(panels), PANEL_TOP + PANEL_HEIGHT + 60, parts)
