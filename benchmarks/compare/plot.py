# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Horizontal bars as an SVG: a group per case, a bar per server, a whisker for the range, a line where the ratio is 1."""
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#2a9d8f", "#e9a23b", "#d1495b", "#7b5ea7", "#6c757d", "#a0785a", "#3d405b")
LEFT, WIDTH, RIGHT = 190, 480, 60
BAR, GAP, TITLE = 14, 4, 26
MOST = 4.0  # longer bars are cut, and say how long they are


def bar(y, name, ratio, colour):
    def x(value):
        return LEFT + WIDTH * min(value, MOST) / MOST

    end, middle = x(ratio["median"]), y + BAR / 2
    yield f'<text x="{LEFT - 8}" y="{y + BAR - 3}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{colour}"/>'
    yield f'<path d="M{x(ratio["least"]):.1f} {middle}H{x(ratio["most"]):.1f}" stroke="#222" stroke-width="1.5"/>'
    right = max(end, x(ratio["most"])) + 6
    yield f'<text x="{right:.1f}" y="{y + BAR - 3}">{ratio["median"]:.2f}</text>'


def bars(groups, baseline):
    """`groups`: title to {name: ratio with median, least and most}."""
    groups = {title: ratios for title, ratios in groups.items() if ratios}
    names = list(dict.fromkeys(name for ratios in groups.values() for name in ratios))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    lines, y = [], 34
    for title, ratios in groups.items():
        lines.append(f'<text x="{LEFT}" y="{y + 16}" font-weight="bold">{escape(title)}</text>')
        y += TITLE
        for name, ratio in ratios.items():
            lines += bar(y, name, ratio, colours[name])
            y += BAR + GAP
        y += 6
    one = LEFT + WIDTH / MOST
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {y + 6}" font-family="sans-serif" '
        f'font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="8" y="18" font-size="14">Server CPU time per request, {escape(baseline)} = 1 (less is better)</text>',
    ]
    line = f'<path d="M{one} 28V{y}" stroke="#222" stroke-dasharray="4 3"/>'
    return "\n".join([*head, *lines, line, "</svg>"]) + "\n"
