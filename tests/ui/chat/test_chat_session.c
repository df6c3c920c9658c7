/* SPDX-License-Identifier: MIT
 *
 * The chat without a face to look at: one that writes down what it hears. The engine is the fake
 * one. That screen and lines say and save the same follows from there being one body for both.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "chat_command.h"
#include "chat_compare.h"
#include "chat_context.h"
#include "chat_conversations.h"
#include "chat_model.h"
#include "chat_thinking.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "command.h"
#include "test.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

extern uint64_t fake_engine_seed;       /* of the last turn */
extern size_t fake_engine_given;        /* the same: tokens that its answer begins with */
extern size_t fake_engine_messages;     /* of the last turn */
extern const char *fake_engine_instead; /* the same: what is said in the model's place */

/* ---- a face that writes down ---------------------------------------------------------- */

struct notes {
    struct chat_session chat;
    struct options options;
    struct buf heard;
    char *home;
    bool nobody; /* to ask */
    int32_t rewritten;
};

static void hear(struct notes *n, const char *what, const char *text)
{
    buf_printf(&n->heard, "%s %s|", what, text ? text : "-");
}

static const char *text_of(struct notes *n, int32_t number)
{
    return number == NO_MESSAGE ? "none" : n->chat.conversation.messages[number].text.data;
}

static void path_changed(void *self, bool elsewhere)
{
    hear(self, "path", elsewhere ? "elsewhere" : "here");
}

static void said(void *self, int32_t number)
{
    hear(self, "said", text_of(self, number));
}

static void answers(void *self, int32_t number)
{
    hear(self, "answers", number == NO_MESSAGE ? "later" : "now");
}

static void text(void *self, const char *text, size_t n)
{
    char *copy = xstrndup(text, n);
    hear(self, "text", copy);
    free(copy);
}

static void thinking(void *self, const char *text, size_t n)
{
    char *copy = xstrndup(text, n);
    hear(self, "thinking", copy);
    free(copy);
}

static void answered(void *self, const char *mark)
{
    hear(self, "answered", mark);
}

static void note(void *self, const char *text)
{
    hear(self, "note", text);
}

static void changed(void *self)
{
    (void)self;
}

static void notice(void *self, const char *text)
{
    hear(self, "notice", text);
}

static void page(void *self, const char *name, const char *text)
{
    hear(self, name, text);
}

static bool ask(void *self, const char *question)
{
    hear(self, "asks", question);
    return !((struct notes *)self)->nobody;
}

static void list(void *self, enum chat_list which)
{
    static const char *const names[] = {"conversations", "branches", "models"};
    hear(self, "list", names[which]);
}

static void rewrite(void *self, int32_t number)
{
    ((struct notes *)self)->rewritten = number;
    hear(self, "rewrite", text_of(self, number));
}

static void edit_system(void *self, const char *now)
{
    hear(self, "editor", now);
}

static void quit(void *self)
{
    hear(self, "quit", NULL);
}

static void add_help(void *self, struct buf *out, bool before)
{
    (void)self;
    buf_puts(out, before ? "before\n" : "behind\n");
}

static const struct chat_face face = {
    .stop_key = "F99",
    .path_changed = path_changed,
    .said = said,
    .answers = answers,
    .text = text,
    .thinking = thinking,
    .answered = answered,
    .note = note,
    .changed = changed,
    .notice = notice,
    .page = page,
    .ask = ask,
    .list = list,
    .rewrite = rewrite,
    .edit_system = edit_system,
    .quit = quit,
    .add_help = add_help,
};

/* ---- one chat for each test ----------------------------------------------------------- */

static const char *const variables[] = {
    "FAKE_TEXT",    "FAKE_CONTEXT",  "FAKE_HOLD", "FAKE_FAILURE",  "FAKE_PIECE", "FAKE_LOADING_MS",
    "FAKE_FOLDING", "FAKE_THINKING", "FAKE_STOP", "FAKE_TEMPLATE", "FAKE_BYTES"};

static int set_up(void **state)
{
    struct notes *n = xcalloc(1, sizeof *n);
    struct error err;
    *state = n;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    n->home = xstrdup(temp_folder());
    setenv("HOME", n->home, 1);
    setenv("XDG_STATE_HOME", n->home, 1);
    setenv("HF_HUB_CACHE", n->home, 1);
    setenv("QINS_MODELS", n->home, 1);
    char *model = path_join(n->home, "first.qins");
    FILE *f = fopen(model, "w");
    assert_non_null(f);
    fclose(f);
    options_init(&n->options);
    assert_true(options_set(&n->options, OPT_MODEL, model, SOURCE_FLAG, &err));
    assert_true(options_set(&n->options, OPT_FORMAT, "f32", SOURCE_FLAG, &err));
    free(model);
    return 0;
}

static int tear_down(void **state)
{
    struct notes *n = *state;
    chat_close(&n->chat);
    options_free(&n->options);
    buf_free(&n->heard);
    remove_folder(n->home);
    free(n->home);
    free(n);
    return 0;
}

static void set_file(struct notes *n, const char *variable, const char *text)
{
    char *path = path_join(n->home, variable);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    setenv(variable, path, 1);
    free(path);
}

/* What the engine says. */
static void set_text(struct notes *n, const char *text)
{
    set_file(n, "FAKE_TEXT", text);
}

static void start(struct notes *n, bool saves)
{
    struct error err;
    if (!chat_open(&n->chat, &n->options, false, &err))
        fail_msg("%s", err.text);
    chat_start(&n->chat, &face, n, saves);
}

/* Takes events of both engines until one of this type was handled. */
static void take_until(struct notes *n, enum event_type type)
{
    struct chat_session *s = &n->chat;
    struct event e = {0};
    for (bool done = false; !done;) {
        struct pollfd fds[] = {
            {.fd = engine_fd(s->engine), .events = POLLIN},
            {.fd = s->next_engine ? engine_fd(s->next_engine) : -1, .events = POLLIN},
        };
        assert_true(poll(fds, 2, 60000) > 0);
        while (!done && engine_next(s->engine, &e)) {
            chat_event(s, &e);
            done = e.type == type;
        }
        while (!done && s->next_engine && engine_next(s->next_engine, &e)) {
            chat_next_event(s, &e);
            done = e.type == type;
        }
    }
}

static void forget(struct notes *n)
{
    n->heard.len = 0;
}

static void expect(struct notes *n, const char *heard)
{
    buf_puts(&n->heard, "");
    assert_string_equal(n->heard.data, heard);
    forget(n);
}

