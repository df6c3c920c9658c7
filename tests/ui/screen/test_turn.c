/* SPDX-License-Identifier: MIT
 *
 * The engine's events become chat, transcript and status. The engine is the fake one.
 */
#include <poll.h>
#include <string.h>

#include "chat_bench.h"
#include "chat_conversations.h"
#include "chat_face.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "layer_table.h"
#include "lists.h"
#include "picker_layer.h"
#include "test.h"

extern uint64_t fake_engine_seed; /* of the last turn */
extern char fake_engine_keeps[256];
static struct options options;

static void open_app(struct app *a)
{
    options_init(&options);
    *a = (struct app){.chat.options = &options,
                      .chat.face = &screen_chat_face,
                      .chat.self = a,
                      .chat.saving.off = true,
                      .chat.engine = engine_start(&(struct engine_options){0})};
    reader_init(&a->reader);
    layers_init(&a->layers, layer_table);
}

static void close_app(struct app *a)
{
    chat_close(&a->chat);
    reader_free(&a->reader);
    options_free(&options);
    buf_free(&a->prompt.notice);
}

/* Takes the engine's events until one of this type was handled. */
static void take_until(struct app *a, enum event_type type)
{
    struct event e = {0};
    for (bool done = false; !done;) {
        struct pollfd p = {.fd = engine_fd(a->chat.engine), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 60000), 1);
        while (!done && engine_next(a->chat.engine, &e)) {
            chat_event(&a->chat, &e);
            done = e.type == type;
        }
    }
}

static struct event text_event(uint32_t turn, const char *text)
{
    struct event e = {.type = EVENT_TEXT, .turn = turn, .n_text = (uint8_t)strlen(text)};
    memcpy(e.text, text, strlen(text));
    return e;
}

static void test_a_message_waits_then_becomes_a_turn(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    chat_face_send(&a, "hi", 2);
    assert_true(chat_is_busy(&a.chat));
    assert_int_equal(a.chat.turn, 0);
    take_until(&a, EVENT_READY);
    assert_int_equal(a.chat.turn, 1);
    assert_int_equal(a.chat.status.ctx_len, 4096);
    take_until(&a, EVENT_DONE); /* the fake engine has no text: nothing stays but its ids */
    assert_false(chat_is_busy(&a.chat));
    assert_int_equal(a.chat.status.state, STATE_READY);
    assert_int_equal(a.chat.status.stop, STOP_END);
    assert_int_equal(a.chat.conversation.n, 2);
    assert_int_equal(a.chat.conversation.messages[1].ids.n, 1);
    close_app(&a);
}

static void test_events_of_another_turn_change_nothing(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    take_until(&a, EVENT_READY);
    chat_face_send(&a, "hi", 2);
    a.chat.turn = 7;
    struct event old = text_event(6, "old"), now = text_event(7, "now \033[2J");
    struct event done = {.type = EVENT_DONE, .turn = 6, .stop = STOP_END};
    chat_event(&a.chat, &old);
    chat_event(&a.chat, &done);
    assert_int_equal(a.chat.turn, 7);
    chat_event(&a.chat, &now);
    assert_string_equal(a.chat.conversation.messages[1].text.data, "now \033[2J"); /* exact bytes */
    assert_string_equal(transcript_layout(&a.reader.transcript, 1, 0)->drawn.text.data,
                        "now ^[[2J"); /* never these */
    chat_new(&a.chat);
    chat_event(&a.chat, &now);
    assert_int_equal(a.chat.conversation.n, 0);
    assert_int_equal(a.reader.transcript.n, 0);
    close_app(&a);
}

static void test_an_answer_without_a_word_is_not_kept(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    chat_face_send(&a, "hi", 2);
    chat_stop(&a.chat); /* before the model was there */
    assert_false(chat_is_busy(&a.chat));
    assert_string_equal(a.reader.transcript.items[1].mark, "[stopped]");
    take_until(&a, EVENT_READY);
    assert_int_equal(a.chat.turn, 0);
    close_app(&a);
}

