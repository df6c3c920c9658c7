# SPDX-License-Identifier: MIT
"""Wishes and the stories that grant them: the corpus's short stories with another hero, another friend or
thing, both named in the first sentences. Heroes and things are drawn evenly, so that a story can only be
had from the wish that it answers."""
import re

import dialogues
import stories
from stories import article

PEOPLE = "girl boy man woman lady child kid king queen prince princess farmer".split()
BEASTS = """dog cat bird rabbit bunny bear fish mouse frog duck fox lion monkey puppy kitten squirrel pig cow horse turtle owl bug bee
ant elephant butterfly spider tiger sheep goat dinosaur dragon fairy robot""".split()
HEROES = """dog cat bird rabbit bunny bear fish mouse frog duck fox lion monkey puppy kitten squirrel pig cow horse turtle owl bee
ant elephant butterfly spider tiger sheep goat dinosaur dragon fairy robot girl boy girl boy king queen prince princess farmer penguin
hen wolf hedgehog snail unicorn crocodile giraffe parrot whale donkey zebra camel panda crab dolphin hamster kangaroo koala giant
ghost snowman pirate witch wizard knight clown crow pony lamb bat worm snake""".split()
# A kind of thing: its words, and what is done with it only, or with it above all.
KINDS = [
    ("ball", r"roll|bounc|kick|throw|threw|catch|caught|goal"),
    ("boat ship", r"sail|row|float|water|sea|lake|ride|rode|river|wave"),
    ("car truck train bicycle sled wagon rocket plane bus tractor", r"driv|drove|rode|rid|rac(?:e|ing)|wheel|engine|track|fly|flew|fast|seat|road|pedal"),
    ("kite balloon", r"fl(?:y|ew|ies)|string|pop|sky|wind|float|air\b"),
    ("hat crown scarf mitten boot coat ring dress necklace", r"wear|wore|put\w* (?:it |them |the \w+ )?on|head|tried|fit|warm|finger|neck"),
    ("cake cookie sandwich apple pie pumpkin carrot banana pear orange", r"eat|ate\b|bak|tast|yum|delicious|hungry|bite|sweet|cook|food|lunch|juic|tree|seed|grow|grew"),
    ("drum guitar flute trumpet whistle violin bell piano", r"music|song|sound|loud|s[ia]ng|r[ia]ng|nois|danc|play\w* (?:the|his|her|it)\b"),
    ("box basket bag bucket bottle jar cup chest", r"inside|full|fill|open|drink|drank|pour|in it"),
    ("lamp candle lantern", r"light|dark|burn|bright|shin|shone|glow"),
    ("stone shell stick leaf acorn pebble feather coin button key pencil crayon spoon brush rope", r"draw|drew|writ|wrote|lock|door|paint|pull"),
    ("flower rose pumpkin mushroom", r"grow|grew|smell|pick|bloom|water|plant|garden|petal"),
    ("book letter map", r"read|page|word|pictur|writ|wrote|stor(?:y|ies)"),
    ("doll puzzle teddy", r"hug|dress|hair|build|piece|arm"),
    ("clock mirror umbrella blanket pillow broom ladder teapot telescope camera tent", r"time|tick|look\w* (?:in|at) (?:it|the)|rain|warm|sle(?:ep|pt)|sweep|swept|climb|tea\b|photo|pictur|bed"),
]
KIND = {w: telling for words, telling in KINDS for w in words.split()}
THINGS = sorted(KIND)
# Things that a story can be about as it is, but that no other stands for.
FIXED = """tree garden river castle moon star cave snowman house park beach forest bridge rainbow island storm party present
treasure swing slide pond zoo farm sandcastle egg nest shop school cloud hill""".split()
COLORS = dialogues.COLORS
LOOKS = COLORS * 2 + ["big", "little", "small", "tiny", "shiny", "old", "new", "golden", "magic", "round", "pretty"]
DARK = re.compile(r"\b(?:die[ds]?|dead|kill\w*|blood|gun|knife|died|never (?:seen|saw|came|found)|shot|hell|devil|drunk|beer|wine|hate[ds]?|"
                  r"stupid|ugly|fat|passed away|ate (?:him|her|the (?:%s)))\b" % "|".join(BEASTS))
LOOK = r"(?:(?:%s|toy|special|favorite|beautiful|huge|large|nice|fancy|soft|pink|bright|colorful|wooden|strange|broken|lost) )" % "|".join(set(LOOKS))
ART = r"\b(an?|the|his|her|its|their|my|your|this|that|one|another|some|A|An|The|His|Her|My|Your)"

