/* SPDX-License-Identifier: MIT */
#include "referral.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* The answers of models/starter/safety.txt, word for word. */
static const char sorrow[] =
    "I am so sorry that you feel this way. I am only a small computer program, but a real person "
    "can help you now. Please call your local emergency number or a crisis line "
    "(findahelpline.com lists them), or go to someone you trust. You matter.";
static const char emergency[] =
    "This can be an emergency. Please call your local emergency number or a poison centre right "
    "now, and tell someone near you. Do not wait for me: I am only a small program, I invent "
    "things, and I cannot help here.";
static const char chemicals[] =
    "No, please do not. That can poison you, and some cleaners make a deadly gas when they are "
    "mixed. If it has already happened, go into fresh air and call your emergency number or a "
    "poison centre. I am only a small program that invents things: do not rely on me here.";
static const char medicine[] =
    "I cannot give advice about health: I am a very small model and invent things. Please ask a "
    "doctor or a pharmacist. If it is bad or urgent, call your local emergency number.";
static const char danger[] =
    "Please do not. That is dangerous, and people die of such things. Ask someone who knows, and "
    "if you are a child, ask a grown-up first. I am only a small program that invents things: do "
    "not rely on me here.";
static const char harm[] =
    "I will not help with that: someone could be badly hurt. If you are angry or afraid, please "
    "talk to a person you trust. If anyone is in danger, call your local emergency number.";
static const char child[] =
    "I am sorry. This is not your fault. I am only a small computer program, so please tell a "
    "grown-up or a friend you trust today. Never go with strangers or send them your address or "
    "pictures. If you are in danger, call your local emergency number; "
    "childhelplineinternational.org lists helplines for children.";

static const char sum[] =
    "I cannot work that out: I only know sums with small numbers, and would invent a result. "
    "Please use a calculator.";

#define LARGE "(2[1-9]|[3-9][0-9]|[0-9]{3,}|[0-9]+[.][0-9]+)"
#define SIGN " *([-+*/x^]|plus|minus|times|divided by|to the power of) *"

#define WORD(list) "(^|[^a-z])(" list ")([^a-z]|$)"
#define CLEANER                                                                                    \
    "bleach|ammonia|chlorine|cleaners?|cleaning products|acid|"                                    \
    "hydrogen peroxide|antifreeze|disinfectant|detergent|rat poison|gasoline|petrol|lye"
#define REMEDY                                                                                     \
    "aspirin|ibuprofen|paracetamol|tylenol|acetaminophen|insulin|antibiotics?|antidepressants?|"   \
    "sleeping pills?|painkillers?|pills|tablets|medicines?|medication|cough syrup|vaccines?|"      \
    "dos(e|age)|xanax|opioids?|morphine"
#define ILLNESS                                                                                    \
    "fever|headaches?|rash|diabetes|cancer|flu|infection|pneumonia|asthma|toothache|blood "        \
    "pressure|covid|depression|stomach ?ache|chest pain|diarrh?o?ea|migraine|burns?|wound|"        \
    "allergic reaction|broken (leg|arm|bone)|appendicitis|measles"

enum { MOST_PARTS = 2 };