static bool has_heard(struct notes *n, const char *words)
{
    buf_puts(&n->heard, "");
    bool found = strstr(n->heard.data, words);
    if (!found)
        printf("heard: %s\n", n->heard.data);
    forget(n);
    return found;
}

static void send(struct notes *n, const char *text)
{
    chat_send(&n->chat, text, strlen(text));
}

static void converse(struct notes *n, const char *text)
{
    send(n, text);
    take_until(n, EVENT_DONE);
}

/* ---- turns ---------------------------------------------------------------------------- */

static void test_a_message_gets_an_answer(void **state)
{
    struct notes *n = *state;
    set_text(n, "Yes. No.");
    setenv("FAKE_PIECE", "5", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    expect(n, "");
    converse(n, "Well?");
    expect(n, "said Well?|answers now|text Yes. |text No.|answered -|");
    assert_int_equal(n->chat.status.state, STATE_READY);
    assert_int_equal(n->chat.status.stop, STOP_END);
}

/* ---- the starter's place -------------------------------------------------------------- */

/* A model with this name begins. */
static void start_named(struct notes *n, const char *file)
{
    struct error err;
    char *first = path_join(n->home, "first.qins"), *path = path_join(n->home, file);
    assert_int_equal(rename(first, path), 0);
    assert_true(options_set(&n->options, OPT_MODEL, path, SOURCE_FLAG, &err));
    free(first);
    free(path);
    set_text(n, "Once.");
    start(n, false);
    take_until(n, EVENT_READY);
}

static void test_the_program_answers_in_the_starters_place(void **state)
{
    struct notes *n = *state;
    start_named(n, "starter.qins");
    converse(n, "I want to kill myself");
    assert_non_null(fake_engine_instead);
    assert_non_null(strstr(fake_engine_instead, "crisis line"));
    converse(n, "Tell me a story about a cat.");
    assert_null(fake_engine_instead);
}

static void test_other_models_answer_themselves(void **state)
{
    struct notes *n = *state;
    start_named(n, "phi.qins");
    converse(n, "I want to kill myself");
    assert_null(fake_engine_instead);
}

/* ---- thinking ------------------------------------------------------------------------- */

static const struct message *last_answer(struct notes *n)
{
    const struct conversation *c = &n->chat.conversation;
    return &c->messages[conversation_last(c, CHAT_ASSISTANT)];
}

static void test_thinking_is_a_part_of_its_own(void **state)
{
    struct notes *n = *state;
    set_file(n, "FAKE_THINKING", "Hm, so.");
    set_text(n, "Yes.");
    setenv("FAKE_PIECE", "4", 1);
    start(n, true);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/thinking");
    expect(n, "notice There is no answer yet|");
    converse(n, "Well?");
    expect(n, "said Well?|answers now|thinking Hm, |thinking so.|text Yes.|answered -|");
    assert_string_equal(last_answer(n)->thinking.data, "Hm, so.");
    assert_string_equal(last_answer(n)->text.data, "Yes.");
    assert_int_equal(last_answer(n)->n_thinking, 2); /* of two pieces, 20 ms each */
    assert_int_equal((int)last_answer(n)->thinking_ms, 40);
    assert_false(n->chat.status.thinking);
    chat_command(&n->chat, "/thinking");
    expect(n, "Thinking Hm, so.|");
    char line[96];
    assert_string_equal(thought_line(last_answer(n), false, line, sizeof line),
                        "Thought for 40 ms, 2 tokens");

    chat_command(&n->chat, "/regen");
    take_until(n, EVENT_DONE);
    assert_int_equal(n->chat.conversation.n, 3);
    assert_string_equal(n->chat.conversation.messages[1].thinking.data, "Hm, so.");
    assert_string_equal(n->chat.conversation.messages[2].thinking.data, "Hm, so.");
    chat_new(&n->chat);
    assert_true(chat_open_last(&n->chat));
    assert_string_equal(last_answer(n)->thinking.data, "Hm, so.");
    assert_int_equal(last_answer(n)->n_thinking, 2);
}

static void test_thinking_that_was_stopped_goes_on(void **state)
{
    struct notes *n = *state;
    set_file(n, "FAKE_THINKING", "Hm, so.");
    set_text(n, "Yes.");
    setenv("FAKE_PIECE", "4", 1);
    setenv("FAKE_HOLD", "1", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    send(n, "Well?");
    take_until(n, EVENT_STATS);
    assert_true(n->chat.status.thinking);
    chat_stop(&n->chat);
    take_until(n, EVENT_DONE);
    expect(n, "said Well?|answers now|thinking Hm, |answered [stopped while it thought]|");
    assert_int_equal(n->chat.conversation.n, 2); /* it stays, though there is no text */
    unsetenv("FAKE_HOLD");
    chat_command(&n->chat, "/continue");
    take_until(n, EVENT_DONE); /* this engine begins anew */
    assert_string_equal(last_answer(n)->thinking.data, "Hm, Hm, so.");
    assert_string_equal(last_answer(n)->text.data, "Yes.");
    assert_int_equal(last_answer(n)->n_thinking, 3);
}

static void test_think_says_what_the_model_knows(void **state)
{
    struct notes *n = *state;
    set_file(n, "FAKE_THINKING", "Hm");
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/think");
    expect(n, "notice Thinking is auto; /think low, medium, high or auto changes it, /think off "
              "stops it|");
    chat_command(&n->chat, "/think low");
    expect(n, "notice Thinking is low from your next message on|");
    assert_string_equal(options_text(&n->options, OPT_THINK), "low");
    chat_command(&n->chat, "/think much");
    assert_true(has_heard(n, "notice think: \"much\" is not one of auto, on, off, low"));
    n->chat.status.can_think.has_effort = false;
    chat_command(&n->chat, "/think high");
    assert_true(has_heard(n, "this model knows only on and off; that means on"));
    n->chat.status.can_think.can_switch = false;
    chat_command(&n->chat, "/think off");
    assert_true(
        has_heard(n, "this model's template has no such switch; /set think_tokens N limits it"));
    n->chat.status.can_think.kind = NULL;
    chat_command(&n->chat, "/think");
    expect(n, "notice This model does not think before it answers|");
    chat_command(&n->chat, "/think on");
    expect(n, "notice Thinking is on for other models; this one does not think before it answers|");
}

/* ---- waiting -------------------------------------------------------------------------- */

static void test_a_message_waits_for_the_model(void **state)
{
    struct notes *n = *state;
    start(n, false);
    send(n, "early");
    chat_command(&n->chat, "/regen");
    expect(n, "said early|answers later|notice An answer is running: F99 stops it|");
    chat_stop(&n->chat);
    expect(n, "answered [stopped]|");
    chat_command(&n->chat, "/continue"); /* answers what was stopped before its first word */
    expect(n, "answers later|");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "answers now|answered"));
    assert_int_equal(n->chat.conversation.n, 2);
}

