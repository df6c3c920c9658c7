/* SPDX-License-Identifier: MIT
 *
 * The gate of plain mode: bytes to a pipe, visible characters to a terminal.
 */
#include "output.h"
#include "program.h"

/* Runs in a child whose stdout is `out`: the same text in two pieces, an ESC at their border. */
static void say(int out)
{
    struct output o;
    dup2(out, STDOUT_FILENO);
    output_init(&o);
    output_text(&o, "a\033", 2);
    output_text(&o, "[2Jb\xC2\x9Bz", 7);
    output_end(&o);
    _exit(o.result == OUTPUT_OK ? 0 : 1);
}

static struct buf heard(int ours, int theirs)
{
    struct program p = {.in = -1, .out = ours, .err = -1};
    fflush(NULL);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0)
        say(theirs);
    close(theirs);
    assert_int_equal(program_end(&p), 0);
    buf_free(&p.complained);
    return p.said;
}

static void test_pipe_gets_the_bytes(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct buf said = heard(fds[0], fds[1]);
    assert_int_equal(said.len, 10);
    assert_memory_equal(said.data, "a\033[2Jb\xC2\x9Bz\n", 10);
    buf_free(&said);
}

static void test_terminal_gets_no_command(void **state)
{
    (void)state;
    int ours = posix_openpt(O_RDWR | O_NOCTTY);
    if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0)
        skip();
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY);
    assert_true(theirs >= 0);
    struct buf said = heard(ours, theirs);
    assert_string_equal(said.data, "a^[[2Jb\\x9bz\r\n");
    buf_free(&said);
}

static void test_reader_that_went_away_is_told(void **state)
{
    (void)state;
    int fds[2], ours = dup(STDOUT_FILENO);
    struct output o;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    fflush(stdout);
    signal(SIGPIPE, SIG_IGN);
    dup2(fds[1], STDOUT_FILENO);
    close(fds[1]);
    output_init(&o);
    output_text(&o, "a", 1);
    dup2(ours, STDOUT_FILENO);
    close(ours);
    assert_int_equal(o.result, OUTPUT_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe_gets_the_bytes),
        cmocka_unit_test(test_terminal_gets_no_command),
        cmocka_unit_test(test_reader_that_went_away_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
