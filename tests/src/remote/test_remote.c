/* SPDX-License-Identifier: MIT
 *
 * What an engine elsewhere sends, cut at every byte; addresses; bodies of requests; keys. The
 * streams are those of the standard's examples (WHATWG HTML, 9.2.6) and of the API references of
 * OpenAI, vLLM, llama.cpp, OpenRouter and Mistral.
 */
#include "remote.h"

#include <fcntl.h>

#include "json.h"
#include "remote_key.h"
#include "sse.h"
#include "test.h"
#include "url.h"

/* ---- streams of events ---------------------------------------------------------------- */

static bool join(void *arg, const char *data, size_t n)
{
    struct buf *out = arg;
    buf_puts(out, "[");
    buf_append(out, data, n);
    buf_puts(out, "]");
    return true;
}

/* In two pieces, cut at `cut`. */
static char *events_of(const char *text, size_t n, size_t cut)
{
    struct sse s = {0};
    struct buf out = {0};
    bool too_long;
    buf_puts(&out, "");
    assert_true(sse_push(&s, text, cut, join, &out, &too_long));
    assert_true(sse_push(&s, text + cut, n - cut, join, &out, &too_long));
    assert_true(sse_end(&s, join, &out));
    sse_free(&s);
    return out.data;
}

static void test_events_at_every_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *events;
    } streams[] = {
        {"data: YHOO\ndata: +2\ndata: 10\n\n", "[YHOO\n+2\n10]"},
        {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
         "event\n"
         "\n",
         "[first event][second event][ third event]"},
        {"data\n\ndata\ndata\n\ndata:\n\n", "[][\n][]"},
        {"data:test\n\ndata: test\n\n", "[test][test]"},
        {"data: a\r\n\r\ndata: b\r\rdata: c\n\n: ping\r\n\r\n", "[a][b][c]"},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         "[a]"},
        {"event: x\ndata: a\nretry: 10\ndatax: no\n dat: no\n\n", "[a]"},
        {"data: without an end\n", "[without an end]"},
        {"data: a\r\ndata: b\r\n\r\n", "[a\nb]"},
        {"data: a\n\ndata: cut", "[a]"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        for (size_t n = strlen(streams[i].text), cut = 0; cut <= n; cut++) {
            char *events = events_of(streams[i].text, n, cut);
            assert_string_equal(events, streams[i].events);
            free(events);
        }
}

static void test_a_line_without_end(void **state)
{
    (void)state;
    struct sse s = {0};
    struct buf out = {0};
    char *text = xcalloc(1, 4096);
    bool too_long = false, ok = true;
    memset(text, 'x', 4096);
    for (int i = 0; ok && i < 1000; i++)
        ok = sse_push(&s, text, 4096, join, &out, &too_long);
    assert_true(!ok && too_long && s.line.len <= SSE_MAX_BYTES);
    sse_free(&s);
    ok = true;
    for (int i = 0; ok && i < 1000; i++)
        ok = sse_push(&s, "data:", 5, join, &out, &too_long) &&
             sse_push(&s, text, 4096, join, &out, &too_long) &&
             sse_push(&s, "\n", 1, join, &out, &too_long);
    assert_true(!ok && too_long && s.data.len <= SSE_MAX_BYTES + 4097);
    sse_free(&s);
    buf_free(&out);
    free(text);
}

/* ---- answers -------------------------------------------------------------------------- */

struct taken {
    struct remote_answer c;
    struct buf thinking, text;
    struct error err;
    bool failed;
};

static void collect(struct taken *t)
{
    buf_append(&t->thinking, t->c.thinking.len ? t->c.thinking.data : "", t->c.thinking.len);
    buf_append(&t->text, t->c.text.len ? t->c.text.data : "", t->c.text.len);
    t->c.thinking.len = t->c.text.len = 0;
}

static bool take(void *arg, const char *data, size_t n)
{
    struct taken *t = arg;
    t->failed |= !remote_answer_take(&t->c, data, n, &t->err);
    collect(t);
    return !t->failed;
}