static void test_commands_wait_for_the_answer(void **state)
{
    const char *const lines[] = {"/regen",  "/edit",     "/undo",        "/continue",
                                 "/branch", "/branch 1", "/model first", "/bench"};
    struct notes *n = *state;
    set_text(n, "word word word");
    setenv("FAKE_HOLD", "1", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    send(n, "go");
    take_until(n, EVENT_TEXT);
    forget(n);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        chat_command(&n->chat, lines[i]);
        assert_true(has_heard(n, "notice An answer is running: "));
    }
    assert_int_equal(n->chat.conversation.n, 2);
    chat_stop(&n->chat);
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "answered [stopped]|"));
}

/* ---- what is saved -------------------------------------------------------------------- */

/* As it is laid out by the hub's own programs: the last part of the path is a commit. */
static void test_a_model_of_the_hub_is_saved_under_its_name(void **state)
{
    struct notes *n = *state;
    struct error err;
    char command[1024];
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p models--org--name/refs models--org--name/snapshots/" COMMIT
             " && printf " COMMIT " >models--org--name/refs/main"
             " && echo {} >models--org--name/snapshots/" COMMIT "/config.json",
             n->home);
    assert_int_equal(system(command), 0);
    assert_true(options_set(&n->options, OPT_MODEL, "org/name", SOURCE_FLAG, &err));
    set_text(n, "Hello");
    start(n, true);
    take_until(n, EVENT_READY);
    converse(n, "hi");
    assert_string_equal(n->chat.model_name, "org/name");
    struct conversation saved = {0};
    bool taken;
    int64_t id = n->chat.conversation.id;
    saving_release(&n->chat.saving);
    assert_true(store_load(n->chat.saving.store, id, &saved, &taken, &err));
    assert_string_equal(saved.model, "org/name");
    assert_string_equal(saved.messages[1].model, "org/name");
    conversation_free(&saved);
}

static void test_the_preset_and_the_system_prompt_are_saved(void **state)
{
    struct notes *n = *state;
    struct error err;
    set_text(n, "Hello");
    start(n, true);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/preset precise");
    chat_command(&n->chat, "/system Be brief.");
    converse(n, "hi");
    struct conversation saved = {0};
    bool taken;
    int64_t id = n->chat.conversation.id;
    saving_release(&n->chat.saving);
    assert_true(store_load(n->chat.saving.store, id, &saved, &taken, &err));
    assert_string_equal(saved.preset, "precise");
    assert_string_equal(saved.system, "Be brief.");
    conversation_free(&saved);
}

static void restart(struct notes *n)
{
    chat_close(&n->chat);
    options_unset(&n->options, OPT_SYSTEM, SOURCE_USER);
    start(n, true);
    take_until(n, EVENT_READY);
}

/* Its system prompt comes back, unless the person has set another one. */
static void test_a_conversation_is_opened_with_its_system_prompt(void **state)
{
    struct notes *n = *state;
    set_text(n, "Hello");
    start(n, true);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/system First.");
    converse(n, "about ice");
    chat_command(&n->chat, "/new");
    assert_true(has_heard(n, "path elsewhere|notice A new conversation|"));
    chat_command(&n->chat, "/system Second.");
    converse(n, "about fire");
    restart(n);
    forget(n);
    chat_command(&n->chat, "/open ice");
    expect(n, "path elsewhere|");
    assert_string_equal(options_text(&n->options, OPT_SYSTEM), "First.");
    assert_string_equal(text_of(n, 0), "about ice");
    chat_command(&n->chat, "/open ice");
    expect(n, "notice This conversation is already open|");
    chat_command(&n->chat, "/open fire");
    assert_string_equal(options_text(&n->options, OPT_SYSTEM), "Second.");
    chat_command(&n->chat, "/system Third.");
    chat_command(&n->chat, "/open ice");
    assert_string_equal(options_text(&n->options, OPT_SYSTEM), "Third.");
    forget(n);
    chat_command(&n->chat, "/open wind");
    expect(n, "notice No conversation matches wind; /open lists them all|");
}

/* ---- another model -------------------------------------------------------------------- */

static void make_second(struct notes *n)
{
    char *path = path_join(n->home, "second.qins");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    free(path);
}

/* Once per conversation and model, not with every turn. */
static void test_folding_is_told_once(void **state)
{
    struct notes *n = *state;
    static const char words[] = "takes no system prompt";
    setenv("FAKE_FOLDING", "2", 1); /* CHAT_SYSTEM_FOLDED */
    set_text(n, "Yes.");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "One");
    assert_true(has_heard(n, words));
    converse(n, "Two");
    buf_puts(&n->heard, "");
    assert_null(strstr(n->heard.data, words));
    forget(n);
    chat_new(&n->chat);
    converse(n, "Three");
    assert_true(has_heard(n, words));
    chat_choose_model(&n->chat, n->chat.model_path);
    take_until(n, EVENT_READY);
    converse(n, "Four");
    assert_true(has_heard(n, words));
}

/* The same model, loaded again; what cannot be loaded changes nothing. */
static void test_another_template(void **state)
{
    struct notes *n = *state;
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/set template chatml");
    assert_non_null(n->chat.next_engine);
    take_until(n, EVENT_READY);
    assert_null(n->chat.next_engine);
    assert_string_equal(options_text(&n->options, OPT_TEMPLATE), "chatml");
    assert_true(has_heard(n, "The template of first is"));
    chat_command(&n->chat, "/set template nothing");
    assert_null(n->chat.next_engine);
    assert_true(has_heard(n, "there are: alpaca, chatml"));
    chat_command(&n->chat, "/set template own");
    take_until(n, EVENT_READY);
    setenv("FAKE_FAILURE", "line 1:2: what?", 1);
    chat_command(&n->chat, "/set template ./odd.jinja");
    take_until(n, EVENT_FAILED);
    assert_true(has_heard(n, "Keeping first: line 1:2: what?"));
    assert_string_equal(options_text(&n->options, OPT_TEMPLATE), "");
}