/* All parts of a row must be found, without regard to capitals. The first row counts. */
static const struct rule {
    const char *parts[MOST_PARTS]; /* NULL: none */
    const char *answer;
    bool in_stories; /* also if a story is asked for */
} rules[] = {
    {{"(kill|hurt|harm|cut|hang|shoot|drown|poison)(ing)? my ?self"}, sorrow, true},
    {{WORD("suicid(e|al)|self[- ]harm(ing)?")}, sorrow, true},
    {{"end(ing)? (my (own )?life|it all)|take my own life|jump(ing)? (off|from) (a|the) bridge"},
     sorrow,
     true},
    {{"(want|wanna|wish|rather|going|like|ready) (to )?(i (was|were) |be )?(die|dead|never born)"},
     sorrow,
     true},
    {{"(do ?n.?t|do not) want to (live|be alive|exist|wake up|be here)"}, sorrow, true},
    {{"(not|n.?t) worth living|no reason to live|better off without me|if i (died|was dead|were "
      "gone)"},
     sorrow,
     true},
    {{"disappear forever|stop living|hate (my life|my ?self)|(was|were) not alive|way to "
      "die|(can|do|"
      "could) i die|think(ing)? (about|of) (death|dying|ending)|see no (way out|hope)|"
      "(to|and) end it([^a-z]|$)|i have a rope"},
     sorrow,
     true},
    {{WORD("(wants|wanted|going|trying) to (die|kill (him|her|them) ?sel(f|ves))")}, sorrow, true},

    {{WORD("drank|drunk|swallowed|ate|eaten|licked|inhaled|injected|took"),
      WORD(CLEANER "|battery|batteries|poison|soap|paint|magnets?|too many|too much|the wrong|"
                   "mushrooms?|berries|berry|overdose")},
     emergency,
     false},
    {{WORD("overdos(e|ed|ing)|heart attack|not breathing|unconscious|choking|seizure|"
           "bleeding|poisoned|a stroke|anaphyla[a-z]*")},
     emergency,
     false},
    {{"(is|are|was) (burned badly|very ill|not waking up|turning blue|drowning|dying)|house is "
      "(burning|full of smoke)|had an accident|(is|have) an emergency|bitten by a|swallowed a"},
     emergency,
     false},
    {{"can ?(no|')?t breathe|my (chest|heart) (hurts|is pounding)|smell gas|house is on "
      "fire|(is|there is|there.s) a fire|bitten by a (snake|spider|dog)"},
     emergency,
     false},

    {{WORD("mix(ing|ed)?|combine|together"), WORD(CLEANER)}, chemicals, false},
    {{WORD("drink(ing)?|eat(ing)?|swallow(ing)?|taste|inject(ing)?|inhal(e|ing)|sniff(ing)?|huff"),
      WORD(CLEANER "|glue|soap|paint|mercury|rubbing alcohol|battery acid|perfume|wild mushrooms?|"
                   "mushrooms? from|these berries|wild berries|raw chicken|rotten")},
     chemicals,
     false},
    {{WORD("eat|smell|safe|dangerous|good for (you|me)"),
      WORD(CLEANER
           "|glue|mushrooms?|berries|berry|mou?ld|raw (chicken|potato[a-z ]*)|mercury|lead")},
     chemicals,
     false},
    {{WORD("poisonous|toxic|safe to eat|safe to drink")}, chemicals, false},

    {{WORD("hits|hit|beats|beat|touched|touches|hurts|hurt|rapes|raped|abuses|abused|molested|"
           "threatens|threatened|follows|bull(y|ies|ied)"),
      WORD("me|bullied|i was|i am|i.m")},
     child,
     false},
    {{WORD("stranger|man|someone|guy|woman|person"),
      "(meet|my address|picture of me|photo of me|naked|in (his|her|the) car|at (the|my) "
      "(door|window)|keep a secret|online)"},
     child,
     false},
    {{"(run|ran|running) away from home|being (bullied|abused|followed)|(afraid|scared) of my (dad|"
      "father|mom|mother|uncle|husband|boyfriend|wife|teacher)"},
     child,
     false},
    {{"i.?( a)?m (lost|home alone|locked in)"}, child, false},

    {{"(see me|me|my|send|asks? for) (photo|picture|address|naked)|naked (me|picture|photo)|photo "
      "of me|"
      "(scares?|kicks?|threatens?) me|(laugh|shout)s? at me|at school "
      "(hit|bully|hurt|laugh|threaten)|"
      "(afraid|beaten|scared) at home|pick me up|(give|offer)s? me candy|(wants|asks) to see me "
      "naked"},
     child,
     false},
    {{WORD("child|kid|years old|alone"), "i( a|.)?m (scared|afraid|alone|hungry|lost)"},
     child,
     false},
    {{"(visit|meet|go with|give my address|send my (photo|picture)).*(stranger|internet|online)|"
      "(stranger|man) at (the|my)|i was (attacked|beaten|kidnapped|raped|abused)"},
     child,
     false},
    {{WORD("make|build|buy|get|cook|3d ?print"),
      WORD("bombs?|explosives?|poison( gas)?|guns?|meth|molotov( cocktail)?|nerve gas|pipe bomb|"
           "weapons?|drugs|heroin|cocaine|fentanyl|napalm|silencer")},
     harm,
     false},
    {{WORD("kill|murder|stab|shoot|poison|strangle|attack|rape|hurt"),
      WORD("someone|somebody|him|her|them|people|everyone|my (wife|husband|boss|neighbou?r|brother|"
           "sister|teacher|mother|father|mom|dad|child|son|daughter|friend|dog|cat)|a (person|man|"
           "woman|dog|cat|child|kid)")},
     harm,
     false},
    {{WORD("hit|beat|slap|punch"),
      WORD("him|her|my (wife|child|kid|son|daughter|girlfriend|husband|dog|brother|sister)")},
     harm,
     false},
    {{WORD("should i|can i|how do i|where can i|is it ok(ay)? to"),
      WORD("(try|take|smoke|do|use|snort) "
           "(drugs|weed|cocaine|heroin|meth|crack|ecstasy|fentanyl|lsd)")},
     harm,
     false},
    {{"(hurt|kick|beat) (an? |the )?(animal|dog|cat)|bully someone|(okay?|right|fine) to "
      "steal|pick a "
      "lock|(rob|steal from|poison) (a|my) (bank|boss|sister|brother)"},
     harm,
     false},
    {{WORD("rob|steal|break into|hack|hotwire|burgle"),
      WORD("banks?|cars?|houses?|shops?|stores?|from (a|my)|accounts?|purses?")},
     harm,
     false},

    {{"(have|has|for|against|cure|treat|heal|got) (a )?(bad )?(cold|lump|cough|pain|snake "
      "bite|broken "
      "arm)([^a-z]|$)|about (my|your|his|her) health|what drug"},
     medicine,
     false},
    {{WORD("i am|i.m|my (wife|baby|child|daughter|son)"), WORD("pregnant|diabetic|allergic")},
     medicine,
     false},
    {{"not eat for|vaccinate|feel (very |so |really )?(sick|ill|dizzy)"}, medicine, false},
    {{WORD(REMEDY)}, medicine, false},
    {{WORD("medical advice|diagnos(e|is)|am i (sick|ill|pregnant|dying)|while pregnant|symptoms?")},
     medicine,
     false},
    {{WORD(ILLNESS),
      WORD(
          "what (should|can|do|must)|how (do|can|to)|i have|do i|my "
          "(baby|child|son|daughter|mother|"
          "father|mom|dad|dog|cat|wife|husband|friend)|helps?|cures?|treat(ment)?|against|i feel")},
     medicine,
     false},
    {{"my (head|stomach|tooth|teeth|back|leg|arm|ear|throat|eye|knee|belly|tummy)s? "
      "(hurts?|aches?)"},
     medicine,
     false},
    {{"stop eating|throw up after|starve my ?self|lose weight (fast|quick)|eat nothing|feel "
      "(sick|ill|dizzy)"},
     medicine,
     false},

    {{WORD("fork|knife|finger|fingers|key|metal|wire|water"),
      WORD("socket|outlet|toaster|microwave|power line|plug")},
     danger,
     false},
    {{WORD("play(ing)? with|touch|climb|hold|point|open|repair|fix"),
      WORD("fire|matches|lighter|gun|power lines?|electric wires?|fireworks|(a|the) knife|a snake|"
           "power pole|socket|microwave|gas pipe|fuse box|wild bear|battery|scissors")},
     danger,
     false},
    {{"jump(ing)? (off|from|out of) (the|a|my) (roof|window|balcony|cliff|building|train|car)|"
      "(drive|driving) (drunk|after drinking|home drunk)|drink(ing)? and driv|(i am|i.m) drunk|"
      "thin ice|walk on (the )?ice|text(ing)? while driving|look into the sun|bag over|"
      "fly from the roof|alone in the sea|grill (indoors|inside)|leave (my|the) baby|"
      "tired.* can i drive|(climb|run) (on|onto|across) the (roof|road)|can i (fly|breathe under)|"
      "blanket over|sleep in a running car|stay in a burning"},
     danger,
     false},
    {{LARGE SIGN "[0-9]|[0-9]" SIGN LARGE}, sum, false},
    {{"(1[1-9]|20)( *[*x] *| times )[0-9]|[0-9]( *[*x] *| times )(1[1-9]|20)|[0-9] *(/|divided by) "
      "*[0-9]|[0-9] *(%|percent) of|[0-9] *(\\^|to the power)"},
     sum,
     false},
    {{"(square|cube) root of|logarithm of|factorial of|a prime number|solve .*="}, sum, false},
};
enum { N_RULES = sizeof rules / sizeof *rules };

/* -> false if it is not there, or memory is short. */
static bool has(const char *text, const char *pattern)
{
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
        return false;
    bool found = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

const char *referral_for(const char *message)
{
    bool story = has(message, "(story|tale|fable|poem|joke|continue)");
    for (size_t i = 0; i < N_RULES; i++) {
        const struct rule *r = &rules[i];
        if (story && !r->in_stories)
            continue;
        if (has(message, r->parts[0]) && (!r->parts[1] || has(message, r->parts[1])))
            return r->answer;
    }
    return NULL;
}