static void free_taken(struct taken *t)
{
    remote_answer_free(&t->c);
    buf_free(&t->thinking);
    buf_free(&t->text);
    *t = (struct taken){0};
}

static void push_all(struct taken *t, const char *text, size_t n, size_t cut)
{
    struct sse s = {0};
    bool too_long;
    if (sse_push(&s, text, cut, take, t, &too_long))
        sse_push(&s, text + cut, n - cut, take, t, &too_long);
    if (!t->failed)
        sse_end(&s, take, t);
    remote_answer_end(&t->c);
    collect(t);
    sse_free(&s);
}

#define DELTA(members) "data: {\"choices\":[{\"index\":0,\"delta\":{" members "}}]}\r\n\r\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE                                                                                      \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,"               \
    "\"prompt_tokens_details\":{\"cached_tokens\":4},"                                             \
    "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\ndata: [DONE]\n\n"

static const struct {
    const char *stream, *thinking, *text;
} answers[] = {
    {DELTA("\"role\":\"assistant\",\"content\":\"\"") DELTA("\"content\":\"Hel\"")
         DELTA("\"content\":\"lo \xc3\xa4\"") STOP USAGE,
     "", "Hello \xc3\xa4"},
    {DELTA("\"reasoning_content\":\"hm\"") DELTA("\"reasoning_content\":\", so\"")
         DELTA("\"content\":\"\\n\\nYes\"") STOP USAGE,
     "hm, so", "Yes"},
    {DELTA("\"reasoning\":\"hm\"") DELTA("\"content\":\"Yes\"") STOP USAGE, "hm", "Yes"},
    {DELTA("\"content\":\"<thi\"") DELTA("\"content\":\"nk>\\nhm</th\"")
         DELTA("\"content\":\"ink>\\n\\nYes <think>\"") STOP USAGE,
     "hm", "Yes <think>"},
    {DELTA("\"content\":\"<thin\"") STOP USAGE, "", "<thin"},
    {DELTA("\"content\":\" <b>\"") STOP USAGE, "", " <b>"},
    {DELTA(
         "\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]},"
         "{\"type\":\"text\",\"text\":\"Yes\"}]") STOP USAGE,
     "hm", "Yes"},
    {DELTA("\"content\":\"a\\u0000b\xff"
           "c\"") STOP USAGE,
     "",
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd"
     "c"},
};

static void test_answers_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        for (size_t n = strlen(answers[i].stream), cut = 0; cut <= n; cut++) {
            struct taken t = {0};
            push_all(&t, answers[i].stream, n, cut);
            assert_false(t.failed);
            assert_string_equal(t.text.data, answers[i].text);
            assert_string_equal(t.thinking.data, answers[i].thinking);
            assert_true(t.c.has_ended && t.c.has_usage);
            assert_string_equal(t.c.finish, "stop");
            assert_int_equal(t.c.n_prompt, 11);
            assert_int_equal(t.c.n_cached, 4);
            assert_int_equal(t.c.n_tokens, 7);
            assert_int_equal(t.c.n_thinking, 3);
            free_taken(&t);
        }
}

static void test_a_whole_answer(void **state)
{
    (void)state;
    static const char json[] =
        "{\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"role\":\"assistant\","
        "\"content\":\"Yes\",\"reasoning_content\":\"hm\"},\"finish_reason\":\"length\"}],"
        "\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":\"9\"}}";
    struct taken t = {0};
    assert_true(take(&t, json, strlen(json)));
    remote_answer_end(&t.c);
    collect(&t);
    assert_string_equal(t.text.data, "Yes");
    assert_string_equal(t.thinking.data, "hm");
    assert_string_equal(t.c.finish, "length");
    assert_int_equal(t.c.n_prompt + t.c.n_tokens, 0); /* neither is a number of tokens */
    free_taken(&t);
}

