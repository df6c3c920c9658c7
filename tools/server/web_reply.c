/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "web_call.h"

enum { STREAM_BLOCK = 4096 };

static enum MHD_Result queue(struct web_call *c, int status, const char *type,
                             struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    struct metrics_web *m = web_metrics_of(c->server);
    m->n_replies[status]++;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    const enum MHD_Result result = MHD_queue_response(c->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result web_reply_text(struct web_call *c, int status, const char *type, struct buf *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text->len, text->data, MHD_RESPMEM_MUST_COPY);
    buf_free(text);
    return queue(c, status, type, response);
}

/* Takes over j. -> NULL: out of memory */
static char *dump(json_t *j)
{
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(j);
    return text;
}

static struct MHD_Response *json_response(json_t *body)
{
    char *text = dump(body);
    return text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
}

enum MHD_Result web_reply_json(struct web_call *c, int status, json_t *body)
{
    return queue(c, status, "application/json", json_response(body));
}

enum MHD_Result web_reply_fault(struct web_call *c, const struct request_fault *f)
{
    struct MHD_Response *response = json_response(error_json(f));
    if (response && (f->status == 429 || f->status == 503))
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (response && f->status == 401)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (response && f->status == 405)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, web_methods_of(c->route));
    return queue(c, f->status, "application/json", response);
}

/* ---- answers -------------------------------------------------------------------------- */

static void sleep_until_news(void *arg)
{
    MHD_suspend_connection(arg);
}

/* Of an answer that did not end by itself. */
static struct request_fault fault_of(struct exchange *x, enum exchange_end end)
{
    struct request_fault f = {.status = end == EXCHANGE_FAILED ? 500 : 503};
    if (end == EXCHANGE_FAILED)
        snprintf(f.text, sizeof f.text, "%s", x->failure.text);
    else
        snprintf(f.text, sizeof f.text, "the server stops");
    return f;
}

static bool is_good(enum exchange_end end)
{
    return end == EXCHANGE_STOP || end == EXCHANGE_LENGTH;
}

static void free_news(struct exchange_news *news)
{
    buf_free(&news->text);
    buf_free(&news->thinking);
}

enum MHD_Result web_reply_answer(struct web_call *c)
{
    struct exchange_news news;
    if (!exchange_take(c->x, true, &news, sleep_until_news, c->connection))
        return MHD_YES;
    enum MHD_Result result;
    if (is_good(news.end)) {
        result = web_reply_json(c, 200, answer_json(&c->id, &news));
    } else {
        const struct request_fault f = fault_of(c->x, news.end);
        result = web_reply_fault(c, &f);
    }
    free_news(&news);
    return result;
}

/* ---- streams -------------------------------------------------------------------------- */

static void put_event(struct web_call *c, json_t *piece)
{
    char *text = dump(piece);
    buf_printf(&c->out, "data: %s\n\n", text ? text : "{}");
    free(text);
}

static void put_end(struct web_call *c, const struct exchange_news *news)
{
    if (is_good(news->end)) {
        put_event(c, answer_last_piece(&c->id, news->end));
        if (c->x->request.include_usage)
            put_event(c, answer_usage_piece(&c->id, &news->usage));
    } else {
        const struct request_fault f = fault_of(c->x, news->end);
        put_event(c, error_json(&f));
    }
    buf_puts(&c->out, "data: [DONE]\n\n");
    c->is_over = true;
}

static void put_news(struct web_call *c, struct exchange_news *news)
{
    c->out.len = c->out_at = 0;
    if (news->text.len + news->thinking.len > 0 || !c->has_begun)
        put_event(c, answer_piece(&c->id, &news->text, &news->thinking, !c->has_begun));
    c->has_begun = true;
    if (news->end != EXCHANGE_OPEN)
        put_end(c, news);
    free_news(news);
}

/* libmicrohttpd asks for at most `max` bytes. */
static ssize_t read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
    struct web_call *c = arg;
    struct exchange_news news;
    (void)pos;
    if (c->out_at == c->out.len) {
        if (c->is_over)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!exchange_take(c->x, false, &news, sleep_until_news, c->connection))
            return 0;
        put_news(c, &news);
    }
    const size_t left = c->out.len - c->out_at, n = left < max ? left : max;
    memcpy(to, c->out.data + c->out_at, n);
    c->out_at += n;
    return (ssize_t)n;
}

enum MHD_Result web_reply_stream(struct web_call *c)
{
    return queue(
        c, 200, "text/event-stream",
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, c, NULL));
}
