#!/usr/bin/env python3
"""How the program speaks.   usage: words.py [--selftest | TREE]

Sentences that readers found odd do not come back: in manual pages, documents, help and messages
(texts of C sources, not their comments)."""
import os
import re
import sys

ODD = [
    r"\btak(e|en|es) back\b(?! at any time)", r"\bis taken back\b", r"\bDown down\b",
    r"\bNo such command\b", r"\bholds? from (the|now)\b", r"\bNow talking to\b",
    r"(?-i:\bWritten: )", r"\bNo setting is called\b", r"\bexists already\b",
    r"\bMeasuring was stopped\b", r"\bto leave\b", r"\bthen leave\b", r"\bkeep nothing of\b",
    r"\blines of JSON\b", r"\bmay be used\b(?=$|\")", r"\bno such flag\b",
    r"\b(bits|bytes) a (weight|token)\b",
    r"\b(tokens|words|bytes|times|events?|numbers|messages?|objects?) a (second|line|token)\b",
    r"\bWhat is said\b", r"\bread anew\b", r"\bAt last one\b", r"\bis carried out\b",
    r"\bWhere no (model|file|name) is\b", r"\bnot concerned\b", r"\beach repeat\b",
    r"\bInstead of it, what was\b", r"\bin small letters\b", r"\bfreedom of choice\b",
    r"\bPlace before\b", r"\bthis help, on and off\b", r"\bThere is nothing to take\b",
    r"\bthe old one stays\b", r"\bleaves it as it was\b", r"\bthe input is as it was\b",
    r"\bfor longest\b", r"\bperhaps /", r"\bgo on with the last\b", r"\bsaved as it comes\b",
]
PATTERN = re.compile("|".join(ODD), re.IGNORECASE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def texts(path):
    """-> (line, text) of what a reader sees of a file."""
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    if not path.endswith(".c"):
        yield from enumerate(whole.split("\n"), 1)
        return
    whole = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), whole)
    for number, line in enumerate(whole.split("\n"), 1):
        yield from ((number, m[1]) for m in TEXT.finditer(line))


def files(tree):
    yield os.path.join(tree, "README.md")
    for top, endings in (("man", ".in"), ("docs", ".md"), ("ui", ".c"), ("src", ".c"),
                         ("tools", ".c"), ("conf", ".yaml")):
        for folder, _, names in os.walk(os.path.join(tree, top)):
            yield from (os.path.join(folder, n) for n in sorted(names) if n.endswith(endings))


def odd(tree):
    for path in files(tree):
        # Patterns of what other people write are no sentences of ours.
        if os.path.isfile(path) and "referral" not in path:
            for number, text in texts(path):
                found = PATTERN.search(text)
                if found:
                    yield f"{os.path.relpath(path, tree)}:{number}: \"{found[0]}\""


def selftest():
    for text, is_odd in (("There is nothing to take back", True), ("Nothing to undo", False),
                         ("12 tokens a second", True), ("12 tokens per second", False),
                         ("exists already; --force replaces it", True), ("quit", False)):
        assert bool(PATTERN.search(text)) == is_odd, text
    return 0


def main():
    if "--selftest" in sys.argv:
        return selftest()
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    tree = sys.argv[1] if len(sys.argv) > 1 else here
    faults = list(odd(tree))
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