static void test_what_is_no_answer(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message;
    } wrong[] = {
        {"{\"error\":{\"message\":\"out\\nof memory\",\"code\":500}}", "out of memory"},
        {"{\"error\":\"model not found\"}", "model not found"},
        {"{\"object\":\"error\",\"message\":\"too long\"}", "too long"},
        {"{\"error\":{}}", "an error without a message"},
        {"[1]", "sends something that is no JSON object in its answer"},
        {"{\"choices\":", "sends something that is no JSON object in its answer"},
    };
    static const char *const strange[] = {
        "{}", "{\"choices\":3}", "{\"choices\":[7]}", "{\"choices\":[{\"delta\":[]}]}",
        "{\"choices\":[{\"delta\":{\"content\":{}}}],\"usage\":1}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct taken t = {0};
        assert_false(take(&t, wrong[i].json, strlen(wrong[i].json)));
        assert_string_equal(t.err.text, wrong[i].message);
        free_taken(&t);
    }
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        struct taken t = {0};
        assert_true(take(&t, strange[i], strlen(strange[i])));
        assert_false(t.c.has_ended || t.text.len);
        free_taken(&t);
    }
}

static void test_messages_of_errors(void **state)
{
    (void)state;
    static const struct {
        const char *body, *message;
    } bodies[] = {
        {"{\"error\":{\"message\":\"Incorrect key\"}}", "Incorrect key"},
        {"{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}", "field required"},
        {"{\"detail\":\"Not Found\"}", "Not Found"},
        {"upstream\x1b[31m timed out\n", "upstream [31m timed out"},
        {"<html>no</html>", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct buf out = {0};
        remote_answer_message(&out, bodies[i].body, strlen(bodies[i].body));
        assert_string_equal(out.data, bodies[i].message);
        buf_free(&out);
    }
    char *long_one = xcalloc(1, 5000);
    struct buf out = {0};
    memset(long_one, 'x', 4999);
    remote_answer_message(&out, long_one, 4999);
    assert_int_equal(out.len, 303);
    buf_free(&out);
    free(long_one);
}

/* ---- addresses ------------------------------------------------------------------------ */

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *base, *host;
        bool is_encrypted;
    } good[] = {
        {"http://localhost:8080", "http://localhost:8080/v1", "localhost:8080", false},
        {"localhost:8080", "http://localhost:8080/v1", "localhost:8080", false},
        {"127.0.0.1:1/v1/", "http://127.0.0.1:1/v1", "127.0.0.1:1", false},
        {"api.example.org", "https://api.example.org/v1", "api.example.org", true},
        {"https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", "openrouter.ai", true},
        {"https://x.org/v1/chat/completions", "https://x.org/v1", "x.org", true},
        {"http://192.168.1.5:8000", "http://192.168.1.5:8000/v1", "192.168.1.5:8000", false},
        {"http://gpu-box", "http://gpu-box/v1", "gpu-box:80", false},
        {"http://box.local", "http://box.local/v1", "box.local:80", false},
        {"http://[fd00::1]:9", "http://[fd00::1]:9/v1", "[fd00::1]:9", false},
    };
    static const char *const bad[] = {"http://example.org",
                                      "http://8.8.8.8",
                                      "http://172.32.0.1",
                                      "http://[2001:db8::1]",
                                      "ftp://x",
                                      "",
                                      "https://me:pass@x.org",
                                      "https://x.org/v1?key=1",
                                      "http://134744072",
                                      "https://x y",
                                      "http://11.0.0.1"};
    struct remote_address a;
    struct error err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(remote_address_parse(&a, good[i].text, &err));
        assert_string_equal(a.base, good[i].base);
        assert_string_equal(a.host, good[i].host);
        assert_int_equal(a.is_encrypted, good[i].is_encrypted);
        remote_address_free(&a);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(remote_address_parse(&a, bad[i], &err));
        assert_int_equal(err.code, EX_CONFIG);
        assert_null(strstr(err.text, "pass"));
    }
}

/* ---- requests ------------------------------------------------------------------------- */

