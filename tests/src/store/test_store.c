/* SPDX-License-Identifier: MIT
 *
 * store: what is saved is what was said; nobody else reads it; damage, newer files, locks, full
 * disks and hostile searches end in one line
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing_disk.h"
#include "places.h"
#include "store.h"
#include "test.h"

static char *folder_of_test;

static struct store *open_store(void)
{
    struct error err = {0};
    struct store *s = store_open(folder_of_test, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static int set_up(void **state)
{
    (void)state;
    folder_of_test = xasprintf("%s/state/qins", temp_folder());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    *strstr(folder_of_test, "/state/qins") = '\0';
    remove_folder(folder_of_test);
    free(folder_of_test);
    return 0;
}

static char *file_of(const char *name)
{
    return path_join(folder_of_test, name);
}

static void save(struct store *s, struct conversation *c)
{
    struct error err = {0};
    if (!store_save(s, c, &err))
        fail_msg("%s", err.text);
}

static void load(struct store *s, int64_t id, struct conversation *c)
{
    struct error err = {0};
    bool taken;
    if (!store_load(s, id, c, &taken, &err))
        fail_msg("%s", err.text);
    assert_false(taken);
}

static void say(struct conversation *c, enum chat_role role, const char *text)
{
    conversation_add(c, role, text, strlen(text));
}

/* A conversation of one exchange. */
static int64_t add(struct store *s, const char *title, const char *question, const char *answer)
{
    struct conversation c = {.title = xstrdup(title)};
    say(&c, CHAT_USER, question);
    say(&c, CHAT_ASSISTANT, answer);
    save(s, &c);
    int64_t id = c.id;
    conversation_free(&c);
    store_release(s);
    return id;
}

/* How many conversations a search gives. */
static size_t found(struct store *s, const char *query)
{
    struct store_list list = {0};
    struct error err = {0};
    if (!store_find(s, query, 1000, &list, &err))
        fail_msg("%s: %s", query, err.text);
    size_t n = list.n;
    store_list_free(&list);
    return n;
}

/* ---- what is saved -------------------------------------------------------------------- */

