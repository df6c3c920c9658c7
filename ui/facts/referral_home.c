/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: children and adults in need as they say it themselves, and those who see it:
 * neglect, abuse in hints, threats, captivity, the missing, and who is afraid of his own hands.
 */
#include "referral_lists.h"

#define CHILD                                                                                      \
    "(kids?|child|children|son|daughter|toddler|baby|boy|girl|teen(ager)?|infant|niece|nephew|"    \
    "pupil|student|[0-9]+ (yr|year)s? old|stepson|stepdaughter|little (brother|sister))"
#define ELDER                                                                                      \
    "(father|mother|parents|uncle|aunt|grandfather|grandmother|brother|sister|cousin|stepbrother|" \
    "step brother|teacher|coach|priest|pastor|doctor|therapist|tutor|babysitter|nanny|boss|"       \
    "neighbou?r|boyfriend|girlfriend|husband|wife|partner|ex|friends?|coworker|co worker|"         \
    "carer|care ?giver|nurse|man|guy|adult|he|she|they|someone|somebody|landlord|in laws?)"

static const struct referral_rule rules[] = {
    /* hints of abuse */
    {ANSWER_VIOLENCE,
     {ELDER,
      "(do|does|did|doing|done|makes?|made|making|forces?|forced|forcing)( me)?( to)?( do)? (weird|"
      "bad|strange|sexual|dirty|nasty|grown ?up|adult|wrong|gross)? ?(things|stuff)( (to|with) (me|"
      "my [a-z]+))?|(makes?|made|forces?|forced|making) me( [a-z]+)? (touch|sit on|kiss|shower|"
      "bathe|undress|sleep (with|next)|play (secret|doctor)|lick|watch (him|porn|it)|do (stuff|it|"
      "things))( [a-z]+)*|(shower|bath|bathe|bed)(s|es|ing)? (with )?me|(on|in) (his|her) lap|"
      "(sex|slept) with me|forced (himself|herself|itself) (on|onto)|comes? (into|in) (my|the) "
      "(room|bed|bath|shower)|(touch(ed|es|ing)?|grab(s|bed)?|grop(ed|es|ing)|kiss(ed|es)?|rub(s|"
      "bed)?)( [a-z]+){0,2} (my|me)( [a-z]+){0,3} (butt|leg|thigh|chest|wrong|weird(ly)?|mouth|"
      "down|private|on the (mouth|lips))|(takes?|took|taking)( [a-z]+)? "
      "(pictures?|photos?|videos?)( "
      "[a-z]+){0,5} (shower|bath|clothes|naked|underwear)"},
     "homework|vegetables|dishes|laugh|smile|dog|cat|good (things|stuff)|video game|chores|"
     "weird stuff (on|with) (his|her) (computer|guitar)|feel|massage chair",
     false},
    {ANSWER_VIOLENCE,
     {"(something|things|stuff)( bad| weird| terrible)? happened( to me)?( [a-z]+)* (when i "
      "was|with "
      "my|as a|little|kid|child|dirty)|(secret|secrets)( [a-z]+){0,2} (about|with|from) "
      "(my|his|her|"
      "a)( [a-z]+){0,2} " ELDER "|(told|tells|asked|said|says)( [a-z]+){0,2} not to tell|our( "
      "little)? secret|(while|when) i was (asleep|drunk|passed out|sleeping|unconscious)( [a-z]+)*|"
      "did not stop when|kept going|i said no|woke up (naked|undressed)|(put|slipped)( "
      "[a-z]+){0,2} "
      "in my (drink|glass|cup|beer)|(got|been|was|is|i) (roofied|spiked|drugged)|spiked|roofied|is "
      "(it|this) rape|rape if|was (it|this|that) rape|did not fight back|(keeps?|kept|keep) "
      "(touching|grabbing|groping|hugging|rubbing|kissing) "
      "me|(grabs?|touch(es)?|pinch(es)?|slaps?) "
      "my (butt|ass|chest|breasts?|bum)"},
     "alarm|dream(t)?|present|recipe|cat|kitten|puppy|party|(snow|rain)(ed|ing)?|volleyball|song|"
     "running|the (movie|game|story)|hair|spiked hair|driving",
     false},
    {ANSWER_VIOLENCE,
     {"(" CHILD "|niece|mother|friend|grandmother|sister)( [a-z]+){0,3} (says?|said|told|tells|"
      "claims|whispered)( [a-z]+)*",
      "(hurt|hurts|touched|touches|touching|kissed|licked|raped|groped|hit|hits|beats?|secret|"
      "abused|does things)( [a-z]+){0,3} ?(her|him|them|me|it|about)?"},
     "joke|lie|story|game|snow|secret (santa|recipe|ingredient)|head|knee|the ball",
     false},
    {ANSWER_VIOLENCE,
     {"(hits?|beats?|beating|slap(s|ped|ping)?|shakes?|shook|shaking|hitting|chok(e|es|ed|ing)|"
      "kick(s|ed|ing)?|rapes?|raped|grop(es|ed)|abus(es|ed|ing)|strangl(es|ed|ing)|burn(s|ed))( "
      "up)? (his|her|their|a|my|our|the|these)?( [a-z]+)? ?(kids?|child|children|son|daughter|"
      "toddler|baby|wife|girlfriend|grandmother|mother|sister|girl|friend)( [a-z]+)*"},
     "chess|tennis|mario|golf|cards|(the|a|my) (game|race|record|song|egg)|sister (ship|act)|"
     "mother (nature|board|goose)|hip|drum|shake (it|up) baby|baby (shakes?|powder|milk)|i "
     "(hit|slap(ped)?|shook|kick(ed)?|beat) my|afraid i|scared i",
     false},
    {ANSWER_VIOLENCE,
     {CHILD "|friend|neighbou?rs?|grandfather|grandmother",
      "bruises?|bite marks|(came|come|comes) (home|back|to school)( [a-z]+)* "
      "(marks|bruises?)|(being|"
      "is|was|get|gets|getting) abused|neglected|(cries|crying|screams|screaming)( [a-z]+)* (every "
      "night|next door|all night|help)|(alone|outside)( [a-z]+)* (at|all|every) night|(does|do) "
      "not "
      "feed|tied (to|up)|dirty (sheets|clothes|diaper)|abused at|groped|touch(es|ing)? (himself|"
      "herself)"},
     "apple|banana|baby monitor|peach|shoe|owl|cat",
     false},
    {ANSWER_BURDEN,
     {"i( just)? (hit|slapped|shook|spanked|beat|yelled at|screamed at|hurt) (my|our|the)( "
      "[a-z]+)? "
      "(kid|kids|child|children|son|daughter|baby|toddler|wife)|(afraid|scared|worried)( that)? i "
      "(will|might|could|may|would|am going to|ill|shall)? ?(hurt|shake|harm|hit|kill|lose it|snap|"
      "throw)( [a-z]+)*|(want|urge|feel like|going)( to)? (throw|shake|hit|drop|smother|slap)( "
      "[a-z]+)? (my|the|this) (baby|kid|child|son|daughter|toddler)|(baby|toddler|kids?|child)( "
      "[a-z]+)* (crying|screaming|cries|screams)( [a-z]+)* (losing it|lose it|crazy|snap|take it)|"
      "angry at (my|the) (baby|toddler|kid|child)"},
     "game|chess|piñata|pinata|ball",
     false},

    /* at home */
    {ANSWER_VIOLENCE,
     {"father|mother|parents|husband|boyfriend|wife|girlfriend|stepfather|he|brother",
      "(drunk|drinks|drinking|fight(ing|s)?|yell(ing|s)?|scream(ing|s)?|throw(ing|s)?|threw|break("
      "s|"
      "ing)?|mad|angry|furious|chok(es|ing)|hitting|threaten(s|ed|ing)?)( [a-z]+)* ?(at me|at "
      "mother|"
      "again|stuff|things|plates?|knife|gun|mother|father|us)?",
      "drunk|drinks|hitting|knife|gun|choking|(throw|threw|break)[a-z]* (things|stuff|a "
      "plate|plates?"
      "|furniture|dishes)|hiding|hide|scared|afraid|closet|fighting again|yelling|every day|killed|"
      "mother with|kill us"},
     "coffee|milk|tea|water|concert|movie|game|football|tv show|video|party joke|bread|record|"
     "throws? a (party|ball)|story",
     false},
    {ANSWER_VIOLENCE,
     {"(not|never) (feel(ing)? )?safe( [a-z]+)? (at home|here|with (him|her|them)|in (my|this|our) "
      "(home|house|room))|unsafe at home|(want to|going to|will|have|might|should|i|just) "
      "(run|ran) "
      "away( from home)?|(kicked|threw|thrown|kick|throw)( me)? out( [a-z0-9]+)*|(nowhere|no "
      "(place|where)|not anywhere) to (go|sleep|stay|live)|where (can|do|should|could) i (go|sleep|"
      "stay)( [a-z]+)*|(left|leave|leaving) home( and)?|(do not|not|never) want to go home|(too )?"
      "(scared|afraid|frightened) (to|of) (go(ing)? home|home|my (father|mother|husband|boyfriend|"
      "ex|wife)|school|go(ing)? to school)|get away from my|safe house|(hiding|hide) (from|in "
      "the)( "
      "[a-z]+)* ?(father|mother|closet|husband|boyfriend|him)?",
      "home|house|kicked|threw|thrown|out|tonight|him|father|mother|husband|parents|[0-9]+|live|"
      "gay|safe|away|school|place|stay|ex|closet"},
     "with me|game|song|vacation|holiday|restaurant|museum|paris|hike|eat|dinner|hotel in|"
     "(kicked|threw) out (the|of the (bar|game|band|group))|work from home|(i|we) (will|ran)? ?run "
     "away with|hide and seek|party|trash|find you|bar|nightclub",
     false},
    {ANSWER_VIOLENCE,
     {"(forced?|forces|forcing|want|wants|make|making|have|arranged|sold|take me)( [a-z]+){0,5} "
      "(marry|married|marriage)( [a-z]+)*|honou?r killing|(family|parents|father|brothers?|they)( "
      "[a-z]+)? (will|would|going to) kill me( [a-z]+)* (find|found|know|knew)|fgm|female "
      "(circumcision|genital)|circumcise( [a-z]+){0,2} (daughter|girl)|cut my daughter",
      "parents|family|they|father|mother|cousin|am|abroad|forced|honou?r|daughter|female|girl|"
      "brothers?|fgm|uncle"},
     "proposal|i want to (marry|get married)|movie|(date|birthday|anniversary)",
     false},
    {ANSWER_VIOLENCE,
     {"(death|kill|rape) threats?|(sends?|sent|gets?|got|getting|receiv[a-z]*) (me "
      ")?threats?|(said|"
      "says|say|threatens|threatened|threatening|told)( [a-z]+){0,4} (kill|shoot|stab|find|hurt|"
      "hunt)( [a-z]+)? (me|us|her|him)|has my gun|knows? where i live|(tracks?|checks?|controls?|"
      "reads?|monitors?|goes through|takes?|took|hides?|keeps?)( [a-z]+){0,3} my (phone|messages|"
      "location|money|card|passport|car|texts|papers|documents|wallet)|controls (all|the|our|my)( "
      "the| my)? money|(does|will|do|would) not let me (see|leave|go|work|talk|have|out)|(put|hid|"
      "found|installed) a tracker|(will|does) not leave me alone|(is|was) going to find me|locks? "
      "(me|us)( in)?|(he|she|ex|husband|wife|boyfriend|boss|partner)( [a-z]+)? (threatens?|"
      "threatened|slaps?|pushes|pushed|throws) ",
      ELDER "|threats?|gun|police|cops?"},
     "app|program|website|login|game|bank|server|phone company|android|windows|vim|cat|dog|mosquito"
     "|airport|customs|hotel|waiter|parcel|(takes|took) my (car|money) to|mechanic|throws? (a )?"
     "(party|ball|parade)",
     false},
    {ANSWER_EMERGENCY,
     {"(classmate|kid|student|boy|girl|friend|someone|guy|son|daughter|teen|somebody|he|she)( "
      "[a-z]+){0,3} (brought|brings|pulled|carries|carrying|showed|has|had) (a|his|the|my)( "
      "[a-z]+)? "
      "?(gun|knife|weapon|rifle|pistol)( [a-z]+)*|(list of people|kill list|hit list|death list)|"
      "(shoot|blow|bomb|attack)( up)? (the|my|our|a|this) (school|class|mall|church|office|campus)",
      "school|class|me|list|classmate|campus|mall|church|office|wants?|posted|us|mother|father|"
      "student|bed"},
     "kitchen|toy|nerf|game|pocket knife set|butter knife|water|movie|story|play|project|glue gun|"
     "nail gun|chef|to do list",
     false},
    {ANSWER_BURDEN,
     {"(family|parents|everyone|everybody|world|mother|father|class|whole school|kids)( "
      "[a-z]+){0,2} "
      "hates? me|nobody (sits|talks|plays|eats|cares|wants)( [a-z]+)? (me|with me|to "
      "me|about me|us)|(have|got) no friends|(calls?|called|calling|tells?|told|telling|says?)( "
      "[a-z]+)? (me|i am)( [a-z]+){0,3} (fat|ugly|names|worthless|stupid|useless|whore|slut|"
      "mistake|retard(ed)?|freak|disappointment|die|send me away|never (be )?born)|wish(es)?( she| "
      "he| they)?( had)?( never)?( had)? (me|i was never|i had never)( born)?|(fake "
      "account|rumou?rs|"
      "nudes?|video|pictures?)( [a-z]+)? of me|(beat|jumped|mugged|tripped|pushed)( me)?( up)?"
      "( [a-z]+)? (after|at|in) (school|class|recess|the (bus|locker))|(older|other|big) "
      "(kids|boys|"
      "girls)( [a-z]+)* (me|us)|on insta|(took|stole|hid) my (clothes|lunch|bag|shoes)( [a-z]+)*"},
     "dog|cat|math|game|joke|lol|goose|mario|chess|funny|the name",
     false},

    /* children who are alone, people who are gone */
    {ANSWER_VIOLENCE,
     {"i am( only| just)? ([4-9]|1[0-7]|little|small|a (kid|child)|scared|alone|afraid)|(a )?"
      "(kid|child)|mummy|(has|have|is|did|are) not|cannot|nobody|no one",
      "(mother|father|parents|nobody|no one|grown ?ups?)( [a-z]+){0,4} (come|came|been|back|gone|"
      "home|here|there|wake|awake|move|"
      "answer (me|the door))( [a-z]+)*|(cannot|could not|do not)( [a-z]+)? (find|"
      "know where)( [a-z]+){0,2} (mother|father|parents|home|i am)( [a-z]+)*|(all|home) alone|"
      "(work|working|beg|sell|carry|clean)( [a-z]+)* (all day|in a|every day|on the street|school|"
      "package|drugs)|(mother|father)( [a-z]+)* (passed out|asleep|sleeping)( [a-z]+)*|run away|"
      "lost|noises"},
     "home alone (movie|[0-9])|book|movie|game|lost (in|at|my|the|weight)|keys|years old (and )?"
     "(my|a)|(when|if) (will|does|is)|work out|story",
     false},
    {ANSWER_EMERGENCY,
     {"(mother|father|grandmother|grandfather|brother|sister|baby|wife|husband|neighbou?r|friend)( "
      "[a-z]+){0,3} (on the (floor|ground)|lying (on|there)|(does|do|will|did|is) not (move|moving|"
      "get up|wake|breathe|breathing|respond|answer(ing)? the door)|fell|bleeding|fell down|"
      "seen (for|since))|not been seen (for|since)"},
     "laughing|playing|yoga|sits|fell (in|asleep|for)|love|movie|story|text|instagram",
     false},
    {ANSWER_EMERGENCY,
     {"(my|our|the|his|her)( [a-z0-9]+){0,2} (" CHILD "|husband|wife|mother|father|brother|sister|"
      "grandmother|grandfather|" FAMILY
      ")( [a-z]+){0,3} (missing|disappeared|ran (away|off)|vanished|"
      "kidnapped|abducted|(did|has|have) not (come|came|return(ed)?)( (home|back))?|is gone|was "
      "taken|gone)|(cannot|could not) find my (" CHILD "|mother|wife|husband)|(took|kidnapped|"
      "taken|abducted|(will|would) not (return|bring|give)( back)?)( [a-z]+)? (my|our|the) " CHILD
      "|phone is off( [a-z]+)*|(took|stole) my baby|(holding|keeping|keep|kept|held|locked) "
      "(me|us)( "
      "[a-z]+)* (against|here|prisoner|captive|locked|up|basement)|against my will|been taken|i "
      "(was|"
      "am|have been|got) (being )?(kidnapped|taken|abducted|held)"},
     "tooth|teeth|homework|button|shoe|sock|toy|(missing|miss) (you|him|her|me|school)|taken "
     "(by|to) "
     "(a|the) (song|movie|dentist)|photo|picture|to (school|the zoo|the park)|cat|dog|game|joke",
     false},
    {ANSWER_STRANGERS,
     {"(" CHILD ")( [a-z]+){0,4}",
      "(talk(s|ing)?|text(s|ing)?|chat(s|ting)?|messag(es|ing)|meets?|meeting|ran off|dating)( "
      "[a-z]+){0,4} (man|men|adult|stranger|older|guy)( [a-z]+)*|messages( [a-z]+)* from "
      "(an?|some) "
      "(adult|man|stranger)"},
     "story|book|school (play|bus)|shop",
     false},
    {ANSWER_STRANGERS,
     {"(man|guy|lady|woman|someone|somebody|stranger|he|adult|friend|boyfriend|girlfriend|ex)( "
      "[a-z0-9]+){0,6}",
      "(get|got|getting|come|hop) in(to)? (his|her|the|a) (car|van|truck)|sent (her|him|them) to "
      "(pick|get)( me)?|pick me up|(offered|offers|gave|gives) me (candy|sweets|a ride|gifts?)|"
      "(find|look for) his (puppy|dog|cat)|keeps? talking to me|(wants?|asked|asks)( [a-z]+){0,3} "
      "(address|to meet|a pic|my pic|pictures?)|(dick|naked|nude) pics?|sent me a( [a-z]+)? "
      "(picture|pic|video)|(has|have|shared|posted|leaked|spread) my (nudes|pictures|photos)|"
      "(he|she|who) is (1[89]|[2-9][0-9])",
      "i am|me|my|12|13|11"},
     "holiday|wedding|party|trip|house|concert|airport|job|interview|work|bus|taxi|uber|delivery|("
     "he|she) is [0-9]+ (now|today)|birthday|meme|dog "
     "(picture|video)",
     false},
    {ANSWER_STRANGERS,
     {"(dating|seeing|boyfriend|girlfriend|bf|gf|with|love)( [a-z]+)*( is)? (a )?(1[89]|[2-9][0-9])"
      "( [a-z]+)*",
      "i am (so )?([5-9]|1[0-7])|(im|am) (1[0-7])"},
     NULL,
     false},
    {ANSWER_VIOLENCE,
     {"sell my "
      "(body|self)|prostitut[a-z]*|pimp|traffick[a-z]*|(make|makes|made|force|forces|forced)( "
      "me| us)? (to )?(work|beg|steal|sell|carry|hold|clean)( [a-z]+)*|(work|working) without "
      "pay|not "
      "let me go to school|(carry|deliver|hold|sell|hide)( [a-z]+)? (package|drugs|weapons?)( "
      "[a-z]+)*|gang( [a-z]+)* (hurt|kill|join|family|die)|keeps? my (passport|papers)",
      "me|us|i|my"},
     "laugh|smile|homework|bed|room|dishes|chores|movie|boss of",
     false},
    {ANSWER_VIOLENCE,
     {"(carer|care ?giver|nurse|nursing home|care home|home|staff|police|cops?)( [a-z]+){0,3} "
      "(hits?|"
      "beat|steals?|stole|ties|tied|neglect[a-z]*|leaves?|abuses?)( [a-z]+)*",
      "mother|father|grandmother|grandfather|grandmothers|me|money|nan|granny|elderly|patients?"},
     "home run|home (game|team)|story|work",
     false},
    {ANSWER_VIOLENCE,
     {"(is|was) (this|it|that) (abuse|domestic violence|harassment|assault|grooming)|am i( being)? "
      "(abused|groomed|overreacting)|can (a man|men|boys|women|husbands) be (abused|raped)|abusive "
      "(husband|wife|boyfriend|girlfriend|partner|relationship|father|mother|parents?|home|ex)|"
      "leave "
      "(my|an|a) abus[a-z]*|(he|she) only (hit|slap[a-z]*|push[a-z]*)( me)?|(sorry|apologi[sz]es)( "
      "[a-z]+)* (hits?|hit|beats?) me|(he|she|husband|wife) (is "
      ")?(hitting|slapping|choking|beating)( "
      "me)?|shelter for (women|men)( [a-z]+)*|womens? shelter|(will|does|did) not leave (my father|"
      "him|her)( [a-z]+)* (beats?|hits?)"},
     "game|notation|of (power|language)|c\\+\\+|code",
     false},

    /* who means harm, in words of its own */
    {ANSWER_HARM,
     {"attracted to (kids|children|minors|little|young)|(turned on|aroused) by (kids|children|"
      "little|young)|(like|love|want) little (girls|boys)|get a(n)? [0-9]+ (yr |year )(old "
      ")?to|[0-9]+ "
      "year old( [a-z]+)* (meeting me|like me|love me|alone)|talk to (kids|children) alone|how( "
      "[a-z]+)* groom( a)?( child| kid| girl| boy)?$|cp (sites?|links?|videos?)|(touch|sleep)( "
      "[a-z]+)* (her|him) (sleep|asleep)|make (her|him) sleep( so)?"},
     "help (kids|children) learn|teacher training|puppy",
     false},
    {ANSWER_HARM,
     {"i|how|want|going|ill|will|should|best|ways?|to",
      "revenge( [a-z]+)* (suffer|hurt|pay|pain)|(want|wish) (him|her|them|my [a-z]+) (dead|hurt|to "
      "suffer|gone forever)|(burn|burning|blow|set)( down| up)?( [a-z]+){0,3} (house|school|church|"
      "building|home)( down| up| on fire)?|ill (kill|stab|shoot|hurt|beat|strangle)|(kill|stab|"
      "shoot|murder) (him|her|them|people|everyone|someone)|(thinking|think|dream|fantasi[sz]e|"
      "fantasi[sz]ing) (about|of) (murder(ing)?|killing|stabbing|shooting)( [a-z]+)*|strangle|"
      "dispose of a body|hitman|(punish|lock|starve|chain|beat|discipline)( [a-z]+){0,3} (" CHILD
      "|slave)( [a-z]+)* ?(closet|basement|belt|cage|room)?|discipline with a belt|(stalk|follow) "
      "(someone|somebody|her|him|a [a-z]+)|track (my|his|her) (wife|husband|girlfriend|boyfriend|"
      "ex)s?( [a-z]+)?|(read|see) my (girlfriends?|wifes?|boyfriends?|husbands?|partners?)( "
      "[a-z]+)* "
      "(secretly|messages|texts)|pick the lock( [a-z]+)* "
      "(house|someone[a-z]*|neighbou?r[a-z]*)|get "
      "past( [a-z]+)* (lock|alarm) of|cut the brakes|run someone over|full auto|knocks? people out|"
      "hot ?wire"},
     "calories|candle|camp|lego|minecraft|game|balloon|picture|blog|zombies?|process(es)?|boss|"
     "bugs?|movie|book|python|chess|photo|video|scene|level|own lock|locked out|fire ?place|"
     "dvd|cd|kill (him|her) with kindness|follow (her|him) on|instagram",
     false},
    {ANSWER_DANGER,
     {"(leave|left|leaving|let|stay|is)( [a-z0-9]+){0,6} (" CHILD "|[0-9]+ (month|year|yr)s? old)( "
      "[a-z0-9]+){0,5} (alone|overnight|in the (car|tub|bath|pool)|unattended|by "
      "(himself|herself))|"
      "(kids?|child|children|baby|year old)( [a-z]+){0,3} alone( [a-z]+)* (home|bath|car|pool|"
      "overnight|house)|at what age( [a-z]+)* alone"},
     "leave (my|the) (kids?|child|children) alone (says|said|i)|song|lyrics|home alone movie",
     false},
};
const struct referral_rules referral_home = {rules, sizeof rules / sizeof *rules};
