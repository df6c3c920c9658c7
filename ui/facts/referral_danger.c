/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: accidents, weather, fire, electricity, vehicles, animals, spoiled food: what
 * happens to people in words of its own, which referral_urgent.c does not have.
 */
#include "referral_lists.h"

#define ANYONE                                                                                     \
    "(someone|somebody|dude|(a|an|the|this|that|my|our|his|her)( [a-z]+)? "                        \
    "(man|woman|lady|guy|kid|"                                                                     \
    "child|boy|girl|person|stranger|coworker|buddy|pal|partner|" FAMILY "))"
#define LIMB                                                                                       \
    "(foot|feet|hand|arm|leg|thumb|finger|toe|wrist|chest|stomach|head|neck|eye|face|thigh)"
#define VEHICLE "(car|truck|van|bike|motorbike|boat|kayak|canoe|bus|raft)"
#define BEAST                                                                                      \
    "(bears?|mountain "                                                                            \
    "lion|cougar|alligator|crocodile|wolf|wolves|coyotes?|moose|shark|snake|boar|"                 \
    "elk|bull|wasps|hornets|bees)"

static const struct referral_rule rules[] = {
    /* people */
    {ANSWER_EMERGENCY,
     {ANYONE
      "( [a-z]+){0,3} (is |was |just |has |got |are )*(drowning|choking|not breathing|"
      "collapsed|fainted|unconscious|passed out|shot|stabbed|electrocuted|shaking on|foaming|"
      "seizing|screaming for help|trapped|buried|gone under|lying on the (ground|floor))"},
     "server|program|story|game|movie|photo|shot (a|the) |joke|in work|homework",
     false},
    {ANSWER_EMERGENCY,
     {"(lips|face|skin|he|she|" FAMILY ")( (is|are|was|turned|went|goes|going|turning|now|all|for|"
      "a|sec|looks))* (blue|grey|gray)|(drunk|confused|sweat(ing|y)|shaky)( [a-z]+)*"
      " (sugar|diabetic)|(sugar|diabetic)( [a-z]+)* (drunk|confused|sweat(ing|y)|shaky)|"
      "heat ?stroke|(stopped|not) sweating|gibberish|vision( [a-z]+)* (black|gone|lost)|"
      "(went|going|gone) blind|cannot see( any ?thing)?$|pray(ing)? for help|labou?r and|"
      "(baby|head) is (coming|crowning)"},
     "eyes|jeans|shirt|dress|paint(ed)?|colou?r|sky|hat|hair|shoes|map|team",
     false},
    {ANSWER_EMERGENCY,
     {"blood( [a-z]+){0,2} (spurt|spray|gush|pour|drip|squirt)[a-z]*|(pass|pooping|poop|peeing|pee|"
      "puking|puke|vomit|vomiting|spitting)( [a-z]+){0,3} (blood|coffee "
      "grounds)|(black|tarry|bloody) "
      "(poop|stool|vomit)|(see|seeing) (the |my )?bone"},
     "movie|game|donat[a-z]*",
     false},
    {ANSWER_EMERGENCY,
     {"(nail|knife|glass|stick|metal|needle|hook|rod|spike|wire|branch|scissors|shard|splinter|"
      "arrow)( [a-z]+){0,5} (through|stuck in|inside|in|out of) (my|his|her|the) (" LIMB "|wound)|"
      "(put|drove|shot|ran)( a| the)? (nail|knife|needle|hook)( [a-z]+)* " LIMB
      "|stepped on (a|an|some)( [a-z]+)? (nail|needle|stingray|stone ?fish|urchin|syringe|glass|"
      "snake)|rusty nail|(pull|take)( [a-z]+){0,3} (knife|glass|nail|stick|shard) out|"
      "(" LIMB "|tip)( [a-z]+){0,5} (cut|chopped|sliced|torn|hanging|bitten|ripped) off|"
      "(chopped|cut|sliced|sawed)( off)?( the| my)? (tip|fingertip)|" LIMB " (is )?hanging"},
     "polish|salon|cheese|earring|art|picture",
     false},
    {ANSWER_MEDICINE,
     {"(burn(s|ed|t)?|scald(s|ed)?)( [a-z]+){0,2} (" LIMB "|mouth|tongue|skin|lips?|back)|"
      "blister(s|ing|ed)|skin( is| was)?( [a-z]+)? peeling|(second|third|2nd|3rd) degree|"
      "(butter|toothpaste|honey|mayo|egg white)( [a-z]+){0,2} (on|for)( [a-z]+){0,2} burns?|"
      "(pot|cup|pan|kettle|bowl) of( [a-z]+)? (soup|water|tea|coffee|oil|noodles) (on|over)|"
      "frost ?bit(e|ten)|pepper spray|chill?i(es)? in (my )?eyes?|(super ?glue(d)?|glued)( "
      "[a-z]+){0,4} (eye|eyelid|fingers?|lips?|hand|mouth)|tongue( [a-z]+)* stuck|contact lens( "
      "[a-z]+)* (stuck|red|pain[a-z]*)"},
     "pizza|sunscreen|calories|shoes|degree (murder|black ?belt|equation|polynomial)|recipe",
     false},
    {ANSWER_EMERGENCY,
     {"(hit|bump(ed)?|bang(ed)?|hurt|knock(ed)?|took a hit to)( [a-z]+){0,3} head( [a-z]+)*",
      "foggy|dizzy|sleepy|tired|same question|remember|confused|blood thinners?|eliquis|warfarin|"
      "headache|sick|vision|asking|vomit[a-z]*"},
     "game|beat",
     false},

    /* places */
    {ANSWER_EMERGENCY,
     {"(lost|stuck|stranded|trapped)( [a-z]+){0,2} (in|on|at|under|inside)( the| a| an| my)? "
      "(mountains?|woods?|forest|desert|snow ?storm|snow|blizzard|cave|elevator|lift|ice|sea|"
      "ocean|wreck|mud|flood|cliff|hike|trail|rubble|fire|attic)|(fell|fallen|falling|broke|broken)"
      " through (the |some )?ice|avalanche (buried|hit|took)|(buried|hit|caught) (in|by) an "
      "avalanche|rip ?(current|tide)|(caught|pulled|dragged|swept)( [a-z]+){0,3} (current|tide|"
      "river|sea|waves?|out to)|cannot get (back )?to (the )?shore|(ran|run|running) out of "
      "(water|air|oxygen)|no water|broke (my|his|her) [a-z]+( [a-z]+)* no signal"},
     "translation|(video|board) game|in game|lyrics|song|story|minecraft|pocket|balloon|plants?|"
     "mars|why is there|ship in",
     false},
    {ANSWER_EMERGENCY,
     {"(" VEHICLE "|house|basement|home|street|room|kitchen)( [a-z]+){0,4} (filling|flooded|"
      "flooding|flooding and|sinking|flipped|capsized|upside down|rolled over|under water)|"
      "(went|going|fell|drove|slid) (into|in) (the|a) (lake|river|canal|water|sea|ditch)|(we|i|he|"
      "she) (flipped|rolled|crashed|wrecked) (the|my|our|his|her) " VEHICLE "|(rear ended|rear "
      "end)|(river|water|lake|flood|wildfire|wild fire|fire|lava)( is| are)?( [a-z]+)? (coming|"
      "rising|close|getting close|entering|near)( [a-z]+)*|(tornado|hurricane|tsunami|flood|"
      "storm)( [a-z]+)? (warning|sirens?)|(lightning|thunderstorm)( [a-z]+)* (close|field|boat|"
      "pool|near|tree|tent|golf|mountain)|(caught|trapped|stuck) under (a|the|my)( [a-z]+)?"},
     "phone|keys?|ring|hat|ball|glasses|pokemon|game|bath ?tub|hot "
     "tub|story|movie|laundry|(fire|water) (is )?near(by)? (sign|type)|"
     "train(s|ed)? model|what (is|are) (a|an|the)",
     false},
    {ANSWER_EMERGENCY,
     {"(active shooter|shooter|gun ?man|(gun ?)?shots|shooting|person with a (rifle|gun|knife)|"
      "rifle)( [a-z]+){0,4} "
      "(school|mall|campus|street|outside|church|office|now|fired|here|walking)"
      "|(hear|hearing|heard)( [a-z]+){0,2} ((gun ?)?shots|gun ?fire|shooting|screams|glass "
      "breaking)|(pointed|pointing|points|pulled|aimed) (a |the |his )*(gun|knife|weapon)|(banging|"
      "pounding|bangs|trying|tries|kicking)( [a-z]+){0,3} (door|window|handle)|(man|guy|men|"
      "someone|stranger|ex)( [a-z]+){0,4} my (back ?yard|yard|porch|hallway|garden|garage|closet|"
      "driveway|balcony)|(follow(s|ed|ing)|chas(es|ed|ing)) me( [a-z]+)*|suspicious (package|bag|"
      "backpack|device|car)|white powder|locked the doors"},
     "video|basketball|photo|film|movie|game|dog|cat|duck|instagram|twitter|tiktok|song|hoops|"
     "around (the house|on)|hockey|vaccine|meaning",
     false},
    {ANSWER_DANGER,
     {"(grenade|bombs?|land ?mine|mortar|ordnance|(artillery|mortar|old|ww2)? ?shell|ammunition|"
      "ammo|bullets?|missile|dynamite|detonator)( [a-z0-9]+){0,6}",
      "(found|find|dug|digging|dig|stumbled|washed up|hammer|throw (it|them) in)( [a-z0-9]+)*"},
     "sea ?shells?|bash|unix|script|egg ?shells?|shell (beach|script|command)|bath|photo|recipe|"
     "bullet (point|list|journal)|game|minecraft",
     false},

    /* fire and electricity */
    {ANSWER_EMERGENCY,
     {"(chimney|dryer|washer|oven|tree|stove|toaster|microwave|candle|curtains?|sofa|mattress|oil|"
      "pan|tv|laptop|outlet|fryer|" VEHICLE ")( [a-z]+){0,3} (caught( on)?|catches|catching|on) "
      "fire|(grease|electrical|chimney|kitchen|oil|house|apartment) fire|(is|there is|a) fire (in|"
      "on|at)( the| my| our)? [a-z]+|(dryer|washer|microwave|tv|laptop|computer|engine|oven|fridge|"
      "charger|outlet|socket|plug|batter(y|ies)|heater|wall|desk|switch)( [a-z]+){0,2} (smok(e|es|"
      "ing)|spark(s|ing)?|burning|melt(s|ed|ing)?|on fire|buzzing)|spark(s|ing)( [a-z]+)* (outlet|"
      "socket|plug|wire|panel|switch)|smells? (like|of) burning|hot (outlet|socket|plug)|"
      "(outlet|socket|plug)( is| feels)? hot|pilot light( [a-z]+)* (out|smell)"},
     "fire in (my|your|his|her) (heart|belly|eyes)|camp ?fire|(he|she|team|set) (is|was)? on fire|"
     "kindle|amazon|(no|not) smoking|sale|story|minecraft|smoker",
     false},
    {ANSWER_DANGER,
     {"my|phone|laptop|lithium|charg(e|er|ing)|smoking|hot|can|open|use|frozen|downed|line|lines|"
      "wires?|power|plugged|electric",
      "(swollen|bulging|puffy|leaking|smoking|hot)( [a-z]+){0,3} batter(y|ies)|batter(y|ies)( "
      "[a-z]+){0,3} (swollen|bulging|puffy|leaking|smoking|frozen)|(frozen|leaking) batter(y|ies)|"
      "(downed|fallen|live|hanging|loose|bare)( power| electric(al)?)? (line|wire|cable)s?|(power|"
      "electric) ?lines?( [a-z]+)* (down|fell)|power (is )?(still )?on|(plugged|while it is) (in|"
      "on)|wires?( [a-z]+){0,4} (puddle|water|bare)"},
     "phone battery dies|plug ?in|live wire (song|band|ac)|power on (a|the|my|your)|electric "
     "guitar",
     false},
    {ANSWER_DANGER,
     {"(fix|repair|replace|install|rewire|open|bypass|hook|wire|move|reach|touch|change|connect|"
      "work on|swap|run|trick|do|put|jump start|charge)( [a-z]+){0,6}",
      "breaker|fuse( ?box)?|electric(al)? (panel|box|wiring)|gas (line|pipe|valve|meter)|outlet|"
      "light switch|microwave|water heater|house wiring|transformer|capacitor|frozen battery|"
      "(lamp|wire|outlet|switch)( [a-z]+)* plugged in|generator( [a-z]+)* (outlet|house)"},
     "(type|c|programming|network|usb) switch|outlet (store|mall)|tie ?breaker|circuit ?breaker "
     "pattern|transformer (model|network|robot)|popcorn|leftovers|record|ice ?breaker|heat up|"
     "dinner|linux|nintendo|huggingface|attention|movie|in the microwave",
     false},
    {ANSWER_DANGER,
     {"(gas|electric|propane|charcoal)? ?(oven|stove|grill|hibachi|heater|barbecue|bbq|generator)( "
      "[a-z]+)*",
      "heat (my|the|our) (apartment|house|room|home|flat|place)|(stay|keep|get) "
      "warm|indoors|inside|"
      "garage|sleep(ing)?( [a-z]+)*"},
     "python|electric (grill|blanket)|george foreman|clean|recipe|cake|outside|park",
     false},
    {ANSWER_DANGER,
     {"engine (is )?(on|running)|(car|motor|truck)( is)?( left)? running"},
     "(game|search|rendering|graphics|chess) engine|unreal|unity|script",
     false},

    /* roads and high places */
    {ANSWER_DANGER,
     {"brakes?( [a-z]+){0,4} (soft|spongy|grind[a-z]*|fail(ed|ing|s)?|gone|not "
      "work(ing)?|out|floor|"
      "squishy)|(gas pedal|accelerator|throttle)( [a-z]+)? stuck|(tire|tyre)s?( [a-z]+)? (blew|"
      "burst|popped|exploded|blown|came off)|(tire|tyre) burst|steering( [a-z]+)* (loose|stuck|"
      "locked|gone|heavy)|cut( [a-z]+){0,2} brakes?|(drive|driving|drove|ride|bike)( [a-z]+){0,7} "
      "(sleepy|no sleep|one eye|eye patch(ed)?|cast|ambien|pills|tired|dizzy|fever|blind|"
      "concussion|beers?|drinks?|wine|glasses|cocktails?|vodka|edible|joint|xanax)|(ambien|beers?|"
      "drinks?|wine|sleepy|dizzy|pills|xanax|edible|cocktails?)( [a-z]+){0,4} (drive|driving)"},
     "test drive|hard drive|google drive|sun ?glasses|thumb drive|drive ?(through|thru)|disk|taxi|"
     "uber|passenger|movie|poem|bike (repair|shop)",
     false},
    {ANSWER_DANGER,
     {"(climb|scale)( [a-z]+){0,5} without (a |any )?(rope|harness|gear)|free solo|jump(ing)?( "
      "[a-z]+){0,4} (bridge|roof|balcony|cliff|pier|quarry)( [a-z]+)* (deep|river|water|pool|safe|"
      "ok|lake)|(pool|river|water|lake)( [a-z]+)* deep enough|roof jump|(walk|go|skate|drive)( "
      "[a-z]+)? (on|over|across)( the| a)? (frozen|ice)( [a-z]+)*"},
     "rink|game|skating lessons|documentary|movie|ice (cream|cubes?|age)|who",
     false},

    /* animals */
    {ANSWER_EMERGENCY,
     {BEAST "( [a-z]+){0,3} (outside|in (my|the|our)|at (my|the|our)|staring|following|near (me|us|"
            "my|our)|looking|chasing|charging|next to|close|around (me|us|my|our))",
      "me|my|us|our"},
     "zoo|picture|story|cartoon|game|dream|care bear|teddy|toy|chicago|joke|poem|hive|costume|"
     "painting|dances|crypto|stock market",
     false},
    {ANSWER_MEDICINE,
     {"(spider|tick|bug|insect|snake|dog|cat|human|flea|bat|rat|squirrel|monkey|horse|wasp|bee|"
      "scorpion|jellyfish|mosquito|fish) "
      "(bites?|stings?|scratch(es)?|bitten)|(tick|stinger|leech)( "
      "[a-z]+){0,2} (stuck|bite|in|on|ring)|bat( [a-z]+){0,2} in my ([a-z]+)|(got |was |been |i am "
      ")"
      "?(bitten|stung|mauled)( by)?|attacked (me|him|her|us|my)|will not let go of (my|his|her)|"
      "(bite|bitten)( [a-z]+)* (knuckle|swollen|rabies|shots?)"},
     "bat(s|man)? (cave|wing)|baseball|game|costume|(dog|cat|fish) bites? (recipe|treat)|heart "
     "attack(ed)? me|mouse|bite (of|size)",
     false},
    {ANSWER_ANIMAL,
     {"(my|our|the|his|her|a)?( [a-z]+)? ?" ANIMAL "( [a-z]+){0,3} (ate|eaten|eats|licked|drank|"
      "swallowed|chewed|got into|bloated|vomit(s|ed|ing)?|throw(s|ing)? up|threw up|limp(s|ing)?|"
      "seizure|shaking|not (eating|responding|breathing)|panting|hit by)( [a-z]+)*"},
     "homework|dinner|breakfast|(his|her|their|its) (food|treats?|kibble)|carrots?|apples?|story|"
     "poem|joke|steak|sandwich|my (lunch|notes|book|report|essay|shoes?)|mouse|fish|grass",
     false},
    {ANSWER_ANIMAL,
     {"(toxic|poison(ous)?|hurt|bad|safe|dangerous|kill|give|ok|okay|fine|flea medicine)( "
      "[a-z]+){0,"
      "4} " ANIMAL "|(" ANIMAL ")( [a-z]+){0,3} (hot car|lil(y|ies)|antifreeze|xylitol|rat poison)",
      "lil(y|ies)|aloe|poinsettia|tulips?|ivy|plants?|aspirin|ibuprofen|tylenol|benadryl|onions?|"
      "grapes?|raisins?|chocolate|garlic|avocado|medicine|oils?|bones?|milk|xylitol|hot car|"
      "antifreeze|rat poison|macadamia|alcohol|flea"},
     "name|poem|story",
     false},

    /* food, and what is no food */
    {ANSWER_MEDICINE,
     {"eat|ate|eating|eaten|have|drink|drank|safe|ok|okay|good|can|left|is",
      "smell(s|ed|ing)?( a bit| kind of| a little)? (off|bad|weird|funny|sour)|(left|leave|sat)( "
      "[a-z]+){0,3} (out|counter|car|table)( [a-z]+)? ?(overnight|all (day|night)|for|a day)|"
      "bulging|(swollen|dented|rusty|bloated) (can|lid|cans|tin)|(can|cans|beans|lid|tin)( "
      "[a-z]+)? "
      "(bulging|swollen)|(past|expired|out of) date|mou?ld(y)?|(pink|raw|bloody) inside|(was|were|"
      "is) (still )?(pink|raw)|raw (chicken|pork|kidney beans|meat|eggs|flour|dough)|undercooked|"
      "(pond|creek|river|sea|rain|lake|stream|salt|tap) ?water|home ?can(ned|ning)|(can|canning) "
      "(green beans|meat|tomatoes)|pressure canner|botulism|methanol|moonshine"},
     "(boiling|melting) point|formula|density|battery|phone|movie|cheese "
     "(history|name)|poem|(blue|brie) cheese|joke|story|fish ?tank|"
     "aquarium|plants?|how (deep|long) is|expired (domain|token|certificate|session|password)",
     false},
    {ANSWER_EMERGENCY,
     {"swallow(ed|s)? (a|an|some|my|his|her|the)( [a-z]+){1,3}|(ate|eaten|eating|chewed)( "
      "[a-z]+){0,3} (glass|batter(y|ies)|coins?|magnets?|soap|detergent|silica|foil|nicotine|"
      "pouch|vitamins?|gummies|cigarettes?|vape|plastic|needle)|siphon(ing|ed)?|bleach in my|"
      "(thermometer|mercury)( [a-z]+){0,3} (broke|spill(ed)?|everywhere|broken|floor)|(blind|"
      "blurry)( [a-z]+)* (moonshine|methanol|alcohol)"},
     "pride|words|bitter pill|hard pill|camel|freddie|planet|story|fish|ice cream|my gum|anger|"
     "tears|whole",
     false},
    {ANSWER_CHEMICALS,
     {"(mix(ed|ing)?|combin(e|ed|ing)|put|pour(ed|ing)?|together|same bucket|and)( [a-z]+)*",
      "bleach|clorox|chlorine|drain cleaner|ammonia|cleaners|cleaning products",
      "vinegar|ammonia|acid|alcohol|mix(ed|ing)?|twice|peroxide|toilet|never"},
     "anime|hair",
     false},
};
const struct referral_rules referral_danger = {rules, sizeof rules / sizeof *rules};
