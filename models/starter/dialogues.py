# SPDX-License-Identifier: MIT
"""Our own dialogues: dialogues.txt and facts.txt in many phrasings and orders, names told and asked for,
small sums, and stories in between. Everything is drawn from one random generator."""
import os
import re

import stories

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = "You are a helpful AI assistant."  # the program's default
SYSTEMS = ["You are a storyteller.", "You are a friendly assistant.", "You are a kind friend.", "Answer in few words.",
           "You are a storyteller. Continue in the style of the text that you are given.",
           "You are a careful programmer. Answer with working code and few words.", "Be kind.", "You are helpful."]
GIRLS = """Anna Clara Emma Greta Ida Laura Maria Olga Rosa Sofia Vera Zoe Alice Carol Eve Grace Iris Kate Mary Nina Ruth Sarah
Uma Wendy Yara Mia Lily Lucy Sue Amy Jane Susan Linda Emily Jessica Sandra Ashley Kim Donna Carla Helen Diana Julia
Ingrid Astrid Marie Claire Elena Natasha Mei Fatima Layla Priya Ama Zola Lena Marta Tina Rita Nora Ella Ava Chloe
Stella Hazel Ruby Eva Lisa Hannah Miriam Rachel Esther Rebecca Bella Daisy Molly Rose Violet Ivy Paula Monika Yuki
Aisha""".split()
BOYS = """Ben David Felix Hugo Jonas Karl Noah Paul Theo Walter Bob Dan Frank Henry Jack Leo Oscar Peter Quinn Tom Victor Xaver
Zack Alex Sam Chris Max Tim John James Robert Michael Thomas Daniel Mark Andrew Steven Kevin Brian George Edward Ron
Martin Stefan Lars Erik Pierre Luis Carlos Pablo Ivan Boris Kenji Wei Ahmed Omar Ravi Arjun Kofi Kwame Thabo Otto
Bruno Milo Finn Liam Ethan Logan Jasper Simon Adam Julian Tobias Joseph Jacob Samuel Philip Anton Emil Oliver Harry
Fred Billy Toby Rex Hassan""".split()
NAMES = GIRLS + BOYS
COLORS = "red blue green yellow pink white black brown purple orange".split()
FOODS = "pizza soup cake bread apples bananas rice noodles cheese carrots honey cookies pancakes strawberries".split()
ANIMALS = "dog cat bird rabbit fish mouse horse hamster turtle parrot frog goat duck lizard pony".split()
TOWNS = "Berlin London Paris Rome Madrid Vienna Oslo Boston Chicago Tokyo Lagos Cairo Lima Delhi Sydney Hamburg Lyon Porto".split()
HOBBIES = "swimming reading painting singing dancing cooking running drawing gardening fishing football chess music".split()
HARD_SUM = "I cannot work that out: I only know sums with small numbers, and would invent a result. Please use a calculator."
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def read_intents(file):
    """-> {name: (ways to ask, answers)}"""
    out, name = {}, None
    with open(os.path.join(HERE, file), encoding="utf-8") as f:
        for line in f:
            mark, text = line[:2], line[2:].rstrip("\n").replace("\\n", "\n")
            if mark == "= ":
                name = text
                out[name] = ([], [])
            elif mark == "? ":
                out[name][0].append(text)
            elif mark == "! ":
                out[name][1].append(text)
    return out


def intents():
    return read_intents("dialogues.txt")


def facts():
    with open(os.path.join(HERE, "facts.txt"), encoding="utf-8") as f:
        return [tuple(line.strip().split(" | ")) for line in f if " | " in line]


def loosely(text, rng):
    """As people type: without capitals or marks, with a word in front."""
    r = rng.random()
    if r < 0.14:
        text = text.lower()
    elif r < 0.22:
        text = text.rstrip(".?!")
    elif r < 0.32:
        text = text.lower().rstrip(".?!")
    elif r < 0.37 and text[-1:] == "?":
        text = rng.choice(["Please, ", "Tell me, ", "Hi, ", "Sorry, ", "And ", "So, ", "Hello! "]) + text
    elif r < 0.39:
        text = text.upper() if len(text) < 30 else text
    return text or "hi"


def pair(ask, answer):
    return [("user", ask), ("assistant", answer)]


def small(rng, known, simple):
    """One exchange from the written ones."""
    if rng.random() < 0.12:
        ask, answer = rng.choice(simple)
    else:
        asks, answers = known[rng.choice(list(known))]
        ask, answer = rng.choice(asks), rng.choice(answers)
    return pair(loosely(ask, rng), answer)


