# SPDX-License-Identifier: MIT
"""Downloads against a hub of our own on loopback: what is fetched, how it lies in the cache, and
all that servers, networks and disks do wrong. The driver calls fetch_model as the programs do."""
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
from hub_server import COMMIT, Hub, etag_of

DRIVER = os.path.join(os.environ["QINS_BUILD"], "tests/src/fetch_driver")
WEIGHTS = random.Random(1).randbytes(300000)
MODEL = {
    "config.json": b'{"model_type": "llama"}',
    "tokenizer.json": b"{}",
    "README.md": b"not needed",
    "pytorch_model.bin": b"not needed either",
    "model.safetensors": WEIGHTS,
}
NAME = "org/name"


class Case:
    """A hub, and an empty home."""

    def __init__(self, files=None, **faults):
        self.hub = Hub({NAME: dict(files if files is not None else MODEL)},
                       faults.pop("certificate", None))
        self.hub.faults.update(faults)
        self.home = tempfile.mkdtemp(prefix="qins-fetch-")
        self.cache = os.path.join(self.home, "cache")
        self.blobs = os.path.join(self.cache, "models--org--name", "blobs")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.__exit__()
        shutil.rmtree(self.home)

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("HF_", "TRANSFORMERS_", "SSL_CERT")) and
               not key.lower().endswith(("_proxy", "_ca_bundle"))}
        env.update(HOME=self.home, HF_HUB_CACHE=self.cache, HF_ENDPOINT=self.hub.url)
        env.update(more)
        return {key: value for key, value in env.items() if value is not None}

    def start(self, *words, name=NAME, **env):
        return subprocess.Popen([DRIVER, name, *map(str, words)], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                text=True, env=self.environment(**env))

    def fetch(self, *words, name=NAME, **env):
        """-> the last line, all lines"""
        process = self.start(*words, name=name, **env)
        said = process.communicate(timeout=60)[0]
        lines = said.strip().split("\n")
        assert process.returncode >= 0, said
        return lines[-1], lines

    def file(self, name, *rest):
        return os.path.join(self.cache, "models--org--name", "snapshots", COMMIT, name, *rest)

    def incomplete(self):
        return [name for name in os.listdir(self.blobs) if name.endswith(".incomplete")] \
            if os.path.isdir(self.blobs) else []

    def plant(self, data, name="model.safetensors", content=WEIGHTS):
        os.makedirs(self.blobs, exist_ok=True)
        with open(os.path.join(self.blobs, etag_of(name, content) + ".incomplete"), "wb") as f:
            f.write(data)

    def check_whole(self, last):
        assert last == "path " + self.file("").rstrip("/"), last
        with open(self.file("model.safetensors"), "rb") as f:
            assert f.read() == WEIGHTS
        assert self.incomplete() == []

    def check_refused(self, result, *words, code=None):
        last, lines = result
        assert last.startswith("error "), lines
        for word in words:
            assert word in last, last
        assert "\n" not in last and len(last) < 900
        if code is not None:
            assert last.startswith(f"error {code} "), last
        assert not os.path.lexists(self.file("model.safetensors")), "it is there"


# ---- what is fetched, and how it lies there ------------------------------------------------


def test_the_cache_is_laid_out_as_the_hubs_own():
    with Case() as c:
        last, _ = c.fetch()
        c.check_whole(last)
        root = os.path.join(c.cache, "models--org--name")
        assert sorted(os.listdir(root)) == ["blobs", "refs", "snapshots"]
        assert open(os.path.join(root, "refs", "main")).read() == COMMIT
        assert sorted(os.listdir(c.file(""))) == ["config.json", "model.safetensors",
                                                  "tokenizer.json"]
        for name in os.listdir(c.file("")):
            assert os.readlink(c.file(name)) == "../../blobs/" + etag_of(name, MODEL[name])
        assert os.path.isdir(os.path.join(c.cache, ".locks", "models--org--name"))


def test_a_list_without_sizes_is_asked_for_file_by_file():
    with Case(list="names") as c:
        c.check_whole(c.fetch()[0])
        assert sorted(e[2].split("/")[-1] for e in c.hub.log if e[1] == "HEAD") == \
            ["config.json", "model.safetensors", "tokenizer.json"]


