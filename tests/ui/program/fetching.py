# SPDX-License-Identifier: MIT
"""Downloads on the screen, in tmux: how far it is, stopping one, going on with it."""
import os
import sys

from terminal import Screen, program, run_tests, shared

sys.path.insert(0, os.path.join(os.environ["QINS_SOURCE"], "tests/src/net"))
from hub_server import Hub

TUI = program("ui/qins-tui")


def model():
    folder = shared("models/stories260K-phi3")
    files = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            files[name] = f.read()
    return files


def screen(hub, *words):
    return Screen([TUI, "--temperature", "0", "-n", "8", *words], HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0",
                  QINS_MODELS="")


def test_a_first_start_shows_the_download_and_answers():
    with Hub({"org/tiny": model()}) as hub:
        hub.faults["drip"] = (100000, 0.3)
        with screen(hub, "org/tiny") as s:
            s.wait(r"downloading [0-9.]+ MB/s, \d+ s left, \d+ % converted")
            s.wait(r"Loading \d+ %")
            s.wait("Ready")
            s.wait("Enter send")  # and no longer what it was doing
            s.wait("QINS Chat - org/tiny")
            s.text("Once upon a time")
            s.keys("Enter")
            s.wait(r"\[max tokens reached\]")


def test_another_model_is_downloaded_and_esc_stops_that():
    with Hub({"org/tiny": model()}) as hub:
        hub.faults["stall"] = 300000
        with screen(hub) as s:
            s.wait("Ready")
            s.wait(r"/model qwen2\.5-0\.5b +1\.0 GB, +1 min +0\.4 GB")
            s.text("/model")
            s.keys("Enter")
            s.wait(r"smollm2 +3\.4 GB +to download")
            s.keys("Escape")
            s.wait(r"smollm2 +3\.4 GB +to download", gone=True)
            s.text("/model org/tiny")
            s.keys("Enter")
            assert hub.stalled.wait(60)
            s.wait(r"Loading \d+ %")
            s.keys("Escape")
            s.wait(r"Stopped; /model org/tiny goes on from there")
            s.wait("QINS Chat - starter")
            hub.faults.clear()
            s.text("/model org/tiny")
            s.keys("Enter")
            s.wait("Switched to org/tiny")
            assert hub.ranges()[0] is None and hub.ranges()[1].startswith("bytes="), hub.ranges()


def test_a_download_that_fails_keeps_the_model():
    with Hub({"org/tiny": model()}) as hub:
        hub.faults["wrong"] = True
        with screen(hub) as s:
            s.wait("Ready")
            s.text("/model org/tiny")
            s.keys("Enter")
            s.wait(r"Keeping starter: org/tiny: model\.safetensors: its bytes are not those")
            s.text("/model smolm2")
            s.keys("Enter")
            s.wait("did you mean smollm2")


def test_a_setting_is_saved():
    with Hub({}) as hub, screen(hub) as s:
        s.wait("Ready")
        s.text("/set --save top_k 7")
        s.keys("Enter")
        s.wait(r"Saved in .*/config\.yaml")
        s.text("/set --save context 512")
        s.keys("Enter")
        s.wait("it counts from the next start on")
        s.text("/set min_p 0.25 --save")
        s.keys("Enter")
        s.wait(r"Saved in .*/config\.yaml *$")
        with open(os.path.join(s.folder, ".config/qins/config.yaml")) as f:
            assert f.read() == "top_k: 7\ncontext: 512\nmin_p: 0.25\n"


if __name__ == "__main__":
    run_tests(dict(globals()))
