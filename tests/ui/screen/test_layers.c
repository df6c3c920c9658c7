/* SPDX-License-Identifier: MIT
 *
 * Which layer gets a key, and what it asks the loop for. The engine is the fake one; nothing is
 * drawn.
 */
#include <string.h>

#include "chat_face.h"
#include "layer_table.h"
#include "pager.h"
#include "picker_layer.h"
#include "question.h"
#include "test.h"

static struct options options;

/* A model is there, and nothing is being said. */
static void open_app(struct app *a)
{
    options_init(&options);
    *a = (struct app){.chat.options = &options,
                      .chat.face = &screen_chat_face,
                      .chat.self = a,
                      .chat.saving.off = true,
                      .chat.model_name = xstrdup("starter"),
                      .chat.ready = true,
                      .chat.engine = engine_start(&(struct engine_options){0})};
    reader_init(&a->reader);
    layers_init(&a->layers, layer_table);
}

static void close_app(struct app *a)
{
    chat_close(&a->chat);
    reader_free(&a->reader);
    composer_free(&a->composer);
    prompt_free(&a->prompt);
    picker_free(&a->list.picker);
    options_free(&options);
}

static unsigned type(struct app *a, const char *text)
{
    unsigned reaction = 0;
    for (; *text; text++)
        reaction |= app_key(a, *text);
    return reaction;
}

static const char *input_of(const struct app *a)
{
    return a->composer.editor.text.len ? a->composer.editor.text.data : "";
}

static enum picker_result heard;

static void hear(struct app *a, enum picker_result result, int32_t key)
{
    (void)key;
    heard = result;
    if (result == PICKER_CLOSED)
        picker_layer_close(a);
}

static void open_list(struct app *a)
{
    picker_init(&a->list.picker, "Items", "none");
    picker_add(&a->list.picker, 1, "one", 3);
    picker_ready(&a->list.picker);
    picker_layer_open(a, hear);
}

static void open_page(struct app *a)
{
    pager_open(a, "Page", "a page\n");
}

static int answers, last_answer;

static void answer(struct app *a, bool yes)
{
    (void)a;
    answers++;
    last_answer = yes;
}

static void ask_again(struct app *a, bool yes)
{
    answer(a, yes);
    app_ask(a, answer, "And now?");
}

static void test_the_base_has_the_keys(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    assert_int_equal(type(&a, "hi"), REACT_DIRTY);
    assert_string_equal(input_of(&a), "hi");
    assert_int_equal(app_key(&a, K_CTRL | 'd') & REACT_QUIT, 0); /* there is text */
    assert_true(app_key(&a, K_CTRL | 'l') & REACT_REDRAW);
    assert_true(app_key(&a, K_CTRL | 'z') & REACT_SUSPEND);
    app_key(&a, K_CTRL | 'c');
    assert_string_equal(input_of(&a), "");
    assert_true(app_key(&a, K_CTRL | 'd') & REACT_QUIT);
    close_app(&a);
}

static void test_the_focus_says_which_pane(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    app_key(&a, K_TAB);
    assert_int_equal(a.focus, FOCUS_SIDEBAR);
    type(&a, "0.5");
    assert_string_equal(a.sliders.typed, "0.5");
    app_key(&a, K_ENTER);
    assert_true(options_number(&options, OPT_TEMPERATURE) == 0.5);
    app_key(&a, K_TAB);
    type(&a, "n"); /* bound: no text */
    assert_string_equal(input_of(&a), "");
    type(&a, "7"); /* not bound: who types means the input */
    assert_int_equal(a.focus, FOCUS_INPUT);
    assert_string_equal(input_of(&a), "7");
    close_app(&a);
}

/* A number that was typed counts when another key goes on; no letter is lost. */
static void test_a_number_typed_on_a_slider_counts(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    app_key(&a, K_TAB);
    type(&a, "0.5");
    app_key(&a, K_DOWN);
    assert_true(options_number(&options, OPT_TEMPERATURE) == 0.5);
    type(&a, "0.4");
    app_key(&a, K_TAB);
    assert_true(options_number(&options, OPT_TOP_P) == 0.4);
    type(&a, "z"); /* in the chat, where nothing is bound to it */
    assert_string_equal(input_of(&a), "z");
    close_app(&a);
}