static void test_another_model_is_told_wherever_it_is_asked_for(void **state)
{
    struct notes *n = *state;
    char *path = path_join(n->home, "second.qins"), line[400];
    make_second(n);
    start(n, false);
    take_until(n, EVENT_READY);
    snprintf(line, sizeof line, "/set model %s", path); /* as good as /model */
    chat_command(&n->chat, line);
    expect(n, "notice Loading second|");
    chat_command(&n->chat, "/model first");
    expect(n, "notice Another model is already loading|");
    take_until(n, EVENT_READY);
    expect(n, "notice Switched to second|");
    assert_string_equal(n->chat.model_name, "second");
    assert_string_equal(n->chat.model_path, path);
    assert_string_equal(options_text(&n->options, OPT_MODEL), path);
    chat_command(&n->chat, "/set model");
    assert_true(has_heard(n, "second.qins"));
    chat_command(&n->chat, "/about");
    assert_true(has_heard(n, "This model: second,"));
    free(path);
}

static void test_a_model_that_fails_leaves_the_old_one(void **state)
{
    struct notes *n = *state;
    char line[400];
    set_text(n, "Hello");
    make_second(n);
    start(n, false);
    take_until(n, EVENT_READY);
    setenv("FAKE_FAILURE", "it is broken", 1);
    snprintf(line, sizeof line, "/model %s/second.qins", n->home);
    chat_command(&n->chat, line);
    send(n, "waits");
    forget(n);
    take_until(n, EVENT_FAILED);
    expect(n, "notice Keeping first: it is broken|answers now|");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "text Hello|answered -|"));
    chat_command(&n->chat, "/model nonesuch");
    assert_true(has_heard(n, "notice nonesuch: no such file or model"));
}

static void test_no_model_ends_the_program(void **state)
{
    struct notes *n = *state;
    setenv("FAKE_FAILURE", "it is broken", 1);
    start(n, false);
    take_until(n, EVENT_FAILED);
    expect(n, "quit -|");
}

/* ---- versions ------------------------------------------------------------------------- */

static void test_versions(void **state)
{
    struct notes *n = *state;
    struct error err;
    set_text(n, "Hello");
    assert_true(options_set(&n->options, OPT_SEED, "5", SOURCE_FLAG, &err));
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/undo");
    chat_command(&n->chat, "/regen");
    chat_command(&n->chat, "/edit");
    chat_command(&n->chat, "/edit answer");
    chat_command(&n->chat, "/continue");
    expect(n, "notice Nothing to undo|notice There is no answer to regenerate|"
              "notice You have not sent a message to edit|notice There is no answer to edit|"
              "notice There is no answer to continue|");
    converse(n, "one");
    assert_int_equal(fake_engine_seed, 5);
    forget(n);
    chat_command(&n->chat, "/regen");
    take_until(n, EVENT_DONE);
    expect(n, "path here|answers now|text Hello|answered -|");
    assert_int_equal(fake_engine_seed, 6);
    chat_command(&n->chat, "/edit");
    expect(n, "rewrite one|");
    chat_rewrite(&n->chat, n->rewritten, "two", 3);
    take_until(n, EVENT_DONE);
    expect(n, "path here|answers now|text Hello|answered -|");
    assert_string_equal(text_of(n, n->chat.conversation.path[0]), "two");
    chat_command(&n->chat, "/edit answer");
    chat_rewrite(&n->chat, n->rewritten, "mine", 4);
    expect(n, "rewrite Hello|path here|notice /continue continues your version; /branch 1 "
              "shows the first one|");
    chat_command(&n->chat, "/branch 1");
    expect(n, "path elsewhere|");
    assert_string_equal(text_of(n, n->chat.conversation.path[1]), "Hello");
    chat_command(&n->chat, "/branch 3");
    expect(n, "notice There are 2 versions; /branch lists all branches|");
    chat_command(&n->chat, "/branch");
    expect(n, "list branches|");
    chat_command(&n->chat, "/undo");
    expect(n, "path elsewhere|notice Last exchange undone; /branch brings it back|");
    assert_int_equal(n->chat.conversation.n_path, 0);
}

/* The one before it is shown, and sent, again. */
static void test_a_version_without_a_word_is_dropped(void **state)
{
    struct notes *n = *state;
    set_text(n, "Hello");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    forget(n);
    chat_command(&n->chat, "/regen");
    n->chat.ids_known = false; /* no ids, no text: nothing came of it */
    chat_leave(&n->chat, STOP_CANCELLED);
    expect(n, "path here|answers now|answered [stopped]|path elsewhere|");
    assert_int_equal(n->chat.conversation.n_path, 2);
    assert_string_equal(text_of(n, n->chat.conversation.path[1]), "Hello");
}

/* ---- a context that fills up: the fake engine takes 10 tokens for a message ------------ */

