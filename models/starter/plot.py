#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The loss curve as a small SVG: plot.py LOG.csv OUT.svg [POINTS] (log.csv as train.py writes it)."""
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 560, 260, 42, 12, 34


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        found = [[float(x) for x in line.split(",")] for line in f if line.count(",") == 4]
    size = max(1, len(found) // (int(sys.argv[3]) if len(sys.argv) > 3 else 150))
    parts = [found[i:i + size] for i in range(0, len(found) - size + 1, size)]
    points = [(p[-1][1] / 1e6, sum(r[3] for r in p) / len(p)) for p in parts]
    decay = next((r[1] / 1e6 for a, r in zip(found, found[1:]) if r[2] < a[2]), None)
    most = max(x for x, _ in points)
    low, high = int(min(y for _, y in points) * 2) / 2, min(7.0, max(y for _, y in points))
    sx = lambda x: LEFT + x / most * (WIDTH - LEFT - 12)
    sy = lambda y: TOP + (high - min(y, high)) / (high - low) * (HEIGHT - TOP - BOTTOM)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    y = low
    while y <= high:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{sy(y):.1f}" y2="{sy(y):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{sy(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
        y += 1
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / s <= 8)
    for i in range(int(most / step) + 1):
        out.append(f'<text x="{sx(i * step):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{i * step}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">million tokens; training loss, nats a token</text>')
    if decay:
        out.append(f'<line x1="{sx(decay):.1f}" x2="{sx(decay):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#888" '
                   f'stroke-dasharray="4 3"/><text x="{sx(decay) + 4:.1f}" y="{TOP + 10}">decay</text>')
    line = " ".join(f"{sx(x):.1f},{sy(y):.1f}" for x, y in points)
    out.append(f'<polyline points="{line}" fill="none" stroke="#2060a0" stroke-width="1.4"/></svg>')
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