static void test_a_page_takes_its_own_keys_alone(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    open_page(&a);
    assert_int_equal(a.focus, FOCUS_CHAT);
    app_key(&a, K_TAB); /* to the input, the page stays */
    type(&a, "q");
    assert_string_equal(input_of(&a), "q");
    assert_true(layers_has(&a.layers, LAYER_PAGER));
    assert_int_equal(app_key(&a, K_ESC) & REACT_CLOSE, 0); /* the stack has acted on it */
    assert_false(layers_has(&a.layers, LAYER_PAGER));
    assert_string_equal(input_of(&a), "q");
    open_page(&a);
    type(&a, "q"); /* on the page it is a key */
    assert_false(layers_has(&a.layers, LAYER_PAGER));
    assert_int_equal(a.focus, FOCUS_INPUT);
    close_app(&a);
}

/* Ctrl-Q and the search through the history come before the page that Escape would close. */
static void test_the_composers_own_keys_come_first(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    open_page(&a);
    a.focus = FOCUS_INPUT;
    app_key(&a, K_CTRL | 'q');
    app_key(&a, K_ESC);
    assert_true(layers_has(&a.layers, LAYER_PAGER));
    app_key(&a, K_CTRL | 'r');
    app_key(&a, K_ESC);
    assert_true(layers_has(&a.layers, LAYER_PAGER));
    app_key(&a, K_ESC);
    assert_false(layers_has(&a.layers, LAYER_PAGER));
    app_key(&a, K_CTRL | 'x');
    assert_string_equal(a.prompt.notice.data, "Ctrl-X -");
    type(&a, "u"); /* Ctrl-X u: bound to nothing */
    assert_string_equal(input_of(&a), "");
    app_key(&a, K_CTRL | 'q');
    app_key(&a, K_TAB);
    assert_string_equal(input_of(&a), "\t");
    close_app(&a);
}

static void test_the_line_to_find_takes_every_key(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    open_page(&a);
    type(&a, "/q?\033"); /* Escape comes as K_ESC, never so */
    assert_true(layers_has(&a.layers, LAYER_FIND));
    assert_string_equal(a.reader.find.data, "q?");
    assert_true(app_key(&a, K_CTRL | 'z') & REACT_SUSPEND);
    assert_false(app_key(&a, K_CTRL | 'd') & REACT_QUIT);
    app_input(&a, &(struct input){.type = INPUT_PASTE_START});
    app_input(&a, &(struct input){.type = INPUT_PASTE, .text = "\nab", .n = 3});
    app_input(&a, &(struct input){.type = INPUT_PASTE_END});
    assert_string_equal(a.reader.find.data, "q?ab");
    assert_string_equal(input_of(&a), "");
    app_key(&a, K_ESC);
    assert_false(layers_has(&a.layers, LAYER_FIND));
    assert_true(layers_has(&a.layers, LAYER_PAGER));
    type(&a, "/page");
    app_key(&a, K_ENTER);
    assert_false(layers_has(&a.layers, LAYER_FIND));
    assert_int_equal(a.reader.pager.search.total, 1); /* in what is shown, not in the chat */
    assert_null(a.reader.transcript.search.pattern.text);
    close_app(&a);
}

static void test_a_list_takes_every_key(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    open_list(&a);
    type(&a, "on");
    assert_int_equal(heard, PICKER_FILTERED);
    assert_string_equal(input_of(&a), "");
    assert_true(app_key(&a, K_CTRL | 'l') & REACT_REDRAW);
    assert_false(app_key(&a, K_CTRL | 'd') & REACT_QUIT);
    app_input(&a, &(struct input){.type = INPUT_PASTE, .text = "e\n", .n = 2});
    assert_string_equal(a.list.picker.filter.data, "one");
    app_key(&a, K_ESC);
    assert_false(layers_has(&a.layers, LAYER_PICKER));
    close_app(&a);
}