def talks(rng, known, simple, between):
    """One to four exchanges, sometimes with another source's in between."""
    out = []
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        out += between(rng) if rng.random() < 0.12 else small(rng, known, simple)
    return out


def told(rng):
    """(the user tells something, an answer, the user asks for it, the answer to that, asked without telling)"""
    n, c, a, f, t, h = (rng.choice(x) for x in (NAMES, COLORS, ANIMALS, FOODS, TOWNS, HOBBIES))
    age = rng.randint(4, 90)
    kind = rng.random()
    if kind < 0.5:
        tell = rng.choice([f"My name is {n}.", f"I am {n}.", f"I'm {n}.", f"Hello, I am {n}.", f"Hi, my name is {n}.", f"my name is {n}",
                           f"You can call me {n}.", f"Hello! My name is {n}.", f"Call me {n}.", f"hi i am {n}", f"They call me {n}."])
        return (tell, rng.choice([f"Nice to meet you, {n}!", f"Hello, {n}! Nice to meet you.", f"Hello, {n}! How are you?"]),
                rng.choice(["What is my name?", "what is my name", "Do you know my name?", "Do you remember my name?", "Who am I?",
                            "What's my name?", "Can you tell me my name?", "Say my name.", "How am I called?", "what's my name?"]),
                rng.choice([f"Your name is {n}.", f"Your name is {n}."]), "You have not told me your name yet.")
    if kind < 0.62:
        return (rng.choice([f"My favorite color is {c}.", f"I like the color {c}.", f"I love {c}, it is my favorite color."]),
                f"{c.capitalize()} is a lovely color!", rng.choice(["What is my favorite color?", "Which color do I like?", "what's my favorite color"]),
                f"Your favorite color is {c}.", "You have not told me your favorite color yet.")
    if kind < 0.74:
        return (rng.choice([f"I have a {a} named {n}.", f"I have a {a}. Its name is {n}.", f"My {a} is called {n}."]),
                rng.choice([f"{n} is a nice name for a {a}!", f"How nice! Is {n} a good {a}?"]),
                rng.choice([f"What is the name of my {a}?", f"What is my {a}'s name?", f"How is my {a} called?"]),
                f"Your {a} is called {n}.", f"You have not told me the name of your {a} yet.")
    if kind < 0.82:
        return (rng.choice([f"I am {age} years old.", f"I'm {age} years old.", f"I am {age}."]), f"{age} is a good age!",
                rng.choice(["How old am I?", "What is my age?"]), f"You are {age} years old.", "You have not told me your age yet.")
    if kind < 0.88:
        return (rng.choice([f"I live in {t}.", f"I am from {t}.", f"I come from {t}."]), f"I hear that {t} is a nice place!",
                rng.choice(["Where do I live?", "Where am I from?"]), f"You told me that it is {t}.", "You have not told me that yet.")
    if kind < 0.94:
        return (rng.choice([f"I like {f}.", f"I love {f}.", f"My favorite food is {f}."]), f"Mmm, {f}! That sounds tasty.",
                rng.choice(["What do I like to eat?", "What is my favorite food?"]), f"You like {f}.", "You have not told me that yet.")
    return (rng.choice([f"I like {h}.", f"My hobby is {h}.", f"I love {h}."]), f"{h.capitalize()} is fun!",
            rng.choice(["What is my hobby?", "What do I like to do?"]), f"You like {h}.", "You have not told me that yet.")


def memories(rng, known, simple):
    """Something told in one turn and used in a later one; sometimes two things, sometimes nothing."""
    tell, answer, ask, known_answer, unknown = told(rng)
    if rng.random() < 0.2:
        return (small(rng, known, simple) if rng.random() < 0.5 else []) + pair(ask, unknown)
    out = pair(tell, answer)
    later = pair(ask, known_answer)
    if rng.random() < 0.3:
        tell2, answer2, ask2, known2, _ = told(rng)
        if ask2.split()[-1] != ask.split()[-1]:
            out += pair(tell2, answer2)
            later += pair(ask2, known2)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        out += small(rng, known, simple)
    return out + later


