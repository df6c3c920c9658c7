/* SPDX-License-Identifier: MIT
 *
 * The starter model that the repository ships, through the engine as programs drive it: the
 * recorded conversations come out word for word on plain C and on the best instruction set, what is
 * said in one turn is known in the next, and a story is about what was asked for.
 *
 *   test_starter --record    prints starter.txt anew, with the answers of plain C
 */
#include <ctype.h>
#include <strings.h>

#include "base.h"
#include "kernels.h"
#include "next_event.h"
#include "test.h"

enum { MAX_TOKENS = 400 };

static const char system_prompt[] = "You are a helpful AI assistant."; /* the program's default */

static char *starter(void)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/models/starter.qins", getenv("QINS_SOURCE"));
    return path;
}

static struct engine *start(const char *cpu)
{
    struct engine_options o = {.model = starter(), .n_threads = 2, .cpu = cpu};
    struct engine *e = engine_start(&o);
    struct event event;
    while ((event = next_event(e)).type == EVENT_LOADING)
        ;
    if (event.type != EVENT_READY)
        fail_msg("%s", engine_error(e)->text);
    const struct sampling greedy = {.temperature = 0, .top_p = 1, .repeat_penalty = 1};
    engine_set_sampling(e, &greedy);
    return e;
}

static void begin(struct chat *c)
{
    chat_free(c);
    chat_add(c, CHAT_SYSTEM, system_prompt, strlen(system_prompt));
}

/* Adds the question and the model's answer to the chat; -> the answer, valid until the next. */
static const char *ask_seeded(struct engine *e, struct chat *c, const char *question, uint64_t seed)
{
    chat_add(c, CHAT_USER, question, strlen(question));
    struct turn_request r = {.chat = c, .max_tokens = MAX_TOKENS, .seed = seed};
    uint32_t turn = engine_submit(e, &r);
    struct chat_message *answer = chat_add(c, CHAT_ASSISTANT, "", 0);
    for (;;) {
        struct event event = next_event(e);
        if (event.turn != turn)
            continue;
        if (event.type == EVENT_TEXT)
            buf_append(&answer->text, event.text, event.n_text);
        if (event.type == EVENT_DONE)
            break;
    }
    engine_turn_ids(e, turn, &answer->ids);
    return answer->text.data;
}

static const char *ask(struct engine *e, struct chat *c, const char *question)
{
    return ask_seeded(e, c, question, 1);
}

/* A line "> QUESTION", the lines of its answer; an empty line ends a conversation. -> the text up
 * to the next question or conversation, and what it is. */
enum piece { PIECE_END, PIECE_QUESTION, PIECE_ANSWER, PIECE_NEW };

static enum piece read_piece(char **at, char **text)
{
    char *p = *at;
    if (*p == '\0')
        return PIECE_END;
    if (*p == '\n') {
        *at = p + 1;
        return PIECE_NEW;
    }
    bool question = strncmp(p, "> ", 2) == 0;
    *text = question ? p + 2 : p;
    while ((p = strchr(p, '\n')) != NULL && !question && p[1] != '\n' && p[1] != '\0' &&
           strncmp(p + 1, "> ", 2) != 0)
        p++;
    *p = '\0';
    *at = p + 1;
    return question ? PIECE_QUESTION : PIECE_ANSWER;
}

static char *conversations(void)
{
    struct buf b = {0};
    struct error err;
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/models/starter.txt", getenv("QINS_SOURCE"));
    if (!read_file(&b, path, 1 << 20, &err))
        fail_msg("%s", err.text);
    return b.data;
}

static void check_recorded(const char *cpu)
{
    struct engine *e = start(cpu);
    struct chat chat = {0};
    char *file = conversations(), *at = file, *text = NULL;
    const char *answer = NULL;
    unsigned n = 0;
    begin(&chat);
    for (enum piece piece; (piece = read_piece(&at, &text)) != PIECE_END;) {
        if (piece == PIECE_NEW) {
            begin(&chat);
        } else if (piece == PIECE_QUESTION) {
            answer = ask(e, &chat, text);
        } else {
            assert_non_null(answer);
            assert_string_equal(answer, text);
            n++;
        }
    }
    assert_true(n >= 10);
    chat_free(&chat);
    free(file);
    engine_stop(e);
}