static json_t *request_of(const struct remote_request *r)
{
    char *text = remote_request_json(r);
    json_t *v = json_loads(text, 0, NULL);
    assert_non_null(v);
    free(text);
    return v;
}

static void test_only_what_is_asked_for_is_sent(void **state)
{
    (void)state;
    struct chat chat = {0};
    const struct sampling off = {.temperature = 0.7f, .top_p = 0.9f, .repeat_penalty = 1};
    struct remote_request r = {
        .model = "m", .chat = &chat, .sampling = &off, .max_tokens = 5, .seed = 3};
    chat_add(&chat, CHAT_SYSTEM, "s\xff", 2);
    chat_add(&chat, CHAT_USER, "hi", 2);
    json_t *v = request_of(&r);
    const json_t *messages = json_object_get(v, "messages");
    assert_int_equal(json_object_size(v), 7);
    assert_string_equal(json_string_value(json_object_get(v, "model")), "m");
    assert_int_equal(json_integer_value(json_object_get(v, "max_tokens")), 5);
    assert_true(json_number_value(json_object_get(v, "temperature")) == 0.7);
    assert_true(json_number_value(json_object_get(v, "top_p")) == 0.9);
    assert_true(json_is_true(json_object_get(v, "stream")));
    assert_int_equal(json_array_size(messages), 2);
    const json_t *first = json_array_get(messages, 0);
    assert_string_equal(json_string_value(json_object_get(first, "role")), "system");
    assert_string_equal(json_string_value(json_object_get(first, "content")), "s\xef\xbf\xbd");
    json_decref(v);
    chat_free(&chat);
}

static void test_all_that_can_be_asked_for(void **state)
{
    (void)state;
    struct chat chat = {0};
    struct stops stops = {0};
    const struct sampling all = {.temperature = 0,
                                 .top_p = 1,
                                 .min_p = 0.25f,
                                 .top_k = 40,
                                 .presence_penalty = 0.5f,
                                 .frequency_penalty = -1,
                                 .repeat_penalty = 1.5f};
    struct remote_request r = {.model = "m",
                               .chat = &chat,
                               .sampling = &all,
                               .stops = &stops,
                               .seed = 1234,
                               .has_seed = true,
                               .says_completion = true,
                               .no_usage = true,
                               .max_tokens = 9,
                               .thinking.mode = THINK_HIGH,
                               .schema = "{\"type\": \"object\", \"properties\": {}}",
                               .dialect = DIALECT_VLLM};
    assert_true(stops_add(&stops, "END", 3));
    chat_add(&chat, CHAT_USER, "hi", 2);
    chat_add(&chat, CHAT_ASSISTANT, "he", 2);
    json_t *v = request_of(&r);
    const json_t *format = json_object_get(v, "response_format");
    assert_int_equal(json_integer_value(json_object_get(v, "top_k")), 40);
    assert_int_equal(json_integer_value(json_object_get(v, "seed")), 1234);
    assert_int_equal(json_integer_value(json_object_get(v, "max_completion_tokens")), 9);
    assert_null(json_object_get(v, "max_tokens"));
    assert_null(json_object_get(v, "stream_options"));
    assert_true(json_number_value(json_object_get(v, "min_p")) == 0.25);
    assert_true(json_number_value(json_object_get(v, "repeat_penalty")) == 1.5);
    assert_true(json_number_value(json_object_get(v, "repetition_penalty")) == 1.5);
    assert_true(json_number_value(json_object_get(v, "presence_penalty")) == 0.5);
    assert_true(json_number_value(json_object_get(v, "frequency_penalty")) == -1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(v, "stop"), 0)), "END");
    assert_string_equal(json_string_value(json_object_get(v, "reasoning_effort")), "high");
    assert_string_equal(json_string_value(json_object_get(format, "type")), "json_schema");
    assert_true(json_is_object(json_object_get(json_object_get(format, "json_schema"), "schema")));
    assert_true(json_is_true(json_object_get(v, "continue_final_message")));
    json_decref(v);
    r.dialect = DIALECT_QINS; /* a last message is enough, with what was thought before it */
    buf_puts(&chat.messages[1].thinking, "hm");
    v = request_of(&r);
    const json_t *last = json_array_get(json_object_get(v, "messages"), 1);
    assert_string_equal(json_string_value(json_object_get(last, "reasoning_content")), "hm");
    assert_string_equal(json_string_value(json_object_get(last, "content")), "he");
    assert_null(json_object_get(v, "continue_final_message"));
    json_decref(v);
    r.schema = "{\"type\": \"object\"}";
    r.thinking.mode = THINK_OFF;
    v = request_of(&r);
    format = json_object_get(v, "response_format");
    assert_string_equal(json_string_value(json_object_get(format, "type")), "json_object");
    assert_true(json_is_false(
        json_object_get(json_object_get(v, "chat_template_kwargs"), "enable_thinking")));
    json_decref(v);
    chat_free(&chat);
}

