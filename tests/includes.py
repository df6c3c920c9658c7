#!/usr/bin/env python3
"""Who includes whom in kernels/, src/ and ui/.   usage: includes.py [--selftest | TREE]

x.c and x.h are one unit; a folder is a room. No units and no rooms include each other in a circle,
and a room includes only itself, system/, kernels/ (src/ alone) and the rooms that stand above it in
its meson.build; system/ includes nothing, and it alone asks which system it is compiled for. ui/
sees of src/ only what engine_dep lets it see; lines/ and the rooms of the screen do not see each
other. Outside kernels/ a room has at most 40 files."""
import os
import re
import sys
import tempfile
from collections import Counter

MOST_FILES = 40  # of a room
SYSTEM = re.compile(r"^\s*#.*\b(__APPLE__|__MACH__|__linux__)\b", re.M)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def sources(tree):
    for top in ("system", "kernels", "src", "ui", "tools"):
        for folder, _, names in os.walk(os.path.join(tree, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    yield os.path.relpath(path, tree), path


def unit_of(path):
    return os.path.splitext(path)[0]


def include_graph(tree):
    """-> {unit: set of units it includes}; names that stand twice are faults."""
    files = dict(sources(tree))
    units, faults = {}, []
    for path in files:
        name = os.path.basename(path)
        if name in units and name.endswith(".h"):
            faults.append(f"{name} is there twice: {units[name]} and {path}")
        units[name] = path
    graph = {}
    for path, real in files.items():
        mine = graph.setdefault(unit_of(path), set())
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', read(real), re.M):
            other = units.get(os.path.basename(name))
            if other and unit_of(other) != unit_of(path):
                mine.add(unit_of(other))
    return graph, faults


def room_graph(graph):
    rooms = {}
    for unit, others in graph.items():
        room = rooms.setdefault(os.path.dirname(unit), set())
        room |= {os.path.dirname(other) for other in others}
    return {room: others - {room} for room, others in rooms.items() if room != "tools"}


def reachable(graph, start):
    seen, todo = set(), list(graph.get(start, ()))
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += graph.get(one, ())
    return seen


def circles(graph):
    """Sets of nodes that include each other, by way of others or not."""
    reach = {node: reachable(graph, node) for node in graph}
    found = []
    for node in sorted(graph):
        circle = {other for other in reach[node] if node in reach.get(other, ())}
        if circle and circle not in found:
            found.append(circle)
    return found


def listed_rooms(meson, variable):
    block = re.search(variable + r" = \[\n(.*?)^\]", meson, re.S | re.M)
    return re.findall(r"^  \['(\w+)', \[", block.group(1), re.M)


def stack(allowed, top, rooms, below):
    """Each of these rooms may include itself, those listed above it and `below`.  -> all of them"""
    seen = set(below)
    for room in rooms:
        seen.add(f"{top}/{room}")
        allowed[f"{top}/{room}"] = set(seen)
    return seen


def allowed_rooms(tree):
    """-> {room: set of rooms it may include}, from the lists by which Meson sets include paths."""
    src_meson = read(os.path.join(tree, "src/meson.build"))
    ui_meson = read(os.path.join(tree, "ui/meson.build"))
    narrow = re.search(r"foreach room : \[([^\]]*)\]\n  narrow_inc", src_meson).group(1)
    narrow = {f"src/{room}" for room in re.findall(r"'(\w+)'", narrow)}
    allowed = {"system": set(), "kernels": {"system"}, "kernels/x86": {"kernels"},
               "kernels/arm": {"kernels"}}
    models = stack(allowed, "src", listed_rooms(src_meson, "src_rooms"), {"system", "kernels"})
    allowed["tools/server"] = models | {"tools/server"}
    shared = stack(allowed, "ui", listed_rooms(ui_meson, "ui_rooms"), narrow | {"system"})
    lines = stack(allowed, "ui", ["lines"], shared)
    screen = stack(allowed, "ui", listed_rooms(ui_meson, "screen_rooms"), shared)
    allowed["ui"] = lines | screen
    return allowed


def crowded(tree):
    """Rooms outside kernels/ with too many files."""
    n_files = Counter(os.path.dirname(path) for path, _ in sources(tree))
    return [f"{room} has {n} files, more than {MOST_FILES}" for room, n in sorted(n_files.items())
            if n > MOST_FILES and room.split("/")[0] != "kernels"]


def asks_system(tree):
    return [f"{path} asks which system it is compiled for; that is for system/"
            for path, real in sorted(sources(tree))
            if not path.startswith("system/") and SYSTEM.search(read(real))]


def check(tree):
    graph, faults = include_graph(tree)
    rooms = room_graph(graph)
    faults += ["circle: " + " ".join(sorted(circle)) for circle in circles(graph)]
    faults += ["circle of rooms: " + " ".join(sorted(circle)) for circle in circles(rooms)]
    faults += crowded(tree) + asks_system(tree)
    allowed = allowed_rooms(tree)
    for room, others in sorted(rooms.items()):
        if room not in allowed:
            faults.append(f"{room} is in no list of a meson.build")
        for other in sorted(others - allowed.get(room, others)):
            units = sorted(unit for unit in graph if os.path.dirname(unit) == room and
                           any(os.path.dirname(used) == other for used in graph[unit]))
            faults.append(f"{room} must not include {other}: {' '.join(units)}")
    return faults


SMALL_TREE = {
    "src/meson.build": """src_rooms = [
  ['base', ['a.c']],
  ['engine', ['e.c']],
]
foreach room : ['base']
  narrow_inc += include_directories(room)
endforeach
""",
    "ui/meson.build": """ui_rooms = [
  ['text', ['t.c',
    'u.c']],
]
screen_rooms = [
  ['parts', ['p.c',
    'q.c']],
  ['screen', ['s.c']],
]
""",
    "system/y.h": "",
    "system/y_macos.c": "#ifndef __APPLE__\n#endif\n",
    "kernels/k.h": '#include "y.h"\n',
    "src/base/a.h": "",
    "src/base/a.c": '#include "a.h"\n',
    "src/base/b.h": '#include "a.h"\n',
    "src/engine/e.h": '#include "b.h"\n#include "k.h"\n',
    "ui/text/t.h": '#include "b.h"\n',
    "ui/lines/l.h": '#include "t.h"\n',
    "ui/parts/p.h": '#include "t.h"\n',
    "ui/screen/s.h": '#include "p.h"\n#include "t.h"\n',
    "ui/main.c": '#include "l.h"\n#include "s.h"\n',
    **{f"ui/text/few{i}.h": "" for i in range(MOST_FILES - 1)},
    **{f"kernels/many{i}.h": "" for i in range(MOST_FILES)},
}

# Each fault that is put in, and a part of what must be said about it.
FAULTS = [
    ({"src/base/a.h": '#include "b.h"\n'}, "circle: src/base/a src/base/b"),
    ({"src/base/a.c": '#include "b.h"\n'}, "circle: src/base/a src/base/b"),
    ({"src/base/b.h": '#include "e.h"\n'}, "circle: src/base/b src/engine/e"),
    ({"src/base/a.h": '#include "e.h"\n'}, "circle of rooms: src/base src/engine"),
    ({"src/base/c.h": '#include "e.h"\n'}, "src/base must not include src/engine: src/base/c"),
    ({"kernels/k.h": '#include "a.h"\n'}, "kernels must not include src/base"),
    ({"src/base/a.h": '#include "t.h"\n'}, "src/base must not include ui/text"),
    ({"ui/text/t.h": '#include "k.h"\n'}, "ui/text must not include kernels"),
    ({"ui/text/t.h": '#include "e.h"\n'}, "ui/text must not include src/engine"),
    ({"ui/screen/s.h": '#include "l.h"\n'}, "ui/screen must not include ui/lines"),
    ({"ui/parts/p.h": '#include "l.h"\n'}, "ui/parts must not include ui/lines: ui/parts/p"),
    ({"ui/lines/l.h": '#include "p.h"\n'}, "ui/lines must not include ui/parts: ui/lines/l"),
    ({"ui/lines/l.h": '#include "s.h"\n'}, "ui/lines must not include ui/screen"),
    ({"ui/text/t.h": '#include "p.h"\n'}, "circle of rooms: ui/parts ui/text"),
    ({"ui/parts/q.h": '#include "s.h"\n'}, "circle of rooms: ui/parts ui/screen"),
    ({"ui/parts/p.h": '#include "s.h"\n'}, "circle: ui/parts/p ui/screen/s"),
    ({"src/base/a.h": '#include "s.h"\n'}, "src/base must not include ui/screen"),
    ({"ui/text/one_more.h": ""}, "ui/text has 41 files"),
    ({"ui/other/o.h": ""}, "ui/other is in no list"),
    ({"ui/text/a.h": ""}, "a.h is there twice"),
    ({"system/y.h": '#include "k.h"\n'}, "system must not include kernels"),
    ({"kernels/x86/k.c": '#include "y.h"\n'}, "kernels/x86 must not include system"),
    ({"ui/text/t.h": "#if defined(__APPLE__)\n#endif\n"}, "ui/text/t.h asks which system"),
    ({"tools/b.c": "#ifdef __linux__\n#endif\n"}, "tools/b.c asks which system"),
]


def write_tree(tree, files):
    for path, text in files.items():
        path = os.path.join(tree, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def selftest():
    faults = []
    for change, said in [({}, None)] + FAULTS:
        with tempfile.TemporaryDirectory() as tree:
            write_tree(tree, {**SMALL_TREE, **change})
            found = check(tree)
        if said is None and found:
            faults.append(f"the small tree has no fault, but: {found}")
        if said is not None and not any(said in fault for fault in found):
            faults.append(f"{change}: \"{said}\" is not found, but: {found}")
    return faults


def main():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    if sys.argv[1:] == ["--selftest"]:
        faults = selftest()
    else:
        faults = check(sys.argv[1] if len(sys.argv) > 1 else here)
    for fault in faults:
        print(fault)
    return bool(faults)


sys.exit(main())
