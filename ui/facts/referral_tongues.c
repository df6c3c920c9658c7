/* SPDX-License-Identifier: MIT
 *
 * Rules of referral in other languages: the same kinds as in English, each with words of German,
 * Spanish, French, Italian, Portuguese, Dutch, Polish and Russian. Apostrophes are gone: "d'en" is
 * "den".
 */
#include "referral_lists.h"

#define WORD "[^ ]+"
#define HAS_TAKEN                                                                                  \
    "(getrunken|gegessen|geschluckt|verschluckt|genommen|eingenommen|eingeatmet|"                  \
    "trank|schluckte|bebió|bebí|bebido|tragó|tragué|tragado|tomó|tomé|tomado|"               \
    "comió|comí|comido|inhaló|inhalado|j?ai avalé|avalé|bu|mangé|pris|"                      \
    "inhalé|ingéré|bevuto|mangiato|ingoiato|inghiottito|ingerito|preso|bebeu|"                  \
    "bebi|engoliu|engoli|tomou|tomei|comeu|comi|gedronken|gegeten|ingeslikt|"                      \
    "geslikt|doorgeslikt|genomen|ingenomen|wypił[aoe]?m?|połknął[eę]?m?|"                     \
    "połknęł[ao]m?|zjadł[aoe]?m?|wzięł[ao]m?|выпила?|"                                 \
    "проглотила?|съела?|принял[а]?)"
#define HAS_SWALLOWED                                                                              \
    "(verschluckt|tragó|tragado|avalé|ingoiato|inghiottito|engoliu|ingeslikt|"                   \
    "doorgeslikt|połknął|połknęł[ao]|проглотила?)"
#define CHILD                                                                                      \
    "(kind|baby|sohn|tochter|enkel|enkelin|hij[oa]|bebé|niñ[oa]|niet[oa]|enfant|"                \
    "bébé|fils|fille|bambin[oa]|figli[oa]|filh[oa]|bebê|criança|zoon|dochter|"                 \
    "kleinkind|peuter|dziecko|syn|córka|ребенок|ребёнок|сын|"                    \
    "дочь|дочка)"
#define TOXIC                                                                                      \
    "([^ ]*(reiniger|putzmittel|bleich|waschmittel|spülmittel|entkalker|"                         \
    "frostschutz|säure|batteri|knopfzelle|magnet|schoonmaak|afwasmiddel|"                         \
    "bleekmiddel|vergif|knoopcel|bateri|wybielacz|trucizn|trutk|"                                  \
    "отбеливател|батарейк|хлорк|détergent)[^ ]*|gift|"                    \
    "rattengift|benzin|lejía|cloro|veneno|raticida|detergente|gasolina|ácido|"                   \
    "pilas?|imán|imanes|javel|lessive|poison|essence|acide|piles?|candeggina|"                    \
    "varechina|veleno|benzina|acido|sanitária|soda cáustica|яд|kreta)"
#define PILLS                                                                                      \
    "([^ ]*(tabletten|tabletter|pillen|comprimid|comprimé|somníferos|somnifères|"               \
    "sonniferi|tablet(ki|ek|kę)|таблет|снотворн)[^ ]*|pastillas|"                   \
    "píldoras|cachets|pilules|médicaments|pillole|pastiglie|remédios)"
#define DRUG_NAME                                                                                  \
    "[^ ]*(paracetamol|ibuprof|aspirin|doliprane|tachipirin|dipirona|novalgin|"                    \
    "antibioti|antidepress|penicil|amoxicil|insulin|medikament|medicament|"                        \
    "médicament|medicijn|medicin|farmac|remédio|lekarstw|лекарств|"                      \
    "таблет|tablette|pastilla|comprimid|comprimé)[^ ]*"
#define MAY_I                                                                                      \
    "(darf|kann|soll|sollte|wie ?viele?|cuánt[oa]s?|puedo|debo|puede|podemos|peux|"               \
    "puis|peut|dois|combien|posso|quant[oaie]|devo|può|pode|mag|kan|moet|hoeveel|"                \
    "ile|czy|mogę|можно|сколько|нужно)"
#define CHEMICAL                                                                                   \
    "[^ ]*(chlor|bleich|ammonia|amoniac|amoníac|amônia|lejía|javel|candeggina|"                 \
    "varechina|sanitária|bleekmiddel|wybielacz|rohrreiniger|хлор|"                            \
    "отбеливател)[^ ]*"

