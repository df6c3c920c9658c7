/* SPDX-License-Identifier: MIT
 *
 * Rules of referral: people who hurt others: children and adults in need, and who means to hurt.
 */
#include "referral_lists.h"

static const struct referral_rule rules[] = {
    /* others who hurt: children and adults */
    {ANSWER_STRANGERS,
     {"(wants?|wanted|asks?|asked|asking|told|tells|telling|sends?|sent|sending|gets?|begs?|"
      "begging|made|makes|force[sd]?|shows?|showed|see|photograph(s|ed)?|take)( [a-z]+)* (nudes?|"
      "naked|without (my |any |his |her )?clothes|undress|private (parts|pictures|photos)|sexy|"
      "(pictures?|photos?|videos?|selfies?) of (me|my)|my (photos?|pictures?|address|phone number|"
      "password|body|school|underwear)|sexual|sex with me|where i live|how old i am|his private|"
      "his penis)|(my|our) nudes|naked (me|picture|photo)s?|blackmail(s|ed|ing)?|sextort[a-z]*|my "
      "(photo|picture) to (a|him|someone|some)|(wants?|asks) to see me naked"},
     "magazine|passport|(baby|old|beautiful|family|wedding) (photo|picture)s? of|art class|"
     "painting|(teacher|form|website|app|bank) (wants|asks|asked)( me)?( for)?|change my password|"
     "naked (eye|mole|juice|truth)|i (took|take) (a|the)|reset|forgot|burn",
     false},
    {ANSWER_STRANGERS,
     {"(stranger|man|guy|someone|somebody|person|woman|adult|friend|he|boy|girl|they|men|people)( "
      "[a-z0-9]+)*",
      "online|internet|roblox|discord|snapchat|instagram|tiktok|minecraft|fortnite|chat ?room|"
      "facebook|whatsapp|game chat|omegle",
      "meet( me| him| her| up)?( [a-z]+)*|address|where i live|loves? me|my (age|school|photos?|"
      "pictures?|number|name|house|home)|alone|secret|gifts?|robux|come to|boyfriend|girlfriend|"
      "naked|private"},
     "(i met|met) (a|my|him|her) [a-z]+ (online|on the internet)|how (do|can) (i|you) meet people|"
     "love(s)? me like|likes my (photo|picture)|ip address|married",
     false},
    {ANSWER_STRANGERS,
     {"(meet|meeting|visit|go with|give (him|her|them|my)|send my|tell (him|her|them)( where| "
      "my)?)( [a-z]+)* (strangers?|internet|online|address)"},
     "(email|ip|web) address|shop|game|meeting (is|was) online|strangers in the night",
     false},
    {ANSWER_STRANGERS,
     {"(not|never|do not|should not|must not|cannot) (to )?tell (my )?(parents|mother|father|"
      "anyone|anybody|any one|my teacher)|(wants?|told|asked|tells|asks|says?|said|made|makes)( "
      "[a-z]+)* (keep|our|a|is a|be a|it is|this is) (it |this |our |a )*(little )?secret",
      "he|she|they|man|someone|somebody|uncle|coach|teacher|stranger|guy|friend|neighbou?r|father|"
      "brother|cousin"},
     "surprise|birthday|present|party|spoiler|joke|recipe",
     false},
    {ANSWER_STRANGERS,
     {"(stranger|strange man|older man|old man|someone|somebody|guy|man|woman)( [a-z]+)* ((at|"
      "outside|behind|near|by) (the|my|our) (door|window|house|home|school|car|playground)|"
      "follow(ed|s|ing) (me|us)|in (his|her) (car|van)|(give|gives|gave|offer|offers|offered) (to "
      ")?(me|us) (candy|sweets|money|a lift|a ride|chocolate)|(pick|picked|picks|drive) me( up| "
      "home))|(wants to )(pick me up|give me (candy|sweets|money|a ride|a lift))|follow(ed|s|ing) "
      "me home|he picks me up after school"},
     "(poem|music|bus driver)|dog followed|cat followed|instagram|twitter|my (friend|dog|cat)|"
     "(delivery|post) ?man|walked into a",
     false},
    {ANSWER_STRANGERS,
     {"(he|she) is ([2-9][0-9]|a grown up|an adult|much older|older)",
      "i am (a child|a kid|[7-9]|1[0-7]|a minor)",
      "meet|love(s)?|kiss|date|boyfriend|girlfriend|alone|texts?|like me|likes me"},
     NULL,
     false},
    {ANSWER_STRANGERS,
     {"(older|old|grown|adult|strange) (man|guy|woman|boy|men)|(my )?(teacher|coach|uncle|"
      "stepfather|neighbou?r)",
      "loves? me|kiss(es|ed)? me|kiss me|touch(es|ed)? me|boyfriend|girlfriend|dating|date me|in "
      "love with me|alone with me|sleep with me|gifts|texts me at night|sit on his lap",
      "i am|me|child|years old|my"},
     "he is my husband|i am ([2-9][0-9])|my age",
     false},
    {ANSWER_VIOLENCE,
     {PERSON OFTEN
      " (hit(s|ting)?|threaten|beat(s|en|ing)?|punch(es|ed|ing)?|slap(s|ped|ping)?|"
      "kick(s|ed|ing)?|chok(e|es|ed|ing)|strangl(e|es|ed|ing)|burn(s|ed|ing)?|whip(s|ped)?|"
      "touch(es|ed|ing)|grab(s|bed|bing)?|grop(e|es|ed|ing)|rap(e|es|ed|ing)|abus(e|es|ed|ing)|"
      "molest(s|ed|ing)?|hurt(s|ing)?|threaten(s|ed|ing)?|stalk(s|ed|ing)?|bull(y|ies|ied|ying)|"
      "forc(e|es|ed|ing)|lock(s|ed)|push(es|ed)?|scar(e|es|ed|ing)|attack(s|ed)|assault(s|ed|"
      "ing)?|spank(s|ed)|bit(es)?|shak(e|es|ing)|follow(s|ed|ing)|kill(s)?|shout(s)? at|"
      "scream(s)? at|laugh(s)? at|insult(s)?|humiliat(e|es)) (to (hit|kill|hurt|beat|rape|leave) "
      ")?(me|us|my (private|body|breasts?|butt|bum|leg|sister|mother|brother|child|kids?|son|"
      "daughter|baby))"},
     "(at|in) (chess|tennis|football|golf|poker|cards|soccer|mario|bowling|pool|basketball|a "
     "(game|race|match|contest)|the (game|race|match|heart|feels))|instagram|twitter|tiktok|"
     "facebook|youtube|github|linkedin|with (the|a) (ball|news|idea|question)|to it|up (on|about)|"
     "my (brother|sister|daughter|son) in|record|(prank|jump scare)|feelings|(high )?five|rhythm|"
     "deep(ly)? with|(forced|force) me to (laugh|eat (my )?vegetables|do (my )?homework|clean)|"
     "grab(s|bed)? me a|(funny|joke) [a-z]+ laugh",
     false},
    {ANSWER_VIOLENCE,
     {"(touch(es|ed|ing)?|grab(s|bed|bing)?)( me)? (me )?(down there|in my|on my|my|his) (private|"
      "privates|bottom|breasts?|butt|bum|between|legs?|parts|penis|vagina)|touches? me where|"
      "(come|comes|came|get|gets|got|climb(s|ed)?) into my (room|bed|bedroom)( at night)?|private "
      "parts"},
     "cat|dog|what are|fly",
     false},
    {ANSWER_VIOLENCE,
     {"(i|we|" FAMILY ")( (was|were|am|got|have been|has been|is|get|gets|being|are|been|just|"
      "sexually|almost|nearly|constantly|always|badly|often|also))+ (rap(e|ed)|abused|molested|"
      "assaulted|beaten( up)?|bullied|groped|attacked|stalked|threatened|kidnapped|harassed|"
      "mugged|drugged|blackmailed|catfished|trafficked|slapped|hit|followed|sexually abused|"
      "forced to)|sexual(ly)? (assault|abuse|harass)[a-z]*|raped me|domestic violence|(parents|"
      "they|mother and father) (fight|hit each other)( [a-z]+)*|hit each other|made me (touch|"
      "kiss|watch|undress)( [a-z]+)*|gets? (bullied|beaten|hit) (at|by|every)|(was|got) raped"},
     "mosquito(s|es)?|goose|chess|tennis|game|hit by (the|an?) (idea|ball|feeling|bug)|record|"
     "eggs|followed by|by a (virus|bug)|(final|last) level|what is|history|surprise|beaten (path|"
     "track)|cold|flu",
     false},
    {ANSWER_VIOLENCE,
     {"(run|ran|running) away from home|away from home|(afraid|scared|frightened|terrified|fear) "
      "(of|to|from) (my|go|going|be|being) (" FAMILY "|home|at home|mother|father)( [a-z]+)?|"
      "(beaten|unsafe|not safe|afraid|scared) at home|(afraid|scared) (of|that) (he|she|him)( "
      "[a-z]+)* (hurt|kill|beat|hit)( me)?"},
     "work(ing)? away from home|home for|years ago|(he|she) is (dead|ill)|movie|homework",
     false},
    {ANSWER_VIOLENCE,
     {"(do|does|will|did|would) not (even )?(give|feed|buy|let) me( any| enough| have)? (food|eat|"
      "water|clothes|go to school|a doctor|leave( the house)?|see (my|a)( [a-z]+)?|out of|talk "
      "to)|(will|does|do) not let me (leave|out|go home|see|talk)|(left|leaves?|leaving) (me|us) "
      "alone (for|at|all|every|in|with)|no food at home|nothing to eat at home|(takes|took) my "
      "(passport|money|phone) (and|so)|lock(s|ed) me (in|up|out)|locked in"},
     "program|app|computer|website|login|game|account|(netflix|google|windows|linux|vim|git)|"
     "leave vim|out of my (account|phone|car)|password",
     false},
    {ANSWER_VIOLENCE,
     {"(nobody|no one|they|mother|she|he) (do |does |did |will )?(not )?believes? me( [a-z]+)* "
      "(hurts?|hit(s)?|beats?|touch(es|ed)?|raped?|abuse[sd]?)|(laugh|laughs|shout|shouts) at me|"
      "hit me at school|(kids|children|they|boys|girls|everyone|classmates)( [a-z]+)* (laugh at "
      "me|bully|tease me|hate me|exclude me|call me names)"},
     "joke",
     false},
    {ANSWER_VIOLENCE,
     {"child|kid|years old|year old|i am ([1-9]|1[0-7]|six|seven|eight|nine|ten|eleven|twelve|"
      "thirteen)|lost|home alone",
      "i am( [a-z]+)* (scared|afraid|hungry|lost|alone)|and (scared|afraid|hungry|lost)|i am "
      "(lost|home alone)|(nobody|no one) is (home|here|at home)",
      "i am"},
     "lost in|lost (without|for|at (chess|cards)|my|the|weight|track|interest|count|faith|on)|"
     "home alone (and bored|movie|[0-9])|scared of (spiders|heights|ghosts|snakes|the dark|dogs|"
     "clowns|flying|exams?)|afraid (so|not|i)|hungry for|(i have|my) (a )?(child|kid|son|"
     "daughter)|at home alone and bored",
     false},
    {ANSWER_VIOLENCE,
     {"(papa|mama|vater|mutter|mann|freund|stiefvater|father|mother) schlägt mich|mi (padre|madre|"
      "papá|mamá|esposo|marido|novio) me (pega|golpea|toca)|mon (père|mari|copain|oncle) me (bat|"
      "frappe|touche)|(mio|mia) (padre|marito|madre) mi (picchia|tocca)|(meu|minha) (pai|marido|"
      "mãe) me bate|violada|vergewaltigt|violée?|stuprat[ao]"},
     NULL,
     false},
    {ANSWER_VIOLENCE,
     {"i am (lost|(home |all |by )?alone( at home| in the house| for| at night)( [a-z]+)*|home "
      "alone|locked in)( and [a-z]+)?"},
     "lost in|lost (without|for|at|my|the|weight|track|interest|count|on|here with)|home alone "
     "(and bored|movie|[0-9])|and bored|code|homework|exercise|lesson|chapter|math|maths|function",
     false},

    /* who means to hurt */
    {ANSWER_HARM,
     {"(make|build|buy|get|cook|3d ?print|print|assemble|mix|create|construct|synthesi[sz]e|"
      "obtain|making|building|cooking|buying|need)( [a-z]+){0,4} ((pipe ?|car |nail |petrol "
      ")?bombs?|explosives?|dynamite|grenades?|poison( gas)?|guns?|rifles?|pistols?|ammo|"
      "ammunition|meth|crystal meth|molotovs?( cocktails?)?|nerve gas|sarin|ricin|anthrax|cyanide|"
      "chloroform|napalm|silencer|thermite|heroin|cocaine|fentanyl|drugs|lsd|ecstasy|mdma|ghb|"
      "roofies|(tear|mustard|chlorine) gas|weapons?|land ?mines?|hidden camera)"},
     "bath bombs?|(photo|seed|cookie|cocoa|hot chocolate|sugar) bombs?|lego|paper|cardboard|nerf|"
     "water (gun|pistol)s?|glue guns?|toy|bond|costume|nail guns?|heat guns?|rid of|antidote|"
     "cherry bombs?|(gun|bomb) (show|shelter|control)|get over|legal(ly)? (buy|own)|drugs? (store|"
     "for my)",
     false},
    {ANSWER_HARM,
     {"i (want|need|am going|will|would|plan|feel like|could|should|can|might|must|have|hate|"
      "shall|wish)|how (to|do|can|could|would|should|many|much)|should i|can i|may i|is it ok|is "
      "it okay|teach|show|help me|ways? to|best way|tell me (how|to)|going to|let us|what is the "
      "best|want to|fine to|right to|best|where",
      "(kill|murder|stab|shoot|strangle|attack|rape|hurt|poison|drug|drown|torture|kidnap|"
      "blackmail|molest|assault|assassinate|get rid of|punch|slap|beat|beat up|hit|kick|spank|"
      "bully|whip|choke|burn|harm|steal from|rob|lock up|threaten)(ing)? (up |back )?(someone|"
      "somebody|people|everyone|everybody|(him|her|them)|(someone|somebody|people)s?|(my|his|her|"
      "the|a|an|our|your|some|this|that|little|small|an? old)( [a-z]+){0,2} " FAMILY
      "s?|(my|his|her|the|a|an|our|your)( [a-z]+){0,2} (dog|cat|animals?|pet|president|cop|police|"
      "policeman|class|school|students|drink|person|kids|bank))"},
     "process(es)?|threads?|task|program|session|jobs?|server|python|linux|unix|pid|bugs?|"
     "zombies?|final boss|boss (fight|battle|in|of|level)|level|chess|tennis|score|time|drum|"
     "eggs?|gym|rock|cache|ball|record|home run|photo|film|video|scene|picture|first aid|save|"
     "prevent|protect|stop (him|her|them|someone|people) from|without hurting|(do|did|does) not "
     "want to (hurt|harm)|did i|game|golf|worms|fleas|hot dogs?|surprise|avoid|afraid|feelings|in "
     "mario|her up|(kill|hit) them all (down|with)|(beat|hit) (it|them) (with|until)|monopoly|rob "
     "a bank in",
     false},
    {ANSWER_HARM,
     {"(recipe|instructions|ingredients|blueprint|formula|steps|guide)( [a-z]+)? (for|to)( "
      "[a-z]+)* (meth|crystal meth|bombs?|explosives?|napalm|ricin|poison|drugs|gunpowder|guns?|"
      "molotov|nerve gas|heroin|lsd)"},
     "bath bombs?|poison ivy|cocktail",
     false},
    {ANSWER_HARM,
     {"how (to|do|can)|should|can|is it|best|where",
      "(hit|beat|slap|punch|spank|hurt|kill) (him|her|them|back)"},
     "eggs?|cream|game|chess|boss|level|tennis|process(es)?|threads?|bugs?|zombies?|dough|butter|"
     "keys?|weeds?|ants|mice",
     false},
    {ANSWER_HARM,
     {"shoot(ing)? up (my|the|a|our) [a-z]+|mass shooting|school shoot(ing|er)|get(ting)? away "
      "with (murder|killing|rape|a crime|stealing)|(hide|dispose|rid|bury|dissolve)( of)?( a| the|"
      " his| her)? (dead )?(body|corpse)|(un ?detectable|untraceable) poison|poison( [a-z]+)* (be "
      ")?(detected|traced|untraceable|undetectable)|(hire|find) a (hitman|killer)|(drug|spike|"
      "roofie|put something in) (someone|somebody|her|his|a girl|a woman)s?( [a-z]+)* "
      "(drink|food)"},
     "history|when was|news|fat|body fat|body odou?r|body hair|series|with annalise",
     false},
    {ANSWER_HARM,
     {"hack(ing)? (into )?(my|his|her|someones?|somebody|a|the|an|into)( [a-z]+)* (phone|"
      "accounts?|facebook|instagram|wifi|wi fi|email|bank|computer|password|snapchat|school|"
      "camera|webcam|whatsapp)|hack (a|the) bank|(read|see|get into|break into|spy on|track|"
      "follow|stalk|find out where)( [a-z]+)* (ex|girlfriends?|boyfriends?|wife|husband|someone|"
      "her|him)( [a-z]+)* (phone|messages|without|secretly|lives|texts)|spy on (my|his|her|"
      "someone|a)|(put|hide|install) a (tracker|hidden camera|spyware)"},
     "(my own|i forgot|secure|protect|prevent|was hacked|got hacked)",
     false},
    {ANSWER_HARM,
     {"(little|young|underage|under age|small|teen|preteen|[0-9]+ year old) (girls?|boys?|kids?|"
      "children|child)",
      "naked|sex|sexy|sexual|nudes?|find|meet|touch|porn|dating|date|kiss|undress|attractive|"
      "alone|lure"},
     "books?|shoes?|clothes|games?|toys?|presents?|school|(my|our) (little|small|young) (girl|"
     "boy)|find (a|the) (way|cat|dog|key|treasure)",
     false},
    {ANSWER_HARM, {"child porn[a-z]*|kiddie porn|underage (sex|porn|girls?|boys?)"}, NULL, false},
    {ANSWER_HARM,
     {"(should|can|may|could|do|shall) i|how (do|can|to)|where (can|do|to)|is it (ok|okay|fun|"
      "good|fine|safe|bad)|want to|should we|thinking about|what (is|does)",
      "(try|trying|take|taking|smoke|smoking|do|doing|use|using|snort|snorting|buy|buying|get|"
      "inject|injecting|sell|selling|find|grow|feel|like|mix) ([a-z]+ )?" DRUGS},
     "(do|use|take|get)( [a-z]+)* (crack )(an|the|a|open) (egg|code|safe|joke|nut|window)|get rid|"
     "do weeds?|crack (the|an|a|this|in)|coke zero|(a|diet|can of) coke|buy coke|without drugs|"
     "rid of",
     false},
    {ANSWER_HARM,
     {"(how (to|do|can)|can i|should i|want to|teach|show|help me|best way|tell me|let us|is it "
      "ok|fine to|right to|going to|okay to|ok to)( [a-z]+)*",
      "(rob|steal|break into|hotwire|burgle|shoplift|pick a lock|counterfeit|forge)( [a-z]+)* "
      "(banks?|cars?|houses?|shops?|stores?|from|accounts?|purses?|wallets?|money|bikes?|lock|"
      "phone|passport|prescription)|steal|pick a lock|shoplift"},
     "monopoly|game|the show|(my|your|his|her) heart|gta|stole|stealing second|base|the (show|"
     "ball|scene)|prevent|stop|protect|attention|glance",
     false},
    {ANSWER_VIOLENCE,
     {"(says?|said|saying|threatens?|threatened|told me|swears?|swore|will|going to|would)( "
      "[a-z]+){0,3} (hurt|kill|beat|hit|harm|leave|post|share|send|publish|show|burn|take)( "
      "[a-z]+){0,5} (if|unless|when) i (tell|say|talk|speak|leave|do not|refuse|scream|go|say "
      "no)|what (he|she|they) (does|did|do|makes) (to me|with me|at night|when|in "
      "my)|(comes|came|coming|gets|climbs) (in|into|to) my (room|bed|bedroom)( [a-z]+)* "
      "(night|touch[a-z]*|every|when|sleep[a-z]*)"},
     "surprise|party|present|gift|birthday|wake|breakfast|tea|ghost|monster",
     false},
    {ANSWER_VIOLENCE,
     {PERSON "( [a-z]+)*", "(choke[sd]?|strangle[sd]?|punch(es|ed)?|kick(s|ed)?|slap(s|ped)?|beat("
                           "s)?|burn(s|ed|t)?|lock(s|ed)?|tied|hit|hits|push(es|ed)?) (me|us|my "
                           "(mother|brother|sister|little|baby|dog|cat)|mother|her|him)( [a-z]+)*"},
     "at (chess|cards|tennis|football|soccer|monopoly|a game|games|the game)|out of (the "
     ")?(house|account|game|room) by|up to|game|chess|race|to (school|it)|(beats?|hit) me "
     "(at|in|up|to)|friend request|like|goodnight",
     false},
    {ANSWER_VIOLENCE,
     {"(no|not|never|nothing|without|alone)( [a-z]+)*",
      "(food|eaten|dinner|meals?|anything to eat|nothing to eat|heating|bed to sleep)( at "
      "home)?|(left|leave|leaves|leaving)( [a-z]+){0,4} alone|(home|all|by myself|and|am) alone( "
      "[a-z]+)*|alone (at home|in the house|all day)( [a-z]+)*|locked (me|us) (in|out)",
      "i am (only |just |a )*([4-9]|1[0-7]|ten|nine|eight|seven|six|twelve|eleven)( years? "
      "old)?|parents|mother|father"},
     "enjoy|holiday|diet|fast(ing)?|babysitter|movie|my "
     "(son|daughter|kids?|children|dog|cat)|delicious|game",
     false},
    {ANSWER_STRANGERS,
     {"i am (only |just |a )*([5-9]|1[0-7])( years? old| yo| f| m)?|(13|14|15|16) ?(f|m|yo)|i am "
      "(a )?(minor|child|kid)",
      "boyfriend|girlfriend|dating|date|in "
      "love|kiss|sex|nudes?|meet|pictures|photos|money|pay|post|blackmail[a-z]*",
      "(is|are|hes|she|he|of|aged|says)( is)?( a)?( [a-z]+)? ?((19|[2-6][0-9])|grown "
      "?up|adult|man|teacher|coach)|pay|someone|online|blackmail[a-z]*|he|they"},
     "school photo|in love with (my|a|the) (book|dog|game|song)",
     false},
    {ANSWER_STRANGERS,
     {"(post|posts|posted|posting|share|shares|shared|sharing|leak|leaks|leaked|publish|send|sends|"
      "spread)( [a-z]+){0,4} (naked|nude|private|intimate|my|of me)( [a-z]+)* "
      "?(pictures?|photos?|videos?|nudes?|pics)?",
      "naked|nudes?|intimate|unless|if i|pay|blackmail|threat[a-z]*|revenge|without my"},
     "instagram story|holiday|recipe|landscape",
     false},
    {ANSWER_STRANGERS,
     {"(grown ?up|adult|stranger|man|woman|guy|someone|somebody|person|older|friend)( [a-z]+)*",
      "online|internet|chat|discord|roblox|snapchat|instagram|game",
      "(asks?|asked|asking|wants?|wanted|wonders?)( [a-z]+){0,4} "
      "(which|where|what|my|meet|alone|age|old|address|number|picture[s]?|school|live)"},
     "einstein|which browser|homework help forum|bank",
     false},
    {ANSWER_STRANGERS,
     {"(teacher|coach|trainer|priest|uncle|cousin|neighbou?r|doctor|babysitter|boss|man next "
      "door|man|guy|he|she|instructor|grandfather|father)",
      "(kiss(ed|es)?|touch(es|ed)?|hug(s|ged)?|strok(es|ed)|undress(es|ed)?|massages?|show(s|ed)?|"
      "tickl(es|ed))( [a-z]+){0,3} (me|us|himself|his (private|penis|willy|parts)|private|with no "
      "clothes|no clothes|naked|secret)",
      "(not|never|no "
      "one|nobody|secret|private|clothes|naked|alone|tell|parts|weird|bed|thigh|leg|under)"},
     "not to worry|trick|movie|game|painting|statue|how to",
     false},
    {ANSWER_HARM,
     {"(feel like|want to|going to|could|thinking (of|about)|urge to|about to|plan(ning)? "
      "(to|on)|dream(ing)? (of|about)|wish i could|ready to)( [a-z]+)? "
      "?(stabb?|kill|shoot|strangl|chok|poison|beat|burn|murder|hurt|attack|punch|smash|run "
      "over)(ing|e|ling|ting|ning)?( (up|down|over))? "
      "(my|him|her|them|someone|somebody|people|everyone|the|that|this)( [a-z]+)? "
      "?(boss|teacher|brother|sister|mother|father|school|class(mates?)?|neighbou?rs?[a-z]*|wife|"
      "husband|ex|boyfriend|girlfriend|house|church|mosque|office|him|her|face|kids?|people|"
      "everyone)?"},
     "chess|cards|at [a-z]+|game|process(es)?|lights?|dance|time|darlings|boss "
     "(fight|level)|record|eggs|drums|calories|cd|candle|dragon|zombies?|weeds?|pizza|dinner|bugs?|"
     "story|program|task|the (batter|mixture|cream|server|ball)",
     false},
    {ANSWER_HARM,
     {"(make|making|made|build|building|create|cook|produce|mix|synthesi[sz]e|recipe|ingredients|"
      "instructions|things|what)( [a-z]+){0,6} (bombs?|explosives?|napalm|thermite|mustard "
      "gas|chlorine gas|nerve gas|tear "
      "gas|chloroform|meth|ricin|sarin|cyanide|gunpowder|silencer|ghost "
      "gun|tnt|nitroglycerin|rohypnol|ghb)( [a-z]+)*"},
     "bath|seed|history|invented|who|glitter|chemistry lesson|photo|love|atomic bomb "
     "work|gunpowder made of",
     false},
    {ANSWER_HARM,
     {"(get|buy|pick up|order|find|obtain|purchase|bring|take|sneak)( [a-z]+){0,3} "
      "(guns?|rifles?|pistols?|ammo|weapons?|knife|fentanyl|heroin|coke|cocaine|meth|mdma|lsd|"
      "ketamine|oxy|steroids|speed|weed)",
      "without|background|school|caught|illegal(ly)?|dark ?web|no "
      "(licen[cs]e|check|prescription)|where|online|into|past|dealer"},
     "nerf|water gun|game|glue gun|kitchen|butter|museum|internet speed|the garden",
     false},
    {ANSWER_VIOLENCE,
     {"(film|photograph|record|watch|spie|spy|stare)(s|ed|ing|es)?( at| on)? (me|us|girls|her)( "
      "[a-z]+)*",
      "chang(e|ing)|shower|bathroom|toilet|naked|undress(ing)?|locker|bedroom|sleep(ing)?|bath|"
      "underwear"},
     "(watch|record) (us|me) (play|sing|dance|perform)|tv",
     true},
    {ANSWER_VIOLENCE,
     {PERSON "|step ?brother|step ?sister|father|mother",
      "(climbs?|climbed|lies|lay|lays|gets|got|sits|pins?|pinned|holds?|held) (down )?(on|on top "
      "of|onto|over)? ?(me|me down)( [a-z]+)*|(broke|smashed|threw|throws|swung|cracked|hit)( "
      "[a-z]+){0,4} (on|over|at|against|in) (my |our "
      ")?(mother|mom|mum|dad|sister|brother|baby|me|her|his|him)s?( [a-z]+)? "
      "?(head|face|back|body)?|hits "
      "(me|us|my [a-z]+)( [a-z]+)*|(takes?|took|hides?|hid|keeps?|kept|controls?) (away )?my "
      "(passport|phone|money|papers|salary|wages|bank card|id)|will not let me "
      "(leave|out|go|see|work|talk|call)"},
     "cat|dog|kitten|puppy|hamster|phone (back )?(at|in|during) (school|class|dinner|night)|to "
     "(the )?(movie|party|sleepover)|pillow|snowball|ball|water "
     "balloon|joke|piggy|lap|game|cake|holds me (tight|close)|hand",
     false},
    {ANSWER_VIOLENCE,
     {"bruises?|black eye|marks|welts|scars",
      "teacher|school|asks?|asked|hide|hiding|cover|concealer|father|mother|husband|boyfriend|"
      "partner|belt|explain|lie|say"},
     "banana|apple|peach|fruit|bike|football|soccer|(exclamation|question|full|good|bad|school|top)"
     " marks",
     false},
    {ANSWER_STRANGERS,
     {"(teacher|coach|trainer|instructor|uncle|priest|neighbou?r|leader|doctor|tutor|man|guy|"
      "stranger|someone|friend of my (father|mother|parents))( [a-z]+)*",
      "i am( [a-z]+)? (special|pretty|beautiful|sexy|mature|hot|cute|his "
      "favou?rite)|gifts?|presents?|coins|robux|v "
      "?bucks|skins|money|phone|camera|webcam|shower|bath|dance|photos?|pictures?|massage",
      "(visit|come|sleep|alone|secret|camera|webcam|home|house|car|naked|nude|turn on|take "
      "off|(with|for) him|lap|wet|swimsuit|underwear)"},
     "homework|piano|guitar|security camera|repair|christmas|birthday|parents "
     "know|lens|tripod|home ?page|(photo|passport) studio",
     false},
    {ANSWER_HARM,
     {"(put|slip|mix|add|drop|slipping|pour)( [a-z]+){0,5} (in|into|to) "
      "(his|her|their|someones|somebodys|my [a-z]+|a girls?|a mans?) "
      "(drink|food|coffee|tea|glass|meal|soup|beer|wine|juice|bottle)|(knock|make|get|put)( "
      "[a-z]+){0,3} (him|her|them|someone|somebody|a girl) (out|unconscious|sleepy|asleep|drunk)( "
      "[a-z]+)*|(read|get into|unlock|open|hack|access|track|spy on|clone|bug|see)( [a-z]+){0,2} "
      "(his|her|their|someones|my (wife|husband|ex|girlfriend|boyfriend|daughter|son)s?) "
      "(phone|messages|texts|account|location|email|whatsapp|camera)( [a-z]+)* "
      "(without|secretly|knowing|noticing|behind)"},
     "lunch|bedtime story|sugar|milk|ice|lemon|honey|knock them out of the park",
     false},
    {ANSWER_HARM,
     {"(make|build|print|craft|diy|home ?made|turn)( [a-z]+){0,4} "
      "(guns?|rifle|pistol|weapons?|silencer|shank|spikes?|taser|crossbow)( [a-z]+)*"},
     "nerf|water|game|glue|heat|lego|cardboard|toy|minecraft|paper|spray|nail gun|staple",
     false},
    {ANSWER_VIOLENCE,
     {"father|mother|parents|step ?[a-z]+|husband|wife|boyfriend|girlfriend|uncle|brother",
      "(drinks?|drunk|drinking|high|drugs|angry|mad|scream(s|ing)?|yell(s|ing)?|shout(s|ing)?|"
      "threaten(s|ing)?|insults?|calls me)",
      "(at|on) (us|me|my (mother|sister|brother))|calls me (stupid|fat|worthless|names|ugly|a "
      "[a-z]+)|every (night|day|evening)|afraid|scared|fear"},
     "coffee|tea|juice|water|milk|funny|joke|game|team|tv|rollercoaster|laugh[a-z]*",
     false},
    {ANSWER_STRANGERS,
     {"(adult|grown ?up|stranger|man|guy|woman|someone|somebody|older (boy|girl)|person)( [a-z]+)*",
      "(sends?|sent|sending|shows?|showed|texts?|texted|messages?) (me|us)( [a-z]+)*",
      "weird|strange|dirty|sexual|naked|gross|creepy|nude|his (body|private|parts)|porn|bad "
      "(pictures|videos|photos)|uncomfortable"},
     "spam|invoice|email from work|meme",
     false},
};
const struct referral_rules referral_people = {rules, sizeof rules / sizeof *rules};
