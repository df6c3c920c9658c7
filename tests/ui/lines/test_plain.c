/* SPDX-License-Identifier: MIT
 *
 * Plain mode as people and scripts use it: what is on stdout, what on stderr, and the exit code.
 */
#include <locale.h>

#include "json.h"
#include "program.h"

static char folder[256];
static char program[4096];

static int setup(void **state)
{
    (void)state;
    const char *build = getenv("QINS_BUILD");
    snprintf(program, sizeof program, "%s/ui/qins-tui", build ? build : "build");
    snprintf(folder, sizeof folder, "%s", temp_folder());
    setenv("XDG_CONFIG_HOME", folder, 1); /* neither configuration nor models of this machine */
    setenv("QINS_DATA_DIR", folder, 1);
    /* Macs before macOS 15 have no C.UTF-8. */
    setenv("LC_ALL", setlocale(LC_CTYPE, "C.UTF-8") ? "C.UTF-8" : "en_US.UTF-8", 1);
    setlocale(LC_CTYPE, "C");
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static int open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

#define WORDS(...) ((const char *const[]){program, __VA_ARGS__, NULL})
/* Always the same answer, whatever the preset. */
#define GREEDY "--temperature", "0", "--max-tokens", "60"

/* Runs to the end with this text on stdin; NULL: /dev/null there. */
static struct program run(const char *const *words, const char *input, int *code)
{
    int null_fd = open_null();
    struct program p = program_start(words, input ? FD_PIPE : null_fd, FD_PIPE, FD_PIPE);
    close(null_fd);
    for (size_t n = input ? strlen(input) : 0; n;) {
        ssize_t written = write(p.in, input, n);
        if (written < 0)
            break;
        input += written;
        n -= (size_t)written;
    }
    *code = program_end(&p);
    return p;
}

static char *answer(const char *const *words, const char *input)
{
    int code;
    struct program p = run(words, input, &code);
    const char *told = p.complained.len ? p.complained.data : "";
    bool cut = strncmp(told, "qins-tui: incomplete: max_tokens", 32) == 0; /* as was asked for */
    if (code != 0 || (*told && !cut))
        fail_msg("code %d, stderr: %s", code, p.complained.data);
    char *text = xstrndup(p.said.data, p.said.len);
    program_free(&p);
    return text;
}

static const char *stories(void)
{
    return shared_path("models/stories260K");
}

static void expect_failure(const char *const *words, const char *input, int want,
                           const char *message)
{
    int code;
    struct program p = run(words, input, &code);
    if (code != want || !strstr(p.complained.data, message))
        fail_msg("expected %d, %s\ngot %d, %s", want, message, code, p.complained.data);
    assert_int_equal(strncmp(p.complained.data, "qins-tui: ", 10), 0);
    char *line_end = strchr(p.complained.data, '\n');
    assert_true(line_end && line_end[1] == '\0'); /* one line */
    assert_int_equal(p.said.len, 0);
    program_free(&p);
}

/* expected-greedy.txt is what the original engine prints; its last line end was added there too. */
static void test_known_text(void **state)
{
    (void)state;
    static const char *const models[] = {"models/stories260K", "models/stories260K-phi3"};
    static const char *const formats[] = {"f32", "auto"};
    struct buf expected = {0};
    struct error err;
    assert_true(
        read_file(&expected, shared_path("models/stories260K/expected-greedy.txt"), 1 << 16, &err));
    for (int i = 0; i < 4; i++) {
        char *text =
            answer(WORDS("-m", shared_path(models[i & 1]), "--raw", "-p", "", "--temperature", "0",
                         "--max-tokens", "200", "--format", formats[i / 2]),
                   NULL);
        assert_string_equal(text, expected.data);
        free(text);
    }
    char *text = answer(WORDS("--raw", "--temperature", "0", "--max-tokens", "200", stories()), "");
    assert_string_equal(text, expected.data); /* nothing on stdin is the empty text */
    free(text);
    buf_free(&expected);
}

static void expect_same(char *a, char *b)
{
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void expect_different(char *a, char *b)
{
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

/* Four pieces of one character become the special tokens of Phi-3's chat template. */
static void write_chat_tokenizer(const char *to)
{
    static const char *const old[] = {"[", "]", "~", "|"};
    static const char *const new[] = {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"};
    json_t *root = json_load_file(shared_path("models/stories260K-phi3/tokenizer.json"), 0, NULL);
    json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab");
    json_t *added = json_object_get(root, "added_tokens");
    assert_non_null(vocab);
    for (size_t i = 0; i < 4; i++) {
        json_t *id = json_incref(json_object_get(vocab, old[i]));
        json_t *token = json_deep_copy(json_array_get(added, 0));
        assert_non_null(id);
        json_object_del(vocab, old[i]);
        json_object_set(vocab, new[i], id);
        json_object_set_new(token, "id", id);
        json_object_set_new(token, "content", json_string(new[i]));
        json_array_append_new(added, token);
    }
    assert_int_equal(json_dump_file(root, to, 0), 0);
    json_decref(root);
}

/* stories260K-phi3 with the chat template of Phi-3.5. */
static const char *templated_model(void)
{
    static const char *const parts[][2] = {
        {"config.json", "models/stories260K-phi3/config.json"},
        {"generation_config.json", "models/stories260K-phi3/generation_config.json"},
        {"model.safetensors", "models/stories260K-phi3/model.safetensors"},
        {"tokenizer_config.json", "models/phi-3.5-mini-instruct/tokenizer_config.json"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *link = path_join(folder, parts[i][0]);
        char *target = realpath(shared_path(parts[i][1]), NULL);
        assert_int_equal(symlink(target, link), 0);
        free(target);
        free(link);
    }
    char *tokenizer = path_join(folder, "tokenizer.json");
    write_chat_tokenizer(tokenizer);
    free(tokenizer);
    return folder;
}

static void test_where_the_prompt_comes_from(void **state)
{
    (void)state;
    const char *m = stories();
    expect_same(answer(WORDS("-m", m, GREEDY, "-p", "The cat"), NULL),
                answer(WORDS("-m", m, GREEDY), "The cat\n"));
    expect_same(answer(WORDS("-m", m, GREEDY, "-p", "The cat\n\nA dog"), NULL),
                answer(WORDS("-m", m, GREEDY, "-p", "The cat"), "A dog\r\n\n"));
    expect_same(answer(WORDS("-m", m, GREEDY, "--raw", "-p", "The cat\n"), NULL),
                answer(WORDS("-m", m, GREEDY, "--raw"), "The cat\n"));
    expect_different(answer(WORDS("-m", m, GREEDY, "--raw", "-p", "The cat"), NULL),
                     answer(WORDS("-m", m, GREEDY, "--raw"), "The cat\n"));
    expect_different(answer(WORDS("-m", m, GREEDY, "-p", "The cat"), NULL),
                     answer(WORDS("-m", m, GREEDY, "-p", "The cat"), "A dog"));
    m = templated_model();
    expect_different(answer(WORDS("-m", m, GREEDY, "-p", "The cat"), NULL),
                     answer(WORDS("-m", m, GREEDY, "-p", "The cat", "--system", ""), NULL));
    expect_different(answer(WORDS("-m", m, GREEDY, "--raw", "-p", "The cat"), NULL),
                     answer(WORDS("-m", m, GREEDY, "-p", "The cat", "--system", ""), NULL));
    expect_same(answer(WORDS("-m", m, GREEDY, "--raw", "-p", "The cat"), NULL),
                answer(WORDS("-m", m, GREEDY, "--raw", "-p", "The cat", "--system", ""), NULL));
}

static void test_seeds(void **state)
{
    (void)state;
    const char *m = stories();
#define SEEDED(seed, ...)                                                                          \
    answer(WORDS("-m", m, "-p", "Once", "--temperature", "1", "--max-tokens", "60", "--seed",      \
                 seed, __VA_ARGS__),                                                               \
           NULL)
    expect_same(SEEDED("5", "-t", "1"), SEEDED("5", "-t", "3"));
    expect_different(SEEDED("5", "-t", "1"), SEEDED("6", "-t", "1"));
    expect_different(SEEDED("-1", "-t", "1"), SEEDED("-1", "-t", "1"));
#undef SEEDED
}

static void test_failures_are_one_line_and_a_code(void **state)
{
    (void)state;
    char path[300];
    const char *m = stories();
    expect_failure(WORDS("-p", "x"), NULL, EX_NOINPUT, "no model: give one with -m");
    expect_failure(WORDS("-m", m), NULL, EX_USAGE, "no prompt");
    expect_failure(WORDS("-m", m), "\n\n", EX_USAGE, "no prompt");
    expect_failure(WORDS("-m", m, "-p", "x", "--tempratur", "1"), NULL, EX_USAGE,
                   "did you mean --temperature?");
    expect_failure(WORDS("-m", m, "-p", "x", "--cpu", "sse"), NULL, EX_USAGE, "cpu: \"sse\"");
    expect_failure(WORDS("-m", m, "-p", "x", "--preset", "nix"), NULL, EX_CONFIG, "not found");
    expect_failure(WORDS("-m", "/no/such.qins", "-p", "x"), NULL, EX_NOINPUT, "/no/such.qins");
    expect_failure(WORDS("-m", folder, "-p", "x"), NULL, EX_NOINPUT, "config.json");
    expect_failure(WORDS("-m", "/dev/zero", "-p", "x"), NULL, EX_DATAERR, "/dev/zero");
    snprintf(path, sizeof path, "%s/pipe\033[2J", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_failure(WORDS("-m", path, "-p", "x"), NULL, EX_DATAERR,
                   "pipe^[[2J"); /* no hang, no ESC */
}

static void test_prompt_larger_than_the_context(void **state)
{
    (void)state;
    struct buf prompt = {0};
    for (int i = 0; i < 1000; i++)
        buf_puts(&prompt, "cat ");
    expect_failure(WORDS("-m", stories()), prompt.data, EX_DATAERR,
                   "do not fit into the context of 512");
    buf_free(&prompt);
}

static int code_with_fds(int in, int out)
{
    struct program p =
        program_start(WORDS("-m", stories(), "-p", "x", "--max-tokens", "20"), in, out, FD_PIPE);
    int code = program_end(&p);
    program_free(&p);
    return code;
}

static void test_closed_and_full_outputs(void **state)
{
    (void)state;
    int null_fd = open_null(), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(code_with_fds(null_fd, FD_CLOSED), EX_IOERR);
    assert_int_equal(code_with_fds(FD_CLOSED, FD_CLOSED), EX_IOERR);
    assert_int_equal(code_with_fds(FD_CLOSED, FD_PIPE), 0);
    assert_int_equal(code_with_fds(FD_CLOSED, null_fd), 0);
    if (full >= 0) {
        assert_int_equal(code_with_fds(null_fd, full), EX_IOERR);
        close(full);
    }
    close(null_fd);
}

static void test_reader_goes_away(void **state)
{
    (void)state;
    int null_fd = open_null();
    struct program p = program_start(WORDS("-m", stories(), "-p", "x"), null_fd, FD_PIPE, FD_PIPE);
    program_close(&p.out); /* before the first token */
    assert_int_equal(program_end(&p), 141);
    assert_int_equal(p.complained.len, 0);
    program_free(&p);

    /* With nothing to write the end of the reader is seen too. */
    p = program_start(WORDS("-m", stories()), FD_PIPE, FD_PIPE, FD_PIPE);
    int in = p.in;
    p.in = -1;
    program_close(&p.out);
    assert_int_equal(program_end(&p), 141);
    program_free(&p);
    close(in);
    close(null_fd);
}

static void test_interrupted_before_the_prompt_ends(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < 3; i++) {
        struct program p =
            program_start(WORDS("-m", stories(), "-p", "x"), FD_PIPE, FD_PIPE, FD_PIPE);
        /* The hint about stdin tells that signals are caught by now. */
        while (p.complained.len == 0) {
            char chunk[256];
            ssize_t n = read(p.err, chunk, sizeof chunk);
            assert_true(n > 0);
            buf_append(&p.complained, chunk, (size_t)n);
        }
        assert_non_null(strstr(p.complained.data, "waiting for text on stdin"));
        kill(p.pid, signals[i]);
        int in = p.in;
        p.in = -1;
        assert_int_equal(program_end(&p), 128 + signals[i]);
        assert_int_equal(p.said.len, 0);
        program_free(&p);
        close(in);
    }
}

/* The answer of this model is short-lived, so the signal may come too late: then once more. */
static void test_interrupted_answer_keeps_its_text(void **state)
{
    (void)state;
    const char *const *words = WORDS("-m", stories(), "--raw", "-p", "", "--temperature", "0",
                                     "--max-tokens", "500", "--cpu", "scalar", "-t", "1");
    char *whole = answer(words, NULL);
    int null_fd = open_null(), code = 0;
    for (int i = 0; i < 20 && code != 130; i++) {
        struct program p = program_start(words, null_fd, FD_PIPE, FD_PIPE);
        program_read(&p, 1);
        kill(p.pid, SIGINT);
        code = program_end(&p);
        assert_int_equal(p.complained.len, 0);
        assert_true(p.said.len > 0 && p.said.data[p.said.len - 1] == '\n');
        if (code == 130) {
            assert_true(p.said.len < strlen(whole));
            assert_memory_equal(p.said.data, whole, p.said.len - 1);
        }
        program_free(&p);
    }
    assert_int_equal(code, 130);
    close(null_fd);
    free(whole);
}

static void test_interrupted_while_the_reader_waits(void **state)
{
    (void)state;
#ifdef F_SETPIPE_SZ
    int null_fd = open_null(), out[2];
    char junk[1 << 16] = {0};
    assert_int_equal(pipe(out), 0);
    fcntl(out[1], F_SETPIPE_SZ, 4096);
    fcntl(out[1], F_SETFL, O_NONBLOCK);
    while (write(out[1], junk, sizeof junk) > 0) { /* until it is full */
    }
    fcntl(out[1], F_SETFL, 0);
    struct program p = program_start(WORDS("-m", stories(), "-p", "x"), null_fd, out[1], FD_PIPE);
    close(out[1]);
    sleep(1); /* asleep in its write by now, or still loading, which ends in the same way */
    kill(p.pid, SIGINT);
    assert_int_equal(program_end(&p), 130);
    program_free(&p);
    close(out[0]);
    close(null_fd);
#else
    skip();
#endif
}

static int open_terminal(int *theirs)
{
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0)
        skip();
    *theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*theirs >= 0);
    return ours;
}

/* Progress and numbers appear on a terminal, and are no part of the answer; no escape code ever. */
static void test_status_is_for_terminals(void **state)
{
    (void)state;
    int null_fd = open_null(), theirs, ours = open_terminal(&theirs);
    char *expected = answer(WORDS("-m", stories(), "-p", "The cat", GREEDY), NULL);
    struct program p =
        program_start(WORDS("-m", stories(), "-p", "The cat", GREEDY), null_fd, FD_PIPE, theirs);
    close(theirs);
    p.err = ours;
    assert_int_equal(program_end(&p), 0);
    assert_string_equal(p.said.data, expected);
    assert_non_null(strstr(p.complained.data, "tokens/s"));
    assert_null(memchr(p.complained.data, '\033', p.complained.len));
    program_free(&p);
    free(expected);
    close(null_fd);
}

/* The words, a blank between them. */
static char *words_of(const char *s, size_t n)
{
    struct buf words = {0};
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \r\n", s[i]))
            buf_append(&words, s + i, 1);
        else if (words.len && words.data[words.len - 1] != ' ')
            buf_puts(&words, " ");
    buf_append(&words, "", 1);
    return words.data;
}

/* Its rows end between words, at other places than the lines of a pipe. */
static void test_terminal_gets_the_same_text(void **state)
{
    (void)state;
    int null_fd = open_null(), theirs, ours = open_terminal(&theirs);
    char *expected = answer(WORDS("-m", stories(), "-p", "The cat", GREEDY), NULL);
    struct program p =
        program_start(WORDS("-m", stories(), "-p", "The cat", GREEDY), theirs, theirs, FD_PIPE);
    close(theirs);
    p.out = ours;
    assert_int_equal(program_end(&p), 0);
    char *shown = words_of(p.said.data, p.said.len), *said = words_of(expected, strlen(expected));
    assert_string_equal(shown, said);
    free(shown);
    free(said);
    program_free(&p);
    free(expected);
    close(null_fd);
}

/* ---- a conversation in lines, and JSON ------------------------------------------------ */

/* The story of expected-greedy.txt goes on where a second message is empty of news: what is checked
 * is that turns are separate answers, and that the first one is what one turn says alone. */
static void test_lines_are_turns(void **state)
{
    (void)state;
    char *alone = answer(WORDS("-m", stories(), "-p", "The cat", GREEDY), NULL);
    int code;
    struct program p = run(WORDS("-m", stories(), "--chat", GREEDY),
                           "The cat\r\n\n/set max_tokens 3\nThe\\\ndog\n/nonsense\n//", &code);
    assert_int_equal(code, EX_TEMPFAIL); /* one line has no answer */
    assert_int_equal(strncmp(p.said.data, alone, strlen(alone)), 0);
    const char *rest = p.said.data + strlen(alone);
    assert_int_equal(rest[0], '\n');
    int n_answers = 1;
    for (const char *at = rest; (at = strstr(at, "\n\n")); at++)
        n_answers++;
    assert_int_equal(n_answers, 4); /* "The\ndog" is one message, "//" is "/"; one is empty */
    assert_non_null(strstr(p.complained.data, "max_tokens is 3"));
    assert_non_null(strstr(p.complained.data, "Unknown command"));
    program_free(&p);
    free(alone);
}

/* What is no command has its answer, or at least its empty line. */
static void test_every_line_has_its_answer(void **state)
{
    (void)state;
    int code;
    struct program p =
        run(WORDS("-m", stories(), "--chat", "--temperature", "0", "--max-tokens", "5"),
            "/home/ana/x?\n/nonsense\nOne\n", &code);
    assert_int_equal(code, EX_TEMPFAIL);
    int n_answers = 0;
    bool blank = true;
    for (char *line = strtok(p.said.data, "\n"); line; line = strtok(NULL, "\n"))
        n_answers++, blank = false;
    assert_false(blank);
    assert_in_range(n_answers, 2, 10);
    assert_non_null(strstr(p.complained.data, "Unknown command"));
    program_free(&p);
    p = run(WORDS("-m", stories(), "--chat", "--temperature", "0", "--max-tokens", "3", "-c", "32"),
            "One\nTwo\nThree\nFour\nFive\nSix\nSeven\nEight\nNine\nTen\n", &code);
    assert_int_equal(code, EX_TEMPFAIL);
    assert_non_null(strstr(p.complained.data, "context of 32 tokens"));
    program_free(&p);
}

static void test_text_on_stdin(void **state)
{
    (void)state;
    char *alone = answer(WORDS("-m", stories(), GREEDY), "The cat\nsat");
    char *marked = answer(WORDS("-m", stories(), GREEDY), "\xef\xbb\xbfThe cat\r\nsat\r\n");
    assert_string_equal(alone, marked);
    free(marked);
    marked = answer(WORDS("-m", stories(), "-p", "\xef\xbb\xbfThe cat\r\nsat", GREEDY), NULL);
    assert_string_equal(alone, marked);
    free(alone);
    free(marked);
    expect_failure(WORDS("-m", stories(), GREEDY), "The caf\xe9", EX_DATAERR,
                   "stdin: offset 7: byte 0xe9");
    expect_failure(WORDS("-m", stories(), "-p", "The caf\xe9", GREEDY), NULL, EX_DATAERR,
                   "-p: offset 7: byte 0xe9");
    expect_failure(WORDS("-m", stories(), GREEDY),
                   "\xff\xfe"
                   "T",
                   EX_DATAERR, "UTF-16");
    int code;
    struct program p = run(WORDS("-m", stories(), "--raw", GREEDY), "\xe9", &code);
    assert_int_equal(code, 0); /* bytes are what raw text is of */
    program_free(&p);
    p = run(WORDS("-m", stories(), "--chat", GREEDY), "\xef\xbb\xbf/help\nOne \xe9\n", &code);
    assert_int_equal(code, EX_TEMPFAIL);
    assert_non_null(strstr(p.complained.data, "/regen"));
    assert_non_null(strstr(p.complained.data, "offset 13"));
    program_free(&p);
}

static void test_what_is_cut_short_says_so(void **state)
{
    (void)state;
    int code;
    struct program p =
        run(WORDS("-m", stories(), "-p", "The cat", "--temperature", "0", "-c", "24"), NULL, &code);
    assert_int_equal(code, EX_TEMPFAIL);
    assert_non_null(strstr(p.complained.data, "incomplete: the context of 24 tokens is full"));
    assert_true(p.said.len > 1);
    program_free(&p);
    expect_failure(WORDS("-m", stories(), "--continue", "-p", "x"), NULL, EX_USAGE, "--chat");
    expect_failure(WORDS("-m", stories(), "--continue"), "x", EX_USAGE, "--chat");
}

static json_t *json_lines(const struct buf *said)
{
    json_t *all = json_array();
    struct error err;
    for (const char *at = said->data, *end; (end = strchr(at, '\n')); at = end + 1) {
        for (const char *c = at; c < end; c++)
            assert_in_range((unsigned char)*c, 0x20, 0x7e);
        json_t *line = json_parse(at, (size_t)(end - at), "line", &err);
        assert_non_null(line);
        json_array_append_new(all, line);
    }
    return all;
}

static const char *event_name(const json_t *line)
{
    return json_string_value(json_object_get(line, "event"));
}

static long long integer(const json_t *line, const char *key)
{
    assert_true(json_is_integer(json_object_get(line, key)));
    return json_integer_value(json_object_get(line, key));
}

static void test_json_says_the_same(void **state)
{
    (void)state;
    char *alone = answer(WORDS("-m", stories(), "-p", "The cat", GREEDY), NULL);
    int code;
    struct program p = run(WORDS("-m", stories(), "-p", "The cat", "--json", GREEDY), NULL, &code);
    assert_int_equal(code, 0);
    json_t *lines = json_lines(&p.said), *line;
    struct buf text = {0};
    size_t i, n = json_array_size(lines);
    for (i = 0; strcmp(event_name(json_array_get(lines, i)), "loading") == 0;)
        i++;
    assert_string_equal(event_name(json_array_get(lines, i)), "start");
    assert_int_equal(integer(json_array_get(lines, i), "context"), 512);
    json_array_foreach(lines, i, line) if (strcmp(event_name(line), "text") == 0)
        buf_puts(&text, json_string_value(json_object_get(line, "text")));
    buf_puts(&text, "\n");
    assert_string_equal(text.data, alone);
    line = json_array_get(lines, n - 1);
    assert_string_equal(event_name(line), "done");
    assert_string_equal(json_string_value(json_object_get(line, "stop")), "max_tokens");
    assert_true(json_is_number(json_object_get(line, "tokens_per_s")));
    assert_int_equal(integer(line, "tokens") + integer(line, "prompt_tokens"),
                     integer(line, "context_used") + 1); /* the last token is not evaluated */
    assert_in_range(integer(line, "right_tokens"), 0, integer(line, "guessed_tokens"));
    assert_int_equal(integer(line, "passes") + integer(line, "right_tokens"),
                     integer(line, "tokens"));
    json_decref(lines);
    buf_free(&text);
    program_free(&p);
    free(alone);
}

static void test_json_conversation_and_errors(void **state)
{
    (void)state;
    int code;
    struct program p =
        run(WORDS("-m", stories(), "--chat", "--json", GREEDY), "One\n/stats\nTwo\n", &code);
    assert_int_equal(code, 0);
    json_t *lines = json_lines(&p.said), *line;
    size_t i;
    long long turns = 0, read = 0;
    json_array_foreach(lines, i, line)
    {
        if (strcmp(event_name(line), "done") != 0)
            continue;
        assert_int_equal(integer(line, "turn"), ++turns);
        assert_true(turns == 1 || integer(line, "prompt_tokens") > read); /* what was said stays */
        read = integer(line, "context_used");
    }
    assert_int_equal(turns, 2);
    json_decref(lines);
    program_free(&p);

    p = run(WORDS("-m", "/nowhere/x.qins", "--json", "-p", "x"), NULL, &code);
    assert_int_equal(code, 66);
    lines = json_lines(&p.said);
    line = json_array_get(lines, json_array_size(lines) - 1);
    assert_string_equal(event_name(line), "error");
    assert_int_equal(integer(line, "code"), 66);
    json_decref(lines);
    program_free(&p);
    expect_failure(WORDS("-m", stories(), "--chat", "--raw"), "x\n", 64, "--raw");
}

/* ---- answers of a given shape ---------------------------------------------------------- */

static const char *write_text(const char *name, const char *text)
{
    static char path[2][4096];
    static int which;
    which ^= 1;
    snprintf(path[which], sizeof path[which], "%s/%s", folder, name);
    FILE *f = fopen(path[which], "w");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
    return path[which];
}

static const char person[] =
    "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"minLength\": 3,"
    " \"maxLength\": 9}, \"age\": {\"type\": \"integer\", \"minimum\": 18, \"maximum\": 65},"
    " \"kind\": {\"enum\": [\"cat\", \"dog\"]}, \"likes\": {\"type\": \"array\", \"items\":"
    " {\"type\": \"boolean\"}, \"minItems\": 2, \"maxItems\": 3}},"
    " \"required\": [\"name\", \"age\", \"kind\", \"likes\"]}";

static void check_person(const char *text)
{
    json_error_t where;
    json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!v)
        fail_msg("%s\n%s", text, where.text);
    const char *name = json_string_value(json_object_get(v, "name"));
    const char *kind = json_string_value(json_object_get(v, "kind"));
    json_int_t age = json_integer_value(json_object_get(v, "age"));
    const json_t *likes = json_object_get(v, "likes");
    assert_int_equal(json_object_size(v), 4);
    assert_true(name && kind && age >= 18 && age <= 65);
    assert_true(strcmp(kind, "cat") == 0 || strcmp(kind, "dog") == 0);
    assert_in_range(json_array_size(likes), 2, 3);
    for (size_t i = 0; i < json_array_size(likes); i++)
        assert_true(json_is_boolean(json_array_get(likes, i)));
    json_decref(v);
}

/* A model that knows stories alone, greedy and drawn, with drafts and without. */
static void test_json_schema(void **state)
{
    (void)state;
    static const char *const flags[][4] = {{"--temperature", "0", "--speculate", "on"},
                                           {"--temperature", "1.5", "--speculate", "off"},
                                           {"--temperature", "1", "--speculate", "on"}};
    const char *schema = write_text("person.json", person);
    for (int i = 0; i < 9; i++) {
        const char *const *f = flags[i % 3];
        char seed[8];
        snprintf(seed, sizeof seed, "%d", i);
        char *text = answer(WORDS("-m", stories(), "--raw", "-p", "Once", "--json-schema", schema,
                                  "--max-tokens", "200", "--seed", seed, f[0], f[1], f[2], f[3]),
                            NULL);
        check_person(text);
        free(text);
    }
}

static void test_grammar(void **state)
{
    (void)state;
    const char *grammar = write_text("g.gbnf", "root ::= (\"ja\" | \"nein\") \"!\"{3}\n");
    char *text = answer(WORDS("-m", shared_path("models/stories260K-phi3"), "-p", "Yes?",
                              "--grammar", grammar, GREEDY),
                        NULL);
    assert_true(strcmp(text, "ja!!!\n") == 0 || strcmp(text, "nein!!!\n") == 0);
    free(text);
}

static void test_shape_in_lines(void **state)
{
    (void)state;
    char input[4200];
    snprintf(input, sizeof input, "Hello\n/json %s\nWho?\n/json off\n/json %s/none\n",
             write_text("person.json", person), folder);
    int code;
    struct program p = run(WORDS("-m", shared_path("models/stories260K-phi3"), "--chat",
                                 "--no-save", "--temperature", "0", "--max-tokens", "200"),
                           input, &code);
    const char *json = strchr(p.said.data, '{');
    const char *end = strrchr(p.said.data, '}');
    assert_true(json && end);
    char *object = xstrndup(json, (size_t)(end - json) + 1);
    check_person(object);
    free(object);
    assert_non_null(strstr(p.complained.data, "answers have any shape"));
    assert_non_null(strstr(p.complained.data, "none: "));
    program_free(&p);
}

static void test_wrong_shapes(void **state)
{
    (void)state;
    const char *bad = write_text("bad.gbnf", "root ::= \"a\n");
    expect_failure(WORDS("-p", "x", "--grammar", bad, stories()), NULL, 65, ":1:10: ");
    expect_failure(WORDS("-p", "x", "--grammar", bad, "--json-schema", bad, stories()), NULL, 64,
                   "one shape");
    expect_failure(WORDS("-p", "x", "--json-schema", "/none.json", stories()), NULL, 66,
                   "/none.json");
    bad = write_text("bad.json", "{\"not\": {}}");
    expect_failure(WORDS("-p", "x", "--json-schema", bad, stories()), NULL, 65, "\"not\"");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_known_text),
        T(test_where_the_prompt_comes_from),
        T(test_seeds),
        T(test_failures_are_one_line_and_a_code),
        T(test_prompt_larger_than_the_context),
        T(test_closed_and_full_outputs),
        T(test_reader_goes_away),
        T(test_interrupted_before_the_prompt_ends),
        T(test_interrupted_answer_keeps_its_text),
        T(test_interrupted_while_the_reader_waits),
        T(test_status_is_for_terminals),
        T(test_terminal_gets_the_same_text),
        T(test_lines_are_turns),
        T(test_every_line_has_its_answer),
        T(test_text_on_stdin),
        T(test_what_is_cut_short_says_so),
        T(test_json_says_the_same),
        T(test_json_conversation_and_errors),
        T(test_json_schema),
        T(test_grammar),
        T(test_shape_in_lines),
        T(test_wrong_shapes),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
