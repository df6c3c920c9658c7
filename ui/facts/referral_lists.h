/* SPDX-License-Identifier: MIT
 *
 * referral_lists: lists of words that several rules of referral share, as parts of extended regular
 * expressions.
 */
#ifndef QINS_REFERRAL_LISTS_H
#define QINS_REFERRAL_LISTS_H

#include "referral_internal.h"

#define FAMILY                                                                                     \
    "(father|mother|parents?|brother|sister|son|daughter|child|children|kids?|baby|toddler|wife|"  \
    "husband|partner|boyfriend|girlfriend|friends?|mate|uncle|aunt|grandmother|grandfather|"       \
    "cousin|neighbou?rs?|teacher|boss|coach|roommate|flatmate|colleague|student|niece|nephew|"     \
    "twin|ex|boy|girl|man|woman|guy|priest|babysitter|classmates?|(kids|boys|girls|children) at "  \
    "school)"
#define PERSON                                                                                     \
    "(he|she|they|someone|somebody|people|stranger|everyone|everybody|(my|his|her|our|the|a|an|"   \
    "one of my|this|some)( [a-z]+)? " FAMILY "|" FAMILY ")"
#define OFTEN                                                                                      \
    "( (always|often|just|keeps?|kept|has|have|had|is|was|sometimes|also|still|never|really|even|" \
    "then|tried to|tries to|wants to|likes to|started|been|to|again|threaten(s|ed)|at school|at "  \
    "work|online|forced|made))*"
#define ANIMAL "(dogs?|cats?|pupp(y|ies)|kittens?|rabbits?|hamster|bird|parrot|pets?|horse)"
#define TOXIC_FOR_ANIMALS                                                                          \
    "(chocolate|raisins?|grapes?|onions?|garlic|xylitol|chewing gum|lil(y|ies)|avocado|coffee|"    \
    "alcohol|macadamia( nuts)?|mushrooms?|berries)"
#define CLEANER                                                                                    \
    "(bleach|ammonia|chlorine|cleaners?|cleaning products|acid|hydrogen peroxide|antifreeze|"      \
    "disinfectant|detergent|rat poison|slug pellets|gasoline|petrol|diesel|lye|hand sanitizer|"    \
    "hand sanitiser|windex|lysol|clorox|domestos|mouthwash|nail polish( remover)?|rubbing "        \
    "alcohol|"                                                                                     \
    "tide pods?|washing (powder|liquid)|dish ?soap|drano|paint thinner|turpentine|weed ?killer|"   \
    "pesticide|white spirit|toilet cleaner|methanol|(dish ?washer|drain|oven|toilet|toilet bowl|"  \
    "floor|window|carpet|glass|bathroom|pool|laundry|windscreen)( [a-z]+)? (liquid|opener|"        \
    "unblocker|cleaner|fluid|acid|chemicals?|salt|gel|powder|detergent|pods?)|descaler|lamp oil|"  \
    "lighter fluid|kerosene|(laundry|washing|dish ?washer) (capsule|pod|tab|tablet)s?|essential "  \
    "oils?|caustic soda|moth ?balls?|ant bait|fly spray|"                                          \
    "de ?icer|battery fluid)"
#define REMEDY                                                                                     \
    "(aspirin|ibuprofen|paracetamol|tylenol|acetaminophen|calpol|nurofen|advil|aleve|naproxen|"    \
    "insulin|antibiotics?|amoxicillin|penicillin|metronidazole|antidepressants?|prozac|zoloft|"    \
    "sertraline|fluoxetine|citalopram|ssris?|sleeping (pills?|tablets?)|melatonin|painkillers?|"   \
    "pain killers?|pills?|tablets|medicines?|medication|cough syrup|vaccines?|vaccinated?|"        \
    "vaccination|dos(e|age)|xanax|valium|diazepam|opioids?|morphine|codeine|tramadol|oxycodone|"   \
    "adderall|ritalin|viagra|statins?|metformin|warfarin|benadryl|antihistamines?|laxatives?|"     \
    "birth control|steroids|inhaler|blood thinners?|contraceptives?)"
#define ILLNESS                                                                                    \
    "(fever|headaches?|rash|diabetes|cancer|flu|infection|pneumonia|asthma|toothache|earache|"     \
    "blood pressure|covid|stomach ?ache|chest pains?|diarrh?o?ea|migraines?|burns?|wound|"         \
    "allergic reaction|broken (leg|arm|bone)|appendicitis|measles|hiv|aids|herpes|chlamydia|"      \
    "std|sti|uti|cough|vomiting|concussion|hallucinations|tumou?r|arthritis|eczema|epilepsy)"
#define BODY                                                                                       \
    "(head|stomach|tummy|belly|tooth|teeth|back|legs?|arms?|ears?|throat|eyes?|knees?|foot|feet|"  \
    "neck|shoulders?|chest|hips?|ankles?|wrists?|fingers?|hands?|jaw|bones?|muscles?|skin|lungs?|" \
    "kidneys?|nose|toes?|breasts?)"
#define DRUGS                                                                                      \
    "(drugs|weed|cannabis|marijuana|cocaine|coke|heroin|meth|crystal meth|crack|ecstasy|mdma|lsd|" \
    "fentanyl|ketamine|magic mushrooms|shrooms)"
#define SELF "(myself|my self)"
#define MISHAP                                                                                     \
    "accident|accidentally|cooking|playing|fell|shaving|football|soccer|gym|kitchen|slice|piece|"  \
    "in the foot|falling|running|skiing|training|workout|a break|some slack|pride|hair|hairs|"     \
    "cake|nails|laughing|in (work|books|music|my work|his work|her work)"
#define DYING                                                                                      \
    "(die|dead|dying|death|(never|not)( have)?( been)? born|not (be )?alive|not exist|"            \
    "(not|never|do not)( [a-z]+)?( [a-z]+)? wake( up)?|(disappear|vanish)( forever| for "          \
    "good)?|overdose|"                                                                             \
    "kill me)"
#define NO_DYING                                                                                   \
    "die (for|than|laughing|of (laughter|boredom|embarrassment|shame))|dead (sea|end)|dye|"        \
    "(disappear|vanish) (in|into|behind|from)|death star|death note|battery|plants?|of "           \
    "laughter|dying to|old age"

#endif
