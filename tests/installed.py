# SPDX-License-Identifier: MIT
"""installed.py BUILD SOURCE: what `meson install` puts below DESTDIR is what a package needs, no
more and no less, and nothing of it names the build's folder."""
import json
import os
import subprocess
import sys
import tempfile

build, source = sys.argv[1:]


def names(folder, *suffixes):
    return [n for n in os.listdir(os.path.join(source, folder)) if n.endswith(suffixes)]


def expected(bindir, datadir, mandir):
    data = f"{datadir}/qins"
    has_server = os.path.exists(os.path.join(build, "tools/server/qins-server"))
    server = ["qins-server"] if has_server else []
    yield from (f"{bindir}/{n}" for n in ["qins-tui", "qins-convert", "qins-bench"] + server)
    yield from (f"{mandir}/man{n[-4]}/{n[:-3]}" for n in names("man", ".in")
                if has_server or n != "qins-server.1.in")
    if os.path.exists(os.path.join(build, "tools/server/qins-server.service")):
        yield option("prefix") + "/lib/systemd/system/qins-server.service"
    yield from (f"{data}/{n}" for n in names("conf", ".yaml"))
    for folder in ("presets", "themes", "templates"):
        yield from (f"{data}/{folder}/{n}" for n in names(f"conf/{folder}", ".yaml", ".jinja"))
    yield f"{data}/models/starter.qins"
    yield from (f"{datadir}/{n}" for n in ("bash-completion/completions/qins-tui",
                                           "zsh/site-functions/_qins-tui",
                                           "fish/vendor_completions.d/qins-tui.fish",
                                           "doc/qins-tui/LICENSE", "doc/qins-tui/starter.md"))


def installed(root):
    for folder, _, files in os.walk(root):
        yield from ("/" + os.path.relpath(os.path.join(folder, n), root) for n in files)


def option(name):
    with open(os.path.join(build, "meson-info/intro-buildoptions.json"), encoding="utf-8") as f:
        return next(o["value"] for o in json.load(f) if o["name"] == name)


def check(destdir):
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir",
                    destdir], check=True)
    prefix = option("prefix")
    want = set(expected(*(os.path.join(prefix, option(n)) for n in ("bindir", "datadir",
                                                                    "mandir"))))
    got = set(installed(destdir))
    faults = [f"missing: {n}" for n in sorted(want - got)]
    faults += [f"not expected: {n}" for n in sorted(got - want)]
    for name in sorted(got):
        path = destdir + name
        if os.path.getsize(path) == 0:
            faults.append(f"empty: {name}")
        with open(path, "rb") as f:
            if "/bin/" not in name and os.path.realpath(build).encode() in f.read():
                faults.append(f"names the build's folder: {name}")
        mode = os.stat(path).st_mode & 0o777
        if mode != (0o755 if "/bin/" in name else 0o644):
            faults.append(f"mode {mode:o}: {name}")
    return faults


with tempfile.TemporaryDirectory(prefix="qins-installed-") as folder:
    problems = check(folder)
    print("\n".join(problems) or "complete")
    sys.exit(bool(problems))
