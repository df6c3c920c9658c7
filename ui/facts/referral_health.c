/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: food, mind, medicine, and what kills by accident.
 */
#include "referral_lists.h"

static const struct referral_rule rules[] = {
    /* food, growth and mind */
    {ANSWER_BURDEN,
     {"(make|making|made|force|forcing) myself (to )?(throw up|sick|vomit|puke|be sick)|"
      "throw(ing)? up after|purg(e|ing) after|anorexi[ac]|anorexic|bulimi[ac]|pro ?(ana|mia)|"
      "proana|thinspo|thinspiration|binge( eating| and purge|ing and)|starv(e|ing) (myself|for)|"
      "calories to starve|(starve|starving) (to|and) (lose|get|be)|stop eating( completely| "
      "altogether)?|(have|has) not (eaten|eat) (anything )?(for|in|since)( [a-z0-9]+)* (days?|"
      "weeks?)|eating disorder|laxatives?( [a-z]+)* (weight|thin|slim)|eat nothing|not eat for|"
      "skip (all )?meals|(lose|drop) ([0-9]+|ten|five|twenty) (kilos?|kg|pounds?|lbs|kilograms)( "
      "[a-z]+)* (days?|week|weeks|fast|quickly)|lose weight (fast|quick|quickly|very fast)|too "
      "fat to|hate my body|(i )?(do not|never) eat( [a-z]+)*|(want to be|be|get) (skinny|thin)( "
      "[a-z]+)*|fast(ing)? (to|and) (lose|be|get)( [a-z]+)*|throw up (every|each|all|my) [a-z]+|"
      "([1-9]00|1000) calories (a|per|each) day( [a-z]+)?"},
     "(do not|never) eat (meat|fish|sugar|bread|pork|eggs|dairy|gluten|sweets|animals|breakfast|"
     "them|it|that|enough vegetables)|thin (crust|ice|air)|stop eating (meat|sugar|bread|sweets|"
     "animals|so|at|too|out)|(dogs?|cats?|hamsters?|fish|birds?|cows?|horses?|bears?|vampires?|"
     "zombies?|rabbits?)|purge (the|a|old)|binge watch|history",
     false},
    {ANSWER_BURDEN,
     {"(i am|i have been|i feel|i get|am i|been|feeling|feel|so|really|very) (so |really |very |"
      "always |deeply |clinically )?(depressed|suffering|worthless|empty inside|traumati[sz]ed|"
      "addicted|manic|paranoid|psychotic)|(have|having|had|get|getting|got|suffer from|with|"
      "against|cure|treat) (a |an |bad |severe |really bad |so much )*(panic attacks?|anxiety( "
      "attacks?)?|depression|ptsd|ocd|bipolar|addiction|hallucinations|flashbacks|schizophrenia|"
      "nervous breakdown)|hear(s|ing)? voices( [a-z]+)*|(voices|voice) in my head|addicted to|"
      "cannot stop (drinking|gambling|using|smoking|taking|crying|eating)|i am an? (alcoholic|"
      "addict|drug addict)|drinking problem|drink too much|(drink|drinking) (every|all) (day|"
      "night|the time)|panic attack"},
     "addicted to (this|the|your|chocolate|tv|cheese|coffee|tea|netflix|reading|this game|"
     "minecraft|sudoku|chess)|drinking water|milk|hear(ing)? voices (of|from|in the (choir|"
     "kitchen))|panic attack on|coffee|economy|market|water|tea|stop (laughing|eating (these|this|"
     "chocolate))|attack on titan",
     false},

    /* health */
    {ANSWER_MEDICINE,
     {"(while|when|during|being|i am|am i|is|get|got|be|not|become|getting|are) pregnant|(i am|am|"
      "while|when) expecting( a| our)? (baby|child)( [a-z]+)?|pregnancy|breastfe?ed(ing)?|"
      "abortion|condoms?|morning after pill|plan b|missed my period|unprotected sex"},
     "pregnant (pause|with (ideas|possibility|possibilities|meaning))|elephant|cow|mare|(a|the|my|"
     "is a) (cat|dog|horse|panda|whale)|is there a plan b|our plan b",
     false},
    {ANSWER_CHEMICALS,
     {"mix(es|ing|ed)?|combin(e|es|ing|ed)|together|add(ing|ed)?|at once|" CLEANER
      "( [a-z]+)? (and|with|plus|then) [a-z]+ cleaner",
      CLEANER "|vinegar and (bleach|peroxide)|drain cleaner|pool chemicals"},
     "paint|colou?rs?|add (an|more|a) acid test|acid (jazz|test|rain)|amino|lemon|cut and|lactic|"
     "citric",
     false},
    {ANSWER_CHEMICALS,
     {"drink(ing|s)?|eat(ing|s)?|swallow(ing|s)?|tast(e|es|ing)|inject(ing)?|inhal(e|ing)|"
      "sniff(ing)?|huff(ing)?|smell(ing)?|lick(ing)?|breathe|snort",
      "(" CLEANER "|glue|soap|paint|mercury|battery acid|batteries|perfume|(wild|forest|garden|"
      "these|this|unknown|the|red|from the [a-z]+) (mushrooms?|berr(y|ies))|mushrooms? (from|i "
      "found|in the)|berries (from|in the|on|off|i)|raw (chicken|pork|potato( [a-z]+)*|kidney "
      "beans)|rotten( [a-z]+)?|mou?ld(y)?|chicken( [a-z]+)* (pink|raw|days|weeks)|pink chicken|"
      "deodorant|gas|lighter gas|nutmeg|sea water|salt water|urine)",
      "(can|may|should|could|do|would|shall|must) (i|you|we|kids|children|people|one|a|my|babies)|"
      "is (it|this|that|drinking|eating|the|raw|chicken)|what (happens?|if|does|would|will)|safe|"
      "dangerous|how (much|many|do|to|can)|want(s)? to|does|are|good for|okay|ok|fun|high|cure|"
      "going to|like to (drink|eat|sniff|swallow|inhale|lick|huff)|i (drink|eat|swallow|sniff|"
      "taste|inhale|huff)"},
     "soap opera|(smell|like the smell|smells) of (gas|paint|glue|soap)|smell(s)? like|recipe|gas "
     "station|(eat|drink) (at|in) (the|a) gas|on toast|who|mushroom soup|what do (mushrooms|"
     "berries)|bear(s)?|birds?|penguins?|look like|citric|lactic|amino|hyaluronic|lemon|soap "
     "(clean|make)s?|fatty acid|face paint",
     false},
    {ANSWER_CHEMICALS,
     {"(is|are|would) (it|this|that|these|they|the|a|an|some|which)?( [a-z]+){0,4} (poisonous|"
      "toxic|edible|safe to (eat|drink|touch|smell|swallow|inhale|taste))( (for|to) [a-z]+)?|"
      "which( [a-z]+)* (poisonous|edible|toxic)|(safe|ok|okay|dangerous|healthy|bad)( "
      "[a-z]+){0,3} (eat|drink|smell|inhale|breathe|swallow)( [a-z]+)* (" CLEANER
      "|glue|mushrooms?|berr(y|ies)|mou?ld|raw [a-z]+|mercury|lead|asbestos)|edible (mushrooms|"
      "berries|plants)|(is|are) (the |this |these |that |a )?(raw )?(" CLEANER
      "|mushrooms?|berr(y|ies)|mercury|lead|asbestos|arsenic|cyanide|chicken|mou?ld|fumes) (safe|"
      "dangerous|poisonous|toxic|edible|good for (you|me|us)|bad for (you|me|us)|healthy)"},
     "toxic (relationship|masculinity|people|person|friend|boss|positivity|workplace)|"
     "(relationship|boss|friend|people|he|she|job|workplace|community|chat) (is |are )?(so |very |"
     "really )?toxic|glitter|poisonous (frog|snake|spider)s? (live|in)|pregnant|dogs?|cats?",
     false},
    {ANSWER_CHEMICALS,
     {"(get|gets|getting) (you )?high( [a-z]+)*|(i )?found( [a-z]+)* (berr(y|ies)|mushrooms?)( "
      "[a-z]+)* eat( [a-z]+)?"},
     "score|marks?|grades?|level|in (a|the) (tree|balloon)|jump",
     false},
    {ANSWER_ANIMAL,
     {"(give|feed|giving|feeding)( [a-z]+){0,2} " ANIMAL "( [a-z]+){0,2} (" TOXIC_FOR_ANIMALS
      "|" REMEDY "|bones|milk)|(can|may|do|should) (my |a |the |our )?" ANIMAL " (eat|have|drink|"
      "lick)( [a-z]+)? " TOXIC_FOR_ANIMALS "|" TOXIC_FOR_ANIMALS
      "( [a-z]+)* (bad|safe|ok|okay|good|dangerous|toxic|poisonous|harmful|"
      "poison)( [a-z]+)* " ANIMAL "|(poisonous|toxic|dangerous)( [a-z]+)* (for|to) " ANIMAL},
     "kittens? milk|hot dogs?",
     false},
    {ANSWER_MEDICINE,
     {"(have|has|for|against|cure|treat|heal|got|had|with|my) (a |my |bad |the |his |her )*((back|"
      "neck|knee|stomach|tooth|joint|muscle|period|leg|ear) (pain|ache)|chicken ?pox|spots|"
      "scabies|lice|worms|cold|lump|cough|pain|snake bite|broken arm|sore throat|runny nose|"
      "swollen [a-z]+|sprained [a-z]+|toothache|hangover|lumps|mole|wart|blister|nosebleed)|about "
      "(my|your|his|her) health|(need|see|call|go to|ask) a (doctor|gp|dentist)|(should|do|can|"
      "must) i( [a-z]+)? (doctor|hospital)|i found a lump|what drug|health advice"},
     "is a pain|cold (call|beer|day|drink|one|heart|night|morning|water|winter|war|case|feet|"
     "coffee|shower|room|pizza|weather|wind|december|january|dinner|wife|cat|dog)|(cough|lump) "
     "(drop|sugar)s?|pain (au|in the neck|point)|a (cold|lump) (and|of)|it is cold|with a cold|"
     "cold in here|mole (rat|hill)|lump sum|worms in|doctor who|doctor strange",
     false},
    {ANSWER_MEDICINE,
     {"(was hilft|medikament|tabletten) (gegen|bei|für) [^ ]+|(qué|que) (medicina|pastilla) [^ "
      "]+.*|quel médicament .*|quale medicina .*"},
     NULL,
     false},
    {ANSWER_MEDICINE,
     {"i am|my (wife|baby|child|daughter|son)",
      "diabetic|allergic|epileptic|asthmatic|contagious|infected"},
     "(to (mondays?|work|homework|stupid[a-z]*|bugs?|mornings?|exercise|meetings?|you))|infected "
     "with (joy|love)|computer",
     false},
    {ANSWER_MEDICINE,
     {"(vaccinate|vaccines?|vaccinated?|vaccination)|(feel|feeling|felt|am|is) (very |so |really |"
      "a bit |always |quite |a little )*(sick|ill|dizzy|nauseous|faint|feverish|unwell)( [a-z]+)?|"
      "throwing up|(keep|keeps|been|be|started|is|i am) (vomiting|puking|throwing up)"},
     "how (do|does) (a |an |the )?[a-z]+ work|sick of|sick (beats?|move|trick|burn|day)|that is "
     "sick|love ?sick|home ?sick|sea ?sick "
     "?ness|ill (will|at ease|informed|advised)|sick joke|sick and tired of",
     false},
    {ANSWER_MEDICINE,
     {REMEDY},
     "(pills?|a pill|tablets) of (bread|wisdom)|(android|writing|drawing|stone|clay|my) tablets|"
     "tablets? (pc|computer)|what is (a )?(medicine|pill|vaccine|insulin)|(discovered|invented|"
     "history)|how (do|does) (a |an |the )?[a-z]+ (work|function)|organi[sz]er|apps?|dose of "
     "(humou?r|reality|love|luck|fun|irony)|website|"
     "crash(es|ed)?|joke|judas|chill pill|doctor and a pill|poison pill|ipads?|pill ?box "
     "hat|steroids the "
     "band|in a story",
     false},
    {ANSWER_MEDICINE,
     {"medical advice|diagnos(e|is|ed)( me| my)?|am i (sick|ill|pregnant|dying|healthy|overweight|"
      "going blind)|symptoms? (of|do|for)|(my|these|what) symptoms?|(blood|mucus) in (my|his|her|"
      "the) [a-z]+|(pee|urine|poo|poop|stool|period|spit|snot|vomit)( [a-z]+)* (is|are|was|looks|"
      "normal|red|black|brown|dark|green|yellow|late)|is it contagious|second opinion"},
     "debug|code|error|bug|patient zero|software|network|computer",
     false},
    {ANSWER_MEDICINE,
     {ILLNESS,
      "what (should|can|do|must|helps?|medicine|is good|to do)|how (do|can|to|long)|i "
      "have|i got|do i|my (baby|child|children|son|daughter|mother|father|dog|cat|wife|husband|"
      "friend|kid|toddler|boyfriend|girlfriend|grandmother|grandfather)|helps?|cures?|cured?|"
      "treat(ment)?|against|i feel|is it|does|can (you|i)|get rid|have|has|had"},
     "saturday night|fever dream|(of|this|that|the) (task|bug|code|meeting)|is a headache|"
     "burn(s)? (an|a|the|my|this|cds?|dvds?|an iso|calories|bridges?|fat|midnight|out)|tropic|"
     "star sign|zodiac|horoscope|flu season of|gold fever|cabin fever|what is (cancer|diabetes|"
     "asthma|the flu|a fever|a rash|a cough|covid)$|rash decision|history|compass|crab|virus on "
     "my|network|how (do|can|to) (i )?burn",
     false},
    {ANSWER_MEDICINE,
     {"(my|his|her) (left |right |lower |upper |whole )?" BODY
      "( (really|just|is|are|still|always|has|have|been|starts?|started|keeps?|feels?|so|very|a "
      "bit|often|both|joints?))* (hurts?|hurting|aches?|aching|itch(es|y|ing)?|swollen|numb|"
      "burns?|infected|sore|bleeds|painful|swelling|tingl[a-z]+|broken|stiff)|(does|do|is|are) "
      "(my|his|her) " BODY
      "( always| still)? (hurt|ache|itch|so sore|swollen|sore|red)|(pain|ache|lump) in (my|his|"
      "her) [a-z]+|sprained|broke my (leg|arm|finger|foot|toe|wrist|ankle|nose|hip)"},
     "(laptop|heart|bike|car|guitar|clock|chair|bear|doll|robot|broken heart)|from laughing|hat|"
     "hurts? to (say|admit)|neck of",
     false},
    {ANSWER_MEDICINE,
     {"my (baby|child|toddler|newborn|son|daughter|kid|infant)( [a-z]+)* (will not eat|not eating|"
      "will not (stop crying|drink|sleep)|very sleepy|is (ill|sick|hot|pale)|does not (eat|drink)|"
      "cries all|keeps crying|has not (peed|pooped|eaten)|throws up|keeps throwing up|has (spots|"
      "red|yellow))"},
     NULL,
     false},

    /* what kills by accident */
    {ANSWER_DANGER,
     {"(stick|put|insert|touch|poke|push|use|can|should|is it|safe|happens|drop|heat|lick)( "
      "[a-z]+)*",
      "fork|knife|fingers?|key|metal|wire|water|spoon|foil|egg|tinfoil|paper ?clip|nail|"
      "screwdriver|scissors|hair ?pin",
      "sockets?|outlet|toaster|microwave|power (line|cable|outlet)|plug|fuse|electric(al)? (box|"
      "wires?)|wall plug|burning oil"},
     "(http|network|python|tcp|unix|web|key|test|code|git|fork a|java|api) ?(socket|fork|key)?s?|"
     "water ?proof|what is a|earplug|how does|plug in(s)?|invented|factory outlet|in (c|python|"
     "java|rust|go)|microwave (the |a |my )?(water|cup)|recipe|after(wards)? wash",
     false},
    {ANSWER_DANGER,
     {"phone|hair ?dryer|toaster|radio|laptop|charger|heater|charging|cable|ipad|tablet|fan",
      "(in|into|near|next to|by|with|under) (the |my |a )?(bath|bathtub|shower|tub|pool|water)|"
      "bath while|wet hands"},
     "(dropped|fell|lost)( (my|the|a|in|into))+|waterproof|song|fix|rice|radio station|beach|fan "
     "of",
     false},
    {ANSWER_DANGER,
     {"(play|playing|touch|touching|climb|climbing|hold|holding|point|pointing|repair|repairing|"
      "fix|fixing|juggle|run with|running with|open|opening|throw|throwing|eat|light|put|put on|"
      "pet|petting|feed|ride|hug|catch|pick up|provoke|poke|approach|tease)( [a-z]+){0,2} (fire|"
      "matches|lighters?|guns?|power (line|pole)s?|electric(al)? wires?|fireworks?|firecrackers?|"
      "knife|knives|snakes?|sockets?|microwave|gas pipe|fuse box|wild (bear|animal|boar)s?|bears?|"
      "wolf|wolves|lions?|tigers?|crocodile|alligator|shark|scissors|wasp nest|bee ?hive|(fallen|"
      "downed|live|hanging|loose)( power| electric)? (wire|cable|line)s?|wire that|cables?|"
      "chainsaw|bullets?|hot stove|batter(y|ies)|needles?|gas|candle near)"},
     "(teddy|polar|care|gummy|koala|toy|plush) bears?|socket in|(tcp|udp|unix|web|network|raw) "
     "socket|(python|snake|video|card|computer|board) game|snake game|in (a |the )?(game|python)|"
     "(light|open) a (candle|fire truck)|fire (truck|stick|fox|wall|station|engine)|(open|hold)( "
     "[a-z]+)? gas station|chess|matches? (on|with (my|the) (team|friends)|today|played)|(tennis|"
     "football|soccer|chess|rugby|cricket)( [a-z]+)? matches|usb|hdmi|network|ethernet|lions? "
     "(club|king)|tiger woods|bears (win|lose|game)|phone battery|laptop battery|remote|charge|"
     "replace|low battery",
     false},
    {ANSWER_DANGER,
     {"jump(ing)? (off|from|out of|over|on|into)( the| a| my| an)? (roof|window|balcony|cliff|"
      "building|train|car|bridge|moving)|off (the|my|a) (roof|balcony|cliff)|(walk|walking|skate|"
      "skating|play|playing|stand|standing|go|step|sit|run|climb)( out)? (on|onto|across|over) "
      "(the |a |thin |some |train |railway )*(frozen (lake|river|pond)|ice|(train )?tracks?|"
      "rails?|railway( line)?|roof|highway|motorway|power pole|crane)|(can|should|may|could|fun|"
      "safe|ok|okay|do)( [a-z]+)* (look(ing)?|star(e|ing)) (into|at|in|straight into|directly at) "
      "the sun|look into the sun|bag over|fly from the roof|thin ice|alone in the sea|swim( "
      "[a-z]+)* (storm|flood|at night|alone|drinking|drunk|thunderstorm|lightning)"},
     "hockey|skating rink|ice rink|ice cream|sun rise|sun ?glasses|game|mario|shade over|like to "
     "look|jump on the|soundtracks?|(walk|step) on (the )?ice (in|at) the (rink)|indoor|walk on "
     "the roof terrace|tracks? (list|number)|running tracks?",
     false},
    {ANSWER_DANGER,
     {"(drive|driving|drove)( [a-z]+)* (drunk|stoned|high|wasted|tipsy|after (drinking|([0-9]+|"
      "one|two|three|a|some|a few|a couple of)( [a-z]+)? (beers?|drinks?|wine|glasses|shots|"
      "pints?|joint)|wine|beer|alcohol|smoking|taking)|with(out)? (my )?(glasses|licen[cs]e|seat "
      "?belt|lights))|(drunk|tired|stoned|tipsy|sleepy|exhausted)( [a-z]+)* (drive|driving)|i am "
      "drunk|drink(ing)? and driv(e|ing)|text(ing)? (while|and|when) driv(e|ing)|phone while "
      "driving|([0-9]+|one|two|three|few) (beers|drinks|glasses|pints)( [a-z]+)* (drive|driving)|"
      "sleep(ing)? in a running car"},
     "hard drive|disk|drive (me|him|her) (crazy|mad)|high (school|way)|drunk on love|test drive",
     false},
    {ANSWER_DANGER,
     {"water (on|onto|in|into|over) (an? |the |my |burning )*(oil|grease|fat|pan|electrical|chip "
      "pan)( fire)?|(bbq|barbecue|barbeque|grill|charcoal|generator|camping stove|gas stove|fire|"
      "campfire|engine|car)( [a-z]+)* (indoors|inside|(in|inside) (my |the |a |our )*(tent|garage|"
      "room|house|kitchen|caravan|flat|bedroom|closed [a-z]+|car))|grill (indoors|inside)|heat (my|"
      "the) (home|room|tent|house|car) with"},
     "car (is |stays )?in (the|my) garage|fire in (the|my) (kitchen|house|room)|fire ?place|"
     "electric grill|park(ed|ing)?|vacuum|wash",
     false},
    {ANSWER_DANGER,
     {"(can|may|should|is it|could|how long|shall|do)( [a-z]+)*",
      "(baby|babies|newborn|infant|toddler|month old|week old)( [a-z]+)* (sleep( [a-z]+)* (on|"
      "with|in)( [a-z]+)* (tummy|stomach|belly|pillow|side|blanket|bed|sofa|car)|pillow|blanket|"
      "alone|eat honey|have (honey|water|nuts)|in the (bath|car) alone)|(leave|left|leaving)( "
      "[a-z]+){0,2} (baby|toddler|child|kid|dog|son|daughter|children|kids|infant|puppy)( "
      "[a-z]+)* (alone|car|bath|home|unattended)|(shake|shaking) (a|my|the) baby"},
     "day ?care|name|shower",
     false},
    {ANSWER_DANGER,
     {"(leave|left) (my|the) baby|blanket over|stay in a burning"},
     "day ?care|name",
     false},
    {ANSWER_DANGER,
     {"hold (my|your|his|her|the|our) breathe|(how long|can|could|can i)( [a-z]+)* (go |live |"
      "survive |be )?without (breathing|water|food|sleep|air|oxygen|eating|sleeping|drinking)|"
      "(can|could) (i|you|people|we) (fly|breathe under( water)?)( [a-z]+)?|choking game|pass "
      "?out (game|challenge)|blackout (game|challenge)|(tide pod|cinnamon|salt and ice|fire|"
      "benadryl|skull breaker) challenge|bungee|parkour on"},
     "fish|plants?|cactus|camel|animals?|fly (to|with|a plane|a kite|a drone)",
     false},
    {ANSWER_DANGER, {"tired|sleepy|have not slept", "(can|may|should) i drive"}, NULL, false},
    {ANSWER_MEDICINE,
     {"honey|water|cow s milk|cows? milk|juice|salt|sugar|eggs?|nuts|peanuts?|solid "
      "food|grapes|cereal|tea|fish|strawberr(y|ies)",
      "infants?|newborn|baby|babies|([0-9]+|one|two|three|four|five|six|seven|eight|nine|ten|"
      "eleven) (months?|weeks?|days?) old",
      "(can|may|should|is it|ok|okay|safe|give|given|feed|when|fine)"},
     "name|shower|shark|cat|puppy|kitten|plant|spinach|carrots?|baby ?(oil|powder) (for|on)",
     false},
    {ANSWER_MEDICINE,
     {"(stop|stopping|instead of|refuse|refusing|skip|skipping|without|quit|replace|alternative "
      "to|rather than|delay|come off|coming off|get off)( [a-z]+){0,3} "
      "(chemo|chemotherapy|radiation|dialysis|lithium|treatment|transfusion|surgery|antipsychotics?"
      "|beta blockers?|prednisone|cortisone|seroquel|lexapro|effexor|methadone)|cold "
      "turkey|(baking soda|essential oils?|herbs|mms|ivermectin|turpentine|homeopathy|celery "
      "juice|alkaline water|crystals)( [a-z]+)* (cures?|heals?|treats?|for cancer|against "
      "cancer|tumou?rs?|autism|instead)"},
     "page|website|fundraiser|program|code|app|screen|turkey (sandwich|recipe|salad)",
     false},
    {ANSWER_MEDICINE,
     {"how (much|many)|can i|should i|is it (ok|okay|safe|fine)|safe|what "
      "(dose|dosage)|mg|milligrams|together|do i need",
      "[a-z]*(prazole|cillin|statin|oxetine|azepam|olol|mycin|profen|caine|codone|zolam|pram|"
      "triptyline)|nyquil|dayquil|pepto|imodium|melatonin|st johns "
      "wort|sudafed|zyrtec|claritin|lithium|accutane|pepto|magnesium|potassium|iron "
      "supplements|vitamin [a-ek]|creatine|caffeine pills|rusty nail|tetanus( "
      "shot)?|stitches|antivenom|cbd|ozempic|rabies( shot)?"},
     "battery|batteries|mine|element|periodic",
     false},
    {ANSWER_HARM,
     {"how (much|many|long|often)|safe(ly)?|first "
      "(time|timer)|dose|mix(ing)?|combine|trip|try|snort(ing)?|inject|sniff|smoke|legal|okay?|can "
      "i|should i|high",
      DRUGS "|molly|acid tabs?|ghb|poppers|nitrous|whippets|dmt|pcp|spice|edibles|joints?|bath "
            "salts|lean|speedball"},
     "history|invented|acid rain|(knee|hip|shoulder|elbow|finger|ankle|wood(en)?|butt|solder) "
     "joints?|my joints?|coke (zero|bottle|light|with)|diet coke|weed(s|ing)? "
     "(in|from|out)|garden|recipe|crack (the|a|an|an egg)|(joints?)( [a-z]+)? "
     "(hurts?|ache|pain|cost)|lean (on|against|mass|startup)|spice (rack|girls|in|up|mix|level)",
     false},
    {ANSWER_DANGER,
     {"tents?|garage|indoors|inside|room|bedroom|caravan|camper|van|cabin|house|kitchen|basement",
      "charcoal|coals|grill|bbq|barbecue|generator|gas (stove|heater|burner)|camping "
      "stove|propane|kerosene heater|engine running|fire pit",
      "cook(ing)?|run(ning)?|use|using|heat(ing)?|burn|light|safe|okay?|can|warm|start|sleep"},
     "python|electric|park(ed)?|clean(ing)?|store|buy|outside|parking|code|function|javascript|"
     "pencil|drawing|foreman",
     false},
    {ANSWER_DANGER,
     {"(swollen|bulging|bulged|puffed( "
      "up)?|bloated|leaking|punctured|hissing|dented|expanded|burst)( [a-z]+){0,2} "
      "batter(y|ies)|batter(y|ies)( [a-z]+){0,3} "
      "(swollen|bulging|bloated|hissing|leaking|smoking|puffed( up)?|expanded|hot)",
      "charg(e|ing)|us(e|ing)|open|puncture|press|pop|keep|safe|throw|fix|do|ok|okay|sleep|fire|"
      "hand"},
     "cake|pancake",
     false},
    {ANSWER_DANGER,
     {"hair ?dryer|toaster|radio|laptop|charger|heater|phone|lamp|cable|extension cord|fan",
      "bath|bathtub|shower|tub|pool|water|sink|wet",
      "grab|touch|take it|pull|reach|pick it|get it|plugged|fish it"},
     "rice|waterproof|beach",
     false},
    {ANSWER_DANGER,
     {"(candle|match(es)?|lighter|flame)( [a-z]+)* (gas|leak)|(cut|saw|drill|open)( [a-z]+)* "
      "(airbag|live wire|gas (bottle|cylinder|canister)|aerosol|spray can)|drive( [a-z]+)* "
      "(joints?|edibles|xanax|pills)( [a-z]+)?"},
     "scented|bath",
     false},
    {ANSWER_CHEMICALS,
     {"berr(y|ies)|mushrooms?|fung(us|i)|toadstools?|(wild|unknown|strange|garden) "
      "(plants?|leaves|roots?|seeds|nuts?)|yew|nightshade|hemlock|oleander|foxglove|death "
      "caps?|apricot (kernels?|pits?)|rhubarb leaves",
      "edible|eat|eating|ate|taste|tasting|pick(ed|ing)?|safe|poisonous|cook|salad|soup|tea",
      "forest|woods?|tree|yew|hedge|lawn|wild|found|garden|bush|unknown|strange|identify|"
      "nightshade|hemlock|oleander|foxglove|caps?|kernels?|pits?|leaves|field|backyard|from "
      "(the|a|my)"},
     "cake|pie|pizza|(straw|blue|rasp|cran|black|goose) "
     "?berr(y|ies)|champignons?|button|shiitake|portobello|mario|smoothie|jam|muffins?|recipe|shop|"
     "store|super ?market|christmas tree",
     false},
    {ANSWER_MEDICINE,
     {"moles?|freckles?|lumps?|bumps?|growth|spots?|swelling|nodes?|warts?|blisters?|boils?|bruise|"
      "rash",
      "(darker|bigger|larger|bleed(s|ing)?|changed|changing|itch(y|es|ing)?|wait|normal|worried|"
      "cancer|pus|grow(s|ing|n)?|spread(s|ing)?|hard|doctor|on my "
      "(back|neck|arm|leg|breast|testicle|face|skin|chest))"},
     "soft spot|spot on|garden|sun ?spots?|economic growth|parking spot|tourist|speed bumps?|blind "
     "spot|spot the|plant|baby bump photo|dog show",
     false},
    {ANSWER_MEDICINE,
     {"(pee|peeing|urinat(e|ing)|poo|pooping|poop|bowel movements?|my "
      "period|periods|discharge|sweating|snoring|heartbeat|pulse|heart rate)",
      "([0-9]+|many|times|normal|bad|often|stop|rid "
      "of|late|early|hurts?|burns?|green|brown|high|low|irregular|fast|too|never|days)"},
     "(time|historical|trial|class|art|cretaceous|roman) period|periods? (in|of) "
     "(history|art|school)|full stop|punctuation|my (dog|cat|puppy)|sentence",
     false},
    {ANSWER_MEDICINE,
     {"(pain|ache|cramps?|stabbing|burning)( [a-z]+){0,4} "
      "(belly|stomach|abdomen|side|chest|back|head|ear|jaw|neck|knee|leg|arm|when i "
      "[a-z]+)|(miss|missed|missing|forgot|skip|skipped)( [a-z]+){0,4} (the pill|my "
      "pill|dose|doses|tablet|injection|insulin|shot)|pain ?killers?|hang ?over( [a-z]+)? "
      "(cure|pills?|and)"},
     "pain au chocolat|joke|song|priest|a pain in (the|my) (neck|butt|ass|back side)",
     false},
    {ANSWER_HARM,
     {"(get|getting|how|be) (you |i )?(high|stoned|wasted|drunk|buzzed)|how high (can|will|do)( "
      "[a-z]+){0,3} get|trip(ping)? (on|from|off)|(line|bump|hit|dose|tab|gram|bag) of",
      "nutmeg|datura|cough (syrup|medicine)|glue|gas|deodorant|benadryl|catnip|morning "
      "glory|salvia|coke|cocaine|speed|ket(amine)?|acid|ecstasy|mdma|heroin|weed|weeds?|hand "
      "sanitizer|mouthwash|poppy seeds|inhalants?|paint|" DRUGS},
     "mountain|plane|balloon|building|jump|tower|score|grades|speed of|acid rain|coke "
     "(zero|bottle)",
     false},
    {ANSWER_DANGER,
     {"(dry|drying|hang|hanging|put|putting|leave|leaving|warm|place)( [a-z]+){0,5} (on|over|in "
      "front of|next to|near|above|in|into) (the |a |my |an "
      ")?((gas|electric|space|halogen|paraffin|oil) "
      ")?(heater|stove|oven|fire|candles?|toaster|lamp|microwave|radiator with|dryer while)",
      "shoes?|clothes|socks|towel|shirt|blanket|paper|hair|metal|foil|egg|phone|aerosol|spray|over "
      "?night|sleeping|plastic|bottle|lighter"},
     "recipe|cake|bread|pizza|oven safe|baking paper|eggs? (in|into) the (pan|cake)",
     false},
    {ANSWER_DANGER,
     {"(look(ing)?|watch(ing)?|see|view(ing)?|star(e|ing)|photograph)( [a-z]+){0,3} (eclipse|sun)( "
      "[a-z]+)*",
      "sun ?glasses|without|naked eye|telescope|binoculars|safe|ok|okay|phone"},
     "sun ?(rise|set|flower|dial)|when is|total eclipse of the heart",
     false},
    {ANSWER_MEDICINE,
     {"(is|are|was|could|does|should|can)( [a-z]+)*",
      "(this|my|the|a|that) "
      "(mole|lump|rash|spot|bump|wound|bite|cut|burn|swelling|growth|freckle|bruise|cough|lymph "
      "node)s?( [a-z]+)? ?",
      "dangerous|normal|serious|infected|cancer(ous)?|bad|deadly|contagious|worry|see a "
      "doctor|stitches|go away|harmless"},
     "road|speed|garden|animal mole|moles? (dig|live)|tan|sun spot|parking",
     false},
    {ANSWER_DANGER,
     {"charcoal|grill|bbq|barbecue|coals|generator|gas (heater|stove|burner)|camping "
      "stove|propane|candles?|car (running|engine)",
      "sleep(ing)?|overnight|over night|for warmth|to (keep|stay|get) warm|heat(ing)?( the| my)? "
      "(room|tent|house|home|car)"},
     "scented|dinner|outside",
     false},
    {ANSWER_DANGER,
     {"(climb|climbing|go up|jump over|touch|sit on|lean on|play (near|on|at))( [a-z]+){0,3} "
      "(electricity|electric|power|high "
      "voltage|transmission|telephone|train|railway|tram|substation|transformer)( [a-z]+)?"},
     "guitar|car|game|model|toy|train (station|set)|bike|scooter|piano",
     false},
};
const struct referral_rules referral_health = {rules, sizeof rules / sizeof *rules};