static void fill_context(struct notes *n)
{
    set_text(n, "aaaaabbbbbcccccdddddeeeee");
    setenv("FAKE_PIECE", "5", 1);
    setenv("FAKE_CONTEXT", "42", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    forget(n);
    converse(n, "two"); /* 40 of a prompt, 2 of an answer */
}

static void test_a_full_context_asks(void **state)
{
    struct notes *n = *state;
    fill_context(n);
    assert_true(has_heard(n, "answered [context full]|asks The context is full. Drop the oldest "
                             "exchange from what the model sees?|"));
    chat_reply(&n->chat, true);
    expect(n, "note [the model no longer sees the oldest exchange]|notice From your next message "
              "on, the model no longer sees the oldest exchange|");
    assert_int_equal(n->chat.context.n_left_out, 1);
    chat_reply(&n->chat, true); /* once only */
    assert_int_equal(n->chat.context.n_left_out, 1);
}

static void set_option(struct notes *n, enum option_id id, const char *value)
{
    struct error err;
    assert_true(options_set(&n->options, id, value, SOURCE_FLAG, &err));
}

/* A system prompt and four exchanges of 2 x 10 tokens, and one of the last answer: at 80 % as many
 * go, unasked, as leave half of the context: two would leave 51. */
static void test_a_context_slides_in_large_steps(void **state)
{
    struct notes *n = *state;
    set_text(n, "aaaaa");
    setenv("FAKE_PIECE", "5", 1);
    setenv("FAKE_CONTEXT", "100", 1);
    set_option(n, OPT_CONTEXT_FULL, "slide");
    start(n, false);
    take_until(n, EVENT_READY);
    for (int i = 0; i < 4; i++)
        converse(n, "one");
    assert_int_equal(n->chat.context.n_left_out, 0);
    forget(n);
    converse(n, "five");
    assert_true(has_heard(n, "note [the model no longer sees the 3 oldest exchanges]|"));
    assert_int_equal(n->chat.context.n_left_out, 3);
    assert_int_equal(n->chat.conversation.n_path, 10); /* nothing is gone */
    for (int i = 0; i < 20; i++)
        converse(n, "more");
    buf_puts(&n->heard, "");
    assert_null(strstr(n->heard.data, "asks")); /* nor is anything asked, or full */
    assert_null(strstr(n->heard.data, "context full"));
}

static void test_a_message_that_does_not_fit_slides(void **state)
{
    struct notes *n = *state;
    set_option(n, OPT_CONTEXT_FULL, "slide");
    fill_context(n); /* at once: no answer before told how full it is */
    assert_int_equal(n->chat.context.n_left_out, 1);
    assert_true(has_heard(n, "note [the model no longer sees the oldest exchange]|"));
}

/* ---- a summary in the place of the oldest ---------------------------------------------- */

/* Five exchanges, "one" to "five". */
static void say_five(struct notes *n)
{
    static const char *const words[] = {"one", "two", "three", "four", "five"};
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    for (int i = 0; i < 5; i++)
        converse(n, words[i]);
    forget(n);
}

static void expect_path(struct notes *n, const char *path)
{
    const struct conversation *c = &n->chat.conversation;
    struct buf found = {0};
    for (size_t i = 0; i < c->n_path; i++)
        buf_printf(&found, "%s|", c->messages[c->path[i]].text.data);
    buf_puts(&found, "");
    assert_string_equal(found.data, path);
    buf_free(&found);
}

#define ALL "one|yes|two|yes|three|yes|four|yes|five|yes|"
#define SUMMARISED "Summarise our conversation so far.|yes|four|yes|five|yes|"

static void test_a_summary_takes_the_place_of_the_oldest(void **state)
{
    struct notes *n = *state;
    say_five(n);
    chat_command(&n->chat, "/compact");
    assert_true(chat_is_busy(&n->chat));
    take_until(n, EVENT_DONE);
    expect(n, "note [a summary of the 6 oldest messages]|answers later|text yes|answered -|path "
              "elsewhere|notice A summary stands for the 6 oldest messages now; /undo brings them "
              "back|");
    expect_path(n, SUMMARISED);
    assert_int_equal(fake_engine_messages, 8); /* system, six messages, what is asked for */
    chat_command(&n->chat, "/undo");
    expect(n, "path elsewhere|notice The summary is undone; /branch shows it again|");
    expect_path(n, ALL);
    chat_command(&n->chat, "/branch 2");
    expect_path(n, SUMMARISED);
    forget(n);
    converse(n, "six"); /* goes on behind it */
    assert_int_equal(fake_engine_messages, 8);
    chat_command(&n->chat, "/undo");
    expect_path(n, SUMMARISED);
}

/* Of what the model sees behind the system prompt. */
static void expect_seen(struct notes *n, const char *messages)
{
    struct chat request = {0};
    struct buf found = {0};
    chat_path_request(&n->chat, &request);
    assert_int_equal(request.messages[0].role, CHAT_SYSTEM);
    for (size_t i = 1; i < request.n; i++)
        buf_printf(&found, "%s|", request.messages[i].text.data);
    assert_string_equal(found.data, messages);
    buf_free(&found);
    chat_free(&request);
}

/* It stands for what is older than all the others: they go before it. */
static void test_a_summary_stays_while_the_context_slides(void **state)
{
    struct notes *n = *state;
    setenv("FAKE_CONTEXT", "600", 1);
    set_option(n, OPT_CONTEXT_FULL, "slide");
    say_five(n);
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_DONE);
    for (int i = 0; i < 60; i++) {
        converse(n, "more");
        struct chat request = {0};
        chat_path_request(&n->chat, &request);
        assert_string_equal(request.messages[1].text.data, "Summarise our conversation so far.");
        assert_true(request.n >= 7 && request.n <= 60);
        chat_free(&request);
    }
    assert_true(n->chat.context.n_left_out > 10);
    assert_null(strstr(n->heard.data, "asks"));
}

static void test_a_summary_goes_last(void **state)
{
    struct notes *n = *state;
    say_five(n);
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_DONE);
    expect_seen(n, SUMMARISED);
    chat_drop_oldest(&n->chat, 1);
    expect_seen(n, "Summarise our conversation so far.|yes|five|yes|");
    forget(n);
    chat_drop_oldest(&n->chat, 1);
    expect(n, "note [the model no longer sees the summary]|");
    expect_seen(n, "five|yes|");
    converse(n, "six");
    expect_seen(n, "five|yes|six|yes|");
    chat_drop_oldest(&n->chat, 1);
    expect_seen(n, "six|yes|");
    chat_command(&n->chat, "/undo");
    expect_seen(n, "five|yes|");
    chat_command(&n->chat, "/undo"); /* of the summary */
    expect_seen(n, ALL);
}

static void test_how_many_stay(void **state)
{
    struct notes *n = *state;
    say_five(n);
    chat_command(&n->chat, "/compact x");
    assert_true(has_heard(n, "notice /compact [N]: "));
    chat_command(&n->chat, "/compact -1");
    assert_true(has_heard(n, "notice /compact [N]: "));
    chat_command(&n->chat, "/compact 5");
    expect(n, "notice Nothing to summarise: there are no more than 5 exchanges|");
    chat_command(&n->chat, "/compact 0");
    take_until(n, EVENT_DONE);
    expect_path(n, "Summarise our conversation so far.|yes|");
}

static void test_a_summary_that_is_stopped_changes_nothing(void **state)
{
    struct notes *n = *state;
    say_five(n);
    size_t before = n->chat.conversation.n;
    setenv("FAKE_PIECE", "2", 1);
    setenv("FAKE_HOLD", "1", 1);
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_TEXT);
    chat_stop(&n->chat);
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n,
                          "answered [stopped]|path elsewhere|notice No summary was made; nothing "
                          "changed|"));
    expect_path(n, ALL);
    assert_int_equal(n->chat.conversation.n, before);
    assert_false(chat_is_busy(&n->chat));
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_TEXT);
    chat_leave(&n->chat, STOP_CANCELLED);
    assert_false(chat_is_busy(&n->chat));
    expect_path(n, ALL);
}