static void test_text_that_streams_is_saved_within_a_second(void **state)
{
    (void)state;
    struct app a;
    struct error err;
    struct conversation saved = {0};
    bool taken;
    open_app(&a);
    a.chat.saving.off = false;
    a.chat.saving.folder = path_join(temp_folder(), "qins");
    take_until(&a, EVENT_READY);
    chat_face_send(&a, "hi", 2);
    a.chat.turn = 7;
    assert_true(a.chat.saving.due <= 0); /* the message is saved; nothing waits, nothing wakes */
    struct event piece = text_event(7, "streamed");
    chat_event(&a.chat, &piece);
    double due = a.chat.saving.due;
    assert_true(due > 0 && due <= now_ms() + 1000);
    chat_event(&a.chat, &piece);
    assert_true(a.chat.saving.due == due); /* more text does not put it off */
    chat_save(&a.chat);
    assert_true(a.chat.saving.due <= 0);
    int64_t id = a.chat.conversation.id;
    saving_release(&a.chat.saving);
    assert_true(store_load(a.chat.saving.store, id, &saved, &taken, &err));
    assert_string_equal(saved.messages[1].text.data, "streamedstreamed");
    conversation_free(&saved);
    *strrchr(a.chat.saving.folder, '/') = '\0';
    remove_folder(a.chat.saving.folder);
    close_app(&a);
}

static void test_another_version_has_another_seed(void **state)
{
    (void)state;
    struct app a;
    struct error err;
    open_app(&a);
    take_until(&a, EVENT_READY);
    assert_true(options_set(a.chat.options, OPT_SEED, "5", SOURCE_USER, &err));
    chat_face_send(&a, "hi", 2);
    take_until(&a, EVENT_DONE);
    assert_int_equal(fake_engine_seed, 5);
    chat_regenerate(&a.chat);
    take_until(&a, EVENT_DONE);
    assert_int_equal(fake_engine_seed, 6);
    assert_int_equal(a.chat.conversation.n, 3);
    assert_int_equal(a.chat.conversation.n_path, 2);
    close_app(&a);
}

static void say(struct app *a, const char *text)
{
    chat_face_send(a, text, strlen(text));
    take_until(a, EVENT_DONE);
}

/* The engine learns of whom a turn is, that a conversation is left, and that one is deleted; of one
 * that is not saved nothing. */
static void test_the_engine_learns_what_to_keep(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    a.chat.saving.off = false;
    a.chat.saving.folder = path_join(temp_folder(), "qins");
    take_until(&a, EVENT_READY);
    fake_engine_keeps[0] = '\0';
    say(&a, "first");
    chat_bench(&a.chat);
    take_until(&a, EVENT_DONE);
    chat_new(&a.chat);
    say(&a, "second");
    assert_true(chat_open_saved(&a.chat, 1));
    lists_conversations(&a);
    picker_select(&a.list.picker, 1); /* the one that is open */
    app_key(&a, K_CTRL | 'd');
    app_key(&a, 'y');
    picker_layer_close(&a);
    assert_string_equal(fake_engine_keeps, "say 1, say 1, keep, say 2, keep, keep, forget 1, ");
    fake_engine_keeps[0] = '\0';
    a.chat.saving.off = true;
    say(&a, "private");
    assert_string_equal(fake_engine_keeps, "say, ");
    picker_free(&a.list.picker);
    *strrchr(a.chat.saving.folder, '/') = '\0';
    remove_folder(a.chat.saving.folder);
    close_app(&a);
}

static struct event thinking_event(uint32_t turn, const char *text)
{
    struct event e = text_event(turn, text);
    e.type = EVENT_THINKING;
    return e;
}

/* Its line counts what the last event told; it ends with the first text. */
static void test_thinking_becomes_a_line(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    take_until(&a, EVENT_READY);
    chat_face_send(&a, "hi", 2);
    a.chat.turn = 7;
    struct event thought = thinking_event(7, "so"), said = text_event(7, "Yes");
    struct event stats = {
        .type = EVENT_STATS,
        .turn = 7,
        .stats = {.n_tokens = 3, .n_thinking = 3, .thinking_ms = 2000, .in_thinking = true}};
    chat_event(&a.chat, &thought);
    const struct thought *h = &a.reader.transcript.items[1].thought;
    assert_true(h->there && h->running);
    chat_event(&a.chat, &stats);
    assert_string_equal(h->line, "Thinking, 2.0 s, 3 tokens");
    chat_event(&a.chat, &said);
    assert_false(h->running);
    assert_string_equal(h->line, "Thought for 2.0 s, 3 tokens");
    assert_string_equal(a.reader.transcript.items[1].text.data, "Yes");
    app_key(&a, K_F1 + 2);
    assert_true(h->open);
    app_key(&a, K_ALT | 'r');
    assert_false(h->open);
    close_app(&a);
}

