#!/usr/bin/env python3
"""How sources look.   usage: style.py columns|format [--selftest | TREE]

columns: no line of C, Meson, shell or Python is longer than 100 characters.
format:  clang-format has nothing to change; skipped without clang-format 14, since other versions
         format differently."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

COLUMNS = 100
# Python of long rows: training text, and expected screens as one regular expression each.
WIDE = ("models/starter/", "tests/ui/program/")
VERSION = 14
SKIPPED = 77  # Meson's exit code for it
FOLDERS = ("system", "kernels", "src", "ui", "tools", "tests", "models", "man", "script")
SHELL = re.compile(r"^#!.*\b(ba)?sh\b")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def all_files(tree):
    yield from (os.path.join(tree, name) for name in os.listdir(tree))
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(tree, top)):
            yield from (os.path.join(folder, name) for name in names)


def is_source(path):
    name = os.path.basename(path)
    if not os.path.isfile(path):
        return False
    if name.endswith((".c", ".h", ".py", ".sh")) or name in ("meson.build", "meson_options.txt"):
        return True
    if "." in name or os.path.getsize(path) > 1 << 20:
        return False
    with open(path, "rb") as f:
        return bool(SHELL.match(f.readline().decode("latin-1")))


def long_lines(tree):
    return [f"{os.path.relpath(path, tree)}:{number}: {len(line)} columns"
            for path in sorted(all_files(tree))
            if is_source(path) and not os.path.relpath(path, tree).startswith(WIDE)
            for number, line in enumerate(read(path).split("\n"), 1) if len(line) > COLUMNS]


def clang_format():
    """-> its path, or None without this version."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    return None


def unformatted(tree, program):
    files = sorted(path for path in all_files(tree) if path.endswith((".c", ".h")))
    said = subprocess.run([program, "--dry-run", "-Werror", "--style=file"] + files,
                          capture_output=True, text=True)
    return said.stderr.split("\n")[:60] if said.returncode else []


def selftest(here):
    """What has a fault must be found, and what has none must pass."""
    faults = []
    with tempfile.TemporaryDirectory() as tree:
        os.mkdir(os.path.join(tree, "src"))
        shutil.copy(os.path.join(here, ".clang-format"), tree)

        def write(name, text):
            with open(os.path.join(tree, name), "w", encoding="utf-8") as f:
                f.write(text)
        write("src/a.c", "/* " + "é" * 94 + " */\n")
        write("script", "#!/bin/sh\n")
        if long_lines(tree):
            faults.append("100 characters are refused")
        for name, text in (("src/b.c", "x" * 101), ("src/meson.build", "x" * 101),
                           ("src/c.py", "x" * 101), ("run", "#!/usr/bin/env bash\n" + "x" * 101)):
            write(name, text + "\n")
            if len(long_lines(tree)) != 1:
                faults.append(f"101 characters in {name} are not refused")
            os.remove(os.path.join(tree, name))
        program = clang_format()
        if program:
            write("src/a.c", "int main(void)\n{\n    return 0;\n}\n")
            if unformatted(tree, program):
                faults.append("formatted C is refused")
            write("src/b.h", "int  f (void) ;\n")
            if not unformatted(tree, program):
                faults.append("C that is not formatted is not refused")
    return faults


def main():
    here = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    what, rest = sys.argv[1], sys.argv[2:]
    tree = os.path.abspath(rest[0]) if rest and rest[0] != "--selftest" else here
    if rest == ["--selftest"]:
        faults = selftest(here)
    elif what == "columns":
        faults = long_lines(tree)
    elif not clang_format():
        print(f"skipped: clang-format {VERSION} is not here, and other versions format differently")
        return SKIPPED
    else:
        faults = unformatted(tree, clang_format())
    for fault in faults:
        print(fault)
    return bool(faults)


sys.exit(main())
