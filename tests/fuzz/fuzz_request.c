/* SPDX-License-Identifier: MIT
 *
 * Requests for answers: what is taken fits the context and asks for something; what is refused has
 * a reason; what messages say never becomes a special token.
 */
#include "completion_request.h"
#include "fuzz.h"
#include "json.h"

static struct served_model served;
static struct options options;

/* The starter, of which only tokenizer, template and sizes are used. */
static void open_model(void)
{
    struct error err;
    served.model = model_open(QINS_STARTER, &err);
    if (!served.model)
        die(EX_NOINPUT, "%s", err.text);
    served.tokenizer = model_tokenizer(served.model, &err);
    chat_template_init(&served.template, served.tokenizer, served.model->tokenizer_config_json,
                       &err);
    served.no_thinking.tokenizer = served.template.thinking.tokenizer = served.tokenizer;
    thinking_init(&served.by_answers, "<think>", 7, served.tokenizer);
    served.ctx_len = 256;
    served.n_pieces = tokenizer_size(served.tokenizer);
    options_init(&options);
}

/* The starter's template writes two for a message, and one behind all. */
static void check_special(const struct completion_request *r, const json_t *body)
{
    size_t n = 0;
    for (size_t i = 0; i < r->ids.n; i++)
        n += tokenizer_is_special(served.tokenizer, r->ids.ids[i]);
    FUZZ_CHECK(n <= 2 * json_array_size(json_object_get(body, "messages")) + 1);
}

static void check(const struct completion_request *r, const json_t *body)
{
    FUZZ_CHECK(r->ids.n > 0 && r->ids.n < served.ctx_len);
    FUZZ_CHECK(r->max_tokens > 0 && r->max_tokens <= served.ctx_len);
    FUZZ_CHECK(r->sampling.temperature >= 0 && r->sampling.temperature <= 2);
    FUZZ_CHECK(r->start.n_replay <= r->ids.n && r->thinking);
    for (size_t i = 0; i < r->ids.n; i++)
        FUZZ_CHECK(r->ids.ids[i] >= 0 && (uint32_t)r->ids.ids[i] < served.n_pieces);
    if (r->is_chat)
        check_special(r, body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err;
    struct completion_request r;
    struct request_fault fault;
    uint8_t choice;
    if (!served.model)
        open_model();
    if (FUZZ_DIES())
        return 0;
    const struct request_defaults d = {&served, &options, 0};
    struct feed f = fuzz_feed(data, n, &choice, 1);
    json_t *body = json_parse(f.text, f.n, "fuzz", &err);
    if (body && completion_request_read(&r, choice & 1, body, &d, &fault)) {
        check(&r, body);
        completion_request_free(&r);
    } else if (body) {
        FUZZ_CHECK(fault.status == 400 && fault.text[0]);
    }
    json_decref(body);
    fuzz_feed_free(&f);
    return 0;
}
