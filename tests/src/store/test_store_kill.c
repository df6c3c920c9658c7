/* SPDX-License-Identifier: MIT
 *
 * A writer is killed a thousand times, at any moment. What it had been told is saved is there.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"
#include "test.h"

enum { KILLS = 1000, KILLS_A_CONVERSATION = 100, GROWTH = 3, MAX_WAIT_US = 6000 };

/* What the writer says after each save that succeeded. */
struct said {
    int64_t id;
    int32_t n;      /* messages */
    int32_t n_text; /* bytes of the last one */
};

static char *folder;

/* The text of message i, step k: every answer grows. */
static void text_of(int32_t i, int step, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "message %d:", i);
    for (int k = 0; k < step; k++)
        n += (size_t)snprintf(out + n, size - n, " and part %d of what message %d says", k, i);
}

static void say_saved(int fd, const struct conversation *c)
{
    const struct message *last = &c->messages[c->n - 1];
    struct said said = {c->id, (int32_t)c->n, (int32_t)last->text.len};
    if (write(fd, &said, sizeof said) != (ssize_t)sizeof said)
        _exit(3);
}

static _Noreturn void write_for_ever(int fd, int64_t id)
{
    struct error err;
    struct conversation c = {0};
    bool taken = false;
    char text[512];
    struct store *s = store_open(folder, &err);
    if (!s || (id && !store_load(s, id, &c, &taken, &err)) || taken)
        _exit(2);
    for (;;) {
        int32_t i = conversation_add(&c, c.n % 2 ? CHAT_ASSISTANT : CHAT_USER, "", 0);
        bool grows = c.messages[i].role == CHAT_ASSISTANT;
        for (int step = grows ? 1 : GROWTH; step <= GROWTH; step++) {
            struct message *m = &c.messages[i];
            text_of(i, step, text, sizeof text);
            buf_free(&m->text);
            buf_puts(&m->text, text);
            m->open = step < GROWTH;
            m->changed = true;
            if (!store_save(s, &c, &err))
                _exit(2);
            say_saved(fd, &c);
        }
    }
}

/* -> the last thing that the writer said before it was killed; n is 0 where it said nothing new. */
static struct said kill_a_writer(int64_t id, unsigned wait_us)
{
    int fds[2], status;
    struct said said = {0}, next;
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        write_for_ever(fds[1], id);
    }
    close(fds[1]);
    if (wait_us % 4 &&
        read(fds[0], &next, sizeof next) == (ssize_t)sizeof next) /* else while opening */
        said = next;
    usleep(wait_us);
    kill(pid, SIGKILL);
    while (read(fds[0], &next, sizeof next) == (ssize_t)sizeof next)
        said = next;
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the writer ended with %d", WEXITSTATUS(status));
    return said;
}

static void check(const struct said *said)
{
    struct error err;
    struct conversation c = {0};
    bool taken = false;
    char whole[512];
    struct store *s = store_open(folder, &err);
    if (!s || !store_load(s, said->id, &c, &taken, &err))
        fail_msg("%s", err.text);
    assert_false(taken);
    assert_true((int32_t)c.n >= said->n);
    assert_int_equal(c.n_path, c.n);
    assert_true((int32_t)c.messages[said->n - 1].text.len >= said->n_text);
    for (int32_t i = 0; i < (int32_t)c.n; i++) {
        const struct message *m = &c.messages[i];
        text_of(i, GROWTH, whole, sizeof whole);
        assert_memory_equal(m->text.data, whole, m->text.len);
        if (m->stop == STOP_END)
            assert_int_equal(m->text.len, strlen(whole));
    }
    conversation_free(&c);
    store_close(s);
}

static void test_nothing_that_was_saved_is_lost(void **state)
{
    (void)state;
    uint32_t seed = 1;
    struct said last = {0};
    folder = temp_folder();
    for (int i = 0; i < KILLS; i++) {
        seed = seed * 1664525 + 1013904223;
        if (i % KILLS_A_CONVERSATION == 0)
            last.id = 0;
        struct said said = kill_a_writer(last.id, (seed >> 8) % MAX_WAIT_US);
        if (said.n)
            last = said;
        if (last.id)
            check(&last);
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_that_was_saved_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