static void test_recorded_answers_on_plain_c(void **state)
{
    (void)state;
    check_recorded("scalar");
}

/* The matrix unit multiplies prompts in bf16, which may turn a choice between near equals. */
static void test_recorded_answers_on_the_best_instruction_set(void **state)
{
    (void)state;
    check_recorded(cpu_flags() & CPU_AMX ? "vnni" : NULL);
}

static void test_a_name_told_is_known_in_the_next_turn(void **state)
{
    (void)state;
    struct engine *e = start(NULL);
    struct chat chat = {0};
    begin(&chat);
    ask(e, &chat, "My name is Anna.");
    const char *known = ask(e, &chat, "What is my name?");
    if (!strstr(known, "Anna"))
        fail_msg("told its name, it says: %s", known);
    begin(&chat);
    const char *unknown = ask(e, &chat, "What is my name?");
    if (strstr(unknown, "Anna"))
        fail_msg("never told the name, it says: %s", unknown);
    chat_free(&chat);
    engine_stop(e);
}

static void test_it_says_truly_what_it_is_and_how_the_program_works(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"Who are you?", "starter model"}, {"How do I change the temperature?", "/set temperature"},
        {"What is QINS?", "sign"},         {"How do I load Phi-3.5?", "qins-convert"},
        {"How do I quit?", "/quit"},
    };
    struct engine *e = start(NULL);
    struct chat chat = {0};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        begin(&chat);
        const char *answer = ask(e, &chat, said[i][0]);
        if (!strstr(answer, said[i][1]))
            fail_msg("%s -> %s", said[i][0], answer);
    }
    chat_free(&chat);
    engine_stop(e);
}

/* Whether a word stands in the text by itself, however it begins. */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; *p; p++)
        if (strncasecmp(p, word, n) == 0 && !isalpha((unsigned char)p[n]) &&
            (p == text || !isalpha((unsigned char)p[-1])))
            return true;
    return false;
}

/* At the default temperature, where a story may go any way. */
static void test_a_story_has_what_was_asked_for(void **state)
{
    (void)state;
    static const char *const wishes[][2] = {
        {"cat", "boat"}, {"rabbit", "kite"}, {"bear", "drum"}, {"mouse", "lamp"}, {"fox", "violin"},
    };
    enum { SEEDS = 3, ENOUGH = 12 };
    struct engine *e = start(NULL);
    const struct sampling usual = {.temperature = 0.7f, .top_p = 0.9f, .repeat_penalty = 1};
    engine_set_sampling(e, &usual);
    struct chat chat = {0};
    unsigned granted = 0;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        char question[100];
        snprintf(question, sizeof question, "Tell me a story about a %s and a %s.", wishes[i][0],
                 wishes[i][1]);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            begin(&chat);
            const char *story = ask_seeded(e, &chat, question, seed);
            granted += has_word(story, wishes[i][0]) && has_word(story, wishes[i][1]);
        }
    }
    if (granted < ENOUGH)
        fail_msg("%u of 15 stories have both things", granted);
    chat_free(&chat);
    engine_stop(e);
}

static int record(void)
{
    struct engine *e = start("scalar");
    struct chat chat = {0};
    char *file = conversations(), *at = file, *text = NULL;
    begin(&chat);
    for (enum piece piece; (piece = read_piece(&at, &text)) != PIECE_END;) {
        if (piece == PIECE_NEW) {
            begin(&chat);
            putchar('\n');
        } else if (piece == PIECE_QUESTION) {
            printf("> %s\n%s\n", text, ask(e, &chat, text));
        }
    }
    chat_free(&chat);
    free(file);
    engine_stop(e);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_answers_on_plain_c),
        cmocka_unit_test(test_recorded_answers_on_the_best_instruction_set),
        cmocka_unit_test(test_a_name_told_is_known_in_the_next_turn),
        cmocka_unit_test(test_it_says_truly_what_it_is_and_how_the_program_works),
        cmocka_unit_test(test_a_story_has_what_was_asked_for),
    };
    if (argc > 1 && strcmp(argv[1], "--record") == 0)
        return record();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