/* ---- keys ----------------------------------------------------------------------------- */

static bool stops_at_once(void *arg)
{
    (void)arg;
    return true;
}

static void refuse_command(const char *command, const char *why)
{
    struct error err;
    char *key;
    assert_false(remote_key_read(command, NULL, 300, NULL, NULL, &key, &err));
    assert_non_null(strstr(err.text, why));
    assert_null(strstr(err.text, "sk-"));
    assert_null(key);
}

static void test_keys_of_commands(void **state)
{
    (void)state;
    struct error err;
    char *key;
    assert_true(remote_key_read("echo '  sk-abc '", "", 0, NULL, NULL, &key, &err));
    assert_string_equal(key, "sk-abc");
    remote_key_free(key);
    assert_true(remote_key_read(NULL, "", 0, NULL, NULL, &key, &err));
    assert_null(key);
    refuse_command("true", "gives no key");
    refuse_command("echo sk-1; exit 3", "status 3");
    refuse_command("echo sk-1 sk-2", "one word");
    refuse_command("echo sk-1; sleep 100", "within 0 s");
    refuse_command("yes sk-1", "more than a key");
    refuse_command("/does/not/exist/sk", "status 127");
    double start = now_ms();
    assert_false(remote_key_read("sleep 100", NULL, 0, stops_at_once, NULL, &key, &err));
    assert_int_equal(err.code, EXIT_INTERRUPTED);
    assert_true(now_ms() - start < 5000);
    assert_false(remote_key_read("echo x", "y", 0, NULL, NULL, &key, &err));
}

static void test_keys_of_files(void **state)
{
    (void)state;
    struct error err;
    char *key, *folder = temp_folder(), *path = path_join(folder, "key");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "sk-abc\n", 7), 7);
    close(fd);
    assert_true(remote_key_read(NULL, path, 0, NULL, NULL, &key, &err));
    assert_string_equal(key, "sk-abc");
    remote_key_free(key);
    static const mode_t open_modes[] = {0640, 0604, 0660, 0620, 0601};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_false(remote_key_read(NULL, path, 0, NULL, NULL, &key, &err));
        assert_non_null(strstr(err.text, "chmod 600"));
    }
    assert_false(remote_key_read(NULL, folder, 0, NULL, NULL, &key, &err));
    unlink(path);
    assert_false(remote_key_read(NULL, path, 0, NULL, NULL, &key, &err));
    free(path);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_at_every_cut),
        cmocka_unit_test(test_a_line_without_end),
        cmocka_unit_test(test_answers_at_every_cut),
        cmocka_unit_test(test_a_whole_answer),
        cmocka_unit_test(test_what_is_no_answer),
        cmocka_unit_test(test_messages_of_errors),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_only_what_is_asked_for_is_sent),
        cmocka_unit_test(test_all_that_can_be_asked_for),
        cmocka_unit_test(test_keys_of_commands),
        cmocka_unit_test(test_keys_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
