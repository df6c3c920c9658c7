/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: harm to oneself, and to a friend's self: before all else, and in stories too.
 */
#include "referral_lists.h"

static const struct referral_rule rules[] = {
    {ANSWER_SORROW,
     {"(kill|hang|shoot|drown|poison|stab|strangle|murder)(s|ing|ed)? " SELF},
     MISHAP,
     true},
    {ANSWER_SORROW,
     {"(hurt|harm|cut|burn|punish|starve|scratch|hit|injure)(s|ing|ting)? (" SELF
      "|my (arms?|wrists?|legs?|thighs?|skin))"},
     MISHAP,
     true},
    {ANSWER_SORROW,
     {"suicid(e|al)|self harm(s|ing|ed)?|selfharm(ing)?|suicide note|been cutting|cutting again|"
      "slit my|slash my|noose|(have|got|tied) a rope"},
     "suicide (squad|chess|doors?|burns?|drills?|pact game|bombers?)|(friend|mate|brother|sister|"
     "son|daughter|he|she|husband|wife|girlfriend|boyfriend|mother|father|cousin|classmate)( of "
     "mine)?( is| was| are| has been| feels| self| says| said)?( [a-z]+)? (suicidal|self harm(s|"
     "ing|ed)?|harms|cutting)",
     true},
    {ANSWER_SORROW,
     {"(end|ending|take|taking) my (own )?life|end it all|(want|wanted|going|ready|time|plan|"
      "like) to end it|jump(ing)? (off|from) (a|the|this|that) (bridge|roof|building|cliff|ledge)|"
      "jump(ing)? in ?front of (a|the) (train|bus|car|truck)|standing on (a|the|this) (bridge|"
      "ledge)( [a-z]+)* jump|gun( [a-z]+)* (on|to|at) (myself|my (own )?head)"},
     "(should|can) i jump|game|mario|joke|(his|her|their|end it all well)",
     true},
    {ANSWER_SORROW,
     {"(want|wish|hope|rather|ready|deserve|plan|decided|going|like|need|love) ((to|i|that|was|"
      "were|had|have|be|been|would|could|will|just|go|sleep|and|am|me|someone|do|it) )*" DYING},
     NO_DYING,
     true},
    {ANSWER_SORROW,
     {"(think|thinking|thoughts|dream|dreaming|fantasi[sz]e) (about|of|on) (death|dying|suicide|"
      "ending (it|my life|everything)|being dead|not being here)"},
     NO_DYING,
     true},
    {ANSWER_SORROW,
     {"(do|does|did) not ((really|even|just) )?want to (live|be alive|exist|wake up|be here|be in "
      "this world|go on living|be around)"},
     "(want|live) (to live )?(in|with|at|there|near)|here (in|at|on|with|when|for) [a-z]+|he|she|"
     "my (son|daughter|brother|sister|friend)",
     true},
    {ANSWER_SORROW,
     {"(not|nothing|hardly) (is |really )?worth (living|it to live)|no (reason|point|use) (to|in|"
      "of|for) (live|living|going on|go on|keep going|being alive|exist|life)|(point|reason|use) "
      "(of|in|to|for) (living|being alive|live|life|keep going|going on|go on|existing)|not see "
      "(a|any|the) (reason|point)( [a-z]+)? (keep|go|live|to)"},
     NULL,
     true},
    {ANSWER_SORROW,
     {"better off (without me|if i|dead|when i am)|(nobody|no one|anyone|anybody) (would|will) "
      "(even |ever |really )?(care|notice|cry|mind|be sad)( at all)? if i|would (miss me|care) if "
      "i|(nobody|no one) would miss me|if i (died|die|were dead|was dead|were gone|was gone|was "
      "not (here|alive)|were not here|disappeared|never existed)"},
     "in (the )?(game|mario)|level",
     true},
    {ANSWER_SORROW,
     {"cannot (live|go on|cope|take it|bear it|stand it|keep going|do this)( like this)?( any "
      "(more|longer))?( i)? (just|want|living|any more|any longer)|cannot (go on|cope|keep "
      "going)( like this)?( any (more|longer))?|see no (way out|hope|future)|no way out of (this|"
      "my) life|(want|need) (everything|it all|the pain|this pain|all of it|it) to (end|stop|be "
      "over)|(i|am|feel|feeling|life is|so|everything is)( so| completely| totally)? hopeless"},
     "go on (holiday|vacation|a|an|the|with|to|my|this)|hopeless (romantic|at|case)|(game|rain|"
     "music|movie|meeting|noise)",
     true},
    {ANSWER_SORROW,
     {"life (is|was) not worth( it| living)?|my life is (over|pointless|worthless|not worth)( "
      "[a-z]+)?|(nothing|nobody|no one)( left)? to live for|no (point|reason|hope) any ?more|"
      "cannot keep living( [a-z]+)*|(deadliest|most deadly|most lethal) (pills?|drug|poison|way|"
      "dose)|no reason to (live|be here|stay|exist)|(do|does) not deserve to (live|be here|exist)|"
      "should not (be|have been) (alive|born)|(world|family|everyone|they|life|all)( [a-z]+)* "
      "better without me|(just|should i|going to|i will|want to) end (it|things|everything)( all| "
      "now| tonight| here)?|out of this life|(tired|sick|done|fed up) (of|with) (living|life|"
      "being alive|existing)|sleep forever|why am i (still |even )?(alive|here at all)|(goodbye|"
      "good bye)( [a-z]+)? world|going to do it tonight|cannot live (like this|with this|any "
      "?more)|(end|ending) (things|everything|my life)|(high|deep|tall|fast) enough to (die|kill)|"
      "(hurt|painful|like|slow) to (drown|hang|die)"},
     "(ending|end) (things|everything) (with|well|on)|with (my|him|her|them)|the (meeting|call|"
     "show|game)|(not live|live) without (you|coffee|music)|(joke|story|email|letter)|(is|was) it "
     "like to die in|(he|she|king|the [a-z]+)s? (die|died)",
     true},
    {ANSWER_SORROW,
     {"hate (my ?life|my own life|myself|being alive)|stop (living|existing)"},
     "living (in|with|at|off|on|up|like)",
     true},
    {ANSWER_SORROW,
     {"(am|be|being|just) (a|such a) burden( (to|on|for) [a-z]+)?|(my|a|the) (goodbye|farewell) "
      "(letters?|notes?|messages?)|my last (letter|note)"},
     "colleagues?|job|work|boss|team|class|teacher|resign|school|customers?|beast|to my (team|"
     "boss)|dear",
     true},
    {ANSWER_SORROW,
     {"(painless|easiest|quickest|fastest|least painful|best|good|easy)( and [a-z]+)? ways? to "
      "(die|kill|end|go)( [a-z]+)?|how (can|do|could|should) i die|ways? to die|want it to be "
      "over"},
     "time|weeds?|bugs?|process(es)?|letter|email|essay|sentence|story|speech|there|mold|mould|"
     "ants|rats|mice|to go|the (program|day|week|game|boss)",
     true},
    {ANSWER_SORROW,
     {REMEDY "|gun|knife",
      "end (everything|it all|it)|kill (me|you|yourself|a person|someone|an adult|a human|myself)|"
      "(die|fatal|lethal|deadly)"},
     "(pain|bacteria|germs|virus|viruses|worms|fleas|infection)|he|she|died of|(my|a) [a-z]+ "
     "(died|will die)",
     true},
    {ANSWER_SORROW, {"lethal dose|overdose on purpose"}, "(for|of) (rats|mice)", true},
    {ANSWER_FRIEND_SORROW,
     {PERSON "( of mine)?( [a-z]+)*",
      "(kill|hurt|harm|cut|hang|shoot|drown|poison|starve?|burn|stab|off)(s|ed|ing|ting|ning|"
      "ped)? ((him|her|them|it) ?sel(f|ves)|(his|her|their) (arms?|wrists?|legs?|thighs?))|(said|"
      "says|wrote) goodbye( [a-z]+)* (pills|tablets|gun|roof|bridge)|(kill|hurt|harm|cut|hang|"
      "cutt|shoot|drown|poison)(s|ed|ing|ting)? (himself|herself|themself|themselves)"},
     MISHAP "|cleopatra|hitler|romeo|juliet|van gogh|nero|socrates",
     true},
    {ANSWER_FRIEND_SORROW,
     {"(wants?|wanted|tries|tried|trying|threaten(s|ed|ing)|talks?( about)?|talking about|says?|"
      "said|going|told me|keeps|thinking about|planning|plans)( (he|she|they|to|is|was|will|about|"
      "wants?|wanted|going|that|on|talking|saying|her|his))* (die|dying|death|be dead|suicide|"
      "end(ing)? (it|it all|(his|her|their) (own )?life)|(end|take|ending|taking) (his|her|their) "
      "(own )?life)",
      PERSON},
     NO_DYING "|i (want|am|wanted|tried)",
     true},
    {ANSWER_FRIEND_SORROW,
     {PERSON
      "( of mine)?( [a-z]+)? ((is|was|are|has been|feels|self|says|said)( [a-z]+)? "
      ")?(suicidal|self harm(s|ing|ed)?|harms|cutting|does not want to (live|be alive|be here|"
      "exist)( [a-z]+)*)|(he|she|son|daughter|brother|sister|friend) (does|did) not want to (live|"
      "be alive|be here|exist)"},
     "(in|with|at|near) [a-z]+ any ?more|cutting (grass|wood|corners|the|a|paper|hair)",
     true},

    {ANSWER_SORROW,
     {"(ich )?(will|moechte|möchte) (ich )?(nicht mehr (leben|sein|aufwachen)|sterben|tot sein|"
      "mich umbringen)|bringe? mich um|mich umbringen|selbstmord|(je )?(veux|vais) (mourir|me "
      "(tuer|suicider))|me suicider|(quiero|voy a) (morir|morirme|matarme|suicidarme)|me quiero "
      "(morir|matar)|suicidarme|(voglio|vorrei) (morire|uccidermi|farla finita)|(quero|vou) "
      "(morrer|me matar|acabar com tudo)|ik wil (dood|sterven|niet meer leven)|chcę (umrzeć|się "
      "zabić)|(хочу|хочется) (умереть|сдохнуть)|не хочу (больше )?жить|покончить с собой|(хочу "
      ")?убить себя|хочу померти|ölmek istiyorum|jag vill dö|chci umřít|muốn chết|ingin mati|मरना "
      "(चाहता|चाहती) (हूँ|हूं)|أريد أن أموت|اريد ان اموت"},
     NULL,
     true},
    {ANSWER_SORROW, {"[^ ]*(我想死|不想活|想自杀|自殺|自杀|死にたい|죽고)[^ ]*"}, NULL, true},
    {ANSWER_SORROW,
     {"(imagin(e|ing)|think(ing)?|thoughts?|pictur(e|ing)|want|tempted|urge|going|keep)( "
      "[a-z]+){0,3} "
      "(driv(e|ing)|jump(ing)?|step(ping)?|walk(ing)?|crash(ing)?|steer(ing)?|run(ning)?|throw(ing)"
      "? myself|lie|lying)( [a-z]+){0,3} (off|into|in ?front of|onto|under|on) "
      "(a|an|the|that|this|next|some)( [a-z]+)? "
      "(bridge|cliff|tree|wall|trains?|truck|lorry|traffic|tracks|balcony|roof|building|ledge|bus|"
      "oncoming [a-z]+)"},
     "into the (next )?(train|bus|building) (station|to)|photo|game|dog|look(ing)? "
     "at|(step|run|walk)(ning|ping|ing)? (into|onto|on) the (train|bus|building|roof|balcony)",
     true},
    {ANSWER_SORROW,
     {"(next|oncoming|coming) train|platform",
      "(think(ing)? about|thinking of|jump|step in|end|front of)( [a-z]+)* "
      "(train|it|edge|jump[a-z]*)"},
     "which|when|what time|ticket|connection|late|software|cloud|game",
     true},
    {ANSWER_SORROW,
     {"(have|has|got|bought|tied|found) (a|the|my|some|enough) "
      "(rope|noose|razor|blades?|pills|tablets|gun)",
      "tree|beam|ready|tonight|hook|attic|garage|neck|goodbye|enough|plan|do it"},
     "tyre|tire|swing|game|climb[a-z]*|boat|dog|prescription|headache|shav[a-z]*|cow",
     true},
    {ANSWER_SORROW,
     {"(how (long|much|deep|high|far|many|fast|quick)|is|does|are|which|what)( [a-z]+)* (bleed "
      "out|bleed to death|cut( [a-z]+)? (wrists?|veins?|arter(y|ies))|hang(ing)? "
      "(oneself|yourself|quick[a-z]*|fast|painless|painful|easy|peaceful|slow|hurt|kill)|(drowning|"
      "jumping|suffocat(e|ing|ion)|hypothermia|electrocution|bleeding out|a train) "
      "(quick|fast|painless|painful|easy|peaceful|hurt)|(not|never) be (here|alive)|heart "
      "stop)|how deep( [a-z]+)* cut|(would|will|could|does|do) (make|stop|makes|stops)? ?my heart "
      "(to )?stop|make my heart stop|(bleed|bleeding) out from "
      "the|(drugs?|pills?|gas|method|poison|what|way) (that )?kills? (you )?(without "
      "pain|painlessly|quickly|fast|peacefully|in (your|my) sleep)"},
     "(picture|poster|laundry|clothes|wallpaper|python|program|meat|deer|chicken|steak|paint|cake|"
     "onion|hair|paper|wood|joke|process)",
     true},
    {ANSWER_SORROW,
     {"if i (did not|do not|never) exist(ed)?|if i (was|were) (never born|not around|gone)|no "
      "(point|sense|reason)( [a-z]+){0,2} (me|my) (being|living|to be|staying) "
      "(alive|here|around)|(hate|regret|ashamed of|sick of) (being alive|existing|waking up|that i "
      "(live|exist|woke up))|(a )?plan (and|with) (a )?(date|place|method)( [a-z]+)* "
      "(end|go|die|do it|over)|(date|day) (to|for) (end|ending) (it|things|everything|all)"},
     "wedding|project|marriage|in (the )?(game|story)",
     true},
    {ANSWER_SORROW,
     {"(wrote|written|writing|write|finished|sent|said|saying)( [a-z]+){0,3} (goodbye|good "
      "bye|farewell|last|final) (letters?|notes?|messages?)|(goodbye|farewell) "
      "(letters|notes)|(gave|giving|given) (away )?(all )?(my|his|her|their) "
      "(things|stuff|belongings|pets?)( [a-z]+)? away"},
     "colleagues?|job|work|boss|team|class|teacher|resign|school|customers?|charity|moving|move",
     true},
    {ANSWER_SORROW,
     {"(burn|cut|hurt|hit|bite|scratch|starve|punish)(ing|s|ed|ting)? (myself|me|my (own "
      ")?(skin|arms?|legs?|thighs?))",
      "stress(ed)?|deserve|calm|feel|help(s|ed)?|relief|sad|lighter|razor|blades?|control|numb"},
     MISHAP,
     true},
    {ANSWER_BURDEN,
     {"(stopped|quit|refuse|not|never|have not|hardly|barely)( [a-z]+)? (eating|eaten|eat)( "
      "[a-z]+){0,3} (days?|weeks?|deserve|fat|thin|skinny|weight)|(throw|throws|throwing) up "
      "after( [a-z]+)* (meal|eat|food|dinner|lunch)[a-z]*|so that i stay (thin|skinny)"},
     "meat|sugar|dairy|gluten|candy|chocolate|fast food|dog|cat|bread|sweets|fish",
     false},
    {ANSWER_SORROW,
     {"cannot stop|keeps? "
      "(calling|telling|looking|whispering|thinking)|(calls|calling|tempts|tempting|tells|telling) "
      "me",
      "(knife|knives|guns?|ropes?|razors?|blades?|pills|tablets|bridge|tracks|rooftop|balcony|"
      "medicine (cabinet|chest)|scissors|bleach)"},
     "(knife|scissors) (set|sharpen[a-z]*)|sharp|cook|kitchen|song|game",
     true},
    {ANSWER_SORROW,
     {"(wish|wished|hope|hoped|if only|should have) (the|a|that|some)? "
      "?(car|train|bus|truck|bullet|cancer|crash|accident|illness|virus)( [a-z]+){0,3} "
      "(hit|killed|took|taken|got|ended|kills?|takes?) (me|it|my life)|(tired|done|sick|exhausted) "
      "(of|with|from) (pretending|fighting|trying|everything|it all|all of (it|this)|all "
      "this|being here)|(walk|swim|go|wade|row|run)(ing)?( [a-z]+){0,3} into? the "
      "(sea|ocean|lake|river|water)( [a-z]+){0,4} (keep (going|on|swimming)|never|not "
      "(come|return)|forever|until)|(bye|goodbye|good bye) (forever|everyone|everybody|for "
      "good)|(height|how high|how tall|how deep)( [a-z]+)* (dam|bridge|cliff|tower|viaduct)( "
      "[a-z]+)* (ready|jump|survive|fall|enough)|(it is|tonight is|today is|this is) (my|the) last "
      "(night|day|message|birthday|christmas)( [a-z]+)? ?(alive|on earth|here|for me)?$"},
     "holiday|vacation|trip|school|work|job|show|season|course|semester|tour|festival|term|year "
     "at|game|photo|(tired|sick) of (trying|fighting|everything) (with|about|on|at|being so "
     "expensive)",
     true},
    {ANSWER_SORROW,
     {"(pull|pulling|rip|ripping|tear|tearing|pick|picking|bang|banging|bite|biting)( out)? my "
      "(own )?(hair|skin|head|arms?|nails|fingers)( [a-z]+)* (bleeds?|blood|raw|wall|hurts?|out)"},
     "code|desk (at|over) work|tangle",
     true},
    {ANSWER_FRIEND_SORROW,
     {PERSON, "(razors?|blades?|rope|pills|knife)( [a-z]+)* (under|hidden|hides|hiding|in)( "
              "[a-z]+)* (pillow|bed|room|drawer|mattress)|bloody sleeves?|(scars|cuts) on "
              "(his|her|their) (arms?|wrists?|legs?|thighs?)|(bye|goodbye) (forever|everyone)"},
     "cat|shav[a-z]*|surgery|kitchen",
     true},
    {ANSWER_SORROW,
     {"(way|how) (out of|to leave|to get out of) (this|the) "
      "(world|life)|(should|could|might|will|may|better) (just |simply |as well |rather )?(die|be "
      "dead|end it|kill myself)|nobody loves me|life has no (meaning|sense|purpose|point)|no one "
      "loves me|(everyone|everybody) hates me|how "
      "many( [a-z]+){1,3} (are|is|would be|will be) (deadly|lethal|fatal|enough to "
      "(die|kill))|(deadly|lethal|fatal) (amount|dose|quantity|number) of",
      "i|me|my|way|aspirins?|paracetamol|tablets?|pills?|[a-z]*(amol|profen|pam)|tylenol|how many"},
     "caffeine in|for (dogs|cats|rats|mice)|radiation|plants?|battery|phone|(die|dead) in the "
     "(game|level)|joke|mosquito(e)?s|wasps?|snakes?",
     true},
    {ANSWER_SORROW,
     {"(scratch|scratched|scratching|carved?|carving|nicked|slash|slashed|cut|stabb?ed|burned|"
      "burnt)( [a-z]+)? my (own )?(wrists?|arms?|thighs?|skin|legs?|veins?)"},
     "cat|rose|thorns?|bush|bramble|fell|oven|pan|stove|kitchen|" MISHAP,
     true},
    {ANSWER_SORROW,
     {"(dying|death|being dead|not existing|being gone) "
      "(would|will|could|must|might|sounds|seems|feels)( [a-z]+)? "
      "(easier|better|peaceful|nice|good|a relief|best|like relief)|(no|any|a) future (for "
      "me|left|at all|ahead)( [a-z]+)*|(no one|nobody|none)( [a-z]+)? (will|would) "
      "(cry|mourn|care|come)( [a-z]+)? (for|about|to) (me|my funeral)|(wrote|written|writing) "
      "(my|a) (last )?will",
      "i|me|my"},
     "(is|are|was) there (a|any) "
     "future|company|industry|language|lawyer|inherit[a-z]*|notary|house|in the game",
     true},
};
const struct referral_rules referral_self = {rules, sizeof rules / sizeof *rules};
