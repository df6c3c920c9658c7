#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py [--seconds N] [--rounds N] BUILD [NAME...]: runs the fuzzers of a build with -Dfuzz=true.

Each runs for N seconds (120), one after another, and begins with its seeds, what once failed, and
what earlier runs have found in BUILD/fuzz/corpus. An input that makes one fail is kept in
tests/fuzz/regressions, for every later build to pass, and ends the run with code 1. Executions are
added up in BUILD/fuzz/totals.json.

run.py --table BUILD: executions and coverage so far, as docs/faults.md has them. Coverage is of the
files that PARSERS names: edges that the corpus reaches.
"""
import argparse
import collections
import fnmatch
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS, TIMEOUT_S, SLOW_S, MEMORY_MB, ALLOCATION_MB = 120, 25, 10, 2048, 300

# fuzzers: their dictionary
DICTIONARIES = {
    "json": "answer config safetensors qins compressed hub schema request",
    "yaml": "preset theme keyfile recipe",
    "markdown": "layout flow sanitise splitter",
    "keys": "keys editor",
    "http": "reply",
    "tokenizer": "tokenizer", "template": "template", "gguf": "gguf",
}

# name: bytes of an input at most, the parser's files
PARSERS = {
    "answer": (4096, "sse.c remote_answer.c mended.c"),
    "command": (512, "command.c complete.c paste_filter.c"),
    "compressed": (65536, "compressed.c safetensors.c json.c"),
    "config": (8192, "config*.c arch.c json.c"),
    "editor": (512, "editor*.c edit.c vi*.c motion.c keys.c folded_paste.c"),
    "flow": (512, "flow.c wrap.c"),
    "gbnf": (2048, "gbnf.c grammar*.c recogniser.c"),
    "gguf": (16384, "gguf*.c tokenizer_gguf.c tokenizer_parts.c"),
    "history": (2048, "history.c"),
    "hub": (2048, "hub_listing.c hub_ref.c url.c"),
    "image": (16384, "tokenizer_image.c tokenizer_open.c encode.c bpe.c decoder.c"),
    "keyfile": (2048, "keyfile.c keymap.c yaml_reader.c"),
    "keys": (256, "keys.c"),
    "kept": (256, "kv_file.c"),
    "layout": (2048, "markdown.c blocks.c layout.c table.c code*.c highlight.c wrap.c entities.c "
                     "literal.c transcript.c"),
    "options": (512, "options.c option_table.c number.c"),
    "preset": (2048, "preset.c yaml_reader.c options.c"),
    "qins": (65536, "model.c weights_file.c safetensors.c json.c config*.c tokenizer_image.c"),
    "recipe": (2048, "recipe.c yaml_reader.c weights_file.c"),
    "reply": (4096, "http_reply.c"),
    "request": (4096, "completion_request.c request_*.c"),
    "safetensors": (16384, "safetensors.c json.c"),
    "sanitise": (256, "sanitise.c utf8.c"),
    "schema": (4096, "json_schema.c schema_*.c json_parts.c json_range.c grammar*.c"),
    "splitter": (512, "splitter.c thinking.c"),
    "stops": (512, "stops.c"),
    "store": (256, "store.c conversation.c export.c"),
    "template": (4096, "template*.c"),
    "theme": (2048, "theme.c yaml_reader.c"),
    "tokenizer": (16384, "tokenizer*.c normalizer.c pretokenizer.c regexp*.c encode.c bpe.c"),
}


def limit_cpu():
    resource.setrlimit(resource.RLIMIT_CPU, (SLOW_S, SLOW_S))


class Fuzzer:
    def __init__(self, build, name):
        self.name, self.work = name, os.path.join(build, "fuzz")
        self.program = os.path.join(build, "tests", "fuzz", "fuzz_" + name)
        self.corpus = os.path.join(self.work, "corpus", name)
        self.found = os.path.join(self.work, "found", name)
        self.kept = os.path.join(HERE, "regressions", name)
        self.max_bytes, self.files = PARSERS[name]

    def call(self, *args, seconds):
        given = [os.path.join(HERE, folder, self.name) for folder in ("seeds", "regressions")]
        dictionaries = [os.path.join(HERE, "dict", name + ".dict")
                        for name, users in DICTIONARIES.items() if self.name in users.split()]
        # A size that a file only states must not be taken: large allocations are findings. What
        # ends in "out of memory" (null) is none.
        env = dict(os.environ, OPENBLAS_NUM_THREADS="1", ASAN_OPTIONS="allocator_may_return_null=1:"
                   "quarantine_size_mb=8:malloc_context_size=8:detect_stack_use_after_return=0")
        return subprocess.run(
            [self.program, "-max_total_time=%d" % seconds, "-timeout=%d" % TIMEOUT_S,
             "-rss_limit_mb=%d" % MEMORY_MB, "-malloc_limit_mb=%d" % ALLOCATION_MB,
             "-max_len=%d" % self.max_bytes, "-artifact_prefix=%s/" % self.found,
             "-print_final_stats=1", *args]
            + ["-dict=" + path for path in dictionaries]
            + [self.corpus] + [folder for folder in given if os.path.isdir(folder)],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            errors="replace", text=True).stdout

    def run(self, seconds):
        for folder in (self.corpus, self.found):
            os.makedirs(folder, exist_ok=True)
        said = self.call(seconds=seconds)
        with open(os.path.join(self.work, self.name + ".log"), "w") as log:
            log.write(said)
        counts = [int(n) for n in re.findall(r"^#(\d+)\s", said, re.M)]
        counts += [int(n) for n in re.findall(r"number_of_executed_units: (\d+)", said)]
        return max(counts, default=0), self.keep()

    def fails_again(self, path):
        """CPU time counts: a machine that stood still looks like an input without end."""
        if not os.path.basename(path).startswith(("timeout", "slow")):
            return True
        return subprocess.run([self.program, path], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, preexec_fn=limit_cpu).returncode != 0

    def keep(self):
        """Moves what failed to the regressions. -> their paths"""
        kept = []
        for path in sorted(glob.glob(os.path.join(self.found, "*"))):
            if not self.fails_again(path):
                os.unlink(path)
                continue
            os.makedirs(self.kept, exist_ok=True)
            kept.append(shutil.move(path, os.path.join(self.kept, os.path.basename(path)[:24])))
        return kept

    def coverage(self):
        """-> edges reached, edges of the parser's files"""
        edges = collections.Counter()
        pattern = r"COVERED_FUNC: hits: \d+ edges: (\d+)/(\d+) \S+ (\S+?):\d+"
        said = self.call("-runs=0", "-print_coverage=1", seconds=100)
        said += "\n".join(re.findall("UNCOVERED_FUNC.*", said))
        seen = set(re.findall(pattern, said))
        uncovered = set(re.findall(r"UNCOVERED_FUNC: hits: 0 edges: (\d+)/(\d+) \S+ (\S+?):\d+",
                                   said))
        for reached, of, path in seen | uncovered:
            if any(fnmatch.fnmatch(os.path.basename(path), f) for f in self.files.split()):
                edges["reached"] += int(reached)
                edges["of"] += int(of)
        return edges["reached"], edges["of"]