static void test_a_summary_that_is_cut_changes_nothing(void **state)
{
    struct notes *n = *state;
    say_five(n);
    size_t before = n->chat.conversation.n;
    setenv("FAKE_STOP", "cut", 1);
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "answered [cut off]|path elsewhere|notice The summary was cut off; "
                             "nothing changed"));
    setenv("FAKE_STOP", "length", 1);
    chat_command(&n->chat, "/compact");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "notice The summary did not end within 512 tokens; nothing changed|"));
    expect_path(n, ALL);
    assert_int_equal(n->chat.conversation.n, before);
    assert_false(chat_is_busy(&n->chat));
}

static void test_a_base_model_writes_no_summary(void **state)
{
    struct notes *n = *state;
    setenv("FAKE_TEMPLATE", "none", 1);
    say_five(n);
    chat_command(&n->chat, "/compact");
    expect(n, "notice This model has no chat template: it cannot be asked for a summary|");
    assert_false(chat_is_busy(&n->chat));
}

/* Nothing stands before it that the model could write it by. `undo`: what was said comes back. */
static void test_a_summary_has_no_other_version(void **state)
{
    static const char *const lines[] = {"/regen", "/edit", "/continue", "/tokens", "/tokens 1 2"};
    struct notes *n = *state;
    say_five(n);
    chat_command(&n->chat, "/compact 0");
    take_until(n, EVENT_DONE);
    n->chat.compact.before = n->chat.compact.after = NO_MESSAGE; /* as after it was opened */
    size_t before = n->chat.conversation.n;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        forget(n);
        chat_command(&n->chat, lines[i]);
        expect(n, i < 3 ? "notice This is a summary: /undo, then /compact, writes another one|"
                        : "notice The tokens of a summary are not known|");
        assert_false(chat_is_busy(&n->chat));
    }
    chat_command(&n->chat, "/edit answer");
    chat_rewrite(&n->chat, n->rewritten, "mine", 4);
    expect_path(n, "Summarise our conversation so far.|mine|");
    assert_true(has_heard(n, "notice This is the summary now; /branch 1 shows the model's|"));
    assert_int_equal(n->chat.conversation.n, before + 1);
    chat_command(&n->chat, "/undo");
    expect(n, "path elsewhere|notice The summary is undone; /branch shows it again|");
    expect_path(n, ALL);
}

/* The fake engine counts a token for four bytes: a message of 1,000 tokens is read in pieces that
 * fit into 400, each time with the summary so far in front. */
static void test_what_does_not_fit_is_summarised_in_pieces(void **state)
{
    struct notes *n = *state;
    char long_text[4001];
    memset(long_text, 'x', 4000);
    long_text[4000] = '\0';
    set_text(n, "yes");
    setenv("FAKE_CONTEXT", "400", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, long_text);
    converse(n, "two");
    forget(n);
    chat_command(&n->chat, "/compact 1");
    int n_turns = 0;
    for (; chat_is_busy(&n->chat); n_turns++)
        take_until(n, EVENT_DONE);
    assert_true(n_turns >= 4 && n_turns <= 8);
    assert_int_equal(fake_engine_messages, 6); /* system, two of the summary, the rest of the long
                                                  message, its answer, what is asked for */
    expect_path(n, "Summarise our conversation so far.|yes|two|yes|");
}

/* ---- tokens: the fake engine has one token an answer, or those that it is given ---------- */

static void test_tokens_of_an_answer(void **state)
{
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/tokens");
    expect(n, "notice There is no answer yet|");
    converse(n, "one");
    forget(n);
    chat_command(&n->chat, "/tokens");
    assert_true(has_heard(n, "1. \"t1\" 0.67, 1.2 bits:  1 \"t1\" 0.67  2 \"t0\" 0.24  3 \"t2\" "
                             "0.09\n"));
    chat_command(&n->chat, "/tokens 2 1");
    assert_true(
        has_heard(n, "notice /tokens N K: N is a token from 1 to 1, K one of its choices|"));
    chat_command(&n->chat, "/tokens 1 4");
    assert_true(has_heard(n, "notice /tokens N K: "));
}

static void test_another_choice_is_a_new_version(void **state)
{
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    forget(n);
    chat_command(&n->chat, "/tokens 1 2");
    take_until(n, EVENT_DONE);
    expect(n, "path here|answers now|text yes|answered -|");
    assert_int_equal(fake_engine_given, 1);
    assert_int_equal(n->chat.conversation.n, 3);
    chat_command(&n->chat, "/branch 1");
    assert_int_equal(n->chat.conversation.path[1], 1);
}

/* As after it was opened: the model reads its text, of three bytes, again. */
static void test_an_answer_without_numbers_is_read_again(void **state)
{
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    struct message *m = &n->chat.conversation.messages[1];
    ids_free(&m->ids);
    odds_free(&m->odds);
    forget(n);
    char *path = path_join(n->home, "t.json"), *command = xasprintf("/tokens %s", path);
    chat_command(&n->chat, command);
    assert_true(has_heard(n, "notice The model reads its answer again, 3 tokens...|"));
    assert_true(chat_is_busy(&n->chat));
    take_until(n, EVENT_DONE);
    assert_int_equal(fake_engine_given, 3);
    assert_true(has_heard(n, "notice 3 tokens are in "));
    expect_path(n, "one|yes|");
    struct buf text = {0};
    struct error err;
    assert_true(read_file(&text, path, 1 << 16, &err));
    assert_non_null(strstr(text.data, "\"entropy_bits\""));
    chat_command(&n->chat, command); /* is there */
    assert_true(has_heard(n, "t.json"));
    buf_free(&text);
    free(command);
    free(path);
}

/* Bytes are tokens: none of a character is text by itself. */
static void test_a_token_that_is_a_part_of_a_character(void **state)
{
    struct notes *n = *state;
    set_text(n, "\u00e9");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    struct message *m = &n->chat.conversation.messages[1];
    ids_free(&m->ids);
    odds_free(&m->odds);
    setenv("FAKE_BYTES", "1", 1);
    chat_command(&n->chat, "/tokens");
    take_until(n, EVENT_DONE);
    assert_true(
        has_heard(n, "2. <A9> 0.67, 1.2 bits:  1 <C3> 0.67  2 <E6 97> 0.24  3 \"x\" 0.09\n"));
    char *path = path_join(n->home, "t.json"), *command = xasprintf("/tokens %s", path);
    chat_command(&n->chat, command);
    struct buf text = {0};
    struct error err;
    assert_true(read_file(&text, path, 1 << 16, &err));
    assert_non_null(strstr(text.data, "\"bytes\": [\n    169\n   ],"));
    assert_non_null(strstr(text.data, "      230,\n      151\n"));
    buf_free(&text);
    free(command);
    free(path);
}

