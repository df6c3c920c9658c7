# SPDX-License-Identifier: MIT
"""One command from an empty home to an answer: the model is downloaded from a hub on loopback, verified,
converted, kept and loaded; and the programs are killed on the way."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["QINS_SOURCE"], "tests/src/net"))
from hub_server import Hub

BUILD = os.environ["QINS_BUILD"]
TUI = os.path.join(BUILD, "ui/qins-tui")
CONVERT = os.path.join(BUILD, "tools/qins-convert")
SHARED = os.path.join(os.environ["QINS_SHARED"], "models/stories260K-phi3")


def model():
    files = {}
    for name in os.listdir(SHARED):
        with open(os.path.join(SHARED, name), "rb") as f:
            files[name] = f.read()
    return files


class Home:
    def __init__(self, name="org/tiny", **faults):
        self.hub = Hub({name: model()})
        self.hub.faults.update(faults)
        self.folder = tempfile.mkdtemp(prefix="qins-home-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.__exit__()
        shutil.rmtree(self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def environment(self):
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("HF_", "XDG_", "QINS_MODEL")) and not key.lower().endswith("_proxy")}
        env.update(HOME=self.folder, HF_ENDPOINT=self.hub.url)
        env.pop("QINS_MODELS", None)
        return env

    def start(self, *words):
        return subprocess.Popen(list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=self.environment(), cwd=self.folder)

    def run(self, *words):
        process = self.start(*words)
        out, err = process.communicate(timeout=100)
        return process.returncode, out, err

    def ask(self, name="org/tiny", *words):
        return self.run(TUI, "-m", name, "-p", "Once upon a time", "--temperature", "0", "-n", "8", *words)

    def incomplete(self):
        blobs = self.path(".cache/huggingface/hub/models--org--tiny/blobs")
        names = os.listdir(blobs) if os.path.isdir(blobs) else []
        return [os.path.getsize(os.path.join(blobs, n)) for n in names if n.endswith(".incomplete")]

    def kept(self):
        folder = self.path(".local/share/qins/models")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def reference(home, form="f32"):
    """The answer of the same model from its folder."""
    return home.run(TUI, "-m", SHARED, "-p", "Once upon a time", "--temperature", "0", "-n", "8", "-f", form)[1]


def kill_at(home, bytes_there):
    home.hub.stalled.clear()
    home.hub.faults["stall"] = bytes_there - sum(home.incomplete())
    process = home.start(TUI, "org/tiny", "-p", "Once upon a time")
    assert home.hub.stalled.wait(30), process.communicate()
    end = time.time() + 20
    while time.time() < end and sum(home.incomplete()) < bytes_there:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert home.incomplete() == [bytes_there], home.incomplete()


def test_from_an_empty_home_to_an_answer_killed_twice_on_the_way():
    with Home() as h:
        kill_at(h, 200000)
        kill_at(h, 700000)
        h.hub.faults.clear()
        code, out, err = h.ask()
        assert code == 0 and out == reference(h), (code, out, err)
        assert h.hub.ranges() == [None, "bytes=200000-", "bytes=700000-"], h.hub.ranges()
        assert h.kept() == ["tiny-f32.qins"] and h.incomplete() == []
        assert "qins-tui: downloading: model.safetensors" in err, err
        # a second time nothing is asked of the hub, by whatever name, and without the cache
        del h.hub.log[:]
        shutil.rmtree(h.path(".cache"))
        for name in ("org/tiny", "hf:org/tiny", h.hub.url + "/org/tiny"):
            assert h.ask(name)[1] == out, name
        assert h.run(TUI, "-hf", "org/tiny", "-p", "Once upon a time", "--temperature", "0", "-n", "8")[1] == out
        assert h.hub.log == []


def test_a_format_is_kept_beside_the_other():
    with Home() as h:
        assert h.ask()[0] == 0
        code, out, _ = h.ask("org/tiny", "-f", "qins8")
        assert code == 0 and out == reference(h, "qins8")
        assert h.kept() == ["tiny-f32.qins", "tiny-qins8.qins"]
        assert h.hub.ranges() == [None], h.hub.log


def test_models_of_the_same_name():
    with Home() as h:
        h.hub.models["other/tiny"] = h.hub.models["org/tiny"]
        assert h.ask("org/tiny")[0] == 0 and h.ask("other/tiny")[0] == 0
        assert h.kept() == ["other.tiny-f32.qins", "tiny-f32.qins"]


def test_a_wrong_byte_and_a_missing_model_give_one_line():
    with Home(wrong=True) as h:
        code, out, err = h.ask()
        progress = ("qins-tui: asking", "qins-tui: downloading", "qins-tui: converting")
        lines = [line for line in err.splitlines() if not line.startswith(progress)]
        assert code == 65 and out == "" and len(lines) == 1 and "checksum" in lines[0], err
        assert h.kept() == []
        code, out, err = h.ask("org/nonesuch")
        assert code == 66 and "org/nonesuch: no file or folder here, and no such model on " in err, (code, err)


def test_an_interrupt_ends_it_and_says_that_it_can_go_on():
    with Home(stall=300000) as h:
        process = h.start(CONVERT, "org/tiny")
        assert h.hub.stalled.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130 and "interrupted; the next start goes on from here" in err, err
        assert h.incomplete() == [300000]


def test_an_interrupt_of_the_chat():
    with Home(stall=300000) as h:
        process = h.start(TUI, "org/tiny", "-p", "x")
        assert h.hub.stalled.wait(30)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130 and "stopped; the next start goes on from here" in err, err


def test_qins_convert_downloads():
    with Home() as h:
        code, out, err = h.run(CONVERT, "-q", "-f", "qins8", "org/tiny")
        assert code == 0 and os.path.exists(h.path("tiny-qins8.qins")), (out, err)


def test_offline_is_said_in_one_line():
    with Home() as h:
        os.environ["HF_HUB_OFFLINE"] = "1"
        env = dict(h.environment(), HF_HUB_OFFLINE="1")
        done = subprocess.run([TUI, "-m", "org/tiny", "-p", "x"], env=env, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, cwd=h.folder)
        assert done.returncode == 66 and "not on this machine, and HF_HUB_OFFLINE is set" in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1 and h.hub.log == []


def main():
    if not os.path.isdir(SHARED):
        print("SKIPPED: no model in", SHARED)
        sys.exit(77)
    wanted = sys.argv[1:]
    for name, test in list(globals().items()):
        if name.startswith("test_") and (not wanted or name in wanted):
            start = time.time()
            test()
            print(f"ok {name} {time.time() - start:.2f} s", flush=True)


main()
