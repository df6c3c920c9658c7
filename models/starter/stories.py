# SPDX-License-Identifier: MIT
"""From stories to dialogues: prompts out of a story's own words, going on, simple questions."""
import collections
import re

ASK = [
    "Tell me a story about {}.", "Tell me a story about {}", "tell me a story about {}", "Tell a story about {}.",
    "Can you tell me a story about {}?", "Could you tell me a story about {}?", "Please tell me a story about {}.",
    "Write a story about {}.", "Write a short story about {}.", "I want a story about {}.", "A story about {}, please.",
    "I would like to hear a story about {}.", "Do you know a story about {}?", "Tell us a short story about {}.",
    "Make up a story about {}.", "Give me a story about {}.", "story about {}", "Let's have a story about {}.",
    "Can I hear a story about {}?", "Tell me a bedtime story about {}.", "Tell my daughter a story about {}.",
    "Tell my son a story about {}.", "Please write a little story about {}.", "Tell me something about {}.",
    "Tell me a tale about {}.", "Could we have a story about {}?", "Now tell me a story about {}.",
]
ASK_ANY = [
    "Tell me a story.", "Tell me a story", "tell me a story", "Can you tell me a story?", "I want to hear a story.",
    "Tell me another story.", "Do you know a story?", "Please tell me a story.", "Story, please!", "Tell me a bedtime story.",
    "Another story please.", "Can I have a story?", "Tell me something nice.", "Once more, a story.", "Write me a story.",
    "Read me a story.", "I'm bored, tell me a story.", "Could you tell me a short story?",
]
GO_ON = [
    "What happened next?", "what happened next?", "And then?", "And then what happened?", "Go on.", "Go on!", "Please go on.",
    "What happened then?", "Then what?", "Continue.", "Continue the story.", "Tell me more.", "And what happened after that?",
    "Keep going.", "What next?", "How does the story end?", "How does it end?", "More!", "Don't stop!", "What did they do next?",
]
NOT_NOUNS = set("one day time way lot thing things little big once her his it them very other new old good idea said again while end "
                "instead moment replied top well own turn side days answered anyway gently safely tightly hurry huge nearby".split())


def nouns(stories):
    """Words that often end a phrase right after a/the/his/her are taken for things one can name."""
    seen, ends = collections.Counter(), collections.Counter()
    for s in stories:
        low = s.lower()
        seen.update(re.findall(r"[a-z]+", low))
        ends.update(re.findall(r"\b(?:a|an|the|his|her|their)(?: [a-z]+)? ([a-z]+)[.,!?]", low))
    return {w for w, n in ends.items()
            if n >= 4 and n / seen[w] > 0.12 and seen[w] < 12000 and len(w) > 2 and w not in NOT_NOUNS}


def an(phrase):
    return phrase[0] in "aeiou" and not phrase.startswith("uni")


def article(phrase):
    return ("an " if an(phrase) else "a ") + phrase


class Prompter:
    def __init__(self, stories):
        self.nouns = nouns(stories)
        df = collections.Counter()
        for s in stories:
            df.update(set(re.findall(r"[a-z]+", s.lower())))
        self.df, self.n = df, len(stories)

    def topics(self, story):
        """The things a story is about, the most telling first, each as it is first named."""
        low = story.lower()
        count = collections.Counter(re.findall(r"[a-z]+", low))
        found = [w for w in count if w in self.nouns and count[w] >= 2
                 and re.search(rf"\b(?:an?|the|his|her|their|my) (?:[a-z]+ )?{w}\b", low)]
        found.sort(key=lambda w: -count[w] / (20 + self.df[w]) ** 0.5)
        out = []
        for w in found[:4]:
            m = re.search(rf"\ban? ((?:[a-z]+ )?{w})\b", low)
            phrase = m.group(1) if m else w
            first = phrase.split()[0]
            if first in self.nouns or first in NOT_NOUNS:
                phrase = phrase.split()[-1]
            out.append((w, phrase))
        return out

    def ask(self, story, rng):
        """A user's wish that this story grants."""
        topics = self.topics(story)
        named = re.search(r"\b((?:little |young |small )?(?:boy|girl|dog|cat|bird|rabbit|bunny|bear|fish|mouse|frog)) named ([A-Z][a-z]+)", story)
        parts = []
        if named and rng.random() < 0.35:
            parts.append(article(named.group(1)) + (" named " + named.group(2) if rng.random() < 0.6 else ""))
            topics = [t for t in topics if t[0] not in named.group(1)]
        want = rng.choice([1, 1, 2, 2, 2, 3]) - len(parts)
        picked = topics[:3]
        rng.shuffle(picked)
        for word, phrase in picked[:max(0, want)]:
            plural = word.endswith("s") and not word.endswith("ss")
            text = phrase if rng.random() < 0.4 else word
            r = rng.random()
            parts.append(text if plural else "the " + text if r < 0.07 else text if r < 0.1 else article(text))
        if not parts or rng.random() < 0.06:
            return rng.choice(ASK_ANY)
        what = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
        return rng.choice(ASK).format(what)


