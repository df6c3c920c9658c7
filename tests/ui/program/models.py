# SPDX-License-Identifier: MIT
"""Models by name, the list of them, and talking on with another one, in tmux."""
import os
import shutil
import subprocess
import tempfile

from terminal import Screen, program, run_tests, shared

TUI = program("ui/qins-tui")


class Models:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="qins-models-")
        for name, form in (("first", "f32"), ("second", "qins8")):
            subprocess.run([program("tools/qins-convert"), "-q", "-f", form, "-o",
                            os.path.join(self.folder, name + ".qins"), shared("models/stories260K-phi3")],
                           check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.folder, "broken.qins"), "w") as f:
            f.write("no model")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def screen(self, *flags):
        return Screen([TUI, "--temperature", "0", "-n", "20", *flags], QINS_MODELS=self.folder)


def test_the_conversation_goes_on_with_another_model():
    with Models() as m, m.screen("-m", "first") as s:
        s.wait(r"QINS Chat - first")
        s.wait("Ready")
        s.text("Once upon a time")
        s.keys("Enter")
        s.wait(r"\[max tokens reached\]")
        s.text("/model")
        s.keys("Enter")
        s.wait(r"broken +broken")
        s.wait(r"first +1\.0\d MB +f32 +512 tokens")
        s.wait(r"> first")  # the one in use is selected
        s.keys("Down", "Enter")
        s.wait(r"QINS Chat - second")
        s.wait(r"Switched to second")
        s.wait(r"You   Once upon a time")
        s.text("One more")
        s.keys("Enter")
        s.wait(r"(?s)You   One more.*\[max tokens reached\]")


def test_a_conversation_goes_on_with_its_model_or_says_that_it_is_gone():
    with Models() as m:
        def screen(*flags):
            return Screen([TUI, "--temperature", "0", "-n", "5", *flags], QINS_MODELS=m.folder,
                          XDG_STATE_HOME=m.folder)

        with screen("-m", "second") as s:
            s.wait("Ready")
            s.text("Once upon a time")
            s.keys("Enter")
            s.wait(r"\[max tokens reached\]")
            s.keys("C-d")
            s.wait("EXIT=0")
        with screen("--continue") as s:
            s.wait(r"QINS Chat - second")
            s.wait(r"You   Once upon a time")
            s.keys("C-d")
            s.wait("EXIT=0")
        os.remove(os.path.join(m.folder, "second.qins"))
        with screen("--continue") as s:
            s.wait(r"You   Once upon a time")
            s.wait("Held with second, which is not here; now starter answers. /model PATH switches")


def test_a_model_that_cannot_be_loaded_changes_nothing():
    with Models() as m, m.screen("-m", "first") as s:
        s.wait("Ready")
        s.text("/model broken")
        s.keys("Enter")
        s.wait(r"Keeping first: .*broken\.qins")
        s.wait(r"QINS Chat - first")
        s.text("/model nonesuch")
        s.keys("Enter")
        s.wait(r"nonesuch: no such file or model; there are: first, second")
        s.text("Hello")
        s.keys("Enter")
        s.wait(r"\[max tokens reached\]")


def test_the_starter_offers_what_it_can_do():
    with Models() as m:
        os.rename(os.path.join(m.folder, "first.qins"), os.path.join(m.folder, "starter.qins"))
        with m.screen("-m", os.path.join(m.folder, "starter.qins")) as s:
            s.wait("The starter model")
            s.wait(r"A real model takes memory: Qwen3-4B")
            s.wait(r"One is here already: /model second")
            s.wait(r"Alt-1  Tell me a story about a cat and a boat\.")
            s.wait(r"Alt-3  What is QINS\?")
            s.keys("M-4")
            s.wait(r"> How do I change the temperature\?")


def test_names_are_completed():
    with Models() as m, m.screen("-m", "first") as s:
        s.wait("Ready")
        s.text("/model se")
        s.keys("Tab")
        s.wait(r"> /model second")


if __name__ == "__main__":
    run_tests(dict(globals()))