static void test_an_answer_that_ended_within_it_says_so(void **state)
{
    static const struct {
        enum stop_reason stop;
        const char *thinking, *mark;
    } cases[] = {
        {STOP_CANCELLED, "[stopped while it thought]", "[stopped]"},
        {STOP_LENGTH, "[max tokens reached while it thought; /continue resumes it]",
         "[max tokens reached]"},
        {STOP_CONTEXT, "[context full while it thought]", "[context full]"},
        {STOP_NONE, "[interrupted while it thought; /continue resumes it]",
         "[interrupted; /continue resumes it]"},
        {STOP_END, "[no answer]", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message m = {.role = CHAT_ASSISTANT, .stop = cases[i].stop};
        buf_puts(&m.thinking, "so");
        assert_string_equal(chat_mark_of(&m), cases[i].thinking);
        buf_puts(&m.text, "Yes");
        const char *mark = chat_mark_of(&m);
        assert_true(mark == cases[i].mark || strcmp(mark, cases[i].mark) == 0);
        buf_free(&m.thinking);
        buf_free(&m.text);
    }
}

/* One key goes through what the model knows; "auto" is left by it. */
static void test_one_key_switches_thinking(void **state)
{
    static const struct {
        bool can_switch, has_effort;
        const char *modes;
    } cases[] = {{true, false, "auto off on off "},
                 {true, true, "auto off low medium high off "},
                 {false, true, "auto low medium high low "},
                 {false, false, "auto auto "}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct app a;
        struct buf got = {0};
        open_app(&a);
        take_until(&a, EVENT_READY);
        a.chat.status.can_think = (struct thinking_info){
            .kind = "think", .can_switch = cases[i].can_switch, .has_effort = cases[i].has_effort};
        while (got.len < strlen(cases[i].modes)) {
            buf_printf(&got, "%s ", options_text(&options, OPT_THINK));
            app_key(&a, K_F1 + 8);
        }
        assert_string_equal(got.data, cases[i].modes);
        buf_free(&got);
        close_app(&a);
    }
}

/* The slider of its limit comes and goes with the model, and the one that was moved with it. */
static void test_a_slider_for_models_that_think(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    take_until(&a, EVENT_READY);
    a.focus = FOCUS_SIDEBAR;
    app_key(&a, K_UP);
    assert_int_equal(sliders[a.sliders.selected], OPT_REPEAT_PENALTY);
    a.chat.status.can_think.kind = "think";
    a.chat.face->changed(&a);
    app_key(&a, K_DOWN);
    assert_int_equal(sliders[a.sliders.selected], OPT_THINK_TOKENS);
    app_key(&a, K_RIGHT);
    assert_true(options_number(&options, OPT_THINK_TOKENS) == 256);
    assert_int_equal(a.chat.status.changed, 1 << a.sliders.selected);
    a.chat.status.state = STATE_ANSWERING;
    chat_options_applied(&a.chat); /* a token: not with this one */
    assert_int_equal(a.chat.status.changed, 1 << a.sliders.selected);
    a.chat.status.state = STATE_READING;
    chat_options_applied(&a.chat); /* the next answer */
    assert_int_equal(a.chat.status.changed, 0);
    a.chat.status.can_think.kind = NULL;
    a.chat.face->changed(&a);
    assert_int_equal(a.sliders.selected, 0);
    close_app(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_waits_then_becomes_a_turn),
        cmocka_unit_test(test_events_of_another_turn_change_nothing),
        cmocka_unit_test(test_an_answer_without_a_word_is_not_kept),
        cmocka_unit_test(test_text_that_streams_is_saved_within_a_second),
        cmocka_unit_test(test_another_version_has_another_seed),
        cmocka_unit_test(test_the_engine_learns_what_to_keep),
        cmocka_unit_test(test_thinking_becomes_a_line),
        cmocka_unit_test(test_an_answer_that_ended_within_it_says_so),
        cmocka_unit_test(test_one_key_switches_thinking),
        cmocka_unit_test(test_a_slider_for_models_that_think),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