# What may stand in for another in a story: the kind of thing is the same, the word is not.
BEASTS = """dog cat bird rabbit bunny bear fox frog duck lion monkey puppy kitten squirrel pig cow horse turtle owl mouse fish""".split()
OTHER_BEASTS = BEASTS + """dragon elephant dinosaur tiger penguin hen goat wolf hedgehog snail unicorn crocodile giraffe parrot whale
donkey zebra camel panda crab spider bee butterfly dolphin hamster kangaroo koala robot fairy giant ghost snowman pirate princess
prince king queen witch wizard knight""".split()
THINGS = """ball boat kite car doll hat book cup spoon truck train balloon flower cake stick stone shell button bell drum key
lamp ring candle pencil ribbon umbrella map feather blanket pillow crayon""".split()
OTHER_THINGS = THINGS + """box basket bag bottle clock mirror rocket violin ship sled wagon bicycle lantern letter crown coin pumpkin sandwich cookie guitar
puzzle broom ladder teapot whistle flute mitten star leaf acorn pebble carpet camera telescope trumpet sword tent bucket rope
scarf boot plane treasure gift magnet""".split()
# A beast that does what only it can do is not swapped.
TELLING = re.compile(r"\b(woof|bark\w*|meow\w*|purr\w*|quack\w*|tweet\w*|chirp\w*|wings?|fl[ye]\w*|flew|nest|swam|swim\w*|mice|tails?|roar\w*|"
                     r"hop\w*|shell|croak\w*|moo\w*|oink|beak|fins?|feathers?|fur|furry|paws?)\b")
WHERE_ONLY = {"ball": "roll|bounc|kick|throw|threw|catch|caught", "boat": "sail|row|float", "kite": "fly|flew|string", "car": "drive|drove|race",
              "cake": "eat|ate|bak|tast", "train": "track|rode|ride", "balloon": "pop|float|fly|flew", "truck": "drive|drove",
              "drum": "beat|bang", "key": "lock", "lamp": "light", "candle": "light|burn", "book": "read|page", "bell": "ring|rang"}


def swapped(story, rng):
    """The story with one or two of its heroes and things exchanged for others -> (story, their names), or None.
    So that what was asked for has to be taken from the wish: the words around it do not give it away."""
    low, new = story.lower(), []
    words = collections.Counter(re.findall(r"[a-z]+", low))
    here = [w for w in BEASTS if words[w] >= 3] if not TELLING.search(low) else []
    there = [w for w in THINGS if words[w] >= 3 and not re.search(rf"\b(?:{WHERE_ONLY.get(w, '-')})", low)]
    rng.shuffle(here)
    rng.shuffle(there)
    for old, pool in [(w, OTHER_BEASTS) for w in here[:1]] + [(w, OTHER_THINGS) for w in there[:2]]:
        to = rng.choice([w for w in pool if words[w] == 0 and w not in new])
        for a, b in ((old, to), (old.capitalize(), to.capitalize())):
            story = re.sub(rf"\b([Aa])n? ((?:little |big |small |new )?){a}(s?)\b",
                           lambda m: m[1] + ("n " if not m[2] and to[0] in "aeiou" else " ") + m[2] + b + m[3], story)
            story = re.sub(rf"\b{a}(s?)\b", lambda m: b + m[1], story)
        new.append(to)
    return (story, new) if new else None


def swapped_dialogues(stories, prompter, rng):
    """Swapped stories on demand, some of them in parts."""
    out = []
    for s in stories:
        found = swapped(s, rng)
        if not found:
            continue
        story, new = found
        if len(new) == 1 and rng.random() < 0.4:
            new += [w for w, _ in prompter.topics(story) if w not in new][:1]
        rng.shuffle(new)
        ask = ("user", rng.choice(ASK).format(" and ".join(article(w) for w in new)))
        p = cut(story, rng) if rng.random() < 0.25 else None
        d = [ask, ("assistant", p[0] if p else story)]
        for more in p[1:] if p else []:
            d += [("user", rng.choice(GO_ON)), ("assistant", more)]
        out.append(d)
    return out