/* ---- /compare: the fake engine's other side is at a distance that is the same for each token --
 */

static void test_an_answer_is_compared(void **state)
{
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/compare other");
    expect(n, "notice There is no answer yet|");
    converse(n, "one");
    forget(n);
    chat_command(&n->chat, "/compare nobody");
    expect(n, "notice nobody: no such file or model|");
    chat_command(&n->chat, "/compare other");
    expect(n, "notice other reads the answer too, 1 tokens; F99 stops it|");
    assert_true(chat_is_busy(&n->chat));
    chat_command(&n->chat, "/regen");
    expect(n, "notice An answer is running: F99 stops it|");
    take_until(n, EVENT_DONE);
    assert_false(chat_is_busy(&n->chat));
    /* by softmax of (1, 2, 0) and (1, 2.25, 0): 0.66524, 0.71844; KL 0.00676 */
    assert_true(has_heard(n, "1. \"t1\" KL 0.007, 0.67, 0.72\n\nKL per token: [#]\n"
                             "KL 0.00676 nats, 0.00676 per token; same first choice 1 of 1; "
                             "perplexity 1.50 and 1.39\n"));
    expect_path(n, "one|yes|");
    forget(n);
    chat_command(&n->chat, "/compare");
    assert_true(has_heard(n, "1. \"t1\" KL 0.007, 0.67, 0.72\n"));
    chat_command(&n->chat, "/compare qins4");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "the predictions of qins8 and qins4 are apart"));
    converse(n, "two");
    forget(n);
    chat_command(&n->chat, "/compare"); /* of an answer before */
    assert_true(has_heard(n, "notice /compare MODEL"));
    chat_new(&n->chat);
    assert_int_equal(n->chat.scoring.turn, 0);
}

/* exp(2) and exp(60): the last is no number to write out. */
static void test_a_text_that_a_model_does_not_know_at_all(void **state)
{
    struct notes *n = *state;
    struct compared_token token = {.nats = {2, 60}};
    struct buf out = {0};
    comparison_push(&n->chat.compared.tokens, &token);
    chat_compare_part(&n->chat, 2, &out);
    assert_string_equal(out.data, "perplexity 7.39 and 1.14e+26");
    buf_free(&out);
}

static void test_a_comparison_is_stopped(void **state)
{
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    setenv("FAKE_READING_MS", "60000", 1);
    forget(n);
    chat_command(&n->chat, "/compare other");
    assert_int_equal(n->chat.status.state, STATE_COMPARING);
    struct event loads = {.type = EVENT_PROMPT, .turn = n->chat.scoring.turn};
    event_set_text(&loads, "loading", 7);
    chat_event(&n->chat, &loads);
    assert_string_equal(n->chat.status.step, "loading");
    chat_stop(&n->chat);
    take_until(n, EVENT_DONE);
    assert_string_equal(n->chat.status.step, "");
    assert_true(has_heard(n, "notice Stopped: nothing is compared|"));
    assert_int_equal(n->chat.status.state, STATE_READY);
    chat_command(&n->chat, "/compare other");
    chat_new(&n->chat); /* nobody waits for it any more */
    assert_false(chat_is_busy(&n->chat));
    take_until(n, EVENT_DONE);
    unsetenv("FAKE_READING_MS");
    converse(n, "two");
    expect_path(n, "two|yes|");
}

static void test_a_comparison_in_a_file(void **state)
{
    static const char *const lines[] = {"/compare", "/compare other --force a.txt",
                                        "/compare --force a.json"};
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        forget(n);
        chat_command(&n->chat, lines[i]);
        expect(n, "notice /compare MODEL, /compare FORMAT, or behind it [--force] FILE.json|");
    }
    char *path = path_join(n->home, "c.json"), *command = xasprintf("/compare other %s", path),
         *forced = xasprintf("/compare other --force %s", path);
    chat_command(&n->chat, command);
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "notice 1 tokens are in "));
    struct buf text = {0};
    struct error err;
    assert_true(read_file(&text, path, 1 << 16, &err));
    assert_non_null(strstr(text.data, "\"same_choices\": 1,"));
    forget(n);
    chat_command(&n->chat, command); /* is there, which is told before anything is read */
    assert_true(has_heard(n, "use --force"));
    assert_false(chat_is_busy(&n->chat));
    forget(n);
    chat_command(&n->chat, forced);
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "notice 1 tokens are in "));
    buf_free(&text);
    free(forced);
    free(command);
    free(path);
}

static void test_other_names_are_no_file(void **state)
{
    static const char *const lines[] = {"/tokens 3", "/tokens a b", "/tokens --force x",
                                        "/tokens .json", "/tokens 1 2 3"};
    struct notes *n = *state;
    set_text(n, "yes");
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        forget(n);
        chat_command(&n->chat, lines[i]);
        expect(n, "notice /tokens, /tokens N K, or /tokens [--force] FILE.json|");
    }
    assert_int_not_equal(access("3", F_OK), 0);
}

static void test_a_full_context_with_nobody_to_ask(void **state)
{
    struct notes *n = *state;
    n->nobody = true;
    fill_context(n);
    assert_true(
        has_heard(n, "notice The context of 42 tokens is full; /new starts a new conversation|"));
    assert_int_equal(n->chat.context.n_left_out, 0);
}

static void test_a_context_that_is_nearly_full_is_told_once(void **state)
{
    struct notes *n = *state;
    set_text(n, "aaaaa");
    setenv("FAKE_CONTEXT", "70", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "one");
    forget(n);
    converse(n, "two"); /* 41 of 70 */
    expect(n, "said two|answers now|text aaaaa|answered -|");
    converse(n, "three"); /* 61 */
    assert_true(has_heard(n, "notice The context is 80 % full."));
    chat_command(&n->chat, "/regen");
    take_until(n, EVENT_DONE);
    expect(n, "path here|answers now|text aaaaa|answered -|");
}

/* ---- the table ------------------------------------------------------------------------ */

