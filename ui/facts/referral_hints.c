/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: harm to oneself in hints, slang and questions that seem to be about others.
 */
#include "referral_lists.h"

static const struct referral_rule rules[] = {
    /* not to be here */
    {ANSWER_SORROW,
     {"(do not know|not sure|unsure|do not care)( [a-z]+)? (if|whether) i (want to|should|still "
      "want "
      "to|live|die)( [a-z]+)*|(does|do|would|will) (anyone|anybody|someone) care (if|whether) i( "
      "[a-z]+)*|give me (a|one) reason( not)? to( not)? (die|live|stay)|(tell|give|convince)( "
      "[a-z]+){0,4} (not kill myself|to live|stay alive)|why (should|am|do) i (even |still )?(stay "
      ")?(alive|live|exist|keep going|go on)|why (keep|go|carry) (going|on|living)|reason to "
      "(stay|be) "
      "alive"},
     "here at the (party|meeting)|in (this|the) (city|town|house)|for lunch|to the gym|working on",
     true},
    {ANSWER_SORROW,
     {"(exhausted|tired|sick|done|fed up|bored) (from|of|with) (existing|exist|life|living|being "
      "here|"
      "being alive|trying to live)|too tired to (live|go on|keep (going|fighting)|fight( [a-z]+)*)|"
      "(existence|life|living)( [a-z]+)? (is|just is|is just) (only |so |too "
      ")?(pain|pointless|hell|"
      "torture|meaningless|agony|unbearable|a burden)|life sucks( [a-z]+)*|(i|just) (want|need) "
      "(my "
      "life|life|it all|this|it|everything|the pain) (to be |all )?(over|done|ended|gone|to "
      "(end|stop))|"
      "(want|wish|could|just|like) (to |i could )*(just )*(stop|not|cease) (to "
      ")?(exist|existing|be "
      "alive|being)|lost (all )?(hope|the will( to live)?)|no will to live|done (trying|with "
      "everything|with this life)|give up on (life|living|everything|myself)|giving up on (life|"
      "living|everything)|no point in any ?thing( any more)?|nothing will (ever )?(get|be) better|"
      "(nothing|no one|nobody) left for me|(have|got|am left with) nothing left|there is no (way "
      "out|escape)( [a-z]+)*|no (way out|escape) (but|except|other than) (death|dying|to die)|way "
      "out "
      "except death|do not want to fight any more|will to live|(death|dying) (sounds|seems|looks|"
      "feels) (nice|good|peaceful|better|easy|like)|(happier|better) dead|ruined everything"},
     "maze|escape room|game|level|in the (fridge|store|shop|tank)|vim|parking|sick of "
     "(living|life) "
     "(in|at|with)|work is over|homework|(lost|no) hope (in|for) (the|this|my) (team|game)|no "
     "escape "
     "(key|character)|python|bash|laundry|cookie|(want|need) (it|this) (done|over) by",
     true},
    {ANSWER_SORROW,
     {"(by the time|when|if)( [a-z]+){0,2} (you|they|u)( [a-z]+)? (read|see|find|get)( [a-z]+)? "
      "(this|it)( [a-z]+)* (gone|dead|not be|be over)|(take care|look after)( [a-z]+){0,4} (when|"
      "after|once) i am gone|when i am gone|(after|on|before) my birthday i (will|am going to|ill) "
      "be "
      "gone|ill be gone|(will|would) not be (here|around|alive)( any more| next| for| tomorrow| to "
      "see| anymore)*( [a-z]+)?$|not be around|do not tell (anyone|anybody)( but)?( i am| i "
      "will|ill)"
      "( [a-z]+)* do it|(today|tonight|tomorrow)( [a-z]+)? (is|it) (the|my|ends|end)( [a-z]+)? "
      "?(night|day|last)?( [a-z]+)?$|it ends (today|tonight|now)|(finally|really|actually) "
      "(do|doing|"
      "did) it (tonight|today|now)|(tonight|today) i( [a-z]+)? do it|(this|today|it) is my last "
      "(day|"
      "night)$|(said|saying|say) (goodbye|good bye|bye) to (everyone|everybody|the "
      "world|all)|(give|"
      "gave|giving|given)( [a-z]+){0,2} (away)?( all)?( my| of my)* "
      "(stuff|things|belongings|dog|cat|"
      "possessions)( away)?( [a-z]+){0,3} (not|because|gone|any more|around|need)|(wrote|written|"
      "write|writing|wrote out)( [a-z]+){0,3} (notes?|letters?) (to|for) (everyone|everybody|my "
      "(family|parents|mother|father|kids|friends)|them)|goodbye (note|letter|message)s?( [a-z]+)*|"
      "(writing|wrote) my will"},
     "vacation|trip|holiday|away|school|work|meeting|office|party|job|moving|(today|tonight|"
     "tomorrow)"
     " is (the|my) (birthday|big|wedding|concert|game|match|first|exam|test|day off)|thank you "
     "(notes|letters)|office|colleagues?|boss|team|teacher|resign[a-z]*|customers?|class|pen "
     "?pal|christmas|last day (of|at)|old clothes|tv",
     true},
    {ANSWER_SORROW,
     {"(picked|set|chose|chosen|have|got|made)( [a-z]+){0,2} (a|the|my)( [a-z]+)? (date|day|plan)( "
      "and( [a-z]+)*)?( to (die|end|do it))?$|planned (it all|everything|it)( out)?|keep planning "
      "(it|how)|(look|looked|looking|google|googled|search|searching)( up| for)? "
      "(ways|methods|how) to "
      "(die|kill|end)|suicide methods|(bought|got|have)( [a-z]+){0,2} (the|enough|my)( [a-z]+)? "
      "(stuff|"
      "rope|pills|gun)( [a-z]+)? ?(today|now|tonight|ready)$|sav(e|ing) up( my)? pills"},
     "wedding|meeting|trip|project|business|dentist|game ?plan|a date (with|tonight)|pizza|(bought|"
     "got) the stuff for",
     true},

    /* ways */
    {ANSWER_SORROW,
     {"(jump|jumping|jumped|fall|falling|yeet(ing)?)( [a-z]+){0,5} "
      "([0-9]+[a-z]*|second|third|fourth|"
      "fifth|tenth|top|high) "
      "(floor|story|stories|storey|storeys)|(building|bridge|roof|tower|floor)( "
      "[a-z]+)* (high|tall) enough|how high( [a-z]+)* (die|dead|kill|fall)|die from a fall|(think|"
      "thinking|thought|dream)( [a-z]+)? (about|of) (jumping|driving off|stepping|dying|death|how "
      "to "
      "die|not waking)|yeet (myself|me)|swerve( [a-z]+)* (traffic|tree|truck|wall)|(jump|step|walk|"
      "stepping|stand(ing)?|lie|sit|sitting)( [a-z]+){0,3} (in front|on the "
      "(tracks|edge|ledge)|near "
      "the edge)|if i fail( again)?( [a-z]+)* do it|going to jump"},
     "parachute|bungee|trampoline|game|cat|phone|dropped|parkour|mario|video|rope|(long|high) jump|"
     "pool|lake|photo|building height|skydiv[a-z]*|apartment|view",
     true},
    {ANSWER_SORROW,
     {"i am( [a-z]+)? (standing |sitting |up )?on (a|the|this|my)( [a-z]+)? ?(bridge|roof|rooftop|"
      "ledge|edge|train tracks|tracks|railing)$|(standing|sitting) (on|at|near) (the|a|this)( "
      "[a-z]+)? "
      "?(bridge|ledge|tracks|edge|railing)$|(razor|blades?|knife|gun|pills|rope|noose|barrel)( "
      "[a-z]+)"
      "{0,2} (in|on|to|at|around|against|in ?front of) (my|me)( [a-z]+)?|on the "
      "ledge|(mother|father|"
      "they) found my "
      "(blades?|razors?|stash|pills|rope|noose)|(bought|has|got|hides|hid|keeps|with)( "
      "[a-z]+){0,2} (rope|noose)( [a-z]+)*|got a blade( [a-z]+)*"},
     "kitchen|cook|shav(e|ing)|toy|game|dinner|tape|jump|climb|sail|boat|cow|pocket ?knife|ready "
     "player|movie|for my (headache|allergy)|salad|car ledge|fish",
     true},
    {ANSWER_SORROW,
     {"(can|does|do|will|is|if|could|would|selfish|wrong|sin|how|wants?)( [a-z]+){0,6} kill "
      "(yourself|"
      "oneself)|(tell|told|tells|telling|says?|said|voice|voices|want|wants|got told)( "
      "[a-z]+){0,6} "
      "kill (yourself|myself)|(go|to) die$|(please|just|someone|can you|could you|would you|wish "
      "you "
      "would)( [a-z]+)? (kill|shoot|end) me( please| now| already)*$|^ end me $|end me( "
      "now)?$|(pay|"
      "beg|ask)( [a-z]+)? (someone|somebody|you)( [a-z]+)? to (kill|shoot) "
      "me|(swallow|swallowed|took|"
      "drank|ate)( [a-z]+){0,6} (to die|want to die|on purpose|it over|and hope)|(attempted|my "
      "attempt|tried it)( [a-z]+)?( before| twice| last| again| year)*$|passive "
      "suicidal|(die|dead|dying)( "
      "[a-z]+)? (than|then) (live|be|go|keep|face|stay|continue)|rather (die|be "
      "dead)|(imagine|imagining|"
      "daydream|daydreaming|picture|planning)( [a-z]+){0,3} (my own |my )?(funeral|death|dying)|"
      "(catch|find) me (six|6) feet under|kermit|unaliv[a-z]*|going to kill$|god (take|let) me|to "
      "(be|go "
      "be|go) with (god|jesus)|ready to go$|(kill|killing) you$"},
     "boss|level|game|bill|homework|traffic|frog|muppet|costume|bacteria|pizza|who|vs|versus|"
     "fortnite|attempted (to|the)|roommate|dinner|spider|laugh|with (math|meetings)|that would|it "
     "would|this (song|show|joke)",
     true},
    {ANSWER_SORROW,
     {"(how (much|many|long|high|deep)|what|which)( [a-z]+){0,4} (pills?|insulin|tylenol|aspirin|"
      "medicine|carbon monoxide|dose|helium|gas|exhaust)( [a-z]+){0,4} "
      "(kill(s)?|deadly|die|lethal|fatal|"
      "end)( [a-z]+)*|lethal (dose|amount)|(deadly|lethal) (pills?|dose|amount)|peaceful (pill|way|"
      "death|exit)|(quick|fast|easy|clean|painless|peaceful|good|best)( [a-z]+)? (way|ways|method|"
      "methods) to (die|go|end)( [a-z]+)*|(hang(ing)?|slit(ting)?|drown(ing)?|bleed(ing)? out)( "
      "[a-z]+){0,2} (hurt|wrists?|painful|long)|(slit|slitting|cut|cutting|slash) (my "
      ")?wrists?|euthanasia|"
      "assisted (suicide|dying)|(help|let) (me|people|him|her|them) die|end (their|ones|your) "
      "(lives|life) "
      "legally|suicide (letter|note|by)|pills in (front|my hand)"},
     "essay|debate|law|ethics|(rats?|mice|weeds|ants|bugs) |vet|dog|cat|caffeine|pain( [a-z]+)* "
     "kill|"
     "bacteria|movie|history|character",
     true},
    {ANSWER_SORROW,
     {"i (want|need|have|going|like|miss|love|crave|am)( [a-z]+){0,4} "
      "(cut|cutting|bleed|bleeding|feel "
      "pain|self harm|sh|hurt my body)$|(miss|missed|love|like|crave|need|want) (the "
      ")?(feeling|feel|urge)"
      "( of| to)* (cut|cutting|bleed|bleeding|pain)|(cut|cutting|bleed|bleeding|pain|blood|hurting|"
      "hitting|burning|biting)( [a-z]+)? (calms|helps|soothes|relaxes)|pain( [a-z]+)? makes me "
      "feel|"
      "urges?( [a-z]+){0,2} (to )?(cut|self harm|hurt|bleed|sh)( [a-z]+)*|sh "
      "(urges?|scars?|relapse)( "
      "[a-z]+)*|(relapsed|clean)( [a-z]+)* (sh|cut|cutting|self harm|shd|sh d)( [a-z]+)*|sh d( "
      "last| "
      "again| [a-z]+)*|(cut|cutting)( too)? deep|(hide|hiding|cover|covering|hides?)( [a-z]+){0,3} "
      "(cuts|self harm|scars)( [a-z]+)*|scars( [a-z]+){0,2} "
      "(hide|cover)|(stop|quit|stopped|keep|kept)( "
      "[a-z]+)? cutting|(till|until)( [a-z]+){0,2} (bleeds?|blood)|i "
      "(bite|pinch|slap|choke|bang|hit|"
      "scratch|punch)( [a-z]+)? (myself|my (own )?(head|arms?|legs?))( [a-z]+)*|i (just "
      ")?(cut|burn) ("
      "my (thighs?|arms?|legs?|hips?))( [a-z]+)*|feel like cutting|want to cut (it|myself)|hitting "
      "myself( [a-z]+)*|punish myself|scratch until"},
     "hair|corners|grass|class|paper|carbs|sugar|acne|surgery|chicken|cheese|nails|mosquito|bug|"
     "itch|"
     "gum|(bash|shell|script|zsh)|calories|onion|knife skills|video|dye|makeup|weight|wood|down on|"
     "shaving|cooking|accident",
     true},

    /* grief, voices, fear of oneself */
    {ANSWER_SORROW,
     {"(want|wish|going|like|need|ready|hope)( [a-z]+){0,2} (to )?(join|follow|be with|go to|see)( "
      "[a-z]+){0,3}",
      "dead|heaven|died|grave|other side|passed( away)?|lost my (baby|husband|wife|son|daughter|"
      "mother|father|brother|sister)|miss my|follow (my|him|her) ?(husband|wife)?"},
     "church|zoo|movie|concert|class|team|club|grateful dead|sea|book|game|follow (my|him|her) "
     "on|see "
     "(my|a) doctor|day of the dead|walking dead",
     true},
    {ANSWER_SORROW,
     {"(cannot|do not (know how|want) to) (live|go on|be)( [a-z]+){0,2} ?(without|any ?more|like "
      "this)?",
      "(he|she|they|wife|husband|boyfriend|girlfriend|mother|father|baby|son|daughter|dog|cat)( "
      "[a-z]+)? (left|dumped|died|cheated|gone|passed)|without (him|her|them)|guilt|since "
      "(she|he|my)"},
     "in (this|the) (city|house|town|flat)|coffee|phone|internet|leftovers",
     true},
    {ANSWER_SORROW,
     {"i (should|wish) (have|had|was|were|it had been|it were|it was|i)( [a-z]+){0,2} "
      "(died|dead|me who "
      "died|the one who died|instead)|should have (died|been me)|do not deserve (life|to "
      "live|living)|"
      "(do|did) not (see|have) (a|any)( [a-z]+)? (reason|point|future)( [a-z]+)*|make "
      "(the|this|my|it|"
      "these) (pain|voices|thoughts|hurt) (stop|end|go away)|(voices?|demons?)( [a-z]+){0,4} (tell|"
      "telling|tells|say|says|saying|want|wants|order)( [a-z]+)* (jump|die|kill|hurt|end|do it)( "
      "[a-z]+)*|(hope|hoping|hoped|pray|praying|so|to|that)( that)?( i| to)?( do| will)?( just)? "
      "(not|"
      "never) wake up( [a-z]+)*|starv(e|ing)( [a-z]+)? to death|care (what happens to|about) me|do "
      "not "
      "care (if|what|about)( [a-z]+){0,4} (die|live|happens to me|living|hit)"},
     "tooth|back pain|knee|alarm|baby|phone|game|late|exam|show|song|lol|lunch|lunchtime|hours ago",
     true},
    {ANSWER_SORROW,
     {"(scared|afraid|frightened)( [a-z]+)? of (myself|what i( [a-z]+)? (might|could|will)?( "
      "[a-z]+)?)( "
      "[a-z]+)*|not (feel |be |feeling )?safe( [a-z]+)? (with|from|around|alone|by) "
      "?(myself|tonight)?|"
      "(do|can|cannot) not trust myself|cannot trust myself|(do|doing) something "
      "(stupid|bad|drastic|i "
      "(might |will |cannot )*(regret|undo))( [a-z]+)*|(bad|stupid|drastic) to myself|scare "
      "myself|hurt "
      "myself|stop wanting to die|want(ing)? to die"},
     "cookies?|shopping|ice "
     "cream|diet|eat|money|heights|food|snacks|online|password|driving|ladder|"
     "haunted",
     true},

    /* friends */
    {ANSWER_FRIEND_SORROW,
     {"someone|somebody|they|he|she|friend|boyfriend|girlfriend|brother|sister|mother|father|son|"
      "daughter|roommate|student|client|people|person|husband|wife",
      "(about to|will|going to|wants? to|threat(en|ens|ening|ened)|ill|hell|shell|theyll|tried to|"
      "attempted|thinking of)( [a-z]+)? (end (their|his|her) (own )?life|take (their|his|her) (own "
      ")?life|kill (themsel(f|ves)|himself|herself|yourself)|overdose|suicide|hang (himself|"
      "herself))|(goodbye|good bye)( [a-z]+)* "
      "(message|weird|note|post|way|everyone)|(posted|said|says|"
      "wrote|left|sent)( [a-z]+){0,3} (goodbye|good bye|suicide)( [a-z]+)*|(warning )?signs of "
      "suicide|"
      "suicidal (person|people|friend|client)|(friend|someone|person) who (self harms?|is suicidal|"
      "cuts)|(stopped|not|refuses) (eating|to eat)( [a-z]+)*|is cutting( [a-z]+)*"},
     "movie|book|squad|cutting "
     "(the|a|class|grass|wood|hair|corners)|(cat|dog|baby|bird)|meat|dairy|"
     "leaving (work|job)",
     true},
    {ANSWER_BURDEN,
     {"(hide|hiding|secretly)( [a-z]+){0,3} (not eating|eating disorder|purg(e|ing)|that i do not "
      "eat)( "
      "[a-z]+)*|pro ?(ana|mia)( [a-z]+)?|thinspo( [a-z]+)?|(be|become) ana|(lose|losing|drop)( "
      "[a-z]+){0,"
      "2} ?[0-9]+ ?(kg|kilos?|pounds|lbs)( [a-z]+)* (in|within) ([0-9]+|a|one|two|three) "
      "(days?|weeks?)"
      "( [a-z]+)*|weigh [0-9]+( ?kg| lbs| pounds)?( [a-z]+)* (get|be|down|reach)( down)? to "
      "[0-9]+|eat [0-9]+ "
      "calories( a day| per day)?|purg(e|ing)( [a-z]+)*|(make|made)( [a-z]+)? (myself|me) "
      "(puke|vomit|"
      "throw up|sick)( [a-z]+)*|(starve|starving)( [a-z]+)? (myself|without|to (lose|feel|be))( "
      "[a-z]+)*|"
      "(scared|afraid) of (food|eating)|(feel|am|look)( [a-z]+)? (so )?(disgusting|fat and)( "
      "[a-z]+)*|hate "
      "(my body|how i look|the way i look)( [a-z]+)*|(kids|family|children) deserve (a )?better( "
      "[a-z]+)*|pull my hair out( [a-z]+)*|(hate|hates) my life|not eaten( [a-z]+)* "
      "days|skip(ping)? "
      "meals"},
     "purge (movie|cache|files|data|npm|the "
     "(list|cache|queue))|dog|cat|code|debug|css|git|weights?lift",
     false},
};
const struct referral_rules referral_hints = {rules, sizeof rules / sizeof *rules};