static void test_a_question_waits_for_yes_or_no(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    answers = 0;
    open_list(&a);
    app_ask(&a, ask_again, "Really?"); /* as the engine may ask it at any time */
    heard = PICKER_HANDLED;
    type(&a, "x");
    assert_int_equal(answers, 0);
    assert_int_equal(heard, PICKER_HANDLED); /* the list below hears nothing */
    assert_string_equal(a.prompt.notice.data, "Really? (y/n)");
    type(&a, "y"); /* whose answer asks the next one */
    assert_int_equal(answers, 1);
    assert_int_equal(last_answer, true);
    assert_string_equal(a.prompt.notice.data, "And now? (y/n)");
    app_key(&a, K_ESC);
    assert_int_equal(answers, 2);
    assert_int_equal(last_answer, false);
    assert_false(layers_has(&a.layers, LAYER_QUESTION));
    type(&a, "o");
    assert_int_equal(heard, PICKER_FILTERED);
    close_app(&a);
}

static void test_a_notice_lasts_until_the_next_key(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    app_notice(&a, "It is \033[2Jso");
    assert_string_equal(a.prompt.notice.data, "It is ^[[2Jso");
    assert_true(a.wants & REACT_DIRTY);
    app_key(&a, K_LEFT);
    assert_int_equal(a.prompt.notice.len, 0);
    close_app(&a);
}

/* The layers by themselves: who is asked, in which order, and what CLOSE does. */
static char asked[16];
static unsigned says[3];

static unsigned note(int i)
{
    size_t n = strlen(asked);
    asked[n] = (char)('0' + i);
    asked[n + 1] = '\0';
    return says[i];
}

static unsigned key_0(struct app *a, int32_t key)
{
    (void)a, (void)key;
    return note(0);
}

static unsigned key_1(struct app *a, int32_t key)
{
    (void)a, (void)key;
    return note(1);
}

static unsigned key_2(struct app *a, int32_t key)
{
    (void)a, (void)key;
    return note(2);
}

static void test_a_key_goes_down_until_it_is_taken(void **state)
{
    (void)state;
    static const struct screen_layer table[N_LAYERS] = {[LAYER_BASE] = {.key = key_0},
                                                        [LAYER_PAGER] = {.key = key_1},
                                                        [LAYER_FIND] = {.key = key_2}};
    struct layers l;
    layers_init(&l, table);
    layers_push(&l, LAYER_FIND);
    layers_push(&l, LAYER_PAGER);
    layers_push(&l, LAYER_FIND); /* to the top, not there twice */
    asked[0] = '\0';
    assert_int_equal(layers_key(&l, NULL, 'x'), REACT_PASS);
    assert_string_equal(asked, "210");
    asked[0] = '\0';
    says[1] = REACT_CLOSE | REACT_QUIT;
    assert_int_equal(layers_key(&l, NULL, 'x'), REACT_TAKEN | REACT_QUIT);
    assert_string_equal(asked, "21");
    assert_false(layers_has(&l, LAYER_PAGER));
    assert_int_equal(l.n, 2);
    layers_close(&l, LAYER_PAGER); /* it is not there */
    assert_int_equal(l.n, 2);
    assert_ptr_equal(layers_top(&l), &table[LAYER_FIND]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_base_has_the_keys),
        cmocka_unit_test(test_the_focus_says_which_pane),
        cmocka_unit_test(test_a_number_typed_on_a_slider_counts),
        cmocka_unit_test(test_a_page_takes_its_own_keys_alone),
        cmocka_unit_test(test_the_composers_own_keys_come_first),
        cmocka_unit_test(test_the_line_to_find_takes_every_key),
        cmocka_unit_test(test_a_list_takes_every_key),
        cmocka_unit_test(test_a_question_waits_for_yes_or_no),
        cmocka_unit_test(test_a_notice_lasts_until_the_next_key),
        cmocka_unit_test(test_a_key_goes_down_until_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