static void test_every_command_does_something_or_says_why_not(void **state)
{
    struct notes *n = *state;
    start(n, true);
    take_until(n, EVENT_READY);
    for (size_t i = 0; i < n_commands; i++) {
        char line[40];
        snprintf(line, sizeof line, "/%s", commands[i].name);
        assert_non_null(commands[i].run);
        forget(n);
        chat_command(&n->chat, line);
        assert_true(n->heard.len > 0);
        assert_null(strstr(n->heard.data, "Unknown"));
        if (commands[i].not_in_lines)
            assert_non_null(strstr(n->heard.data, "full-screen"));
        if (n->chat.bench)
            take_until(n, EVENT_DONE);
    }
}

static void test_help_names_what_this_face_has(void **state)
{
    struct notes *n = *state;
    start(n, false);
    chat_command(&n->chat, "/help");
    buf_puts(&n->heard, "");
    for (size_t i = 0; i < n_commands; i++) {
        char line[200];
        snprintf(line, sizeof line, "/%s%s%s: %s.\n", commands[i].name,
                 *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].help);
        assert_int_equal(strstr(n->heard.data, line) != NULL, !commands[i].not_in_lines);
    }
    assert_int_equal(strncmp(n->heard.data, "Help before\n", 12), 0);
    assert_non_null(strstr(n->heard.data, "behind\n|"));
}

static void test_settings(void **state)
{
    struct notes *n = *state;
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/set temperature 1.5");
    expect(n, "notice temperature is 1.5|");
    assert_int_equal(n->chat.status.changed, 1); /* no token was drawn with it */
    chat_command(&n->chat, "/set context 100");
    expect(n, "notice context can't be changed while running; restart with --context N|");
    chat_command(&n->chat, "/set keep_context 1");
    expect(n, "notice keep_context can't be changed while running; restart with --keep-context "
              "GIB|");
    chat_command(&n->chat, "/set nonsense 1");
    expect(n, "notice There is no setting named nonsense|");
    chat_command(&n->chat, "/system none");
    expect(n, "notice No system prompt from your next message on|");
    chat_command(&n->chat, "/system edit");
    expect(n, "editor |");
    chat_command(&n->chat, "/stats now");
    expect(n, "notice /stats takes no argument|");
    chat_command(&n->chat, "/hlep");
    expect(n, "notice Unknown command. Did you mean /help?|");
    chat_command(&n->chat, "/xyzzyxyzzy");
    expect(n, "notice Unknown command. To send text that starts with a slash, type // first.|");
}

static void test_numbers_are_told(void **state)
{
    struct notes *n = *state;
    set_text(n, "aaaaabbbbb");
    setenv("FAKE_PIECE", "5", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/stats");
    assert_true(has_heard(n, "Numbers No answer yet\n"));
    converse(n, "hi");
    chat_command(&n->chat, "/stats");
    assert_true(has_heard(n, "\nanswer: 2 tokens, "));
}

static void test_what_was_said_is_found(void **state)
{
    struct notes *n = *state;
    set_text(n, "Light bends.");
    setenv("FAKE_PIECE", "50", 1);
    start(n, false);
    take_until(n, EVENT_READY);
    converse(n, "why does light bend");
    forget(n);
    chat_command(&n->chat, "/find light");
    expect(n, "Found 1. You: why does light bend\n2. Assistant: Light bends.\n2 found, in 2 of 2 "
              "messages.\n|");
    chat_command(&n->chat, "/find WHY"); /* a capital wants itself */
    expect(n, "notice Not found|");
    chat_command(&n->chat, "/find why");
    expect(n, "Found 1. You: why does light bend\n1 found, in 1 of 2 messages.\n|");
    chat_command(&n->chat, "/find ice");
    expect(n, "notice Not found|");
}

static void test_a_measurement_is_no_part_of_the_conversation(void **state)
{
    struct notes *n = *state;
    set_text(n, "Hello");
    start(n, false);
    take_until(n, EVENT_READY);
    chat_command(&n->chat, "/bench");
    take_until(n, EVENT_DONE);
    assert_true(has_heard(n, "notice Measuring 32 tokens...|notice 1 tokens at "));
    assert_int_equal(n->chat.conversation.n, 0);
    assert_false(chat_is_busy(&n->chat));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_message_gets_an_answer),
        T(test_the_program_answers_in_the_starters_place),
        T(test_other_models_answer_themselves),
        T(test_thinking_is_a_part_of_its_own),
        T(test_thinking_that_was_stopped_goes_on),
        T(test_think_says_what_the_model_knows),
        T(test_a_message_waits_for_the_model),
        T(test_commands_wait_for_the_answer),
        T(test_a_model_of_the_hub_is_saved_under_its_name),
        T(test_the_preset_and_the_system_prompt_are_saved),
        T(test_a_conversation_is_opened_with_its_system_prompt),
        T(test_folding_is_told_once),
        T(test_another_template),
        T(test_another_model_is_told_wherever_it_is_asked_for),
        T(test_a_model_that_fails_leaves_the_old_one),
        T(test_no_model_ends_the_program),
        T(test_versions),
        T(test_a_version_without_a_word_is_dropped),
        T(test_a_full_context_asks),
        T(test_a_context_slides_in_large_steps),
        T(test_a_message_that_does_not_fit_slides),
        T(test_a_summary_stays_while_the_context_slides),
        T(test_a_summary_goes_last),
        T(test_a_summary_takes_the_place_of_the_oldest),
        T(test_how_many_stay),
        T(test_a_summary_that_is_stopped_changes_nothing),
        T(test_a_summary_that_is_cut_changes_nothing),
        T(test_a_base_model_writes_no_summary),
        T(test_a_summary_has_no_other_version),
        T(test_what_does_not_fit_is_summarised_in_pieces),
        T(test_tokens_of_an_answer),
        T(test_another_choice_is_a_new_version),
        T(test_an_answer_without_numbers_is_read_again),
        T(test_a_token_that_is_a_part_of_a_character),
        T(test_an_answer_is_compared),
        T(test_a_text_that_a_model_does_not_know_at_all),
        T(test_a_comparison_is_stopped),
        T(test_a_comparison_in_a_file),
        T(test_other_names_are_no_file),
        T(test_a_full_context_with_nobody_to_ask),
        T(test_a_context_that_is_nearly_full_is_told_once),
        T(test_every_command_does_something_or_says_why_not),
        T(test_help_names_what_this_face_has),
        T(test_settings),
        T(test_numbers_are_told),
        T(test_what_was_said_is_found),
        T(test_a_measurement_is_no_part_of_the_conversation),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