static void test_bytes_come_back(void **state)
{
    (void)state;
    static const char text[] = "a\0b\xff\xfe\r\n\033[2J \xe2\x80\xae trailing \n\n";
    struct store *s = open_store();
    struct conversation c = {.title = xstrdup("t'); DROP TABLE message; --"),
                             .system = xstrdup("be \"brief\""),
                             .model = xstrdup("m")};
    conversation_add(&c, CHAT_USER, text, sizeof text - 1);
    int32_t answer = conversation_add(&c, CHAT_ASSISTANT, "", 0);
    c.messages[answer].model = xstrdup("tiny");
    c.messages[answer].stop = STOP_LENGTH;
    c.messages[answer].stats = (struct turn_stats){.n_prompt = 7,
                                                   .n_tokens = 9,
                                                   .prompt_ms = 1.5f,
                                                   .generate_ms = 2.5f,
                                                   .first_token_ms = 3.5f,
                                                   .tokens_per_s = 4.5f};
    save(s, &c);
    store_close(s);
    s = open_store();
    struct conversation d = {0};
    load(s, c.id, &d);
    assert_string_equal(d.title, c.title);
    assert_string_equal(d.system, c.system);
    assert_string_equal(d.model, "m");
    assert_null(d.preset);
    assert_int_equal(d.n_path, 2);
    assert_int_equal(d.messages[0].text.len, sizeof text - 1);
    assert_memory_equal(d.messages[0].text.data, text, sizeof text - 1);
    assert_int_equal(d.messages[1].stop, STOP_LENGTH);
    assert_string_equal(d.messages[1].model, "tiny");
    assert_int_equal(d.messages[1].time, c.messages[1].time);
    const struct turn_stats *stats = &d.messages[1].stats;
    assert_int_equal(stats->n_prompt, 7);
    assert_int_equal(stats->n_tokens, 9);
    assert_true(stats->prompt_ms == 1.5f && stats->generate_ms == 2.5f);
    assert_true(stats->first_token_ms == 3.5f && stats->tokens_per_s == 4.5f);
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

static void test_branches_come_back(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    int which;
    say(&c, CHAT_USER, "question");   /* 0 */
    say(&c, CHAT_ASSISTANT, "first"); /* 1 */
    conversation_cut(&c, 0);
    say(&c, CHAT_ASSISTANT, "second"); /* 2 */
    say(&c, CHAT_USER, "more");        /* 3 */
    save(s, &c);
    conversation_cut(&c, NO_MESSAGE);
    say(&c, CHAT_USER, "another start"); /* 4 */
    save(s, &c);
    conversation_choose(&c, 0);
    assert_int_equal(conversation_leaf(&c), 3);
    conversation_choose(&c, 1);
    c.messages[1].changed = true;
    save(s, &c);
    store_release(s);
    load(s, c.id, &d);
    assert_int_equal(d.n, 5);
    assert_int_equal(conversation_leaf(&d), 1);
    assert_int_equal(conversation_versions(&d, 2, &which), 2);
    assert_int_equal(which, 2);
    assert_int_equal(conversation_versions(&d, 4, &which), 2);
    assert_int_equal(d.messages[0].next, 4);
    assert_int_equal(d.messages[2].parent, 0);
    conversation_choose(&d, 4);
    assert_int_equal(d.n_path, 1);
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

static void test_text_grows_and_an_unfinished_answer_is_marked(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    say(&c, CHAT_USER, "question");
    int32_t i = conversation_add(&c, CHAT_ASSISTANT, "", 0);
    c.messages[i].open = true;
    save(s, &c); /* an empty one may still be taken out */
    assert_false(c.messages[i].in_store);
    for (int k = 0; k < 3; k++) {
        buf_puts(&c.messages[i].text, "more words ");
        c.messages[i].changed = true;
        save(s, &c);
    }
    assert_int_equal(found(s, "words"), 0); /* it is not finished */
    store_close(s);                         /* as if the program had died here */
    s = open_store();
    load(s, c.id, &d);
    assert_string_equal(d.messages[1].text.data, "more words more words more words ");
    assert_false(d.messages[1].open);
    assert_int_equal(d.messages[1].stop, STOP_NONE);
    assert_int_equal(found(s, "words"), 1);
    /* It is continued: the index follows. */
    buf_puts(&d.messages[1].text, "and an end");
    d.messages[1].open = d.messages[1].changed = true;
    save(s, &d);
    assert_int_equal(found(s, "words"), 0);
    d.messages[1].open = false;
    d.messages[1].stop = STOP_END;
    d.messages[1].changed = true;
    save(s, &d);
    assert_int_equal(found(s, "words end"), 1);
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

static void test_an_empty_answer_is_taken_out(void **state)
{
    (void)state;
    struct conversation c = {0};
    say(&c, CHAT_USER, "question");
    say(&c, CHAT_ASSISTANT, "one");
    conversation_cut(&c, 0);
    conversation_add(&c, CHAT_ASSISTANT, "", 0);
    conversation_drop_leaf(&c);
    assert_int_equal(c.n, 2);
    assert_int_equal(conversation_leaf(&c), 0);
    assert_int_equal(c.messages[0].last_child, 1);
    assert_int_equal(c.messages[1].next, NO_MESSAGE);
    conversation_free(&c);
}

static void test_titles(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"  Hello\n\n world \t", "Hello world"},
        {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg",
         "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff..."},
        {"\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *title = conversation_title_of(cases[i][0], strlen(cases[i][0]));
        assert_string_equal(title, cases[i][1]);
        free(title);
    }
    char wide[3 * 100 + 1] = "";
    for (int i = 0; i < 100; i++)
        memcpy(wide + 3 * i, "\xe6\xbc\xa2", 4);
    char *title = conversation_title_of(wide, 300);
    assert_int_equal(strlen(title), 3 * 30 + 3); /* no blank to cut at */
    free(title);
}

/* ---- lists, search -------------------------------------------------------------------- */

static void test_lists_are_newest_first(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct store_list list = {0};
    struct error err;
    int64_t first = add(s, "one", "a", "b"), second = add(s, "two", "c", "d");
    struct conversation c = {0};
    usleep(2000); /* times are in ms */
    load(s, first, &c);
    say(&c, CHAT_USER, "more");
    save(s, &c);
    assert_true(store_find(s, "", 10, &list, &err));
    assert_int_equal(list.n, 2);
    assert_int_equal(list.entries[0].id, first);
    assert_int_equal(list.entries[0].n_messages, 3);
    assert_int_equal(list.entries[1].id, second);
    store_list_free(&list);
    assert_true(store_find(s, NULL, 1, &list, &err));
    assert_int_equal(list.n, 1);
    store_list_free(&list);
    assert_true(store_rename(s, second, "x'; DROP TABLE conversation; --", &err));
    assert_true(store_delete(s, first, &err));
    assert_true(store_find(s, "", 10, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.entries[0].title, "x'; DROP TABLE conversation; --");
    store_list_free(&list);
    assert_int_equal(found(s, "more"), 0); /* gone from the index too */
    conversation_free(&c);
    store_close(s);
}

static void test_searches(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct store_list list = {0};
    struct error err;
    add(s, "Gardens",
        "How do I plant \xc3\x9c"
        "berpflanzen?",
        "Dig a hole; 50% of \"all\" (roots) need_it.");
    add(s, "Physics", "What is a quark?", "A constituent of hadrons.\nfoo_bar(baz) C:\\path");
    add(s, "\xe6\xbc\xa2\xe5\xad\x97", "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\xa6\xe4\xb9\xa0", "x");
    static const struct {
        const char *query;
        size_t n;
    } cases[] = {
        {"quark", 1},
        {"QUARK", 1},
        {"uar", 1},
        {"quark gardens", 0},
        {"dig roots", 1},
        {"phys", 1},
        {"is", 1}, /* shorter than the index knows */
        {"\"all\"", 1},
        {"foo_bar(", 1},
        {"fooXbar", 0},
        {"50%", 1},
        {"5%%", 0},
        {"_____", 0},
        {"C:\\path", 1},
        {"\xe4\xb8\xad\xe6\x96\x87", 1},
        {"\xe5\xad\xa6\xe4\xb9\xa0", 1},
        {"\"*(", 0},
        {"\"", 1},
        {"*", 0},
        {"(", 2},
        {"a OR b", 0},
        {"quark AND", 0},
        {"NEAR(quark hadrons)", 0},
        {"text:quark", 0},
        {"^quark", 0},
        {"-quark", 0},
        {"'", 0},
        {"' OR 1=1 --", 0},
        {"quark\"", 0},
        {"\"\"\"", 0},
        {"\\", 1},
        {"%", 1},
        {"\xff\xfe\xff", 0},
        {"{quark hadrons}:", 0},
        {"+++ quark", 0},
        {" \t ", 3},
        {"nothing of the kind", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (found(s, cases[i].query) != cases[i].n)
            fail_msg("%s: %zu", cases[i].query, found(s, cases[i].query));
    assert_true(store_find(s, "hadrons", 10, &list, &err));
    assert_string_equal(list.entries[0].found, "A constituent of hadrons. foo_bar(baz) C:\\path");
    store_list_free(&list);
    char many[4000] = "";
    for (int i = 0; i < 900; i++)
        strcat(many, "\"a* ");
    assert_int_equal(found(s, many), 0);
    store_close(s);
}

/* ---- whose it is ---------------------------------------------------------------------- */

static unsigned mode_of(const char *name)
{
    struct stat st;
    char *path = file_of(name);
    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_mode & 07777;
}

static void test_nobody_else_can_read_it(void **state)
{
    (void)state;
    mode_t before = umask(0);
    struct store *s = open_store();
    add(s, "t", "q", "a");
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("conversations.db"), 0600);
    assert_int_equal(mode_of("conversations.db-wal"), 0600);
    assert_int_equal(mode_of("conversations.db-shm"), 0600);
    assert_int_equal(mode_of("conversations.lock"), 0600);
    store_close(s);
    chmod(folder_of_test, 0777);
    char *file = file_of("conversations.db");
    chmod(file, 0666);
    free(file);
    store_close(open_store());
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("conversations.db"), 0600);
    umask(before);
}

/* A folder that is a link is the folder; one whose way leads through a folder that anybody may
 * write is made for its owner alone. */
static void test_links_and_open_folders(void **state)
{
    (void)state;
    struct error err;
    char *real = xasprintf("%s-real", folder_of_test), *parent = xstrdup(folder_of_test);
    *strrchr(parent, '/') = '\0';
    store_close(open_store());
    assert_int_equal(chmod(parent, 0777), 0);
    assert_int_equal(rename(folder_of_test, real), 0);
    assert_int_equal(symlink(real, folder_of_test), 0);
    assert_int_equal(chmod(real, 0777), 0);
    struct store *s = open_store();
    add(s, "t", "q", "a");
    store_close(s);
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("conversations.db"), 0600);
    unlink(folder_of_test);
    assert_int_equal(symlink("nowhere", folder_of_test), 0);
    assert_null(store_open(folder_of_test, &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    unlink(folder_of_test);
    assert_int_equal(symlink(folder_of_test, folder_of_test), 0);
    assert_null(store_open(folder_of_test, &err));
    unlink(folder_of_test);
    assert_int_equal(rename(real, folder_of_test), 0);
    free(parent);
    free(real);
}

static void test_places(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", "/home/somebody", 1);
    char *path = places_state_folder();
    assert_string_equal(path, "/home/somebody/.local/state/qins");
    free(path);
    setenv("XDG_STATE_HOME", "/state", 1);
    path = places_state_folder();
    assert_string_equal(path, "/state/qins");
    free(path);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_null(places_state_folder());
    if (home)
        setenv("HOME", home, 1);
    free(home);
}

/* Runs in a process of its own; its exit code is the test's. */
static int in_child(int (*f)(void *), void *arg)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(f(arg));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int second_program(void *arg)
{
    struct error err;
    struct conversation c = {0};
    bool taken;
    int64_t id = *(int64_t *)arg;
    struct store *s = store_open(folder_of_test, &err);
    if (!s || !store_load(s, id, &c, &taken, &err))
        return 1;
    if (!taken || c.id != 0 || c.n != 2)
        return 2;
    if (store_delete(s, id, &err) || err.code != EX_TEMPFAIL)
        return 3;
    conversation_add(&c, CHAT_USER, "apart", 5);
    if (!store_save(s, &c, &err) || c.id == id)
        return 4;
    raise(SIGKILL); /* its lock goes with it */
    return 5;
}

static void test_a_second_program_gets_a_copy(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    int64_t id = add(s, "t", "q", "a");
    load(s, id, &c);
    assert_int_equal(in_child(second_program, &id), -SIGKILL);
    say(&c, CHAT_USER, "mine");
    save(s, &c);
    load(s, id + 1, &d); /* nobody holds the copy any more */
    assert_int_equal(d.n, 3);
    assert_string_equal(d.messages[2].text.data, "apart");
    conversation_free(&d);
    store_release(s);
    load(s, id, &d);
    assert_int_equal(d.n, 3);
    assert_string_equal(d.messages[2].text.data, "mine");
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

/* Whatever the lock file holds, its bytes are no lock: no process number in it can be somebody
 * else's. */
static void test_a_lock_file_that_was_left(void **state)
{
    (void)state;
    static const char left[] = "1\n";
    struct store *s = open_store();
    struct conversation c = {0};
    int64_t id = add(s, "t", "q", "a");
    store_close(s);
    char *path = file_of("conversations.lock");
    int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, left, sizeof left), sizeof left);
    close(fd);
    s = open_store();
    load(s, id, &c);
    assert_int_equal(c.n, 2);
    conversation_free(&c);
    store_close(s);
    free(path);
}

static void test_another_writer_is_never_overwritten(void **state)
{
    (void)state;
    struct store *s = open_store(), *t;
    struct conversation c = {0}, d = {0};
    struct error err;
    int64_t id = add(s, "t", "q", "a");
    load(s, id, &c);
    store_release(s); /* as on a file system whose locks do nothing */
    t = open_store();
    load(t, id, &d);
    say(&d, CHAT_USER, "theirs");
    save(t, &d);
    store_release(t);
    say(&c, CHAT_USER, "mine");
    assert_false(store_save(s, &c, &err));
    assert_int_equal(store_state(s), STORE_REPLACED);
    store_close(s);
    s = open_store();
    conversation_detach(&c);
    save(s, &c);
    assert_true(c.id != id);
    conversation_free(&d);
    store_release(s);
    load(s, id, &d);
    assert_string_equal(d.messages[2].text.data, "theirs");
    conversation_free(&c);
    conversation_free(&d);
    store_close(t);
    store_close(s);
}

/* ---- damage, and what is not ours ----------------------------------------------------- */

static void write_file(const char *name, const void *bytes, size_t n)
{
    char *path = file_of(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    free(path);
}

static struct buf read_back(const char *name)
{
    struct buf b = {0};
    struct error err;
    char *path = file_of(name);
    if (!read_file(&b, path, 1 << 28, &err))
        fail_msg("%s", err.text);
    free(path);
    return b;
}

static void sql(const char *statement)
{
    sqlite3 *db;
    char *path = file_of("conversations.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(path);
}

/* The schema that the first release wrote, as it stood in its source. */
static const char schema_1[] =
    "CREATE TABLE conversation ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  title TEXT NOT NULL, system TEXT, model TEXT, preset TEXT,"
    "  leaf INTEGER NOT NULL," /* number of a message, or -1 */
    "  n_messages INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, changed INTEGER NOT NULL);" /* ms since 1970 */
    "CREATE INDEX conversation_changed ON conversation(changed);"
    "CREATE TABLE message ("
    "  id INTEGER PRIMARY KEY,"
    "  conversation INTEGER NOT NULL REFERENCES conversation(id),"
    "  number INTEGER NOT NULL, parent INTEGER NOT NULL CHECK (parent < number)," /* -1: a root */
    "  role TEXT NOT NULL, text TEXT NOT NULL, model TEXT,"
    "  stop TEXT," /* NULL: still being written */
    "  n_prompt INTEGER, n_tokens INTEGER, prompt_ms REAL, generate_ms REAL, first_token_ms REAL,"
    "  tokens_per_s REAL,"
    "  created INTEGER NOT NULL,"
    "  UNIQUE (conversation, number));"
    "CREATE INDEX message_open ON message(conversation) WHERE stop IS NULL;"
    "CREATE VIRTUAL TABLE words USING fts5(text, content='message', content_rowid='id',"
    "  tokenize='trigram');"
    "CREATE TRIGGER message_added AFTER INSERT ON message WHEN new.stop IS NOT NULL BEGIN"
    "  INSERT INTO words(rowid, text) VALUES (new.id, substr(new.text, 1, 262144));"
    "END;"
    "CREATE TRIGGER message_changed AFTER UPDATE ON message BEGIN"
    "  INSERT INTO words(words, rowid, text)"
    "    SELECT 'delete', old.id, substr(old.text, 1, 262144) WHERE old.stop IS NOT NULL;"
    "  INSERT INTO words(rowid, text)"
    "    SELECT new.id, substr(new.text, 1, 262144) WHERE new.stop IS NOT NULL;"
    "END;"
    "CREATE TRIGGER message_removed AFTER DELETE ON message WHEN old.stop IS NOT NULL BEGIN"
    "  INSERT INTO words(words, rowid, text)"
    "    VALUES ('delete', old.id, substr(old.text, 1, 262144));"
    "END;";

/* What that release has saved is opened, and nothing of it changes; what is new has its place. */
static void test_a_file_of_the_first_release_is_brought_up_to_date(void **state)
{
    (void)state;
    store_close(open_store());
    char *path = file_of("conversations.db");
    unlink(path);
    free(path);
    sql(schema_1);
    sql("INSERT INTO conversation VALUES (3, 'old', 'be brief', 'tiny', NULL, 2, 3, 1000, 2000);"
        "INSERT INTO message VALUES (1, 3, 0, -1, 'user', 'question', NULL, 'end', 0, 0, 0, 0, 0,"
        " 0, 1001);"
        "INSERT INTO message VALUES (2, 3, 1, 0, 'assistant', 'first answer', 'tiny', 'length', 7,"
        " 9, 1.5, 2.5, 3.5, 4.5, 1002);"
        "INSERT INTO message VALUES (3, 3, 2, 0, 'assistant', 'half an ans', 'tiny', NULL, 0, 0, 0,"
        " 0, 0, 0, 1003);"
        "PRAGMA application_id = 0x51494e53; PRAGMA user_version = 1");
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    load(s, 3, &c);
    assert_string_equal(c.title, "old");
    assert_int_equal(c.n, 3);
    assert_int_equal(c.n_path, 2);
    assert_string_equal(c.messages[1].text.data, "first answer");
    assert_int_equal(c.messages[1].stats.n_tokens, 9);
    assert_int_equal(c.messages[1].thinking.len, 0);
    assert_int_equal(c.messages[1].n_thinking, 0);
    assert_int_equal(c.messages[2].stop, STOP_NONE);
    assert_int_equal(found(s, "first answer"), 1);
    buf_puts(&c.messages[2].thinking, "hm");
    c.messages[2].changed = true;
    save(s, &c);
    store_close(s);
    s = open_store();
    load(s, 3, &d);
    assert_string_equal(d.messages[2].thinking.data, "hm");
    assert_string_equal(d.messages[2].text.data, "half an ans");
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

/* Bytes, numbers and versions; an answer that is only thinking so far is saved, too. */
static void test_thinking_comes_back(void **state)
{
    (void)state;
    static const char thinking[] = "a\0b\xff\r\n > quoted\n\n";
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    say(&c, CHAT_USER, "question");
    for (int i = 0; i < 2; i++) {
        conversation_cut(&c, 0);
        say(&c, CHAT_ASSISTANT, i ? "" : "answer");
    }
    buf_append(&c.messages[1].thinking, thinking, sizeof thinking - 1);
    c.messages[1].n_thinking = 340;
    c.messages[1].thinking_ms = 12000.5f;
    buf_puts(&c.messages[2].thinking, "pondering");
    c.messages[2].open = true;
    save(s, &c);
    store_close(s);
    s = open_store();
    load(s, c.id, &d);
    assert_int_equal(d.n, 3);
    assert_int_equal(d.messages[1].thinking.len, sizeof thinking - 1);
    assert_memory_equal(d.messages[1].thinking.data, thinking, sizeof thinking - 1);
    assert_int_equal(d.messages[1].n_thinking, 340);
    assert_true(d.messages[1].thinking_ms == 12000.5f);
    assert_string_equal(d.messages[1].text.data, "answer");
    assert_string_equal(d.messages[2].thinking.data, "pondering");
    assert_int_equal(d.messages[2].stop, STOP_NONE);
    assert_int_equal(found(s, "answer"), 1);
    assert_int_equal(found(s, "pondering"), 0); /* a search is for what was said */
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

static void test_a_newer_file_is_left_alone(void **state)
{
    (void)state;
    struct error err;
    struct store *s = open_store();
    add(s, "t", "q", "a");
    store_close(s);
    sql("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    struct buf before = read_back("conversations.db");
    assert_null(store_open(folder_of_test, &err));
    assert_int_equal(err.code, EX_CONFIG);
    assert_non_null(strstr(err.text, "newer"));
    assert_int_equal(store_state(NULL), STORE_GOOD);
    struct buf after = read_back("conversations.db");
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    buf_free(&before);
    buf_free(&after);
}

static void test_a_foreign_file_is_left_alone(void **state)
{
    (void)state;
    struct error err;
    store_close(open_store());
    sql("PRAGMA application_id = 5");
    assert_null(store_open(folder_of_test, &err));
    assert_int_equal(store_state(NULL), STORE_GOOD);
    assert_non_null(strstr(err.text, "not a file of qins-tui"));
}

static void test_a_damaged_file_is_set_aside(void **state)
{
    (void)state;
    struct error err;
    static const char garbage[] = "this is no database, but a text that somebody wrote there...."
                                  "........................................................";
    store_close(open_store());
    write_file("conversations.db", garbage, sizeof garbage);
    assert_null(store_open(folder_of_test, &err));
    assert_int_equal(store_state(NULL), STORE_DAMAGED);
    char *name = store_set_aside(folder_of_test, &err);
    assert_non_null(name);
    store_close(open_store());
    struct buf kept = read_back(strrchr(name, '/') + 1);
    assert_int_equal(kept.len, sizeof garbage);
    assert_memory_equal(kept.data, garbage, sizeof garbage);
    write_file("conversations.db", garbage, sizeof garbage);
    char *second = store_set_aside(folder_of_test, &err);
    assert_non_null(second);
    assert_string_not_equal(name, second);
    buf_free(&kept);
    free(name);
    free(second);
}

static void test_an_empty_file_is_a_new_one(void **state)
{
    (void)state;
    store_close(open_store());
    write_file("conversations.db", "", 0);
    struct store *s = open_store();
    add(s, "t", "q", "a");
    assert_int_equal(found(s, ""), 1);
    store_close(s);
}

/* Ten gigabytes that are not there: of nothing, and behind a good file. */
static void test_a_file_of_ten_gigabytes(void **state)
{
    (void)state;
    struct error err;
    struct store *s = open_store();
    int64_t id = add(s, "t", "a question", "an answer");
    store_close(s);
    char *path = file_of("conversations.db");
    double start = now_ms();
    assert_int_equal(truncate(path, (off_t)10 << 30), 0);
    s = open_store();
    struct conversation c = {0};
    load(s, id, &c);
    assert_int_equal(c.n, 2);
    conversation_free(&c);
    store_close(s);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(path, (off_t)10 << 30), 0);
    assert_null(store_open(folder_of_test, &err));
    assert_int_equal(store_state(NULL), STORE_DAMAGED);
    assert_true(now_ms() - start < 10000); /* it is some ms: nobody reads all of it */
    free(path);
}

/* Messages of the future, of 1969, and from before a clock was set back. */
static void test_times_that_cannot_be(void **state)
{
    (void)state;
    struct store_list list = {0};
    struct error err;
    struct conversation c = {0};
    struct store *s = open_store();
    int64_t future = add(s, "future", "q", "a"), past = add(s, "past", "q", "a");
    store_close(s);
    sql("UPDATE conversation SET changed = 9223372036854775807 WHERE title = 'future';"
        "UPDATE conversation SET changed = -9223372036854775807 WHERE title = 'past';"
        "UPDATE message SET created = -1");
    s = open_store();
    int64_t now = add(s, "now", "q", "a");
    assert_true(store_find(s, "", 10, &list, &err));
    assert_int_equal(list.n, 3);
    assert_int_equal(list.entries[0].id, future);
    assert_int_equal(list.entries[1].id, now);
    assert_int_equal(list.entries[2].id, past);
    store_list_free(&list);
    load(s, future, &c);
    say(&c, CHAT_USER, "more");
    save(s, &c);
    conversation_free(&c);
    store_close(s);
}

/* Everything that a program does with a store; failures are fine, crashes are not. */
static void exercise(void)
{
    struct error err;
    struct store *s = store_open(folder_of_test, &err);
    struct store_list list = {0};
    struct conversation c = {0}, mine = {0};
    bool taken;
    if (!s)
        return;
    if (store_find(s, "question", 10, &list, &err))
        store_list_free(&list);
    if (store_load(s, 1, &c, &taken, &err)) {
        say(&c, CHAT_USER, "more");
        store_save(s, &c, &err);
    }
    say(&mine, CHAT_USER, "more");
    store_save(s, &mine, &err);
    store_delete(s, 2, &err);
    conversation_free(&c);
    conversation_free(&mine);
    store_close(s);
}

static void test_flipped_bits(void **state)
{
    (void)state;
    struct store *s = open_store();
    for (int i = 0; i < 5; i++)
        add(s, "title", "a question", "an answer with some words");
    store_close(s);
    struct buf whole = read_back("conversations.db");
    char *wal = file_of("conversations.db-wal");
    uint32_t seed = 12345;
    for (int i = 0; i < 100; i++) {
        struct buf flipped = {0};
        buf_append(&flipped, whole.data, whole.len);
        for (int k = 0; k < 1 + i % 3; k++) {
            seed = seed * 1664525 + 1013904223;
            size_t at = i < 50 ? (size_t)i : seed % whole.len; /* the header first */
            flipped.data[at] = (char)(flipped.data[at] ^ (1 << (seed >> 29)));
        }
        size_t n = i % 10 == 9 ? seed % whole.len : whole.len;
        unlink(wal);
        write_file("conversations.db", flipped.data, n);
        exercise();
        buf_free(&flipped);
    }
    free(wal);
    buf_free(&whole);
}

static void test_a_loop_in_the_tree_is_refused(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0};
    struct error err;
    bool taken;
    int64_t id = add(s, "t", "q", "a");
    store_close(s);
    sql("PRAGMA ignore_check_constraints = 1; UPDATE message SET parent = 7 WHERE number = 1");
    s = open_store();
    assert_false(store_load(s, id, &c, &taken, &err));
    assert_int_equal(c.n, 0);
    assert_int_equal(store_state(s), STORE_DAMAGED);
    store_close(s);
}

/* ---- where nothing can be saved ------------------------------------------------------- */

static void test_folders_that_cannot_be(void **state)
{
    (void)state;
    struct error err;
    assert_null(store_open("/dev/null/qins", &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    assert_null(store_open("/proc/qins", &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    store_close(open_store());
    char *file = file_of("conversations.db");
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0); /* and no waiting for it */
    assert_null(store_open(folder_of_test, &err));
    unlink(file);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_null(store_open(folder_of_test, &err));
    free(file);
}

static void test_a_locked_file_is_not_waited_for(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0};
    struct error err;
    sqlite3 *db;
    char *path = file_of("conversations.db");
    say(&c, CHAT_USER, "question");
    save(s, &c);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    say(&c, CHAT_ASSISTANT, "answer");
    assert_false(store_save(s, &c, &err));
    assert_int_equal(err.code, EX_TEMPFAIL);
    assert_true(conversation_unsaved(&c));
    assert_int_equal(store_state(s), STORE_GOOD);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    save(s, &c);
    assert_false(conversation_unsaved(&c));
    sqlite3_close(db);
    conversation_free(&c);
    store_close(s);
    free(path);
}

static int on_full_disk(void *arg)
{
    struct error err;
    struct conversation c = {0};
    bool taken;
    struct rlimit limit = {200000, 200000};
    (void)arg;
    signal(SIGXFSZ, SIG_IGN);
    struct store *s = store_open(folder_of_test, &err);
    if (!s || !store_load(s, 1, &c, &taken, &err) || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    char *text = xmalloc(1000000);
    memset(text, 'x', 1000000);
    conversation_add(&c, CHAT_USER, text, 1000000);
    for (int i = 0; i < 3; i++)
        if (store_save(s, &c, &err))
            return 2;
    c.messages[2].text.len = 5; /* something smaller has room again */
    return store_save(s, &c, &err) ? 0 : 3;
}

static void test_a_full_disk_loses_nothing_old(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0};
    int64_t id = add(s, "t", "q", "a");
    store_close(s);
    assert_int_equal(in_child(on_full_disk, NULL), 0);
    s = open_store();
    load(s, id, &c);
    assert_int_equal(c.n, 3);
    assert_string_equal(c.messages[1].text.data, "a");
    assert_string_equal(c.messages[2].text.data, "xxxxx");
    conversation_free(&c);
    store_close(s);
}

/* ---- a disk that fails ---------------------------------------------------------------- */

static const int disk_errors[] = {EIO, ENOSPC, EROFS, EDQUOT};
enum { N_DISK_ERRORS = sizeof disk_errors / sizeof *disk_errors };

/* What is not saved is marked so, and is saved by the next attempt or lost with the program; all
 * that was saved before is there. Where reading fails SQLite may say "damaged": then the store is
 * opened anew. */
static int fail_while_saving(int64_t id, size_t n_saved, int after, int error, bool again,
                             bool *failed)
{
    struct error err = {0};
    struct conversation c = {0};
    struct store *s = open_store();
    load(s, id, &c);
    assert_int_equal(c.n, n_saved);
    assert_string_equal(c.messages[0].text.data, "the first");
    say(&c, CHAT_USER, "and more");
    disk_will_fail(after, error);
    bool saved = store_save(s, &c, &err);
    *failed = disk_is_well();
    if (!saved)
        assert_true(conversation_unsaved(&c) && *err.text);
    assert_int_not_equal(store_state(s), STORE_REPLACED);
    if (store_state(s) != STORE_GOOD) {
        store_close(s);
        s = open_store();
    }
    if (!saved && again)
        save(s, &c);
    conversation_free(&c);
    store_close(s);
    return saved ? 0 : 1;
}

static void test_a_disk_that_fails_while_saving(void **state)
{
    (void)state;
    struct store *s = open_store();
    int64_t id = add(s, "t", "the first", "answer");
    store_close(s);
    size_t n_saved = 2;
    for (int round = 0; round < 2 * N_DISK_ERRORS; round++) {
        bool again = round % 2, failed = true;
        int n_failures = 0;
        for (int after = 0; failed; after++) {
            int failure =
                fail_while_saving(id, n_saved, after, disk_errors[round / 2], again, &failed);
            n_saved += !failure || again;
            n_failures += failure;
        }
        assert_true(n_failures > 1);
    }
}

static void test_a_disk_that_fails_while_opening(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = open_store();
    int64_t id = add(s, "t", "the first", "answer");
    store_close(s);
    for (int round = 0; round < N_DISK_ERRORS; round++) {
        bool failed = true;
        for (int after = 0; failed; after++) {
            disk_will_fail(after, disk_errors[round]);
            s = store_open(folder_of_test, &err);
            failed = disk_is_well();
            assert_true(s || *err.text);
            store_close(s);
        }
    }
    struct conversation c = {0};
    s = open_store();
    load(s, id, &c);
    assert_int_equal(c.n, 2);
    conversation_free(&c);
    store_close(s);
}

static void test_a_removed_file_is_noticed(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0};
    struct error err;
    say(&c, CHAT_USER, "question");
    save(s, &c);
    char *path = file_of("conversations.db");
    unlink(path);
    say(&c, CHAT_ASSISTANT, "answer");
    assert_false(store_save(s, &c, &err));
    assert_int_equal(store_state(s), STORE_REPLACED);
    store_close(s);
    s = open_store();
    conversation_detach(&c);
    save(s, &c);
    assert_int_equal(found(s, "question"), 1);
    conversation_free(&c);
    store_close(s);
    free(path);
}

/* ---- many ----------------------------------------------------------------------------- */

static void say_many(struct conversation *c, int n)
{
    char text[64];
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof text, "message number %d of many", i);
        say(c, i % 2 ? CHAT_ASSISTANT : CHAT_USER, text);
    }
}

/* Not of so many that a slow machine reaches the end of a search's time. */
static void test_words_that_all_messages_have(void **state)
{
    (void)state;
    struct store *s = open_store();
    struct conversation c = {0};
    say_many(&c, 1000);
    save(s, &c);
    assert_int_equal(found(s, "message of many"), 1);
    conversation_free(&c);
    store_close(s);
}

static void test_a_hundred_thousand_messages(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct store *s = open_store();
    struct conversation c = {0}, d = {0};
    say_many(&c, N);
    save(s, &c);
    store_release(s);
    load(s, c.id, &d);
    assert_int_equal(d.n_path, N);
    assert_string_equal(d.messages[N - 1].text.data, "message number 99999 of many");
    assert_int_equal(found(s, "77777"), 1);
    assert_int_equal(found(s, "88888 77777"), 0);
    conversation_free(&c);
    conversation_free(&d);
    store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    disk_stand_before();
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_come_back),
        TEST(test_branches_come_back),
        TEST(test_a_file_of_the_first_release_is_brought_up_to_date),
        TEST(test_thinking_comes_back),
        TEST(test_text_grows_and_an_unfinished_answer_is_marked),
        TEST(test_an_empty_answer_is_taken_out),
        TEST(test_titles),
        TEST(test_lists_are_newest_first),
        TEST(test_searches),
        TEST(test_nobody_else_can_read_it),
        TEST(test_links_and_open_folders),
        TEST(test_places),
        TEST(test_a_second_program_gets_a_copy),
        TEST(test_a_lock_file_that_was_left),
        TEST(test_another_writer_is_never_overwritten),
        TEST(test_a_newer_file_is_left_alone),
        TEST(test_a_foreign_file_is_left_alone),
        TEST(test_a_damaged_file_is_set_aside),
        TEST(test_an_empty_file_is_a_new_one),
        TEST(test_a_file_of_ten_gigabytes),
        TEST(test_times_that_cannot_be),
        TEST(test_flipped_bits),
        TEST(test_a_loop_in_the_tree_is_refused),
        TEST(test_folders_that_cannot_be),
        TEST(test_a_locked_file_is_not_waited_for),
        TEST(test_a_full_disk_loses_nothing_old),
        TEST(test_a_disk_that_fails_while_saving),
        TEST(test_a_disk_that_fails_while_opening),
        TEST(test_a_removed_file_is_noticed),
        TEST(test_words_that_all_messages_have),
        TEST(test_a_hundred_thousand_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