def test_the_shards_of_an_index_and_no_others():
    index = json.dumps({"weight_map": {"a": "model-1.safetensors",
                                       "b": "model-2.safetensors"}}).encode()
    files = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors.index.json": index,
             "model-1.safetensors": b"one",
             "model-2.safetensors": b"two", "other.safetensors": b"no"}
    with Case(files) as c:
        assert c.fetch()[0].startswith("path ")
        assert sorted(os.listdir(c.file(""))) == ["config.json", "model-1.safetensors",
                                                  "model-2.safetensors",
                                                  "model.safetensors.index.json", "tokenizer.json"]
    files["model.safetensors.index.json"] = b'{"weight_map": {"a": "../../../evil.safetensors"}}'
    with Case(files) as c:
        c.check_refused(c.fetch(), "../../../evil.safetensors", "not there", code=65)


def test_a_gguf_file_by_its_type():
    files = {"a-Q4_K_M.gguf": b"four", "a-Q8_0.gguf": b"eight", "mmproj-a.gguf": b"no"}
    with Case(files) as c:
        assert c.fetch(name=NAME + ":q4_k_m")[0] == "path " + c.file("a-Q4_K_M.gguf")
        assert c.fetch(name=NAME + "/a-Q8_0.gguf")[0] == "path " + c.file("a-Q8_0.gguf")
        c.check_refused(c.fetch(), "which file?", "a-Q4_K_M.gguf, a-Q8_0.gguf")
        c.check_refused(c.fetch(name=NAME + ":Q2_K"), "no GGUF file Q2_K", "a-Q8_0.gguf")


def test_names_and_revisions():
    with Case() as c:
        for name in ("hf:org/name", c.hub.url + "/org/name",
                     "https://huggingface.co/org/name/tree/main"):
            c.check_whole(c.fetch(name=name)[0])
        c.check_whole(c.fetch(name="org/name@v1")[0])
        assert open(os.path.join(c.cache, "models--org--name/refs/v1")).read() == COMMIT
        last, _ = c.fetch(name="org/name@nonesuch")
        assert "no such revision" in last, last


def test_what_is_there_is_not_fetched_again():
    with Case() as c:
        c.check_whole(c.fetch()[0])
        del c.hub.log[:]
        c.check_whole(c.fetch()[0])
        assert [e[2] for e in c.hub.log] == [f"/api/models/{NAME}/revision/main?blobs=true"]


def test_a_model_without_weights_that_run():
    with Case({"config.json": b"{}", "pytorch_model.bin": b"x"}) as c:
        c.check_refused(c.fetch(), "holds no model that runs here", code=65)


# ---- the network breaks --------------------------------------------------------------------


def test_cut_connections_are_gone_on_with():
    with Case(cut=100000) as c:
        c.check_whole(c.fetch()[0])
        assert c.hub.ranges() == [None, "bytes=100000-", "bytes=200000-"]


def test_a_kill_is_gone_on_from():
    with Case(stall=150000) as c:
        process = c.start()
        assert c.hub.stalled.wait(20)
        deadline = time.time() + 10
        while time.time() < deadline and (not c.incomplete() or os.path.getsize(
                os.path.join(c.blobs, c.incomplete()[0])) < 150000):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        c.hub.faults.clear()
        c.check_whole(c.fetch()[0])
        assert c.hub.ranges() == [None, "bytes=150000-"]


def test_a_stop_says_so_and_is_gone_on_from():
    with Case(drip=(20000, 0.05)) as c:
        c.check_refused(c.fetch(0, 0, 100000), "interrupted", code=130)
        assert len(c.incomplete()) == 1
        c.hub.faults.clear()
        c.check_whole(c.fetch()[0])
        assert int(c.hub.ranges()[-1][6:-1]) >= 100000


def test_a_stall_ends_and_is_told():
    with Case(stall=150000) as c:
        process = c.start(2000)
        assert c.hub.stalled.wait(20)
        c.hub.faults.clear()
        said = process.communicate(timeout=60)[0]
        assert "sends nothing more" in said, said
        c.check_whole(said.strip().split("\n")[-1])


def test_a_stall_at_the_last_byte():
    with Case(stall=len(WEIGHTS) - 1) as c:
        process = c.start(2000)
        assert c.hub.stalled.wait(20)
        c.hub.faults.clear()
        c.check_whole(process.communicate(timeout=60)[0].strip().split("\n")[-1])


def test_a_hub_that_is_silent_for_good_gives_an_error():
    with Case(stall=0) as c:
        c.check_refused(c.fetch(1000), "sends nothing more", code=75)


