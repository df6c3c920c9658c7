/* SPDX-License-Identifier: MIT
 *
 * fake_engine: engine.h without a model, for tests of the screen. Says what the environment tells:
 *
 *   FAKE_TEXT=FILE     the answer, in pieces of FAKE_PIECE bytes, FAKE_DELAY_MS apart
 *   FAKE_THINKING=FILE what it thinks before that, in pieces as the text
 *   FAKE_CONTEXT=N     tokens that fit; each message of the prompt takes 10, each piece one
 *   FAKE_STATS=0       no numbers between the pieces
 *   FAKE_HOLD=N        after N pieces nothing more comes until the turn is cancelled
 *   FAKE_LOADING_MS=N  how long loading takes
 *   FAKE_READING_MS=N  how long a prompt takes, if it is not cancelled
 *   FAKE_FAILURE=TEXT  loading fails
 *   FAKE_KEEPS=FILE    what was asked about conversations goes there too
 *   FAKE_STOP=REASON   how an answer ends that is all there: "cut", "length"
 *   FAKE_CHOICES=N     how many tokens there might be at each place, 3 unless told
 *   FAKE_BYTES=1       tokens are bytes of the text; the likely ones are parts of characters
 *   FAKE_IDS=0         the tokens of an answer are not known when it ends
 *   FAKE_TEMPLATE=NAME the chat template; "none": a base model
 *   FAKE_CRASH=SIGNAL  the first answer ends in a crash of the engine's thread
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conversation.h"
#include "engine.h"
#include "sanitise.h"

extern uint64_t fake_engine_seed;
uint64_t fake_engine_seed; /* of the last turn, for tests */
extern size_t fake_engine_messages;
size_t fake_engine_messages; /* of the last turn's prompt */
extern size_t fake_engine_given;
size_t fake_engine_given; /* tokens that the last turn began with */
extern const char *fake_engine_instead;
const char *fake_engine_instead; /* of the last turn: what is said in the model's place; or NULL */
extern char fake_engine_keeps[256];
char fake_engine_keeps[256]; /* "say 3, keep, forget 3, ": what was asked about conversations */

struct engine {
    pthread_t thread;
    struct event_queue *queue;
    int wake[2], work[2]; /* pipes: events for the caller, turns for the thread */
    atomic_uint cancelled;
    uint32_t turn;
    _Atomic uint32_t n_prompt; /* of the last turn */
    struct engine_info info;
    struct error error;
    struct buf text;
    size_t n_thinking; /* bytes at its start that are thinking */
    struct ids given;  /* of the last turn */
    bool same_model;   /* that turn compares it with this model, in another format */
};

