/* SPDX-License-Identifier: MIT
 *
 * Patterns by tokenizer.ggml.pre, as the tokenizer.json of these models has them. Names: llama.cpp,
 * src/llama-vocab.cpp.
 */
#include <string.h>

#include "tokenizer_gguf.h"

#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WHITE "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT2                                                                                       \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define LETTERS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define SIGNS "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define LLAMA3 CONTRACTION "|" LETTERS "|\\p{N}{1,3}" SIGNS WHITE
#define QWEN2 CONTRACTION "|" LETTERS "|\\p{N}" SIGNS WHITE
/* words whose capital letters stand first */
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED(tail)                                                                                \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" tail "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER       \
    "*" tail
#define SIGNS_SLASH "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
#define GPT4O CASED(CONTRACTION "?") "|\\p{N}{1,3}" SIGNS_SLASH WHITE
#define CJK "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+"
#define ASCII_SIGN "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"
#define DEEPSEEK3(signs, white)                                                                    \
    ASCII_SIGN "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+" signs white
#define DEEPSEEK_CJK "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"
#define BLOOM " ?[^(\\s|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+"
#define DEEPSEEK_LETTERS                                                                           \
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕ"  \
    "ἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-"   \
    "ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"
#define HAN "\\p{Han}"

static const struct gguf_pre table[] = {
    {"llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", true, true,
     {LLAMA3}},
    {"dbrx smaug-bpe chatglm-bpe glm4", false, false, {LLAMA3}},
    {"qwen2 deepseek-r1-qwen kormo f2llmv2 stablelm2 hunyuan solar-open megrez grok-2", false, false,
     {QWEN2}},
    {"qwen35", false, false,
     {CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
      WHITE}},
    {"ufakzeka", false, false, {LETTERS "|\\p{N}" SIGNS WHITE}},
    {"minicpm5", true, false, {"\\p{N}{1,3}", CONTRACTION "|" LETTERS "|\\p{N}+" SIGNS WHITE}},
    {"laguna", false, false, {"[^\\n]+|[\\n]+", QWEN2}},
    {"seed-coder", false, false,
     {CONTRACTION "|" LETTERS "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" WHITE}},
    {"bailingmoe bailingmoe2 llada-moe", false, false,
     {"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
      "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"}},
    {"exaone-moe", false, false,
     {CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}|"
      " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"}},
    {"jais-2", false, false,
     {CONTRACTION "|" LETTERS "|\\p{N}{1,3}" SIGNS
      "|\\s*[\\r\\n]+|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|"
      "\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"}},
    {"tekken", true, true, {CASED("") "|\\p{N}" SIGNS_SLASH WHITE}},
    {"gpt-4o llama4 kanana2 talkie minimax-m2", false, false, {GPT4O}},
    {"granite-embed-multi-97m", true, false, {GPT4O}},
    {"tiny_aya cohere2moe", false, false, {"\\d{1,3}(?=(?:\\d{3})*\\b)", GPT4O}},
    {"kimi-k2", false, false,
     {HAN "+|[^\\r\\n\\p{L}\\p{N}]?(?:(?!" HAN ")" UPPER ")*(?:(?!" HAN ")" LOWER ")+" CONTRACTION
          "?|[^\\r\\n\\p{L}\\p{N}]?(?:(?!" HAN ")" UPPER ")+(?:(?!" HAN ")" LOWER ")*" CONTRACTION
          "?|\\p{N}{1,3}" SIGNS WHITE}},
    {"youtu", true, false,
     {"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" CJK,
      CASED(CONTRACTION "?") "|\\p{N}" SIGNS_SLASH WHITE}},
    {"deepseek-llm", false, false,
     {"[\\r\\n]", DEEPSEEK_LETTERS, "\\s?[!-/:-~！-／：-～‘-‟\\x{3000}-。]+", "\\s+$", DEEPSEEK_CJK,
      "\\p{N}+"}},
    {"deepseek-coder", false, false,
     {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", DEEPSEEK_CJK, "\\p{N}"}},
    {"deepseek-v3 hunyuan-dense joyai-llm hy_v4", false, false,
     {"\\p{N}{1,3}", CJK, DEEPSEEK3("[\\r\\n]*", WHITE)}},
    {"spark2_5", false, false,
     {"\\p{N}{1,3}", CJK, DEEPSEEK3("", "|[\\r\\n]|\\s+(?!\\S)|\\s+"), "\\p{N}"}},
    {"falcon", false, false, {"[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]"}},
    {"starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", false, false,
     {"\\p{N}", GPT2}},
    {"gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert mpt olmo "
     "jais trillion granite-docling exaone4 jina-v1-en jina-v2-code roberta-bpe",
     false, false, {GPT2}},
    {"chameleon", false, true,
     {"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", "\\p{N}",
      "[\\p{P}!-/:-@\\[-`{-~]", GPT2}},
    {"poro-chat bloom gpt3-finnish", false, false, {BLOOM}},
    {"viking", false, false, {BLOOM, "\\p{N}"}},
    {"superbpe", false, false, {"\\p{N}+", "(?=(\\d{3})+(?!\\d))"}},
    {"default", false, false,
     {"[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}},
    /* pieces of plain text: "▁" for spaces, bytes that fall back */
    {"gemma4 granite-embed-multi-311m sarvam-moe", false, false, {NULL}},
};

static bool is_named(const char *names, struct bytes name)
{
    while (*names) {
        size_t n = strcspn(names, " ");
        if (n == name.n && memcmp(names, name.data, n) == 0)
            return true;
        names += n + (names[n] == ' ');
    }
    return false;
}

const struct gguf_pre *gguf_pre_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (is_named(table[i].names, name))
            return &table[i];
    return NULL;
}