def test_slow_drips_arrive():
    with Case(drip=(30000, 0.35)) as c:
        c.check_whole(c.fetch(2500)[0])


def test_a_range_that_is_refused_within_the_file():
    with Case(range="416") as c:
        c.plant(WEIGHTS[:1000])
        c.check_whole(c.fetch()[0])
        assert c.hub.ranges() == ["bytes=1000-", None]


def test_a_range_that_is_answered_from_the_start():
    with Case(range="ignore") as c:
        c.plant(WEIGHTS[:1000])
        c.check_whole(c.fetch()[0])


def test_another_range_than_was_asked_for():
    with Case(range="other") as c:
        c.plant(WEIGHTS[:1000])
        c.check_refused(c.fetch(), "another part", code=76)


def test_no_length():
    with Case(length="missing") as c:
        c.check_whole(c.fetch()[0])
    with Case(length="missing", cut=100000) as c:
        c.check_whole(c.fetch()[0])


def test_lengths_that_lie():
    for length in (10, 10**15):
        with Case(length=length) as c:
            c.check_refused(c.fetch(), "the hub's list says 300000 bytes, but %d" % length, code=76)
    with Case(length="missing", longer=True) as c:
        c.check_refused(c.fetch(), "more is sent", code=76)


def test_server_faults_pass_and_those_that_stay_are_told():
    with Case() as c:
        c.hub.answers.append({"path": "^/org/name/model", "role": "cdn", "status": 503, "times": 3})
        c.check_whole(c.fetch()[0])
    with Case() as c:
        c.hub.answers.append({"path": "model.safetensors", "role": "cdn", "status": 500})
        c.check_refused(c.fetch(), "answers 500", "try again later", code=75)


def test_too_many_requests_are_waited_for():
    with Case() as c:
        c.hub.answers.append({"path": "^/api", "status": 429, "times": 1,
                              "headers": {"Retry-After": "1"}})
        start = time.time()
        last, lines = c.fetch()
        c.check_whole(last)
        assert time.time() - start > 0.9
        assert any("waiting" in line and "429" in line for line in lines), lines
    with Case() as c:
        c.hub.answers.append({"path": "^/api", "status": 429, "headers": {"Retry-After": "100000"}})
        c.check_refused(c.fetch(), "too many requests; try again in 100000 s", code=75)


def test_nobody_there():
    with Case() as c:
        c.check_refused(c.fetch(HF_ENDPOINT="http://127.0.0.1:1"), "127.0.0.1:1", code=75)


# ---- wrong bytes ---------------------------------------------------------------------------


def test_wrong_bytes_of_the_right_length():
    with Case(wrong=True) as c:
        c.check_refused(c.fetch(), "model.safetensors", "checksum", code=65)
        assert c.incomplete() == [] and len(c.hub.ranges()) == 1


def test_wrong_bytes_of_a_small_file():
    with Case() as c:
        c.hub.answers.append({"path": "resolve/.*/config.json", "status": 200,
                              "body": b'{"model_type": "llamA"}'})
        c.check_refused(c.fetch(), "config.json", "checksum", code=65)


def test_wrong_bytes_on_the_disk_are_replaced():
    with Case() as c:
        c.plant(b"x" * 1000)
        c.check_whole(c.fetch()[0])
        assert c.hub.ranges() == ["bytes=1000-", None]
    for planted in (b"x" * len(WEIGHTS), b"x" * (len(WEIGHTS) + 5)):
        with Case() as c:
            c.plant(planted)
            c.check_whole(c.fetch()[0])


def test_all_on_the_disk_and_only_the_name_is_missing():
    with Case() as c:
        c.plant(WEIGHTS)
        c.check_whole(c.fetch()[0])
        assert c.hub.ranges() == []


def test_contents_that_change_between_two_starts():
    with Case() as c:
        c.plant(WEIGHTS[:1000])
        new = WEIGHTS[::-1]
        c.hub.models[NAME]["model.safetensors"] = new
        last, _ = c.fetch()
        assert last.startswith("path "), last
        assert open(c.file("model.safetensors"), "rb").read() == new
        assert c.incomplete() == [], "an orphan stays"


def test_contents_that_change_behind_the_list():
    with Case(etag="1" * 64) as c:
        c.check_refused(c.fetch(), "another file there by now", code=75)