static int number_of(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static void note(const char *what, int64_t conversation)
{
    size_t n = strlen(fake_engine_keeps);
    snprintf(fake_engine_keeps + n, sizeof fake_engine_keeps - n, conversation ? "%s %d, " : "%s, ",
             what, (int)conversation);
    FILE *file = getenv("FAKE_KEEPS") ? fopen(getenv("FAKE_KEEPS"), "w") : NULL;
    if (file) {
        fputs(fake_engine_keeps, file);
        fclose(file);
    }
}

static void emit(struct engine *e, struct event event)
{
    while (!event_queue_push(e->queue, &event))
        usleep(1000);
    if (write(e->wake[1], "", 1) != 1)
        return;
}

static void answer(struct engine *e, uint32_t turn)
{
    size_t piece = (size_t)number_of("FAKE_PIECE", 5);
    bool numbers = number_of("FAKE_STATS", 1);
    uint32_t n_prompt = getenv("FAKE_CONTEXT") ? atomic_load(&e->n_prompt) : 10;
    uint32_t room = !getenv("FAKE_CONTEXT")      ? UINT32_MAX
                    : n_prompt < e->info.ctx_len ? e->info.ctx_len - n_prompt
                                                 : 0;
    struct turn_stats stats = {.n_prompt = n_prompt,
                               .n_ctx_used = n_prompt,
                               .kv_bytes = n_prompt * 100000,
                               .folding = (enum chat_folding)number_of("FAKE_FOLDING", 0),
                               .first_token_ms = 250};
    emit(e, (struct event){.type = EVENT_PROMPT, .turn = turn, .total = n_prompt});
    for (int ms = number_of("FAKE_READING_MS", 0); ms > 0 && atomic_load(&e->cancelled) < turn;
         ms -= 10)
        poll(NULL, 0, 10);
    emit(e,
         (struct event){.type = EVENT_PROMPT, .turn = turn, .done = n_prompt, .total = n_prompt});
    size_t at = 0;
    for (; at < e->text.len && atomic_load(&e->cancelled) < turn && stats.n_tokens < room;
         stats.n_tokens++) {
        bool thinks = at < e->n_thinking;
        struct event event = {.type = thinks ? EVENT_THINKING : EVENT_TEXT, .turn = turn};
        size_t left = (thinks ? e->n_thinking : e->text.len) - at, n = left < piece ? left : piece;
        memcpy(event.text, e->text.data + at, event.n_text = (uint8_t)n);
        emit(e, event);
        stats.tokens_per_s = 50;
        stats.n_ctx_used = n_prompt + stats.n_tokens + 1;
        stats.kv_bytes = stats.n_ctx_used * 100000;
        stats.n_thinking += thinks;
        stats.thinking_ms = (float)stats.n_thinking * 20;
        stats.in_thinking = thinks && at + n < e->n_thinking;
        if (numbers)
            emit(e, (struct event){.type = EVENT_STATS, .turn = turn, .stats = stats});
        at += n;
        while (stats.n_tokens + 1 == (uint32_t)number_of("FAKE_HOLD", 0) &&
               atomic_load(&e->cancelled) < turn)
            poll(NULL, 0, 10);
        if (number_of("FAKE_DELAY_MS", 0))
            poll(NULL, 0, number_of("FAKE_DELAY_MS", 0));
    }
    if (getenv("FAKE_CRASH"))
        raise(number_of("FAKE_CRASH", SIGSEGV));
    const char *end = getenv("FAKE_STOP");
    enum stop_reason stop = at == e->text.len ? (end ? stop_reason_find(end) : STOP_END)
                            : atomic_load(&e->cancelled) >= turn ? STOP_CANCELLED
                                                                 : STOP_CONTEXT;
    emit(e, (struct event){.type = EVENT_DONE, .turn = turn, .stats = stats, .stop = stop});
}

static void *engine_main(void *arg)
{
    struct engine *e = arg;
    int loading = number_of("FAKE_LOADING_MS", 0);
    for (int ms = 0; ms < loading; ms += 50) {
        emit(e, (struct event){
                    .type = EVENT_LOADING, .done = (uint64_t)ms, .total = (uint64_t)loading});
        poll(NULL, 0, 50);
    }
    if (getenv("FAKE_FAILURE")) {
        error_set(&e->error, EX_DATAERR, "%s", getenv("FAKE_FAILURE"));
        emit(e, (struct event){.type = EVENT_FAILED});
        return NULL;
    }
    emit(e, (struct event){.type = EVENT_READY});
    uint32_t turn;
    while (read(e->work[0], &turn, sizeof turn) == (ssize_t)sizeof turn)
        answer(e, turn);
    return NULL;
}

static void read_text(struct buf *out, const char *name)
{
    struct error err;
    struct buf text = {0};
    if (getenv(name) && !read_file(&text, getenv(name), 1 << 28, &err))
        exit(error_print(&err, "fake_engine"));
    buf_append(out, text.data, text.len);
    buf_free(&text);
}

struct engine *engine_start(const struct engine_options *o)
{
    struct engine *e = xcalloc(1, sizeof *e);
    (void)o;
    e->queue = event_queue_new(256);
    e->info =
        (struct engine_info){.can_continue = true,
                             .format = "qins8",
                             .template = getenv("FAKE_TEMPLATE") ? getenv("FAKE_TEMPLATE") : "own",
                             .file_bytes = 1000000000,
                             .n_threads = 1,
                             .cpu_level = "fake",
                             .ctx_len = (uint32_t)number_of("FAKE_CONTEXT", 4096),
                             .f32_bytes = 8000000000};
    read_text(&e->text, "FAKE_THINKING");
    e->n_thinking = e->text.len;
    e->info.thinking = (struct thinking_info){
        .kind = e->n_thinking ? "think" : NULL, .can_switch = true, .has_effort = true};
    read_text(&e->text, "FAKE_TEXT");
    if (pipe(e->wake) != 0 || pipe(e->work) != 0)
        exit(EX_OSERR);
    start_thread(&e->thread, engine_main, e);
    return e;
}

void engine_stop(struct engine *e)
{
    if (!e)
        return;
    engine_cancel(e, UINT32_MAX);
    close(e->work[1]);
    struct event sink;
    close(e->wake[0]);
    while (event_queue_pop(e->queue, &sink))
        continue;
    pthread_join(e->thread, NULL);
    event_queue_free(e->queue);
    buf_free(&e->text);
    ids_free(&e->given);
    free(e);
}

int engine_fd(const struct engine *e)
{
    return e->wake[0];
}

bool engine_next(struct engine *e, struct event *out)
{
    char sink;
    if (!event_queue_pop(e->queue, out))
        return false;
    return read(e->wake[0], &sink, 1) == 1; /* one byte an event */
}

const struct engine_info *engine_info(const struct engine *e)
{
    return &e->info;
}

const struct error *engine_error(const struct engine *e)
{
    return e->error.code ? &e->error : NULL;
}

void engine_turn_error(struct engine *e, struct error *out)
{
    *out = e->error;
}

uint32_t engine_submit(struct engine *e, const struct turn_request *r)
{
    uint32_t turn = ++e->turn;
    fake_engine_seed = r->seed;
    fake_engine_messages = r->chat->n;
    fake_engine_given = r->given ? r->given->n : 0;
    ids_free(&e->given);
    if (r->given)
        ids_append(&e->given, r->given->ids, r->given->n);
    fake_engine_instead = r->instead;
    e->same_model = r->against && r->against->format;
    note("say", r->conversation);
    atomic_store(&e->n_prompt, 10 * (uint32_t)r->chat->n);
    engine_cancel(e, turn - 1);
    if (write(e->work[1], &turn, sizeof turn) != (ssize_t)sizeof turn)
        exit(EX_OSERR);
    return turn;
}

void engine_cancel(struct engine *e, uint32_t turn)
{
    atomic_store(&e->cancelled, turn);
}

void engine_encode(const struct engine *e, const char *text, size_t n, struct ids *out)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        ids_push(out, (unsigned char)text[i]);
}

