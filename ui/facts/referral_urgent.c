/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: what cannot wait: poison, breath, blood, fire, people who break in.
 */
#include "referral_lists.h"

static const struct referral_rule rules[] = {
    {ANSWER_EMERGENCY,
     {"(kind|baby|sohn|tochter|hijo|hija|bebé|niño|niña|enfant|bébé|fils|fille|bambino|bambina|"
      "figlio|figlia|filho|filha|ich|he|ho)( [^ ]+)* (bleichmittel|putzmittel|gift (getrunken|"
      "gegessen|geschluckt)|batterie|tabletten|lejía|veneno|pastillas|javel|poison|médicaments|"
      "candeggina|veleno|pillole|água sanitária)( (getrunken|gegessen|verschluckt|geschluckt|"
      "genommen))?"},
     NULL,
     false},
    {ANSWER_ANIMAL,
     {ANIMAL "( (just|has|have|had|accidentally|may have|might have))* (ate|eaten|eat|eats|eating|"
             "licked|swallowed|chewed|drank|got into|bit into)( [a-z]+)* (" TOXIC_FOR_ANIMALS
             "|" CLEANER "|" REMEDY
             "|poison|bait|socks?|chicken bones?|bones|batter(y|ies)|toy|coins?|plant|medicine|"
             "string|needle)"},
     "not eat(en)?",
     true},
    {ANSWER_EMERGENCY,
     {"drank|drunk|swallowed|ate|eaten|licked|inhaled|injected|took|taken|swallow|breathed in|got|"
      "drinking|sprayed|put( [a-z]+)* (his|her|its|my) mouth",
      CLEANER
      "|(button )?batter(y|ies)|poison|soap|paint|magnets?|coins?|marble|lego|needle|glue|perfume|"
      "(wild|strange|unknown|forest|garden|poisonous) (mushrooms?|berr(y|ies))|(gas|chlorine|"
      "chemical) fumes|lil(y|ies) of the valley|foxglove|(in|into) (my|his|her) eyes?",
      "drank|drunk|swallowed|ate|eaten|licked|inhaled|injected|swallow|breathed in|mouth|eyes?|"
      "(took|taken|drinking)"},
     "what (would|will|happens)|(dog|cat) is|the battery|took (the|my|a) (battery|paint|soap|"
     "magnet|lego|coin|needle)|paint(ed|ing)|soap opera|(soap|perfume) (for|as)|(can|could|should|"
     "may) (i|you|we) (eat|drink|swallow)",
     false},
    {ANSWER_EMERGENCY,
     {"(swallowed|choked on|choking on) (a|an|the|some|my|his|her|it|something)( [a-z]+)?|" FAMILY
      "( [a-z]+)? (ate|eaten|swallowed|drank|chewed)( [a-z]+)* (berr(y|ies)|mushrooms?|plants?|"
      "leaves|pills?|tablets|tide pod|alcohol|vodka|batter(y|ies)|dish ?washer (tablet|pod)s?|"
      "cigarettes?|medicine)"},
     "old lady|fly|pride|sword|words?|bitter pill|magic|vitamins?|on toast|pizza",
     false},
    {ANSWER_EMERGENCY,
     {"(took|taken|swallowed|ate|eaten|had) ((all|too many|too much|so many|lots|a lot|a (whole |"
      "full |entire )?(bottle|box|packet|pack|handful|bunch|load)|the (whole|wrong)|([5-9]|"
      "[1-9][0-9]+)|double|twice|overdose)( of)?( the| my| his| her)? )([a-z]+ (of )?)?(" REMEDY
      "|drugs|" DRUGS
      ")|(took|taken|given|gave|gave me)( [a-z]+)? the wrong (medicine|pills?|tablets?|dose|"
      "medication)|overdos(e|ed|ing)( on)?|alcohol poisoning|poisoned"},
     "overdose of (sunshine|cute|sugar|love|fun|cuteness|it)|well poisoned|what is|(can|could|"
     "would|is) (i|you|one|an|a|it) overdose|history|(a|the|was|with a|and the) poisoned (apple|"
     "arrow|well|dart|cup|wine|tip|chalice|needle)",
     false},
    {ANSWER_EMERGENCY,
     {"(is|are|was|am|has|he|she|baby|not|stopped|cannot|could not|barely|hardly) (not |stopped |"
      "barely |hardly |still not )?breath(e|es|ing)( properly| well| any more)?|(hard|trouble|"
      "difficult|struggling|difficulty|problems?)( to| in| with)? breath(e|ing)|gasping for( "
      "air)?|no pulse|heart (has )?stopped"},
     "(fish|under ?water|in space|deep|exercise|on the moon|in a vacuum)|(is|are|am) breathing( "
     "(in|deeply|slowly|again|out|fire))|how (do|does)|not hold|breath(e|ing) a word|heart stopped "
     "when i|breathing "
     "(easy|exercise|room|"
     "space)",
     false},
    {ANSWER_EMERGENCY,
     {"(having|have|had|has|is it|think|like|got|maybe|get|is this) (a |an |it is a )?(heart "
      "attack|stroke|seizure|miscarriage|fit|anaphyla[a-z]*)|heart attack( [a-z]+)* (help|do)|"
      "face (is |looks |was )?droop[a-z]*|(one|left|right) side of (my|his|her|the) (face|body)|"
      "slurr(ed|ing)|anaphyla[a-z]*|convuls[a-z]*|left arm (is |feels |went |has )?(numb|"
      "tingl[a-z]*|hurts|hurting)"},
     "stroke of|have a fit (of|over|when)|heart attack grill|nearly had a heart attack|have a "
     "stroke (of|in)",
     false},
    {ANSWER_EMERGENCY,
     {"i am unconscious|(someone|somebody) is (badly )?(hurt|injured|dying)|help( me)? (i am|"
      "someone is|somebody is|he is|she is) (hurt|injured|dying|trapped|stuck)|(i|he|she|they|it|"
      "baby|mine|" FAMILY
      ")( (is|was|are|just|has|have|had|got|keeps|suddenly|may be|might be|went))* (collapsed|"
      "passed out|unconscious|unresponsive|choking|electrocuted|drowning|drowned|fainted|limp|"
      "(turning|turned|going) (blue|grey|gray)|(not|will not|cannot be) (wak(e|ing|en)|"
      "respond(ing)?|mov(e|ing))( up)?)|(cannot|could not|unable to) wake (him|her|them|it|my|up "
      "my)( [a-z]+)?|will not wake( up)?|not waking( up)?|not responding|burned badly|badly "
      "burn(ed|t)|lost consciousness"},
     "(server|computer|program|app|phone|website|screen|laptop|site|code|printer|router|mouse|"
     "keyboard|tv|window|page|button|machine|bridge|building|economy|star|price|tent|alarm)|"
     "drowning in (work|emails?|homework|debt)|to move|choking (game|up|on (my|his|her) words)|"
     "unconscious bias|fainted (from joy|of)|in the (story|book)",
     false},
    {ANSWER_EMERGENCY,
     {"(child|kid|son|daughter|baby|father|mother|he|she|wife|husband|friend|grandmother|"
      "grandfather|dog|cat)( (is|are|was))+ (dying|very ill|in agony)|(is|am) i dying"},
     "dying (to|of (laughter|boredom))|dying (his|her) hair|battery",
     false},
    {ANSWER_EMERGENCY,
     {"chest pains?|(tight|tightness|pain|pains|pressure|squeezing|crushing|stabbing)( [a-z]+)* "
      "(in|on|across) (my|his|her|the) chest|(my )?(chest|heart) (hurts|is pounding|feels tight|"
      "is tight|aches|is racing)"},
     "what (is|does|are) chest pains?|for (him|her|you)|treasure|broke",
     false},
    {ANSWER_EMERGENCY,
     {"(i am|is|am|are|was|keeps?|started|start|stop|and|still|been|badly|heavily) bleed(ing)?|"
      "bleeding (a lot|badly|heavily|out|to death|for|from|help)|will not stop bleed[a-z]*|(lost|"
      "losing|lot of|so much|too much) blood|cough(ing|ed)?( up)? blood|throw(ing|s)? up blood|"
      "vomit(ing|ed)? blood"},
     "memory|edge|red|ink|money|server|colou?rs?|heart|technology|gums|css|give blood|users?|cash",
     false},
    {ANSWER_EMERGENCY,
     {"pregnant|pregnancy|weeks along|expecting",
      "blood|bleed(s|ing)?|spotting|cramps?|cramping|cannot feel|not mov(e|ed|ing)|waters? (has |"
      "have |just )?(broke|broken)|fell|fallen|contractions|severe|hit|vision|stopped"},
     NULL,
     false},
    {ANSWER_EMERGENCY,
     {"(snake|spider|dog|bat|tick|scorpion|rat|monkey|cat|jellyfish|shark|fox|raccoon|viper|adder|"
      "bear)( (just|has|had))? (bit|bites|bitten|stung|attacked|scratched|mauled) (me|him|her|my|"
      "us|our)|(bitten|stung|attacked|bit|mauled) by (a|an|the|my|his|her|some|something)( "
      "[a-z]+)? ?(snake|spider|dog|bat|tick|scorpion|rat|monkey|cat|jellyfish|shark|fox|bee|wasp|"
      "hornet|raccoon|bear|viper|adder)"},
     "mosquito(s|es)?|bug in|game",
     false},
    {ANSWER_EMERGENCY,
     {"(throat|tongue|face|lips?|airway)( (is|are|feels|keeps))* (clos(ing|ed)|swell(ing|s)?|"
      "swollen)|allergic reaction|epi ?pen|severe allergy"},
     NULL,
     false},
    {ANSWER_EMERGENCY,
     {"(house|kitchen|flat|apartment|room|home|car|building|school|bed|hair|pan|oven|clothes|"
      "toaster|cooker|stove|garage|curtains?|dress|neighbou?rs? house|forest)( (is|are|was|just|"
      "has|have))* (on fire|burning|burned down|full of smoke|caught fire|(catching|in) (fire|"
      "flames))|(is|there is|have|start(ed)?) (a )?fire (in|at|on|here|next|behind|inside)( the| "
      "my)? (house|kitchen|room|flat|bathroom|bedroom|apartment|building|oven|school|garage|car|"
      "cellar|roof|office|hall)"},
     "you are on fire|(grill|camp|place) fire|disco|on fire today|(room|car) (was )?on fire (with|"
     "last)",
     false},
    {ANSWER_EMERGENCY,
     {"(is|there is|there s) a fire|fire help|help fire"},
     "fire (truck|station|engine|drill|department|fighter|place|extinguisher|alarm|sale|escape|"
     "ant|exit|wall|fly|in (my|his|her) (heart|eyes|belly))|what|where|(is|there is) a fire( "
     "[a-z]+)? (pokemon|type|sign|planet|mage|dragon|spell|element)",
     false},
    {ANSWER_EMERGENCY,
     {"smell(s|ing|ed)? (of |like |a )?gas( leak)?|gas (smell|leak|fumes|alarm)|carbon monoxide "
      "(alarm|detector|poison[a-z]*|leak|is|sensor)|co alarm|breathed in (gas|smoke|fumes|"
      "chlorine|smoke from)|smoke alarm (is|keeps|goes)"},
     "what is carbon",
     false},
    {ANSWER_EMERGENCY,
     {"(breaking|broke|break|get|getting|trying to (get|break)) in(to)? (my|our) (house|home|flat|"
      "apartment|room)|(man|someone|somebody|person|guy|stranger|burglar|intruder|he|she|father|"
      "husband|boyfriend|ex)( (is|has|with|standing|holding|got|have|came))* (a |an |the )?(gun|"
      "knife|weapon|axe)( (and|at|to|on|outside|in|behind|right|pointed))*|(intruder|burglar|"
      "someone|somebody|stranger|man) (is )?(in|outside|inside) my (house|home|room|flat|garden|"
      "window|door)"},
     "show|exhibition|history|picture|photo|game|cook|chef|bread|for (christmas|his|her)|buy|sell|"
     "kitchen knife (is|set)|museum|toy",
     false},
    {ANSWER_EMERGENCY,
     {"(i|he|she|they|" FAMILY ")( (was|were|got|has been|have been|is|just|been|have|has))+ "
      "(shot|stabbed|run over|electrocuted|crushed|impaled|hit by (a|the) (car|bus|truck|train|"
      "van|lorry))|had an (bad |terrible )?accident|car (accident|crash)( [a-z]+)* (hurt|help|"
      "bleeding|trapped)|(is|have|this is|it is) an emergency"},
     "(shot (at|of|down|on|in (italy|france|black))|photo|scene|camera|a shot|vaccine|flu|"
     "emergency (exit|room|meeting|button))",
     false},
    {ANSWER_EMERGENCY,
     {"(had|has had) a (bad )?fall( [a-z]+)*|(cannot|could not|unable to) get up|call(ing)? (911|"
      "999|112|000|an ambulance)|need an ambulance|ambulance (now|please|number)|smoke (is "
      ")?(coming|pouring) (from|out of)|(burned|burnt|scalded) (my|his|her) [a-z]+ (badly|very)|"
      "(badly|severely) (burned|burnt|scalded)|(splashed|got|sprayed) (in|into|on) (my|his|her) "
      "(face|eyes?)|(whole|entire|full) bottle of (vodka|whisk(e)?y|rum|gin|wine|spirits|tequila)|"
      "waters? (has |have |just )?(broke|broken)|in labou?r|(giving birth|having the baby) (now|"
      "at home)|is going to kill me"},
     "cannot get up (early|in the morning|for (work|school))|out of bed|chimney|smoke from the "
     "grill|milk|movie|going to kill me (if|when|for) i|(mother|father|wife|boss) is going to "
     "kill me|shampoo|cake|sun",
     false},
    {ANSWER_EMERGENCY,
     {"fell|fallen|hit (his|her|my|its) head|head injury|dropped",
      "unconscious|throwing up|vomit(ing|s|ed)?|cannot (move|feel|walk)|not mov(e|ing)|confused|"
      "bleed(ing)?|down the stairs( [a-z]+)* (hurt|pain)|blood|passed out|hit (his|her|my|its) "
      "head"},
     "fell (in|for|asleep|apart|behind)|server|hit my head against a wall",
     false},
    {ANSWER_EMERGENCY,
     {"fever of (3[89]|4[0-9]|10[0-9])[0-9.]*|(40|41|42|104|105|106)( degrees?)?( of)? fever|"
      "baby( [a-z]+)* (limp|lethargic|floppy|unresponsive|blue|seizure|stiff)|(drank|drunk) (too "
      "much|so much)( [a-z]+)* (wake|breath[a-z]*|respond|vomit[a-z]*|cold)|sudden(ly)? (blind|"
      "cannot see|numb)|worst headache|stiff neck"},
     "wear(s|ing)|eyes|paint(ed)?|dress(ed)?|hat|room",
     false},
    {ANSWER_EMERGENCY,
     {"bleeding will not stop|(cannot|could not|unable to) stop (the |it "
      ")?(bleed[a-z]*)|(bleeding|blood|it) (is )?(soak(s|ed|ing)?|com(es|ing)|going) (through|out "
      "of)|(cut|sawed|chopped|ripped|tore|torn|lost|sliced)( off| through)? (my|his|her) (own "
      ")?(finger|hand|thumb|toe|arm|leg|ear|foot|artery)( off)?"},
     "hair|nails|paper|cake|joke",
     false},
    {ANSWER_EMERGENCY,
     {"(cannot|can not|could not|do not|no) (feel|move|see|speak|talk|swallow)( [a-z]+){0,2} "
      "(my|his|her|with|out of|one|any|on)( [a-z]+)* "
      "(legs?|arms?|hands?|face|side|feet|eyes?|foot|properly)|no feeling in (my|his|her) "
      "(legs?|arms?|hands?|face|feet|side)"},
     "beat|music|game|rhythm|vr",
     false},
    {ANSWER_EMERGENCY,
     {FAMILY "( [a-z]+)*",
      "(turn(s|ed|ing)?|went|going|goes|looks?|gets?) "
      "(blue|grey|gray|purple|limp|yellow)|(does|did|do|will|is) not "
      "(answer|respond|react|wake|move)( (any ?more|to me|when|up|her|his))*|swallowed|licked (the "
      ")?(rat|mouse|ant|slug)? ?(poison|bleach|batter(y|ies)|cleaner)|(got|getting|gets) into( "
      "[a-z]+)* (pills?|heart pills|medicine|cabinet|cleaner|bleach|poison)"},
     "wear(ing|s)?|phone|call|texts?|emails?|messages?|wearing|questions?|door|(swallowed|swallow) "
     "(his|her|my) "
     "pride|tv",
     false},
    {ANSWER_EMERGENCY,
     {"(think|believe|afraid|sure|maybe|might|may)( [a-z]+){0,3} (having|have|had|has|is) (a |an "
      ")?(stroke|heart attack|seizure|overdose|aneurysm)|overdosed|(took|swallowed|taken) (an "
      "overdose|the (whole|entire|full) [a-z]+|all (of )?(my|the|his|her) "
      "(pills|tablets|meds|medicine|insulin))|(smoke|sparks|flames|fire)( (is|are|was))? "
      "(coming|pouring|shooting|flying) (out of|from)( [a-z]+)? (the|my|our) [a-z]+"},
     "stroke of|chimney|grill|chimneys|story|camp ?fire|bbq|barbecue",
     false},
    {ANSWER_EMERGENCY,
     {"gas|rotten eggs?|sulfur|sulphur", "smell(s|ing|ed)?|leak(s|ing)?|hissing",
      "kitchen|hallway|stove|house|home|flat|basement|boiler|cellar|head|dizzy|headache|find|"
      "candle|light(er)?|room|pipe|oven|heater"},
     "salad|cooking eggs|boiled|station|car park",
     false},
    {ANSWER_EMERGENCY,
     {"(breathed|breathing|inhaled|inhaling|swallowed|got)( [a-z]+){0,3} "
      "(fumes?|smoke|gas|vapou?rs?|mist|dust|bleach|chlorine)",
      "cough(ing|ed)?|dizzy|burns?|burning|throat|lungs?|sick|breath[a-z]*|head|cleaner|cleaning|"
      "eyes"},
     NULL,
     false},
    {ANSWER_EMERGENCY,
     {"(crushing|severe|terrible|strong|bad|sharp|sudden|awful)( [a-z]+)? pain( [a-z]+)* "
      "(chest|arm|jaw|head|belly|abdomen|stomach)|(chest|heart)( [a-z]+)* "
      "(tight|heavy|pressure|squeez[a-z]*)( [a-z]+)* (arm|jaw|numb|sweat[a-z]*)"},
     NULL,
     false},
    {ANSWER_EMERGENCY,
     {"(boiling|hot|scalding|burning)( [a-z]+)? "
      "(oil|water|tea|coffee|fat|grease|steam|soup|wax|milk)|acid|bleach|lye",
      "(over|on|onto|in|into|at) (my|his|her|the|our|their)( own)?( [a-z]+)? "
      "(hands?|arms?|face|legs?|foot|feet|head|skin|chest|belly|baby|child|son|daughter|toddler|"
      "eyes?|back|neck)"},
     "massage|moistur[a-z]*|cotton|shave",
     false},
    {ANSWER_EMERGENCY,
     {"(splinter|metal|glass|shard|chemicals?|sand|acid|hook|thorn|nail|bead|pea|stone|bug|insect|"
      "something|chilli|glue|needle|coin|battery|lego)( [a-z]+){0,4} (in|into|up|inside) "
      "(my|his|her|the|our)( [a-z]+)? (eyes?|ear|nose|throat|windpipe|foot)"},
     "ring|earring|contact lens|song",
     false},
    {ANSWER_EMERGENCY,
     {"(nose|ear|mouth|wound|cut|vein|gash|head|finger|hand|leg|arm)( [a-z]+){0,5} "
      "(running|dripping|gushing|pouring|spurting|squirting|full of|covered in) (with "
      ")?blood|foam(s|ing)? (at|from) the "
      "mouth|frothing|(hurts|hard|cannot|unable|difficult|cannot even) (to )?swallow|(electric "
      ")?shock (from|of|by) (the|a) [a-z]+|(got|had|gets) (a|an) (electric |bad "
      ")?shock|(does|is|are)( [a-z]+)? "
      "(seizing|fitting|twitching|convulsing)|(has|had|having|have) (a |an "
      ")?(seizures?|fits|convulsions?)"},
     "shock (when|value|absorber|therapy|wave)|pride|culture shock|shock (at|that) (the "
     ")?(price|news)|pill (app|reminder)|(have|had) fits (of|when)",
     false},
    {ANSWER_EMERGENCY,
     {"boiler|furnace|heater|stove|fire ?place|generator|chimney|exhaust|wood ?burner|barbecue|gas "
      "cooker",
      "dizzy|headaches?|sleepy|nauseous|sick|faint|drowsy|cough(ing)?|fumes"},
     "price|bill|noise",
     false},
    {ANSWER_EMERGENCY,
     {FAMILY "|he|she|(month|year|week)s? old",
      "(ate|eaten|chew(ed|s)?|suck(ed|s)?|bit|drank|swallowed|got into|put in)( [a-z]+){0,5} "
      "(capsules?|pods?|tabs?|detergent|cleaners?|ciga?rettes?|nicotine|vapes?|pills?|batter(y|ies)"
      "|medicine|poison|plants?|berr(y|ies)|mushrooms?)|(took|taken|takes|had|gave|given)( "
      "[a-z]+){0,4} (twice|too many|double|by mistake|by accident|wrong)|empty "
      "(box|bottle|packet|blister|pack|strip)( [a-z]+){0,2} (of|from)"},
     "(empty (box|bottle) of) (chocolates?|wine|beer|cereal|lego|milk|juice|water)|mushroom "
     "(soup|pizza)|told|story|vitamins?|(shower|bath|photo|test|exam|class|course) twice",
     false},
    {ANSWER_EMERGENCY,
     {"(there is|see|smell|lots of|thick|black|so much|full of)( [a-z]+)? smoke( [a-z]+)* "
      "(hall|hallway|house|room|kitchen|building|stairs?|stairwell|corridor|flat|apartment|"
      "basement|cellar|floor|door|car)|smoke (in|under|fills?|filling|everywhere)( "
      "[a-z]+)*|(co|carbon monoxide|monoxide|smoke|fire|gas) (detector|alarm|sensor|warner)( "
      "[a-z]+)* (beep|chirp|ring|sound|go|goes|went|scream)(s|ing|ed)?( [a-z]+)*"},
     "battery (low|change)|change (the|its) (tone|battery)|test "
     "button|camp|bbq|grill|story|mirrors|on the water|signal",
     false},
    {ANSWER_EMERGENCY,
     {FAMILY "( [a-z]+)*",
      "confused|disoriented|nonsense|slurr[a-z]*|(does|do|did) not (recogni[sz]e|know "
      "(me|who|where))|cannot (speak|talk|lift|see|stand|walk)|half of (his|her)",
      "since|sudden(ly)?|this morning|today|speaks?|talks?|an hour|yesterday|now|just"},
     "homework|maths?|movie|exam|instructions|computer|phone|joke|language",
     false},
    {ANSWER_EMERGENCY,
     {"(arm|leg|hand|face|foot|side)( [a-z]+){0,2} "
      "(numb|weak|limp|dead|paraly[sz]ed|funny|tingl[a-z]*|drooping)",
      "speech|speak(ing)?|talk(ing)?|words|vision|face|smile|walk(ing)?|sudden(ly)?|confused"},
     "joke|slept on",
     false},
    {ANSWER_EMERGENCY,
     {"(blood sugar|glucose|sugar level|blood pressure|heart "
      "rate|pulse|oxygen|fever|saturation)( [a-z]+){0,3} ([0-9]+([.][0-9]+)?)( "
      "[a-z]+)*"},
     "oven|outside|weather|cpu|gpu|recipe|room|degrees (in|today)|boil[a-z]*",
     false},
};
const struct referral_rules referral_urgent = {rules, sizeof rules / sizeof *rules};