def test_no_checksum_is_refused():
    with Case(list="names", etag="opaque") as c:
        c.check_refused(c.fetch(), "neither size nor checksum", code=76)


# ---- who may ask, and where to -------------------------------------------------------------


def answers_of(c):
    return [(entry[0], entry[4]) for entry in c.hub.log]


def test_the_token_goes_to_the_hub_alone():
    with Case() as c:
        last, lines = c.fetch(HF_TOKEN="hf_secret")
        c.check_whole(last)
        assert all(token == ("Bearer hf_secret" if role == "hub" else None) for role,
                   token in answers_of(c))
        assert any(role == "cdn" for role, _ in answers_of(c))
        assert "hf_secret" not in "\n".join(lines)
    for faults in ({"wrong": True}, {"length": 10}, {"headers": 500}):
        with Case(**faults) as c:
            said = "\n".join(c.fetch(HF_TOKEN="hf_secret")[1])
            assert "hf_secret" not in said and "signature" not in said, said


def test_where_the_token_is_looked_for():
    with Case() as c:
        os.makedirs(os.path.join(c.home, "hf"))
        for name, path in (("one", "hf/token"), ("two", "elsewhere")):
            with open(os.path.join(c.home, path), "w") as f:
                f.write(name + "\n")
        for env, token in (({"HF_HOME": os.path.join(c.home, "hf")}, "one"),
                           ({"HF_TOKEN_PATH": os.path.join(c.home, "elsewhere")}, "two"),
                           ({"HF_TOKEN": " three \n"}, "three")):
            del c.hub.log[:]
            c.fetch(**env)
            assert c.hub.log[0][4] == "Bearer " + token, c.hub.log[0]
        del c.hub.log[:]
        c.fetch(HF_TOKEN="bad\x01token")
        assert c.hub.log[0][4] is None


def test_gated_missing_refused():
    for status, headers, env, words in (
            (401, {"X-Error-Code": "GatedRepo"}, {},
             ("accept its terms at", "/org/name", "set HF_TOKEN")),
            (403, {"X-Error-Code": "GatedRepo"}, {"HF_TOKEN": "t"},
             ("accept its terms at", "a token of that account")),
            (401, {}, {"HF_TOKEN": "t"}, ("does not accept the token",)),
            (401, {"X-Error-Code": "RepoNotFound"}, {}, ("no such model", "private")),
            (404, {}, {}, ("no such model", "is the name right?"))):
        with Case() as c:
            c.hub.answers.append({"path": "^/api", "status": status, "headers": headers})
            c.check_refused(c.fetch(**env), *words)


def test_a_moved_model():
    with Case() as c:
        c.hub.models["new/name"] = c.hub.models[NAME]
        c.hub.answers.append({"path": "^/api/models/org/name", "status": 307,
                              "headers": {
                                  "Location": "/api/models/new/name/revision/main?blobs=true"}})
        c.check_whole(c.fetch(HF_TOKEN="t")[0])
        assert [e[4] for e in c.hub.log[:2]] == ["Bearer t", "Bearer t"]


def test_redirects_that_lead_astray():
    for location, words in (("/api/models/org/name/revision/main", ("redirects without end",)),
                            ("http://example.com/x", ("only https",)),
                            ("ftp://127.0.0.1/x", ("only https",)),
                            ("file:///etc/passwd", ("only https",)),
                            ("http://127.0.0.1.example.com/", ("only https",)),
                            ("http://127.0.0.1@example.com/", ("only https",)),
                            ("http://[", ("no address",))):
        with Case() as c:
            c.hub.answers.append({"path": "^/api", "status": 302,
                                  "headers": {"Location": location}})
            c.check_refused(c.fetch(), *words)
            assert len(c.hub.log) <= 11


def test_only_https_but_to_this_machine():
    with Case() as c:
        c.check_refused(c.fetch(HF_ENDPOINT="http://example.com"), "https://HOST expected", code=78)


def test_offline():
    with Case() as c:
        c.check_refused(c.fetch(HF_HUB_OFFLINE="1"), "HF_HUB_OFFLINE is set", code=69)
        assert c.hub.log == []