def totals_path(build):
    return os.path.join(build, "fuzz", "totals.json")


def read_totals(build):
    try:
        with open(totals_path(build)) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def add_total(build, name, executions):
    totals = read_totals(build)
    totals[name] = totals.get(name, 0) + executions
    with open(totals_path(build) + ".new", "w") as f:
        json.dump(totals, f, indent=1, sort_keys=True)
    os.replace(totals_path(build) + ".new", totals_path(build))


def names_in(build):
    programs = glob.glob(os.path.join(build, "tests", "fuzz", "fuzz_*"))
    return sorted(os.path.basename(p)[5:] for p in programs if os.path.isfile(p))


def table(build, names):
    totals = read_totals(build)
    for name in names:
        reached, of = Fuzzer(build, name).coverage()
        print("| %s | %.2f M | %d of %d (%d %%) |" % (name, totals.get(name, 0) / 1e6, reached, of,
                                                      100 * reached // max(of, 1)), flush=True)
    print("in all: %.2f million executions" % (sum(totals.values()) / 1e6))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=SECONDS)
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--table", action="store_true")
    p.add_argument("build")
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    if args.table:
        return table(args.build, args.names or names_in(args.build))
    n_found = 0
    for _ in range(args.rounds):
        for name in args.names or names_in(args.build):
            executions, kept = Fuzzer(args.build, name).run(args.seconds)
            add_total(args.build, name, executions)
            print("%-12s %12d executions" % (name, executions), *kept, flush=True)
            n_found += len(kept)
    return 1 if n_found else 0


if __name__ == "__main__":
    sys.exit(main())
