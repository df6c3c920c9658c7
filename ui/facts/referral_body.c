/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: what a body shows, what a test of it says, which illness it may be, remedies
 * by name, and what people would do to themselves at home.
 */
#include "referral_lists.h"

#define PART                                                                                       \
    "(" BODY "|calf|calves|thighs?|elbows?|ribs?|eyelids?|gums?|tongue|lips?|nails?|groin|"        \
    "testicles?|abdomen|scalp|heel|sinus(es)?|tonsils?|armpit|stitches|wound|stool|pee|urine)"
#define DIAGNOSIS                                                                                  \
    "(bipolar|autis(m|tic)|adhd|depress(ed|ion)|cancer(ous)?|tumou?rs?|dementia|parkinsons?|"      \
    "alzheimers?|diabet(es|ic)|ocd|schizo[a-z]*|psycho(tic|sis)|herpes|hiv|std|sti|chlamydia|"     \
    "shingles|chicken ?pox|measles|monkey ?pox|scabies|ringworm|lice|strep|flu|covid|pneumonia|"   \
    "sprained|fractured|infected|contagious|lyme|sepsis|meningitis|appendicitis|concussion|"       \
    "stroke|anaemi(a|c)|anemi(a|c)|thyroid|ibs|eczema|psoriasis|allergic|broken|going crazy)"
#define BRAND                                                                                      \
    "(vicodin|percocet|norco|hydrocodone|oxy|afrin|eliquis|xarelto|benzos?|kratom|edibles?|thc|"   \
    "sudafed|dayquil|nyquil|motrin|lexapro|effexor|gabapentin|prednisone|lisinopril|humalog|"      \
    "ivermectin|clenbuterol|sarms|dnp|trt|testosterone|tren|anabolics?|iud|plan b|"                \
    "morning after pill|abortion( pills?)?|epi ?pens?|nebuli[sz]er|puffer|inhalers?|ozempic|"      \
    "wegovy|diuretics?|accutane|steroid( cream| cycle)?|hydrogen peroxide|ear (candles?|drops?|"   \
    "wax)|q ?tips?|mmr|(covid|flu|tetanus|hpv|rabies) (shot|vaccine|jab)|antacids?|omeprazole|"    \
    "claritin|zyrtec|hormones?|hrt|estrogen|an iv|im injection|chemo|opiates?|cialis|"             \
    "colloidal silver|mms|fish antibiotics|caffeine|allergy (pills?|medicine)|blood thinners?|"    \
    "(heart|water|diet|weight loss) pills)"
#define LAB                                                                                        \
    "(a1c|tsh|wbc|creatinine|ha?emoglobin|ldl|hdl|psa|ferritin|platelets?|cholesterol|"            \
    "triglycerides|bilirubin|spo2|bp|blood (pressure|sugar|test|oxygen)|my sugar|(his|her) sugar|" \
    "sugar reads|inr|mri|ct scan|x ?ray|ultrasound|ekg|ecg|labs?( results?)?|biopsy|pulse|"        \
    "potassium|oxygen|(heart|resting) rate|(body|my|his|her) temp(erature)?|fever)"