def sentences(text):
    return re.findall(r"\S.*?(?:[.!?][\"']?(?=\s)|$)", text, re.S)


def cut(story, rng):
    """-> a story in two or three parts, or None when it is too short."""
    s = re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"'])\s+", story)
    if len(s) < 8:
        return None
    n = 3 if len(s) > 14 and rng.random() < 0.4 else 2
    marks = sorted(rng.sample(range(3, len(s) - 2), n - 1))
    if any(b - a < 3 for a, b in zip([0] + marks, marks + [len(s)])):
        marks = [len(s) // 2]
    return [" ".join(s[a:b]) for a, b in zip([0] + marks, marks + [len(s)])]


def questions(story, rng):
    """Questions with an answer that stands in the story."""
    out = []
    m = re.search(r"\b(boy|girl|dog|cat|bird|rabbit|bunny|bear|fish|mouse|frog|man|woman|duck|fox|lion|monkey|puppy|kitten|squirrel) "
                  r"named ([A-Z][a-z]+)", story)
    if m:
        kind, name = m.groups()
        she = "Her" if kind in ("girl", "woman") else "His" if kind in ("boy", "man") else "Its"
        out += [(f"What was the {kind}'s name?", f"{she} name was {name}."),
                (f"What was the name of the {kind}?", f"The {kind}'s name was {name}."),
                ("Who is the story about?", f"It is about a {kind} named {name}."),
                (f"Who is {name}?", f"{name} is {article(kind)} in the story."),
                (f"Who was {name}?", f"{name} was {article(kind)}.")]
        likes = re.search(rf"\b{name} (?:loved|liked) to ([a-z ]{{3,40}})[.,]", story)
        if likes:
            out += [(f"What did {name} like to do?", f"{name} liked to {likes.group(1)}.")] * 2
        saw = re.search(rf"\b{name} (saw|found|had) (an? (?:[a-z]+ )?[a-z]+)\b[.,]", story)
        if saw:
            verb = {"saw": "see", "found": "find", "had": "have"}[saw.group(1)]
            out += [(f"What did {name} {verb}?", f"{name} {saw.group(1)} {saw.group(2)}.")] * 2
    m = re.search(r"\b[Tt]he ([a-z]+) was (red|blue|green|yellow|pink|white|black|brown|purple|orange)\b", story)
    if m:
        out += [(f"What color was the {m.group(1)}?", f"The {m.group(1)} was {m.group(2)}.")] * 2
    rng.shuffle(out)
    return out[:2]


def dialogues(stories, prompter, rng):
    """-> three lists: a story on demand, told in parts, followed by questions."""
    told, parts, asked = [], [], []
    for s in stories:
        ask = ("user", prompter.ask(s, rng))
        told.append([ask, ("assistant", s)])
        p = cut(s, rng)
        if p:
            d = [("user", prompter.ask(s, rng)), ("assistant", p[0])]
            for more in p[1:]:
                d += [("user", rng.choice(GO_ON)), ("assistant", more)]
            parts.append(d)
        q = questions(s, rng)
        if q:
            d = [("user", prompter.ask(s, rng)), ("assistant", s)]
            for question, answer in q:
                d += [("user", question), ("assistant", answer)]
            asked.append(d)
    return told, parts, asked


def fable_dialogue(field, fable, rng):
    who = field.get("Main Character", "an animal")
    where = field.get("Setting", "")
    lesson = field.get("Teaching", "")
    ask = rng.choice(["Tell me a fable about {}.", "Can you tell me a fable about {}?", "Write a fable about {}.",
                      "Tell me a story with a moral about {}.", "A fable about {}, please.", "Tell me a story about {}."])
    what = rng.choice([who, who.split()[0] + " " + who.split()[-1], who + " in " + where if where else who])
    if what.startswith("an ") and what.split()[1][0] not in "aeiou":
        what = "a " + what[3:]
    d = [("user", ask.format(what)), ("assistant", fable)]
    if lesson and rng.random() < 0.5:
        d += [("user", rng.choice(["What is the moral?", "What is the lesson of the story?", "What do we learn from it?"])),
              ("assistant", "The moral of the story is: " + lesson + ".")]
    return d