void engine_token_text(const struct engine *e, int32_t id, struct buf *out)
{
    static const char *const parts[] = {"\xe6\x97", "\xc3", "x"};
    (void)e;
    if (!number_of("FAKE_BYTES", 0))
        buf_printf(out, "t%d", (int)id);
    else if (id < 3)
        buf_puts(out, parts[id]);
    else
        buf_append(out, &(char){(char)id}, 1);
}

/* Of the one token that engine_turn_ids gives, and of those that were given. */
void engine_turn_odds(struct engine *e, uint32_t turn, struct odds *out)
{
    static const float logits[] = {1, 2, 0, -1, -2, -3, -4, -5};
    (void)turn;
    for (size_t i = 0; i < (e->given.n ? e->given.n : 1); i++) {
        struct token_odds t = token_odds_of(logits, (uint32_t)number_of("FAKE_CHOICES", 3), 1);
        if (e->given.n && number_of("FAKE_BYTES", 0))
            t.id = e->given.ids[i];
        odds_push(out, &t);
    }
}

/* There is one model beside it, and this one in qins4. */
bool engine_find_other(const struct engine *e, const char *name, struct engine_other *out,
                       struct error *err)
{
    bool is_format = strcmp(name, "qins4") == 0;
    (void)e;
    *out = (struct engine_other){.format = is_format ? "qins4" : NULL};
    if (!is_format && strcmp(name, "other") != 0)
        return error_set(err, EX_NOINPUT, "%s: no such file or model", name);
    out->path = xstrdup("/models/other.qins");
    return true;
}

/* Of the tokens that were given; every fifth has another first choice. */
void engine_turn_comparison(struct engine *e, uint32_t turn, struct comparison *out)
{
    static const float first[] = {1, 2, 0}, near[] = {1, 2.25f, 0}, far[] = {2.5f, 2, 0};
    out->format[0] = "qins8";
    out->format[1] = "qins4";
    out->kv = "int8";
    out->is_same_model = e->same_model;
    for (size_t i = 0; atomic_load(&e->cancelled) < turn && i < e->given.n; i++) {
        struct compared_token t = compared_token_of(first, i % 5 == 4 ? far : near, 3, 1);
        t.id = e->given.ids[i];
        comparison_push(out, &t);
    }
}

/* Four bytes each. */
uint32_t engine_count_tokens(const struct engine *e, const char *text, size_t n)
{
    (void)e;
    (void)text;
    return (uint32_t)((n + 3) / 4);
}

void engine_keep(struct engine *e)
{
    (void)e;
    note("keep", 0);
}

bool engine_is_keeping(struct engine *e)
{
    (void)e;
    return false;
}

void engine_forget(struct engine *e, int64_t conversation)
{
    (void)e;
    note("forget", conversation);
}

void engine_set_sampling(struct engine *e, const struct sampling *s)
{
    (void)e;
    (void)s;
}

void engine_set_max_tokens(struct engine *e, uint32_t max_tokens)
{
    (void)e;
    (void)max_tokens;
}

void engine_turn_ids(struct engine *e, uint32_t turn, struct ids *out)
{
    (void)turn;
    if (number_of("FAKE_IDS", 1) &&
        atomic_load(&e->n_prompt) < e->info.ctx_len) /* else it had no room for an answer */
        ids_push(out, 1);
}