def test_tls():
    folder = tempfile.mkdtemp(prefix="qins-tls-")
    key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
    made = shutil.which("openssl") and subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
         "-out", certificate,
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        capture_output=True,
        check=False).returncode == 0
    if not made:
        print("SKIPPED: no openssl makes a certificate here")
        return
    with Case(certificate=(certificate, key)) as c:
        c.check_whole(c.fetch(SSL_CERT_FILE=certificate)[0])
    with Case(certificate=(certificate, key)) as c:
        c.check_refused(c.fetch(), "certificate", code=69)
    with Case(certificate=(certificate, key)) as c:
        c.check_refused(c.fetch(SSL_CERT_FILE=os.path.join(folder, "none")), "ca-certificates",
                        code=69)
    shutil.rmtree(folder)


# ---- hostile lists -------------------------------------------------------------------------


def test_hostile_names():
    names = ["../../../../tmp/qins-evil.safetensors", "/tmp/qins-evil.safetensors",
             "a/../../b.safetensors",
             "x" * 10000 + ".safetensors",
             "..", ".", "a//b", "a\nb.safetensors", ".git/config", "a\\b"]
    with Case(names=names) as c:
        c.check_whole(c.fetch()[0])
        for root, _, files in os.walk(c.home):
            assert not any("evil" in name for name in files), (root, files)
        assert not os.path.exists("/tmp/qins-evil.safetensors")
    body = b'{"sha": "%s", "siblings": [{"rfilename": "a\\u0000b"}]}' % COMMIT.encode()
    with Case(json=body) as c:
        c.check_refused(c.fetch(), code=65)


def test_a_hostile_name_that_the_index_wants():
    for name in ("../../../../evil.safetensors", "/tmp/qins-evil.safetensors", "a/b/c.safetensors"):
        index = json.dumps({"weight_map": {"a": name}}).encode()
        with Case({"config.json": b"{}", "model.safetensors.index.json": index, name: b"x"}) as c:
            c.check_refused(c.fetch(), "which is not there", code=65)
            assert not any("resolve" in e[2] and "evil" in e[2] for e in c.hub.log), c.hub.log


def test_hostile_commits():
    for commit in ("../../../evil", "main", "C0FFEE00" * 5, "", 5):
        with Case(commit=commit) as c:
            c.check_refused(c.fetch(), "names no commit", code=76)


def test_hostile_bodies():
    for body in (b"<html>", b"[" * 100000, b"{}", b'{"sha": 1}', b"x" * (33 << 20)):
        with Case(json=body) as c:
            last, _ = c.fetch()
            assert last.startswith(("error 65", "error 76")), last
    with Case(headers=500) as c:
        c.check_refused(c.fetch(), "headers without end", code=76)


# ---- disk and neighbours -------------------------------------------------------------------


def test_a_disk_that_is_too_small_is_told_before():
    with Case(stated=10**17) as c:
        c.check_refused(c.fetch(), "100000000.0 GB are to be downloaded", "GB are free",
                        "HF_HUB_CACHE", code=73)
        assert c.hub.ranges() == []


def test_a_folder_that_cannot_be_written():
    with Case() as c:
        open(c.cache, "w").close()
        c.check_refused(c.fetch(), "cannot create", code=73)


def lock_of(c):
    folder = os.path.join(c.cache, ".locks", "models--org--name")
    os.makedirs(folder)
    return open(os.path.join(folder, etag_of("model.safetensors", WEIGHTS) + ".lock"), "w")


def test_a_lock_that_another_program_holds_is_waited_for():
    with Case() as c, lock_of(c) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = c.start(0, 20000)
        said = []
        for line in process.stdout:
            said.append(line)
            if "another program downloads this file" in line:
                break
        fcntl.flock(lock, fcntl.LOCK_UN)
        c.check_whole(process.communicate(timeout=60)[0].strip().split("\n")[-1])
        assert "waiting" in said[-1]


def test_a_lock_that_is_never_given_back():
    with Case() as c, lock_of(c) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        c.check_refused(c.fetch(0, 400), "another program holds", ".lock", code=75)


def test_two_at_once():
    with Case(drip=(50000, 0.05)) as c:
        both = [c.start(), c.start()]
        for process in both:
            c.check_whole(process.communicate(timeout=60)[0].strip().split("\n")[-1])
        assert len(c.hub.ranges()) == 1


def main():
    wanted = sys.argv[1:]
    for name, test in list(globals().items()):
        if name.startswith("test_") and (not wanted or name in wanted):
            start = time.time()
            try:
                test()
            except Exception:
                print("FAILED:", name, flush=True)
                raise
            print(f"ok {name} {time.time() - start:.2f} s", flush=True)


main()