def sums(rng):
    out = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        op = rng.choice("+++--*")
        a, b = (rng.randint(0, 10), rng.randint(0, 10)) if op != "*" else (rng.randint(1, 5), rng.randint(1, 10))
        if rng.random() < 0.25 and op != "*":
            a = rng.randint(0, 20)
        if op == "-" and b > a:
            a, b = b, a
        value = {"+": a + b, "-": a - b, "*": a * b}[op]
        word = {"+": "plus", "-": "minus", "*": "times"}[op]
        r = rng.random()
        if r < 0.15 and max(a, b) <= 12:
            x = f"{WORDS[a]} {word} {WORDS[b]}"
        elif r < 0.4:
            x = f"{a} {word} {b}"
        else:
            x = f"{a} {op} {b}" if r < 0.8 else f"{a}{op}{b}"
        ask = rng.choice(["What is {}?", "What is {}?", "How much is {}?", "{}", "{} = ?", "what is {}", "Calculate {}.", "What's {}?", "Can you tell me {}?"])
        out += pair(ask.format(x), f"{a} {op} {b} = {value}.")
    if rng.random() < 0.15:
        a, b = rng.randint(100, 9999), rng.randint(12, 999)
        out += pair(f"What is {a} {rng.choice('+-*/')} {b}?", HARD_SUM)
    return out


def renamed(story, rng):
    """-> kind of hero, its new name, the story told of that name; or None"""
    m = re.search(r"\b(girl|boy|dog|cat|bird|rabbit|bunny|bear|fish|mouse|frog|duck|fox|lion) named ([A-Z][a-z]+)", story)
    if not m:
        return None
    name = rng.choice({"girl": GIRLS, "boy": BOYS}.get(m.group(1), NAMES))
    return None if name in story else (m.group(1), name, re.sub(rf"\b{m.group(2)}\b", name, story))


def own_stories(rng, prompter, tiny, known, simple):
    """Stories with heroes named by the user, about the user, and in the middle of a talk."""
    for _ in range(40):
        story = rng.choice(tiny)
        found = renamed(story, rng)
        if found and len(story) < 1400:
            break
    else:
        return talks(rng, known, simple, lambda r: [])
    kind, name, story = found
    r = rng.random()
    if r < 0.25:
        out = pair(rng.choice([f"My name is {name}.", f"I am {name}.", f"Hi, I am {name}!"]), f"Nice to meet you, {name}!")
        out += pair(rng.choice(["Tell me a story about me.", "Can you tell me a story about me?", "I want to hear a story about me.",
                                f"Tell me a story about {name}."]), story)
    elif r < 0.65:
        what = f"{stories.article(kind)} named {name}" if rng.random() < 0.7 else f"{stories.article(kind)} called {name}"
        rest = [w for w, _ in prompter.topics(story) if w != kind and w != name.lower()][:2]
        if rest and rng.random() < 0.5:
            what += " and " + stories.article(rng.choice(rest))
        out = pair(rng.choice(stories.ASK).format(what), story)
    else:
        out = small(rng, known, simple) + pair(prompter.ask(story, rng), story)
    r = rng.random()
    if r < 0.3:
        p = stories.cut(story, rng)
        if p:
            out[-1:] = [("assistant", p[0])]
            for more in p[1:]:
                out += pair(rng.choice(stories.GO_ON), more)
    elif r < 0.6:
        for q, a in stories.questions(story, rng):
            out += pair(q, a)
    if rng.random() < 0.35:
        out += small(rng, known, simple)
    return out


def ending(rng, known):
    return pair(rng.choice(known["bye"][0]), rng.choice(known["bye"][1]))


def make(rng, prompter, tiny):
    """-> about 26,000 dialogues"""
    known, simple = intents(), facts()
    between = lambda r: sums(r)[:2] if r.random() < 0.5 else pair(*told(r)[:2])
    out = []
    for asks, answers in known.values():  # every way to ask at least four times
        for ask in asks:
            out += [pair(ask, rng.choice(answers))] + [pair(loosely(ask, rng), rng.choice(answers)) for _ in range(3)]
    for ask, answer in simple * 4:
        out.append(pair(loosely(ask, rng), answer))
    out += [talks(rng, known, simple, between) for _ in range(7000)]
    out += [memories(rng, known, simple) for _ in range(5000)]
    out += [sums(rng) for _ in range(3500)]
    out += [own_stories(rng, prompter, tiny, known, simple) for _ in range(4000)]
    out = [d + ending(rng, known) if rng.random() < 0.08 else d for d in out]
    rng.shuffle(out)
    return out


def with_system(turns, rng):
    r = rng.random()
    text = SYSTEM if r < 0.6 else rng.choice(SYSTEMS) if r < 0.66 else None
    return [("system", text)] + turns if text else turns