static const struct referral_rule rules[] = {
    {ANSWER_SORROW,
     {"keine lust mehr (zu|am) leben|(kein|keinen) (sinn|grund) (mehr )?(zu|im|am) "
      "leben|(envie|ganas|voglia|vontade) (de|di) (me "
      "tuer|mourir|morir|morirme|matarme|uccidermi|morire|morrer|me matar)|nicht mehr( " WORD
      ")? (leben|weiterleben|aufwachen|existieren|da sein|hier sein)|(ritze|"
      "schneide|verletze) mich|mich( selbst)? (ritzen|schneiden|verletzen|umzubringen|töten)|"
      "pulsadern|(will|möchte) (nur noch |einfach |nur )*(sterben|tot sein)|(ya )?no quiero "
      "(seguir |más |ya )*(viv(ir|iendo)|existir|despertar)|cortarme( las venas)?|quitarme la "
      "vida|acabar con mi vida|ne veux plus (vivre|exister|me réveiller|être là)|envie (de "
      "mourir|den finir)|en finir avec (la|ma) vie|me (scarifier|pendre)|(mouvrir|me couper|"
      "mouvre) les veines|non voglio (più )?vivere|togliermi la vita|farla finita|tagliarmi|"
      "ammazzarmi|me jeter (sous|du|dans|par)|(vor|unter) (den|einen) "
      "(zug|bahn|lkw)|(tirarme|lanzarme|arrojarme) (al|del|desde|a las)|(buttarmi|gettarmi) "
      "(sotto|dal|giù)|(voor|onder) (de|een) (trein|metro)|me jogar (da|na|do|no)|rzucić "
      "się|броситься (под|с)|não (quero|aguento) (mais )?(viver|existir)|tirar (a )?minha vida|me "
      "cortar|"
      "(mezelf|me) (doden|snijden|ophangen)|niet meer leven|zelfmoord|nie chcę (już )?żyć|zabić "
      "się|samobójstwo|tnę się|режу себя|вскрыть вены"},
     "(en|in|w|em|à|mit|bei|con|com|met) " WORD
     " (leben|vivir|vivre|vivere|viver)|(viviendo|vivir|vivre|vivere|viver|żyć) (en|in|w|em|à|con|"
     "com|avec) " WORD "|lachen|ridere|rasieren|zwiebeln?|pelo|cheveux|capelli|cabelo|haar",
     true},
    {ANSWER_SORROW,
     {"(besser|mieux|mejor|meglio|melhor|beter|lepiej|лучше) (" WORD " ){0,2}(ohne mich|sans moi|"
      "sin m[íi]|senza di me|sem mim|zonder mij|beze mnie|без меня)"},
     NULL,
     true},
    {ANSWER_SORROW,
     {"(tödlich|letal|mortal|mortel|śmierteln|смертельн|dodelijk)[^ ]*", PILLS},
     NULL,
     true},

    {ANSWER_EMERGENCY, {HAS_TAKEN, TOXIC "|" PILLS}, "rezept|receta|recette|ricetta", false},
    {ANSWER_EMERGENCY, {HAS_SWALLOWED, CHILD}, "stolz|orgullo", false},
    {ANSWER_EMERGENCY,
     {"[^ ]*brustschmerzen|schmerzen in der brust|keine luft( mehr)?|atmet (so |ganz "
      ")?(nicht|komisch|schwer|kaum|flach)( mehr)?|(wird|ist|läuft) (ganz )?blau|wacht nicht( "
      "mehr)? auf|(non si|no se|no|ne se|nie|não|wordt niet|не) "
      "(sveglia|despierta|réveille|réveillent|budzi się|acorda|wakker|просыпается)( pas| plus| "
      "più)?|nicht "
      "mehr "
      "(atmen|sprechen|aufwachen)|bewusstlos|schlaganfall|herzinfarkt|arm hängt|blutet (sehr|stark|"
      "und)|riecht (es )?nach gas|gasgeruch|erstickt|due(le|len) (mucho )?el pecho|dolor (en el|de|"
      "del) pecho|cuesta respirar|no (puedo|puede|consigue) respirar|no respira|inconsciente|huele "
      "a gas|olor a gas|infarto|se (desmayó|ahoga|está ahogando)|mal à la poitrine|douleurs? (à|"
      "dans) la poitrine|ne respire (plus|pas)|mal à respirer|inconsciente?|sent le gaz|odeur de "
      "gaz|infarctus|sétouffe|dolor[ei] al petto|non (respira|riesc[oe] a respirare)|svenut[oa]|"
      "odore di gas|dor no peito|não (consegue |consigo )?respirar?|desmaiou|cheiro de gás|pijn "
      "(op|in) (de|mijn|zijn|haar) borst|ademt niet|niet (ademen|wakker)|bewusteloos|gaslucht|"
      "ruikt naar gas|hartaanval|ból w klatce( piersiowej)?|nie oddycha|nieprzytomn[yaeo]|czuć "
      "gaz|zawał|udar mózgu|не дышит|без сознания|боль в груди|пахнет газом|инфаркт"},
     NULL,
     false},

    {ANSWER_CHEMICALS,
     {"(ver)?misch(en|e|t)?|mische|mezclar?|mélanger?|mescolare|mischiare|misturar|mengen|mixen|"
      "miesza[ćm]|zmieszać|смеш(ать|ивать)",
      CHEMICAL},
     NULL,
     false},

    {ANSWER_VIOLENCE,
     {"(schlägt|verprügelt|prügelt|würgt|missbraucht|bedroht|vergewaltigt) (mich|meine|meinen|uns|"
      "sie)|schlägt( immer)? (" WORD " )?(kinder|mother|schwester|bruder)|(fasst|berührt) mich (an|"
      "unten|nachts|überall)|me (pega|golpea|toca|viola|maltrata|amenaza)|pega a "
      "mi|(me|mon|ma|nous|"
      "la) (frappe|bat|viole|tape|touche|menace)|(mi|ci|la) (picchia|tocca|maltratta|minaccia)|me "
      "(bate|espanca|toca|estupra|ameaça)|(slaat|mishandelt|misbruikt|bedreigt) (mij|me|mijn|ons)|"
      "(bije|gwałci|dotyka) mnie|(бьет|бьёт|избивает|насилует|трогает) (меня|маму|нас)",
      "father|mother|[^ ]*(vater|mutter|eltern|bruder|onkel|lehrer|trainer|freund|mann|frau|padre|"
      "madre|padrastro|hermano|tío|tio|novio|novia|marido|esposo|profesor|père|mère|frère|oncle|"
      "mari|"
      "copain|prof|beau|fratello|zio|marito|fidanzato|pai|mãe|irmão|namorado|padrasto|vader|moeder|"
      "broer|oom|vriend|ojciec|tata|matka|brat|wujek|mąż|chłopak|отец|папа|мама|муж|брат|дядя|"
      "отчим)[^ ]*|er|sie|él|ella|il|elle|lui|ele|hij|zij|on|ona|он|она"},
     "schlägt (mich "
     ")?(vor|im|beim)|schach|spiel|herz|corazón|cœur|coeur|cuore|coração|serca|suerte|"
     "lotería|la route|photo|risa",
     false},
    {ANSWER_STRANGERS,
     {"(nackt)?(fotos?|bilder|photos?|imágenes|immagini|foto|fotka|videos?|vídeos?|zdjęcia|фото|"
      "nudes?)",
      "internet|online|en "
      "ligne|netz|chat|discord|instagram|snapchat|tiktok|whatsapp|roblox|интернете",
      "[^ "
      "]*(mann|typ|fremder|hombre|señor|desconocido|homme|inconnu|monsieur|uomo|sconosciuto|homem|"
      "desconhecido|meneer|vreemde|facet|pan|nieznajomy|мужчина|незнаком)[^ ]*|jemand|alguien|"
      "quelquun|qualcuno|alguém|iemand|ktoś|кто то"},
     NULL,
     false},
    {ANSWER_STRANGERS,
     {"nackt|nue?s?|desnud[oa]|nud[oa]|naakt|nago|pelad[oa]|голым?|голой|ausziehen|dessous",
      "onkel|lehrer|trainer|nachbar|mann|father|tío|tio|entrenador|profesor|vecino|hombre|oncle|"
      "prof|"
      "entraîneur|voisin|homme|zio|allenatore|vicino|uomo|treinador|vizinho|homem|oom|buurman|"
      "leraar|"
      "man|wujek|trener|sąsiad|дядя|тренер|сосед|мужчина|er|él|il|lui|ele|hij|on|он"},
     "kunst|museum|arte|musée|museo|malerei|sonne|strand|quadro",
     false},
    {ANSWER_HARM,
     {"[^ ]*(bomben?|bombas?|bombes?|bommen?|bombę|бомб[уы])|bom|[^ ]*sprengstoff|explosivos?|"
      "explosifs?|взрывчатк[^ ]*|dynamit[^ ]*|molotow[^ ]*",
      "[^ "
      "]*(bau|bast|herstell|fabri|hacer|hago|hace|faire|constru|costru|fazer|faço|faz|maak|maken|"
      "bouw|zrobić|zbudować|сделать|собрать)[^ ]*|mache|macht|fare|fa"},
     "badebomben?|bombes? de bain|bombas? de baño|bain|spiel|film|juego|jeu|kalorien|chocolate",
     false},

    {ANSWER_MEDICINE, {MAY_I, DRUG_NAME}, "tablet[a-z]* (pcs?|computer)|erfunden|inventó", false},
};
const struct referral_rules referral_tongues = {rules, sizeof rules / sizeof *rules};