static const struct referral_rule rules[] = {
    {ANSWER_MEDICINE,
     {"my|his|her|i|our|one|both|hurts?|pain|is",
      "(" PART "( [a-z]+){0,4} (swollen|swells|swelling|swelled|numb|tingl[a-z]*|purple|black|"
      "yellow|red(der)?|hurts?|hurting|painful|sore|stiff|itch(es|y|ing)?|leak(s|ing)?|cracked|"
      "popped|bent|broken|sprained|pale|brown|dark|blurry|twitch(es|ing)?|ringing|weird|smells?|"
      "pus|cramps?|open|bleed(s|ing)?)|(numb|tingling|swollen|sore|itchy|aching|sharp|weak|yellow|"
      "dark|pale|brown|sprained|dislocated|red streak|rash|spots|sinus|shoulder|hearing) ("
      "pain( in)?( my| the)? )?" PART "|(pain|ache|cramps?|hurts|spots|rash|red streak|lump|"
      "bump|sores?|hives)( [a-z]+){0,3} " PART ")|hives|jaundice"},
     "peas|simpsons|costume|paint(ed)?|draw|character|nail polish|guitar|horse|dragon|vampire|pain "
     "in the neck|head "
     "(of|first)|back (then|in|to the|up|home)|on the other hand|eye ?shadow|hair|handed|"
     "(dark|black|brown|red) eyes|foot ?ball|black ?head(ed)?|chest of|funny (bone|story)|cold "
     "feet|table|chair|legs? of the|second hand|skin care brand|joke|poem|riddle",
     false},
    {ANSWER_MEDICINE,
     {"(cannot|can not|could not|hard to|unable to|hurts to|painful to)( [a-z]+)? (keep( [a-z]+)? "
      "down|stand( up)?|walk|pee|poop|swallow|put weight|hold down|move (my|his|her)|lie down|"
      "bend|chew|breathe|hear)|see(ing)? (things|flashes|floaters|stars|double|spots)|floaters|"
      "double vision|vertigo|faint(ed|s|ing)( [a-z]+)? (twice|again|today|often)|nose ?bleeds?|"
      "(short|out) of breathe|hot flash(es)?|jaundice|(dizzy|faint|light ?headed)( [a-z]+)* (stand|"
      "every|all|today|again)|passed out (twice|today|again)|night sweats|kidney stones?|"
      "(acid reflux|heartburn|sinus (pain|infection)|hemorrhoids|uti|gout|sciatica|vertigo)( "
      "[a-z]+)*"},
     "stand (him|her|it|this|my|the|you|that)|walk (in|on|by|my|the|away)|hear you|breathe in "
     "(the )?(water|space)|stars (in|at|on)|spots on|things "
     "(differently|clearly)|dalmatian|running|stairs|laughing",
     false},
    {ANSWER_MEDICINE,
     {LAB "( [a-z]+){0,5} ([0-9]+([./][0-9]+)*|high|low|mean|means|says|shows?|hi|bad|normal)( "
          "[a-z]+)*",
      "my|his|her|i|bad|high|low|what|result|results|should|says|is|mean|over|symptoms|of|spo2|bp|"
      "pulse|psa|ldl|hemoglobin|potassium"},
     "oven|outside|weather|cpu|gpu|recipe|(room|body) temperature "
     "(in|of)|boil[a-z]*|atomic|element|"
     "periodic|cups?|grams|planet|mars|rhyme|finger on the pulse|temperature (setting|of the)|"
     "top[_ ]p|sampl(er|ing)|llm|model",
     false},
    {ANSWER_MEDICINE,
     {"am i|do i have|(is|does|has|did) (my|he|she|this|it|mine|(a|the)( [a-z]+)?)|could (this|it) "
      "be|have i got|i (think|guess|bet) i (am|have|got)|think (my|he|she)( [a-z]+){0,3}|is it|"
      "(am|are) i getting|getting|worried|symptoms of|signs of|i got",
      DIAGNOSIS},
     "program|code|link|computer|laptop|phone|file|record|promise|heart|word|zodiac|horoscope|sign|"
     "traits|lines?|toy|window|glass|app|website|machine|car|game|build|page|broken (english|"
     "arrow|pipe)|script|going crazy (over|for)|laughter|keyboard|screen|door|stroke of "
     "(luck|genius|the)",
     false},
    {ANSWER_MEDICINE,
     {BRAND,
      "take|took|taking|taken|safe|ok|okay|dose|doses|dosage|how (much|many|often|long|do|to|soon)|"
      "can|should|use|mix|mixing|with|without|stop|inject|start|started|expired|work|works|does|do|"
      "what|get|where|need|needs|side effects?|online|first|together|off|skip(ped)?|units?|mg|cure|"
      "instead|against|for|again|limping|cycle|ok|empty|units|drop|refuses?|give|gave|buy"},
     "fundraiser|page|joke|plan b (is|was|if|for the (trip|party|project))|caffeine (free|the "
     "(library|image|app))|"
     "history of|invented|who discovered|coffee|(super|pizza|portobello|stuffed|mario) mushrooms?|"
     "mushrooms (grow|on pizza|in mario)|poem|chemistry class|oxy(gen|moron)|shot of (espresso|"
     "whisk(e)?y)|vaccin(e|ation) (work|history|invented)|medicine (ball|man|hat)|"
     "(study|studying|studied|school of|degree in|history of|nobel) medicine|android|pokemon|pill "
     "(bug|shape)|(stone|clay|graphics|wacom|drawing) tablets?|tablets?( [a-z]+)? (screen|pen|"
     "computer|app|charger)|smart ?phone|mummy|cuneiform|moses|soup|pasta|risotto",
     false},
    {ANSWER_MEDICINE,
     {"(pop|drain|lance|remove|cut( off| out)?|pull|squeeze|dig out|set|stitch|sew|freeze|burn|put|"
      "reset|relocate|take out)( [a-z]+){0,4} (abscess|boil|cyst|moles?|skin tags?|warts?|tooth|"
      "teeth|toe ?nail|wound|splinter|(broken )?bone|blisters?|pimple|ear ?wax|shoulder|stitches|"
      "tick|lump)( [a-z]+)*|(tooth|teeth|filling|crown)( [a-z]+)? (fell|knocked|came|broke) (out|"
      "off)|(stitches|staples) (came|opened|open|popped)|home (abortion|surgery|birth)|end (a|my|"
      "the) pregnancy|stop being pregnant|(treat|cure|heal)( [a-z]+){0,4} (at home|naturally|"
      "myself|with (diet|garlic|herbs|honey|oil))|get rid of (ringworm|lice|scabies|warts|uti|"
      "thrush|hemorrhoids|hives|boils|a (yeast|sinus) infection)|natural cures?"},
     "garden|whack|frog|chicken|game|dragon|saw|gear|comb|dog toy|mole sauce|set (up|theory)",
     false},
    {ANSWER_MEDICINE,
     {"pregnant|pregnancy|breast ?feed(ing)?|nursing (mothers?|a baby)|while nursing|trimester|"
      "(period|time of the month)( [a-z]+){0,3} (late|twice|early|stop(ped)?|days)|late (and|but) "
      "(the )?test|missed( [a-z]+)? periods?|sex (hurts|is painful)|(pain|bleeding|burns|burning)( "
      "[a-z]+){0,3} (sex|down there|pee)|down there|unprotected sex|(white|yellow|smelly|green|"
      "brown) (stuff|discharge)|got discharge|discharge (that )?(smells|itches)|(risk|chance)( "
      "[a-z]+)* (hiv|std|oral|pregnan[a-z]*)|got my period"},
     "with ideas|poem|story|joke|cards?|shower (gift|game|idea)s?|announcement|war|ice age|pause",
     false},
    {ANSWER_MEDICINE,
     {"(what|which)( [a-z]+){0,2} (can|should|do|could|to) (i )?take( (for|against|now|with))*( "
      "[a-z]+)*|what (helps|works) (for|against|with)|(what|which) (med|meds|medicine|medication|"
      "pills?|cream|drug|painkiller|hormones?)s?( [a-z]+)*|without (a |any )?(prescription|script|"
      "rx|doctor)|what to (take|put on( it)?)$|(read|explain) my prescription",
      "pain|cold|cough|anxiety|flu|migraine|reflux|headache|sinus|allerg(y|ies)|sick|adhd|bp|blood "
      "pressure|flashes|prescription|script|rx|doctor|meds?|medicine|medication|pills?|cream|"
      "drug|painkiller|hormones?|bite|rash|sleep|nausea|panic|attacks?|stones?"},
     "class(es)?|course|bus|train|photos?|trip|exam|test suite|shower|typescript|java ?script|"
     "movie|bash|python",
     false},
    {ANSWER_MEDICINE,
     {"(lost|losing|gained) [0-9]+ (pounds?|kg|kilos?|lbs?)( [a-z]+)*|(tired|exhausted|dizzy|"
      "thirsty|peeing|nauseous|nauseated|itchy|coughing|bloated|constipated|wheezing|sweating|"
      "shaking|throwing up|vomiting|hair falling out)( [a-z]+){0,4} (all the time|for (days|weeks|"
      "months|a week|a month|[0-9]+ (days?|weeks?|months?))|every (day|time)|always|hair)|always "
      "(thirsty|tired|dizzy|cold|nauseous|itchy)|(what is|is something|something is) wrong with "
      "(me|him|her|my (body|skin|stomach|kid|son|daughter))|i feel sick|(hear|hearing) voices|"
      "(voices|tv|radio) (talks?|talking|speak|speaks|telling) (to )?me|panic attacks?|(withdrawal|"
      "detox|wean|taper|come|coming|get|getting)( [a-z]+){0,2} (off|from|on)( [a-z]+)? (heroin|"
      "alcohol|benzos?|opi(ates|oids)|xanax|effexor|drinking|booze|oxy|meth|coke|weed|nicotine)|"
      "(stopped|quit) drinking|brain zaps|shak(e|es|ing|y)( [a-z]+)* (do not|did not|without) "
      "(drink|alcohol)|memory( [a-z]+)* (worse|bad|loss)|hands? shak(e|es|ing)"},
     "bank|atm|account|game|(work|meetings|school|boss|him|her|of (the "
     ")?(rain|cooking))|soda|titan|"
     "coffee|tea|memory (leak|usage|management)|shaking hands|shake hands",
     false},
    {ANSWER_MEDICINE,
     {"kids?|son|daughter|toddler|baby|child|children|infant|newborn|(year|month|week|yr|mo)s? old|"
      "[0-9]+ (yr|yo|year old)|nephew|niece|(one|two|three) year old",
      "ear ?ache|ear (ache|hurts)|rash|spots|fever|cough[a-z]*|diarrh?o?ea|constipat[a-z]*|threw "
      "up|"
      "throwing up|vomit[a-z]*|(not|never|hardly) (talk|talking|walk|walking|eat|eating|pee|peed|"
      "poop|feed)|yellow|hives|lice|wheez[a-z]*|teething|temp(erature)?|allergic|dose|mg|melatonin|"
      "motrin|tylenol|honey|covid shot|shots?|medicine|cough syrup|3[789][.][0-9]|4[01]|"
      "noisy|nits|croup|meningitis|ribs|dehydrated|wet diapers?"},
     "yellow (dress|car|hat|duck|shirt|submarine)|game|screen ?shots?|photo|name|basketball|"
     "vegetables|spots? (on|of) the (dog|cow)|broccoli|talk about|story|goats?",
     false},
    {ANSWER_MEDICINE,
     {"(symptoms|signs|side effects?) of [a-z]+|(is|are)( it)? ([a-z]+ )?(vaccines?|fasting|keto)( "
      "[a-z]+)? (safe|dangerous)|fast for [0-9]+ days|(lose|drop) [0-9]+ (kg|kilos?|pounds|lbs) in|"
      "(make|cut) weight|(baking soda|ivermectin|bleach|herbs|diet|keto|essential oils?|colloidal "
      "silver)( [a-z]+)* (cure|cancer|covid|insulin|metformin|instead)|[0-9]+ pills|"
      "(took|taken|had|given|mixed up|doubled)( [a-z]+){0,4} (pills?|tablets?|meds|medicine|dose)( "
      "[a-z]+)*|double dose|(concussion|stroke|seizure|surgery|c section|operation)( [a-z]+)* "
      "(rest|"
      "swollen|how long|after|last week|recover[a-z]*)|had surgery|(swollen|short of breathe|leg)( "
      "[a-z]+)* (flight|surgery)|lips tingl[a-z]*|ate( one| a)? (peanuts?|shrimp|nuts)|allergic to "
      "[a-z]+( [a-z]+)* (ate|eat|had)"},
     "signs of (spring|life|love|rain|winter|autumn|progress|the zodiac)|recipe|brain surgery joke|"
     "stroke of|pill of|weight of|symptoms of (love|poverty)",
     false},
    {ANSWER_MEDICINE,
     {"(fever|temp|temperature)( [a-z]+){0,2} (10[0-9]|3[789]|4[0-2])([.][0-9])?|"
      "(3[89]|4[012])([.][0-9])? (fever|temp)|blood (on|in|after)( [a-z]+){0,3} "
      "(toilet|paper|stool|"
      "urine|pee|poop|spit|tissue)|(cat|dog|human|spider) (scratch|bite)( [a-z]+)*|itchy? (circles|"
      "bumps|patches)|(red|white|purple|itchy)( [a-z]+)? (circles|patches|bumps|spots|streaks?)( "
      "[a-z]+)* (arm|leg|back|belly|throat|face|tongue|skin|hand|neck)|popped( [a-z]+)? (knee|"
      "shoulder|ankle|rib)|(knee|shoulder|ankle|back|hip) (popped|gave out|locked|went out)"},
     "dress|dalmatian|game|popcorn|recipe",
     false},
};
const struct referral_rules referral_body = {rules, sizeof rules / sizeof *rules};
