# SPDX-License-Identifier: MIT
"""/compare: two real models see the same answer. What the program writes is compared with the logits of both, which
qins-bench prints of the same ids, and with the formulas of softmax and Kullback-Leibler in double precision."""
import json
import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from terminal import Screen, environment, program, run_tests, shared

TUI = program("ui/qins-tui")
FAKE = program("tests/ui/qins-tui-fake")
BENCH = program("tools/qins-bench")
CONVERT = program("tools/qins-convert")
FOLDER = shared("models/stories260K-phi3")
PROMPT = "Once upon a time"
N = 12


def run(*command, **options):
    p = subprocess.run(command, capture_output=True, check=False, timeout=120, **options)
    assert p.returncode == 0, (command, p.stderr)
    return p


class Models:
    """A folder with the model in two formats, and a home; the current folder has no model."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="qins-compare-")
        self.home = self.temporary.name
        self.files = {}
        os.mkdir(self.path("models"))
        for name in ("qins8", "qins4"):
            self.files[name] = self.path(f"models/story-{name}.qins")
            run(CONVERT, "-q", "--no-measure", "-f", name, "-o", self.files[name], FOLDER)

    def path(self, name):
        return os.path.join(self.home, name)

    def talk(self, model, *lines, tokens=N, limit_kib="unlimited"):
        """-> answers, and what the program said of the lines that are commands"""
        p = run("sh", "-c", f'ulimit -v {limit_kib}; exec "$0" "$@"', TUI, "--chat", "--no-save", "-t", "2",
                "--temperature", "0", "--gemm", "int8", "-n", str(tokens), model,
                input="".join(line + "\n" for line in (PROMPT,) + lines).encode(), cwd=self.home,
                env=environment(self.home))
        return p.stdout.decode(), p.stderr.decode()

    def compare(self, model, name, tokens=N):
        _, said = self.talk(model, f"/compare {name} --force ~/out.json", tokens=tokens)
        assert f"{tokens} tokens are in " in said, said
        with open(self.path("out.json"), encoding="utf-8") as f:
            return json.load(f)


def logits(model, file_format, kv, ids):
    out = run(BENCH, "logits", model, "-f", file_format, "--kv", kv, "--gemm", "int8", "--json", "--ids",
              ",".join(map(str, ids)))
    return json.loads(out.stdout)["logits"]


def softmax(x):
    most = max(x)
    e = [math.exp(v - most) for v in x]
    total = math.fsum(e)
    return [v / total for v in e]


def check(out, sides, kv, ids):
    """sides: (path, format) of both; ids: of what stands before the answer"""
    kls, n_same, nats = [], 0, [0, 0]
    assert out["kv"] == kv
    assert [m["format"] for m in out["models"]] == [name for _, name in sides]
    for t in out["tokens"]:
        p, q = (softmax(logits(path, name, kv, ids)) for path, name in sides)
        kls.append(math.fsum(a * math.log(a / b) for a, b in zip(p, q) if a > 0))
        assert abs(t["kl"] - kls[-1]) < 1e-5 + 1e-4 * kls[-1], (t["kl"], kls[-1])
        tops = []
        for side, (told, x) in enumerate(zip(t["models"], (p, q))):
            tops.append(max(range(len(x)), key=x.__getitem__))
            assert abs(told["p"] - x[t["id"]]) < 1e-5
            assert told["choice"]["id"] == tops[-1] and abs(told["choice"]["p"] - x[tops[-1]]) < 1e-5
            nats[side] -= math.log(x[t["id"]])
        n_same += tops[0] == tops[1]
        ids.append(t["id"])
    assert abs(out["kl_sum"] - math.fsum(kls)) < 1e-4
    assert abs(out["kl_mean"] - math.fsum(kls) / len(kls)) < 1e-5
    assert out["same_choices"] == n_same
    for m, total in zip(out["models"], nats):
        assert abs(m["perplexity"] - math.exp(total / len(kls))) < 1e-4


def test_numbers_are_those_of_both_models_logits():
    models = Models()
    ids = [int(i) for i in run(BENCH, "tokens", FOLDER, input=PROMPT.encode()).stdout.split()]
    with models.temporary:
        out = models.compare(FOLDER, models.files["qins4"])
        check(out, [(FOLDER, "f32"), (models.files["qins4"], "qins4")], "f32", list(ids))
        assert [m["model"] for m in out["models"]] == ["stories260K-phi3", "story-qins4"]
        same = models.compare(FOLDER, "qins4")  # made of the folder, in memory
        assert same["tokens"] == out["tokens"]
        out = models.compare(models.files["qins8"], "qins4")  # the file beside it
        check(out, [(models.files["qins8"], "qins8"), (models.files["qins4"], "qins4")], "int8", list(ids))
        assert any(t["models"][0]["choice"]["id"] != t["models"][1]["choice"]["id"] or t["kl"] > 0.01
                   for t in out["tokens"])


def test_a_chat_model():
    """Its messages go through its template; both formats are made of the GGUF file and kept."""
    gguf = os.path.join(shared("models/smollm2-135m-instruct"), "SmolLM2-135M-Instruct.Q4_1.gguf")
    models = Models()
    with models.temporary:
        out = models.compare(gguf, "qins4", tokens=3)
        with open(models.path("messages.json"), "w", encoding="utf-8") as f:
            json.dump([{"role": "system", "content": "You are a helpful AI assistant."},  # qins-tui's own
                       {"role": "user", "content": PROMPT}], f)
        text = run(BENCH, "render", gguf, "--messages", models.path("messages.json")).stdout.decode()
        line = json.dumps({"text": text, "special": True}) + "\n"
        ids = json.loads(run(BENCH, "tokens", gguf, "--jsonl", input=line.encode()).stdout)["ids"]
        files = {name: next(Path(models.home).rglob(f"*-{name}-*.qins")) for name in ("qins8", "qins4")}
        check(out, [(files[name], name) for name in files], "int8", ids)
        if os.environ.get("QINS_SANITIZERS", "none") == "none":  # they take terabytes of addresses
            answers, said = models.talk(gguf, "/compare original", PROMPT, tokens=3, limit_kib=900000)
            assert " does not fit beside the model in use: " in said and answers.count("\n\n") == 2, (answers, said)


def test_the_original_beside_its_file():
    models = Models()
    with models.temporary:
        shutil.copytree(FOLDER, models.path("models/stories260K-phi3"))
        out = models.compare(models.files["qins8"], "original")
        assert [m["format"] for m in out["models"]] == ["qins8", "f32"]
        assert models.compare(models.files["qins8"], FOLDER)["tokens"] == out["tokens"]


def test_the_chat_goes_on_as_if_nothing_was():
    models = Models()
    with models.temporary:
        plain, _ = models.talk(FOLDER, "And then", "The end")
        between, said = models.talk(FOLDER, "And then", "/compare qins8", "The end")
        assert between == plain and said.count("same first choice") == 1


def test_a_page():
    models = Models()
    with models.temporary:
        _, said = models.talk(FOLDER, f"/compare {models.files['qins4']}")
        assert "story-qins4 reads the answer too, 12 tokens" in said and "of f32 and qins4 are" in said, said
        _, said = models.talk(FOLDER, "/compare qins4")
        assert "stories260K-phi3 in qins4 reads the answer too, 12 tokens; Ctrl-C stops it" in said
        assert "the predictions of f32 and qins4" in said
        rows = [line for line in said.splitlines() if " KL " in line and line.split(" ")[1][:-1].isdigit()]
        assert len(rows) == N, said
        assert "same first choice 1" in said and " of 12; perplexity" in said and "KL per token: [" in said


def test_what_cannot_be_compared_is_told_in_one_line():
    models = Models()
    with models.temporary:
        for name in ("empty", "beside", "beside/stories260K-phi3"):  # the last one holds no model
            os.mkdir(models.path(name))
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            shutil.copy(os.path.join(FOLDER, name), models.path("empty"))
        alone = shutil.copy(models.files["qins8"], models.path("beside/a.qins"))
        other = os.path.join(shared("fixtures/hf"), sorted(os.listdir(shared("fixtures/hf")))[0])
        for name in ("text.qins", "there.json"):
            with open(models.path(name), "w", encoding="utf-8") as f:
                f.write("no model\n")
        cases = [("nowhere.qins", "nowhere.qins: no such file or model"), ("~/none/x.qins", "none/x.qins"),
                 ("~/text.qins", "text.qins: "), ("~/empty", "safetensors"), ("~/beside", "config.json"),
                 ("nobody/nothing", "nobody/nothing is not on this machine: /model nobody/nothing downloads it"),
                 ("server:x", "an engine elsewhere does not tell"), ("qins8", "the model in use is qins8 already"),
                 ("qins3", "stories260K-phi3 in qins3 is not here, nor what it was converted from: qins-convert -f "
                           "qins3 MODEL makes it"),
                 (alone, "is the model in use"), (other, "another vocabulary than the model in use"),
                 ("", "/compare MODEL, /compare FORMAT"), ("qins3 out.txt", "qins3 out.txt: no such file or model"),
                 (models.files["qins4"] + " ~/there.json", "there.json"),
                 (models.files["qins4"] + " --force x", "/compare MODEL, /compare FORMAT")]
        _, said = models.talk(alone, *(f"/compare {name}" for name, _ in cases))
        lines = [line for line in said.splitlines() if "reads the answer too" not in line and "max tokens" not in line]
        assert len(lines) == len(cases), said
        for line, (_, part) in zip(lines, cases):
            assert part in line, (line, part)
        with open(models.path("there.json"), encoding="utf-8") as f:
            assert f.read() == "no model\n"
        _, said = models.talk(alone, f"/compare {models.files['qins4']} ~/there.json")
        assert "reads the answer too" not in said and "there.json: already exists" in said, said
        _, said = models.talk(alone, f"/compare {models.files['qins4']} --force ~/there.json")
        assert f"{N} tokens are in " in said, said
        _, said = models.talk(alone, "/new", f"/compare {models.files['qins4']}")
        assert "There is no answer yet" in said


def test_the_view():
    """The fake engine's tokens are bytes; of every fifth both sides have another first choice."""
    with tempfile.TemporaryDirectory(prefix="qins-compare-") as home:
        text = os.path.join(home, "text")
        with open(text, "w", encoding="utf-8") as f:
            f.write("caf\u00e9 and more")
        with Screen([FAKE, "--format", "f32", text], 80, 24, FAKE_TEXT=text, XDG_STATE_HOME=home, FAKE_BYTES="1",
                    FAKE_IDS="0", FAKE_READING_MS="300") as s:
            s.wait("Ready")
            s.text("hello")
            s.keys("Enter")
            s.wait("caf\u00e9 and more")
            s.wait("Ready")
            s.text("/compare qins4")
            s.keys("Enter")
            s.wait("Comparing")
            s.wait(r'Token 1 of 14  "c" KL 0\.007')
            s.wait(r"^\s+qins8  0\.67, first choice <C3> 0\.67\s")
            s.wait(r"^\s+qins4  0\.72, first choice <C3> 0\.72\s")
            s.wait("same first choice 12 of 14")
            s.keys("n")
            s.wait(r"Token 5 of 14  <A9> KL 0\.249")
            s.wait(r"qins4  0\.36, first choice <E6 97> 0\.59")
            s.keys("n")
            s.wait("Token 10 of 14")
            s.keys("n", "e", "2")  # there is no further one; the others are of /tokens
            s.wait("Token 10 of 14")
            s.keys("N")
            s.wait("Token 5 of 14")
            s.resize(40, 24)
            s.wait(r"5/14 <A9> KL 0\.249")
            s.wait(r"qins4  0\.36, first <E6 97> 0\.59")
            s.wait(r"perplexity 1\.50 and 1\.54")
            s.resize(20, 6)
            s.wait("5/14 <A9>")
            s.keys("Home", "Escape")
            s.wait("5/14|1/14", gone=True)
            s.resize(80, 24)
            s.text("/compare qins4")
            s.keys("Enter")
            s.wait("Comparing")
            s.text("nice")  # a message that is begun meanwhile
            s.wait("Compared: /compare shows it")
            s.wait("> nice")
            for _ in "nice":
                s.keys("BSpace")
            s.text("/compare")
            s.keys("Enter")
            s.wait("Token 1 of 14")


def test_esc_stops_it():
    with tempfile.TemporaryDirectory(prefix="qins-compare-") as home:
        text = os.path.join(home, "text")
        with open(text, "w", encoding="utf-8") as f:
            f.write("An answer.")
        with Screen([FAKE, "--format", "f32", text], 80, 24, FAKE_TEXT=text, XDG_STATE_HOME=home,
                    FAKE_READING_MS="1000") as s:
            s.wait("Ready")
            s.text("hello")
            s.keys("Enter")
            s.wait("An answer")
            s.wait("Ready")
            s.text("/compare other")
            s.keys("Enter")
            s.wait("Comparing")
            s.keys("Escape")
            s.wait("Stopped: nothing is compared")
            s.wait("Ready")


if __name__ == "__main__":
    run_tests(dict(globals()))
