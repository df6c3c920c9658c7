/* SPDX-License-Identifier: MIT
 *
 * Where things are on a screen of any size, and that the mouse finds what stands there.
 */
#include "frame.h"
#include "test.h"

static struct options options;
static const struct screen_layer no_layers[N_LAYERS];

static void open_app(struct app *a)
{
    options_init(&options);
    *a = (struct app){.chat.options = &options};
    reader_init(&a->reader);
    layers_init(&a->layers, no_layers);
}

static void close_app(struct app *a)
{
    reader_free(&a->reader);
    composer_free(&a->composer);
    prompt_free(&a->prompt);
    options_free(&options);
}

/* Every row belongs to one thing at most, and all of them are on the screen. */
static void check_rows(const struct frame *f)
{
    int used[200] = {0};
    used[0]++; /* title */
    const int alone[] = {f->top_rule, f->input_rule, f->status};
    for (int i = 0; i < 3; i++)
        if (alone[i] >= 0)
            used[alone[i]]++;
    for (int i = 0; i < f->chat_rows; i++)
        used[f->chat_row + i]++;
    for (int i = 0; i < f->input_rows; i++)
        used[f->input_row + i]++;
    for (int i = f->hints; f->hints >= 0 && i < f->rows; i++)
        used[i]++;
    for (int i = 0; i < 200; i++)
        assert_int_equal(used[i], i < f->rows);
    assert_true(f->input_rows >= 1);
    assert_true(f->chat_columns <= f->side && f->side <= f->columns);
}

static void test_rows_of_all_sizes(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    for (int long_text = 0; long_text < 3; long_text++) {
        for (int rows = 4; rows < 70; rows++)
            for (int columns = 20; columns < 250; columns += 7) {
                struct frame f = frame_of(&a, rows, columns);
                assert_false(f.too_small);
                check_rows(&f);
            }
        editor_insert(&a.composer.editor, "1\n2\n3\n4\n5\n6\n7\n8\n9\n", 18);
        prompt_notice(&a.prompt, "%0200d", long_text);
    }
    assert_true(frame_of(&a, 3, 80).too_small);
    assert_true(frame_of(&a, 24, 19).too_small);
    close_app(&a);
}

static void test_the_mouse_finds_what_stands_there(void **state)
{
    (void)state;
    struct app a;
    struct sidebar_line lines[SIDEBAR_MAX_LINES];
    open_app(&a);
    struct frame f = frame_of(&a, 40, 100);
    assert_int_equal(frame_at(&a, &f, f.chat_row, 0).kind, PLACE_CHAT);
    assert_int_equal(frame_at(&a, &f, f.chat_row + f.chat_rows - 1, 0).kind, PLACE_CHAT);
    assert_int_equal(frame_at(&a, &f, f.input_row, 0).kind, PLACE_INPUT);
    assert_int_equal(frame_at(&a, &f, f.input_rule, 0).kind, PLACE_NONE);
    assert_int_equal(frame_at(&a, &f, -1, 5).kind, PLACE_NONE);
    int n = sidebar_lines(&a.chat.status, &options, 0, "", f.side_rows, lines), n_tracks = 0;
    for (int i = 0; i < n; i++) {
        struct place left = frame_at(&a, &f, f.side_row + i, f.side + 1);
        assert_int_equal(left.kind, PLACE_SIDEBAR);
        assert_int_equal(left.slider, lines[i].slider);
        if (lines[i].kind != LINE_TRACK && lines[i].kind != LINE_SLIDER)
            continue;
        int cells, column = frame_track(&f, &lines[i], &cells);
        assert_true(frame_at(&a, &f, f.side_row + i, column).fraction == 0);
        assert_true(frame_at(&a, &f, f.side_row + i, column + cells - 1).fraction == 1);
        assert_true(frame_at(&a, &f, f.side_row + i, column - 1).fraction < 0);
        assert_true(frame_at(&a, &f, f.side_row + i, column + cells).fraction < 0);
        n_tracks++;
    }
    assert_int_equal(n_tracks, status_n_sliders(&a.chat.status));
    close_app(&a);
}

static void test_the_mouse_finds_the_line_of_a_thought(void **state)
{
    (void)state;
    struct app a;
    struct transcript *t = &a.reader.transcript;
    open_app(&a);
    transcript_add(t, ITEM_USER, "one", 3);
    transcript_add(t, ITEM_ANSWER, "", 0);
    transcript_think(t, "so", 2);
    transcript_append(t, "two", 3);
    struct frame f = frame_of(&a, 24, 80);
    assert_int_equal(frame_at(&a, &f, f.chat_row + 2, 9).thought, SIZE_MAX); /* not filled */
    frame_fill(&f, &a, true);
    for (int row = 0; row < 24; row++)
        assert_int_equal(frame_at(&a, &f, row, 9).thought, row == f.chat_row + 2 ? 1 : SIZE_MAX);
    assert_int_equal(frame_at(&a, &f, f.chat_row + 2, f.side + 3).thought, SIZE_MAX);
    frame_free(&f);
    close_app(&a);
}

static void test_a_page_takes_the_sidebars_room(void **state)
{
    (void)state;
    struct app a;
    open_app(&a);
    assert_true(frame_of(&a, 24, 80).side < 80);
    layers_push(&a.layers, LAYER_PAGER);
    assert_int_equal(frame_of(&a, 24, 80).side, 80);
    a.reader.bare = true;
    struct frame f = frame_of(&a, 24, 80);
    assert_int_equal(f.chat_row, 0);
    assert_int_equal(f.chat_rows, 23);
    close_app(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_all_sizes),
        cmocka_unit_test(test_the_mouse_finds_what_stands_there),
        cmocka_unit_test(test_the_mouse_finds_the_line_of_a_thought),
        cmocka_unit_test(test_a_page_takes_the_sidebars_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