# Pairs of wishes.py that no story here has, to see whether a wish is read or remembered.
APART = {("cat", "boat"), ("rabbit", "kite"), ("bear", "drum"), ("mouse", "lamp"), ("penguin", "bicycle"), ("owl", "candle")}

OWN = [" who had {}.", " who had {}.", " who had {}.", " who owned {}.", " with {}.", " who loved to play with {}.", " who got {} one day.", ". {He} had {}.",
       ". {He} had {} that {he} liked very much."]
WANT = [" who wanted {}.", " who wished for {}.", " who dreamed of {}.", " who had never seen {}.", " who always wanted {}.",
        " who liked to think of {}.", ". {He} wanted {} more than anything.", ". More than anything, {he} wanted {}."]
FRIEND = [" who had a friend, {}.", " who lived with {}.", " whose best friend was {}.", " and there was {}.", " who knew {}.", " who loved {}."]
MEET = [" who wanted to meet {}.", " who had never seen {}.", " and there was {}.", ". One day, {he} would meet {}.", " who wished to have {} for a friend.",
        " who dreamed of {}."]
PLACE = [" who lived near {}.", " who dreamed of {}.", " who liked {}.", " who wanted to see {}.", " who often thought of {}."]
BEGIN = ["Once upon a time, there was ", "Once upon a time, there was ", "Once upon a time, there was ", "Once upon a time there was ", "Once upon a time, there lived ",
         "There once was ", "There was once ", "Long ago, there was ", "Once there was "]
AFTER = [
    "After that, {hero} went home. {He} told everyone about the {thing}, and they all smiled. The end.",
    "Then the sun went down. {He} took one last look at the {thing} and went to sleep. The end.",
    "The next day, {hero} came back to the {thing} with all {his} friends. They played until it was dark. The end.",
    "{hero} was tired now. {He} said good night to the {thing} and dreamed a happy dream. The end.",
    "From then on, {hero} and the {thing} were never apart. They lived happily ever after. The end.",
    "{hero} thought of the {thing} every day and was very happy. That is the end of the story.",
]


def swap(text, old, new, looks=""):
    """The text with a noun exchanged, its article mended, looks in front of it where it is introduced."""
    first = [True]

    def named(m):
        look = looks if first[0] or m[1].lower() in ("the", "his", "her") and hash_even(m.start()) else ""
        first[0] = False
        phrase, art = (look + " " if look else "") + new + m[2], m[1]
        if art.lower() in ("a", "an"):
            art = art[0] + ("n" if stories.an(phrase) else "")
        return art + " " + phrase

    text = re.sub(rf"{ART} {LOOK}*{old}(s?)\b", named, text)
    text = re.sub(rf"\b{old}(s?)\b", lambda m: new + m[1], text)
    return re.sub(rf"\b{old.capitalize()}(s?)\b", lambda m: new.capitalize() + m[1], text)


def hash_even(n):
    return n * 2654435761 >> 8 & 1


