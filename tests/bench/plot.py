# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots as SVG, without a library: panels of horizontal bars or of lines, one below the other."""

from html import escape
from math import floor, log10

COLOURS = {"floor": "#9aa0a6", "+config": "#5f6368", "wabe": "#0b6bcb", "crun": "#e07b00", "runc": "#2f9e6e", "lxc": "#b3458f"}
WIDTH, MARGIN, LABELS, VALUES = 860, 24, 205, 90
BAR, GAP, GROUP_GAP, TITLE, AXIS, LINES = 15, 2, 12, 46, 34, 260


def _step(most, count=6):
    """A round distance of ticks: 1, 2 or 5 times a power of ten."""
    raw = most / count or 1
    power = 10 ** floor(log10(raw))
    return next(unit * power for unit in (1, 2, 5, 10) if unit * power >= raw)


def _number(value):
    return f"{value:.0f}" if value >= 100 or isinstance(value, int) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _tick(value):
    return f"{value:.6g}"


def _text(x, y, words, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind and f" class={chr(34)}{kind}{chr(34)}"}>{escape(words)}</text>'


def _line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


class Bars:
    """Groups of bars: [(group, [(name, value, low, high)])]; low and high may be None. A name with a colour is a peer."""

    def __init__(self, title, groups):
        self.title, self.groups = title, groups

    def height(self):
        return TITLE + sum(len(bars) * (BAR + GAP) + GROUP_GAP for _, bars in self.groups) + AXIS

    def draw(self, top):
        most = max(high or value for _, bars in self.groups for _, value, _, high in bars) or 1
        scale = (WIDTH - 2 * MARGIN - LABELS - VALUES) / most
        left, y = MARGIN + LABELS, top + TITLE
        bottom = top + self.height() - AXIS - GROUP_GAP / 2
        out = [_text(MARGIN, top + 22, self.title, kind="title")]
        step = _step(most)
        for i in range(int(most / step + 1e-9) + 1):
            out.append(_line(left + i * step * scale, y - 4, left + i * step * scale, bottom, "grid"))
            out.append(_text(left + i * step * scale, bottom + 15, _tick(i * step), "middle", "small"))
        for group, bars in self.groups:
            out.append(_text(MARGIN, y + len(bars) * (BAR + GAP) / 2 + 4, group))
            for name, value, low, high in bars:
                out += self.bar(name, value, low, high, left, y, scale)
                y += BAR + GAP
            y += GROUP_GAP
        return out

    @staticmethod
    def bar(name, value, low, high, left, y, scale):
        end = left + value * scale
        out = [f'<rect x="{left}" y="{y:.1f}" width="{value * scale:.1f}" height="{BAR}" fill="{COLOURS[name]}"/>',
               _text(left - 6, y + BAR - 4, name, "end", "small")]
        if low is not None and low < high:
            middle, end = y + BAR / 2, max(end, left + high * scale)
            out.append(_line(left + low * scale, middle, left + high * scale, middle, "whisker"))
            out += [_line(left + at * scale, middle - 3, left + at * scale, middle + 3, "whisker") for at in (low, high)]
        return out + [_text(end + 6, y + BAR - 4, _number(value), kind="small")]


class Lines:
    """Lines over 0, 1, 2 ...: {peer: [values]}."""

    def __init__(self, title, below, lines):
        self.title, self.below, self.lines = title, below, lines

    @staticmethod
    def height():
        return TITLE + LINES + AXIS + 18

    def draw(self, top):
        most = max(max(values) for values in self.lines.values()) * 1.05
        last = max(len(values) for values in self.lines.values()) - 1
        left, right, y, bottom = MARGIN + 50, WIDTH - MARGIN - VALUES, top + TITLE, top + TITLE + LINES
        out = [_text(MARGIN, top + 22, self.title, kind="title")]
        for i in range(int(most / _step(most)) + 1):
            at = bottom - i * _step(most) / most * LINES
            out += [_line(left, at, right, at, "grid"), _text(left - 8, at + 4, _tick(i * _step(most)), "end", "small")]
        for i in range(int(last / _step(last)) + 1):
            out.append(_text(left + i * _step(last) / last * (right - left), bottom + 16, _tick(i * _step(last)), "middle", "small"))
        out.append(_text((left + right) / 2, bottom + 34, self.below, "middle", "small"))
        for name, values in self.lines.items():
            points = " ".join(f"{left + i / last * (right - left):.1f},{bottom - value / most * (bottom - y):.1f}"
                              for i, value in enumerate(values))
            out.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="1.6"/>')
        return out + self.names(right + 8, bottom, y, most)

    def names(self, x, bottom, y, most):
        """At the lines' ends, moved apart where they would cover each other."""
        out, below = [], bottom + 20
        for name, values in sorted(self.lines.items(), key=lambda line: line[1][-1]):
            at = min(bottom - values[-1] / most * (bottom - y) + 4, below - 16)
            out.append(f'<text x="{x}" y="{at:.1f}" style="fill: {COLOURS[name]}" class="name">{name} {_number(values[-1])}</text>')
            below = at
        return out


def write(path, title, note, panels):
    """The panels below each other in one file."""
    body, y = [_text(MARGIN, 34, title, kind="head"), _text(MARGIN, 54, note, kind="small")], 66
    for panel in panels:
        body += panel.draw(y)
        y += panel.height()
    style = ("text { font: 13px sans-serif; fill: #202124 } .head { font-size: 19px; font-weight: bold }"
             " .title { font-size: 15px; font-weight: bold } .small { font-size: 11.5px; fill: #444 }"
             " .grid { stroke: #e3e5e8 } .whisker { stroke: #202124 } .name { font-size: 12px; font-weight: bold }")
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 12:.0f}" viewBox="0 0 {WIDTH} {y + 12:.0f}">\n'
        f"<style>{style}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n", encoding="utf-8")