class Tale:
    """A story whose hero the first sentence names: its parts that can be exchanged."""
    def __init__(self, text):
        self.text, self.ok = text, False
        if len(text) > 1050 or DARK.search(text):
            return
        parts = stories.sentences(text)
        m = re.match(rf"(?P<lead>.*?)\b[Aa]n? (?P<looks>(?:[a-z]+,? ){{0,2}})(?P<kind>{'|'.join(PEOPLE + BEASTS)})\b"
                     r"(?: (?:named|called) (?P<name>[A-Z][a-z]+))?(?P<tail>.*)$", parts[0], re.S)
        if not m or len(parts) < 6:
            return
        self.first, self.rest = m, text[len(parts[0]):]
        self.kind, self.name = m["kind"], m["name"] or ""
        low = text.lower()
        he, she, it = (len(re.findall(rf"\b{w}\b", low)) for w in (r"(?:he|his|him)", r"(?:she|her)", r"(?:it|its)"))
        self.he = ("he", "his") if he >= she and he else ("she", "her") if she else ("it", "its")
        if re.search(r"[A-Z][a-z]+ and ", m["lead"]) or re.search(r"^ and (?:a|his|her) (?:girl|boy|cat|dog)", m["tail"]):
            return
        count = lambda w: len(re.findall(rf"\b{w}\b", low))
        rest = self.rest.lower()
        known = lambda w: re.search(rf"\b(?:an?|the|his|her) (?:[a-z]+ )?{w}\b", rest)
        self.telling = bool(stories.TELLING.search(low)) and self.kind in BEASTS
        self.things = [w for w in THINGS if count(w) >= 2 and known(w)]
        self.friends = [w for w in BEASTS + PEOPLE[:8] if w != self.kind and count(w) >= 3 and known(w)]
        self.fixed = [w for w in FIXED if count(w) >= 2 and known(w)]
        self.friend_telling = bool(stories.TELLING.search(low))
        self.words = set(re.findall(r"[a-z]+", low))
        self.ok = True

    def free(self, pool, rng):
        while True:
            w = rng.choice(pool)
            if w not in self.words and w + "s" not in self.words:
                return w

    def grant(self, rng, common):
        """-> (hero, its look, name told in the wish or '', thing and its look, the story, he)"""
        r = rng.random()
        thing, tails = "", None
        if self.things and r < 0.75:
            old = min(rng.sample(self.things, min(2, len(self.things))), key=lambda w: common[w])
            neutral = not re.search(rf"\b(?:{KIND[old]})", self.text.lower())
            same = [w for w in THINGS if KIND[w] == KIND[old] and w not in ("boat", "ship")]
            thing = old
            if neutral and rng.random() < 0.85:
                thing = self.free(THINGS, rng)
            elif len(same) > 2 and old not in ("boat", "ship") and rng.random() < 0.5:
                thing = next((w for w in rng.sample(same, len(same)) if w not in self.words), old)
            tails = OWN, WANT
        elif self.friends and r < 0.95:
            old = thing = rng.choice(self.friends)
            if not self.friend_telling and rng.random() < 0.85:
                thing = self.free(HEROES, rng)
            tails = FRIEND, MEET
        elif self.fixed and rng.random() < 0.7:
            old = thing = rng.choice(self.fixed)
            tails = PLACE, PLACE
        hero = self.kind if self.telling or rng.random() < 0.12 else self.free(HEROES, rng)
        if hero == thing:
            return None
        sex = {"she": dialogues.GIRLS, "he": dialogues.BOYS}.get(self.he[0], dialogues.NAMES)
        if hero in ("girl", "queen", "princess", "witch", "boy", "king", "prince", "wizard", "knight") and \
           (self.he[0] == "she") != (hero in ("girl", "queen", "princess", "witch")):
            return None
        look = rng.choice(LOOKS) if thing and tails[0] is OWN and rng.random() < 0.3 else ""
        if look and (look in self.words and look in COLORS or look in ("big", "little", "small", "tiny") and self.words & {"big", "little", "small", "tiny"} and rng.random() < 0.7):
            look = ""
        # names
        style = rng.random()
        told = style < 0.25
        new = "" if style > 0.62 and "name is" not in self.text else rng.choice([n for n in sex if n not in self.text])
        lead, tail, rest = self.first["lead"], self.first["tail"], self.rest
        if self.name:
            call = lambda t: self.call(t, hero, new, rng)
            tail, rest = call(tail), call(rest)
        elif told or new:
            told, new = False, ""
        body = swap(tail + "\0" + rest, self.kind, hero) if hero != self.kind else tail + "\0" + rest
        if thing:
            if thing != old or look:
                body = swap(body, old, thing, look)
        tail, rest = body.split("\0")
        he, his = self.he
        size = self.first["looks"].split(",")[0].strip().split(" ")[-1] if rng.random() < 0.5 else ""
        size = size if size in ("little", "big", "small", "young", "old", "happy", "kind", "clever", "brave", "nice", "funny") else ""
        np = article((size + " " if size else "") + hero) + (" named " + new if new else "")
        phrase = article((look + " " if look else "") + thing) if thing else ""
        near = " ".join(stories.sentences(tail + rest)[:2])
        lead = lead[:1].upper() + lead[1:]
        if thing and (not re.search(rf"\b{thing}\b", near) or rng.random() < 0.25):
            m = re.search(rf"\b(an?|the|his|her)\b (?:[a-z]+ )?{thing}\b", rest)
            form = rng.choice(tails[bool(m and m[1] in ("a", "an"))])
            form = form.replace("{He}", he.capitalize()).replace("{he}", he)
            opening = form.format(phrase)
            plain = re.match(r"^(?:(?:Once upon a time|Once|Long ago|One day)?,? ?(?:in (?:a|the) [^,.]+, ?)?(?:[Tt]here )?(?:was|lived)|There (?:once )?(?:was|lived)(?: once)?) ?$", lead)
            if plain and tail.strip() == ".":
                out = lead + np + opening + rest
            elif plain and (m := re.match(r" (?:who|that) ((?:loved|liked|wanted|lived|was|had) [^,]*[.!])$", tail, re.S)):
                out = lead + np + opening + " " + he.capitalize() + " " + m[1] + rest
            else:
                out = rng.choice(BEGIN) + np + opening + " " + lead + ("" if new and lead else "the " if lead else "The ") + (new if new else hero) + tail + rest
        else:
            out = lead + (np if lead else np[:1].upper() + np[1:]) + tail + rest
        return hero, new if told else "", look, thing, out, (he, his)

    def call(self, text, hero, new, rng):
        """The text with the hero's name exchanged, or with its kind in its place."""
        if new:
            text = re.sub(rf"\b(named|called|name was|name is) {self.name}\b", rf"\1 {new}", text)
        else:
            text = re.sub(rf",? (?:named|called) {self.name}\b", "", text)

        def one(m):
            before, after = text[max(0, m.start() - 2):m.start()], text[m.end():m.end() + 1]
            spoken = before.endswith('"') and after in tuple(",!?") or before == ", " and after in tuple("!?.,")
            if new and (rng.random() < 0.7 or spoken):
                return new
            if spoken:
                return "little " + hero
            start = not before.strip() or before[0] in ".!?\"\n" or before[-1] in '"\n'
            return ("The " if start else "the ") + hero

        return re.sub(rf"\b{self.name}\b", one, text)


def wish(hero, name, look, thing, rng):
    """-> what the user says"""
    a = (article(hero) + (rng.choice([" named ", " named ", " called "]) + name if name else ""))
    b = article((look + " " if look else "") + thing) if thing else ""
    r = rng.random()
    if b and r < 0.06:
        what = a + rng.choice([" with ", " who finds ", " who has ", " that sees ", " and "]) + b
    elif b and r < 0.1:
        what = "the " + a.split(" ", 1)[1] + " and the " + b.split(" ", 1)[1]
    elif b and r < 0.14:
        what = a.split(" ", 1)[1] + " and " + b.split(" ", 1)[1]
    else:
        what = " and ".join(rng.sample([a, b], 2) if b and rng.random() < 0.2 else [x for x in (a, b) if x])
    r = rng.random()
    return dialogues.loosely(rng.choice(stories.ASK).format(what), rng) if rng.random() < 0.3 and not name else rng.choice(stories.ASK).format(what)


def make(texts, count, rng):
    """-> count dialogues: [(turns, words wished for)]"""
    tales = [t for t in map(Tale, texts) if t.ok]
    common = {w: 1 + sum(w in t.things for t in tales) for w in THINGS}
    weight = [1 + sum(20 / (20 + common[w]) for w in t.things) if t.things else 0.4 if t.friends else 0.12 for t in tales]
    known, simple = dialogues.intents(), dialogues.facts()
    out = []
    while len(out) < count:
        found = rng.choices(tales, weight)[0].grant(rng, common)
        if not found or (found[0], found[3]) in APART or (found[3], found[0]) in APART:
            continue
        hero, name, look, thing, story, (he, his) = found
        d = dialogues.small(rng, known, simple) if rng.random() < 0.1 else []
        d += [("user", wish(hero, name, look, thing, rng)), ("assistant", story)]
        r = rng.random()
        parts = stories.cut(story, rng) if r < 0.15 else None
        if parts:
            d[-1] = ("assistant", parts[0])
            for more in parts[1:]:
                d += [("user", rng.choice(stories.GO_ON)), ("assistant", more)]
        elif thing and r < 0.27:
            end = rng.choice(AFTER).format(hero="the " + hero, thing=thing, He=he.capitalize(), his=his)
            d += [("user", rng.choice(stories.GO_ON)), ("assistant", end[:1].upper() + end[1:])]
        elif r < 0.37:
            for question, answer in stories.questions(story, rng):
                d += [("user", question), ("assistant", answer)]
        if rng.random() < 0.1:
            d += dialogues.small(rng, known, simple)
        out.append((d, [w for w in (hero, name, look, thing) if w]))
    return out


def kept(dialogue, nouns):
    """Whether every story in it names what was asked for within its first sentences."""
    for (_, ask), (_, answer) in zip(dialogue[::2], dialogue[1::2]):
        if len(answer) > 300:
            wished = {w for w in re.findall(r"[a-z]+", ask.lower()) if w in nouns or w in KIND or w in HEROES}
            if any(w not in answer[:220].lower() for w in wished):
                return False
    return True
