/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat_conversations.h"
#include "chat_model.h"
#include "chat_turn.h"
#include "jsonl.h"
#include "model_name.h"
#include "plain_internal.h"
#include "referral.h"
#include "sanitise.h"
#include "saved_chats.h"
#include "system.h"
#include "utf8.h"

#define PROGRAM "qins-tui"

enum {
    MAX_PROMPT_BYTES = 16 << 20,
    EXIT_SIGNAL = 128,
    EXIT_READER_GONE = 141, /* what a shell reports for SIGPIPE */
    STDIN_PATIENCE_MS = 2000,
};

/* ---- signals -------------------------------------------------------------------------- */

static volatile sig_atomic_t caught;
static int wake_fds[2];

static void on_signal(int signal)
{
    int before = errno;
    bool again = caught; /* asked twice: no politeness */
    caught = signal;
    if (again || write(wake_fds[1], "", 1) < 0) {
        terminal_lines_end();
        _exit(EXIT_SIGNAL + signal);
    }
    errno = before;
}

static bool is_caught(void)
{
    return caught != 0;
}

/* A signal that our parent ignores (nohup) stays ignored. Without SA_RESTART: a write that the
 * reader keeps waiting is to end. */
static bool catch_signals(struct error *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal}, old;
    sigemptyset(&action.sa_mask);
    if (pipe(wake_fds) != 0)
        return error_set(err, EX_OSERR, "cannot make a pipe: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    return true;
}

bool plain_has_user(const struct plain *p)
{
    return p->out.to_terminal && !p->cli->json && isatty(STDIN_FILENO);
}

void plain_finish(struct plain *p, int code)
{
    p->done = true;
    p->code = code;
}

void plain_fail(struct plain *p, const struct error *err)
{
    output_status(&p->out, NULL);
    if (p->cli->json)
        jsonl_error(&p->out, err);
    plain_finish(p, error_print(err, PROGRAM));
}

/* ---- the prompt ----------------------------------------------------------------------- */

/* Without -p the prompt comes from stdin, whatever that is. With -p stdin may add text to it, but
 * only where something was connected on purpose: a file, a pipe, a socket. */
static bool wants_stdin(const struct cli *c)
{
    struct stat st;
    if (!c->prompt || c->chat)
        return true;
    return fstat(STDIN_FILENO, &st) == 0 &&
           (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

bool plain_take_typed(struct plain *p)
{
    enum terminal_line got =
        p->types ? terminal_lines_next(&p->typing, &p->input) : TERMINAL_LINE_NONE;
    p->reading_stdin &= got != TERMINAL_LINE_END;
    return got == TERMINAL_LINE || (got == TERMINAL_LINE_END && p->cli->chat);
}

static void read_stdin(struct plain *p)
{
    char chunk[1 << 16];
    struct error err;
    ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0) {
        error_set(&err, EX_IOERR, "cannot read the prompt from stdin: %s", strerror(errno));
        plain_fail(p, &err);
    } else if (p->input.len - p->input_at + p->message.len + terminal_lines_held(&p->typing) +
                   (size_t)n >
               MAX_PROMPT_BYTES) {
        error_set(&err, EX_DATAERR, "stdin: a prompt may have at most %d MiB",
                  MAX_PROMPT_BYTES >> 20);
        plain_fail(p, &err);
    } else if (n > 0 && p->types) {
        terminal_lines_read(&p->typing, chunk, (size_t)n);
        while (!p->cli->chat && plain_take_typed(p)) /* all of it is the prompt */
            continue;
    } else if (n > 0) {
        buf_append(&p->input, chunk, (size_t)n);
    } else {
        p->reading_stdin = false;
    }
}

/* Letters of ASCII in UTF-16 are every other byte a NUL. */
static bool looks_like_utf16(const char *s, size_t n)
{
    size_t n_nul = 0;
    for (size_t i = 0; i < n; i++)
        n_nul += s[i] == '\0';
    return n >= 2 &&
           (n_nul > n / 4 || memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0);
}

bool plain_check_text(const char *source, const char **text, size_t *n, uint64_t offset,
                      struct error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (offset == 0 && *n >= 3 && memcmp(*text, mark, 3) == 0) {
        *text += 3;
        *n -= 3;
        offset = 3;
    }
    if (looks_like_utf16(*text, *n))
        return error_set(err, EX_DATAERR,
                         "%s: offset %llu: UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8",
                         source, (unsigned long long)offset);
    for (size_t i = 0, used; i < *n; i += used) {
        int32_t cp;
        used = utf8_decode(*text + i, *n - i, &cp);
        if (cp < 0)
            return error_set(err, EX_DATAERR,
                             "%s: offset %llu: byte 0x%02x is not UTF-8; convert the text, for "
                             "example: iconv -f LATIN1 -t UTF-8",
                             source, (unsigned long long)(offset + i), (unsigned char)(*text)[i]);
    }
    return true;
}

/* Line ends become \n; a NUL would end the text for those who read it later. */
static void append_lines(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] && (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n'))
            buf_append(out, s + i, 1);
}

/* Raw text stays as it is. */
static void make_raw_prompt(const struct plain *p, struct buf *prompt)
{
    buf_puts(prompt, p->cli->prompt ? p->cli->prompt : "");
    if (p->cli->prompt && p->input.len)
        buf_puts(prompt, "\n\n");
    buf_append(prompt, p->input.len ? p->input.data : "", p->input.len);
}

/* -p, then the text of stdin after a blank line. A line end that only closes the text's last line
 * is no part of a message. */
static bool make_prompt(const struct plain *p, struct buf *prompt, struct error *err)
{
    const char *given = p->cli->prompt ? p->cli->prompt : "",
               *text = p->input.len ? p->input.data : "";
    size_t n_given = strlen(given), n = p->input.len;
    if (!plain_check_text("-p", &given, &n_given, 0, err) ||
        !plain_check_text("stdin", &text, &n, 0, err))
        return false;
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    buf_puts(prompt, "");
    append_lines(prompt, given, n_given);
    if (p->cli->prompt && n)
        buf_puts(prompt, "\n\n");
    append_lines(prompt, text, n);
    return p->cli->prompt || n ||
           error_set(err, EX_USAGE, "no prompt: give -p TEXT, or text on stdin");
}

static void send_turn(struct plain *p, const struct chat *chat)
{
    const struct options *o = &p->cli->options;
    struct stops stops = options_stops(o);
    bool refers = !p->cli->raw && model_is_starter(p->chat.model_name);
    p->turn = engine_submit(
        p->chat.engine,
        &(struct turn_request){
            .chat = chat,
            .raw = p->cli->raw,
            .max_tokens = (uint32_t)options_number(o, OPT_MAX_TOKENS),
            .seed = options_seed(o),
            .any_seed = options_number(o, OPT_SEED) < 0,
            .stops = &stops,
            .thinking = options_thinking(o),
            .grammar = p->chat.grammar,
            .instead = refers ? referral_for(chat->messages[chat->n - 1].text.data) : NULL,
        });
}

static void submit(struct plain *p)
{
    const char *system = options_text(&p->cli->options, OPT_SYSTEM);
    struct chat chat = {0};
    struct buf prompt = {0};
    struct error err;
    if (p->cli->raw)
        make_raw_prompt(p, &prompt);
    if (p->cli->raw || make_prompt(p, &prompt, &err)) {
        if (!p->cli->raw && *system)
            chat_add(&chat, CHAT_SYSTEM, system, strlen(system));
        chat_add(&chat, CHAT_USER, prompt.data, prompt.len);
        send_turn(p, &chat);
    } else {
        plain_fail(p, &err);
    }
    chat_free(&chat);
    buf_free(&prompt);
}

/* ---- events --------------------------------------------------------------------------- */

/* "downloading 12.3 MB/s, 4 min left: FILE"; where stderr is no terminal, "downloading: FILE" once.
 */
static void show_step(struct plain *p, const struct event *e)
{
    char line[128], *shown = sanitise_text(e->text, e->n_text, true);
    double percent = e->total ? 100 * (double)e->done / (double)e->total : 0;
    const char *what = strstr(shown, ": ");
    if (p->out.status_to_terminal) {
        snprintf(line, sizeof line, "%3.0f %% of %.1f MB, %s", percent, (double)e->total / 1e6,
                 shown);
        output_status(&p->out, line);
    } else {
        snprintf(line, sizeof line, "%.*s%s", (int)strcspn(shown, " ,:"), shown, what ? what : "");
        bool is_told = strncmp(line, "asking", 6) != 0 && strncmp(line, "checking", 8) != 0;
        if (is_told && strncmp(p->step, line, sizeof p->step - 1) != 0)
            fprintf(stderr, PROGRAM ": %s\n", line);
        if (is_told)
            snprintf(p->step, sizeof p->step, "%s", line);
    }
    free(shown);
}

static void show_progress(struct plain *p, const char *what, const struct event *e)
{
    char line[80];
    if (p->cli->json || (p->cli->chat && !e->n_text))
        return;
    if (e->n_text)
        show_step(p, e);
    snprintf(line, sizeof line, "%s: %llu %%", what,
             (unsigned long long)(e->total ? 100 * e->done / e->total : 0));
    if (!e->n_text)
        output_status(&p->out, line);
}

static void show_stats(const struct plain *p, const struct event *e)
{
    char guesses[64] = "", thinking[48] = "";
    if (e->stats.n_drafted > 0)
        snprintf(guesses, sizeof guesses, ", %u of %u drafted tokens accepted", e->stats.n_accepted,
                 e->stats.n_drafted);
    if (e->stats.n_thinking > 0)
        snprintf(thinking, sizeof thinking, ", %u of them thinking", e->stats.n_thinking);
    if (p->out.status_to_terminal)
        fprintf(stderr, PROGRAM ": %s%u tokens%s, %.1f tokens/s, first after %.2f s%s%s\n",
                e->stats.is_estimate ? "about " : "", e->stats.n_tokens, thinking,
                (double)e->stats.tokens_per_s, (double)e->stats.first_token_ms / 1e3, guesses,
                e->stop == STOP_LENGTH    ? "; stopped at max_tokens"
                : e->stop == STOP_CONTEXT ? "; the context is full"
                                          : "");
}

/* Why there is no answer, if the turn ended within its thinking. */
static bool is_without_answer(const struct event *e, struct error *err)
{
    if (!e->stats.in_thinking || caught)
        return false;
    error_set(err, EX_TEMPFAIL, "%s while the model was still thinking: there is no answer%s",
              e->stop == STOP_LENGTH    ? "max_tokens was reached"
              : e->stop == STOP_CONTEXT ? "the context was full"
                                        : "the turn ended",
              e->stop == STOP_LENGTH ? "; raise --max-tokens, or limit the thinking with "
                                       "--think-tokens"
                                     : "");
    return true;
}

/* A limit that the user gave is what he asked for. */
static bool is_cut_short(const struct plain *p, enum stop_reason stop)
{
    return stop == STOP_CONTEXT || stop == STOP_CUT ||
           (stop == STOP_LENGTH && options_source(&p->cli->options, OPT_MAX_TOKENS) < SOURCE_FLAG);
}

static void tell_cut(struct plain *p, const struct event *e)
{
    struct error err;
    p->incomplete |= is_cut_short(p, e->stop);
    if (e->stop == STOP_CUT) {
        engine_turn_error(p->chat.engine, &err);
        line_chat_say(p, "incomplete: %s", err.text);
    }
    if (p->cli->json || p->out.status_to_terminal) /* it is said there */
        return;
    if (e->stop == STOP_CONTEXT)
        line_chat_say(p, "incomplete: the context of %u tokens is full", p->chat.status.ctx_len);
    else if (e->stop == STOP_LENGTH)
        line_chat_say(p, "incomplete: max_tokens (%u) was reached",
                      (unsigned)options_number(&p->cli->options, OPT_MAX_TOKENS));
}

static void end_turn(struct plain *p, const struct event *e)
{
    struct error err;
    if (e->stop == STOP_CONTEXT && e->stats.n_tokens == 0) {
        error_set(&err, EX_DATAERR,
                  "the prompt's %u tokens do not fit into the context of %u; see --context",
                  e->stats.n_prompt, p->chat.status.ctx_len);
        plain_fail(p, &err);
        return;
    }
    if (e->stop == STOP_FAILED) {
        engine_turn_error(p->chat.engine, &err);
        plain_fail(p, &err);
        return;
    }
    if (!p->cli->json)
        output_end(&p->out);
    chat_tell_folding(&p->chat, e->stats.folding);
    if (!p->cli->json)
        show_stats(p, e);
    if (!e->stats.in_thinking)
        tell_cut(p, e);
    if (e->stop == STOP_CUT && e->stats.in_thinking) {
        engine_turn_error(p->chat.engine, &err);
        plain_fail(p, &err);
        return;
    }
    if (is_without_answer(e, &err)) {
        plain_fail(p, &err);
        return;
    }
    plain_finish(p, caught ? EXIT_SIGNAL + caught : p->incomplete ? EX_TEMPFAIL : 0);
}

static void take_thinking(struct plain *p, const struct event *e)
{
    char line[80];
    if (p->cli->json)
        return;
    if (!p->thinks)
        line_thinking_begin(p);
    if (p->shows_thinking) {
        output_text(&p->out, e->text, e->n_text);
        return;
    }
    snprintf(line, sizeof line, "thinking: %u tokens", e->stats.n_thinking);
    output_status(&p->out, line);
}

/* An event of the one prompt, which is no conversation. */
static void take_prompt_event(struct plain *p, const struct event *e)
{
    switch (e->type) {
    case EVENT_LOADING: show_progress(p, "loading the model", e); break;
    case EVENT_READY: output_status(&p->out, NULL); break;
    case EVENT_PROMPT: show_progress(p, "reading the prompt", e); break;
    case EVENT_THINKING: take_thinking(p, e); break;
    case EVENT_TEXT:
        if (p->cli->json)
            break;
        line_thinking_end(p, NULL);
        output_text(&p->out, e->text, e->n_text);
        break;
    case EVENT_DONE: end_turn(p, e); break;
    default: break;
    }
}

static void start_json(struct plain *p)
{
    if (p->cli->json)
        jsonl_start(&p->out, engine_info(p->chat.engine), p->chat.model_path);
}

/* The signal has stopped the answer: SIGINT was for no more than that. */
static void settle_signal(struct plain *p)
{
    if (caught == SIGINT)
        caught = 0;
    if (caught)
        plain_finish(p, EXIT_SIGNAL + caught);
}

static void take_event(struct plain *p, const struct event *e)
{
    bool is_aside = chat_is_aside(&p->chat, e->turn);
    if (p->cli->json && e->type == EVENT_TEXT)
        buf_append(&p->answer, e->text, e->n_text);
    if (p->cli->json && !is_aside)
        jsonl_event(&p->out, e, &p->answer);
    if (e->type == EVENT_DONE)
        p->answer.len = 0;
    if (p->cli->chat && e->type == EVENT_DONE && !is_aside)
        p->incomplete |= e->stop == STOP_FAILED || is_cut_short(p, e->stop);
    if (!p->cli->chat)
        take_prompt_event(p, e);
    if (p->cli->chat || e->type < EVENT_PROMPT) /* loading is the same for both */
        chat_event(&p->chat, e);
    if (e->type == EVENT_READY)
        start_json(p);
    if (p->cli->chat && e->type == EVENT_DONE)
        settle_signal(p);
}

static void take_next_event(struct plain *p, const struct event *e)
{
    chat_next_event(&p->chat, e);
    if (e->type == EVENT_READY)
        start_json(p);
}

static void check_outlet(struct plain *p)
{
    struct error err;
    switch (p->out.result) {
    case OUTPUT_OK: break;
    case OUTPUT_CLOSED: plain_finish(p, EXIT_READER_GONE); break;
    case OUTPUT_INTERRUPTED: plain_finish(p, EXIT_SIGNAL + (caught ? caught : SIGINT)); break;
    case OUTPUT_FAILED:
        error_set(&err, EX_IOERR, "cannot write the answer to stdout: %s",
                  p->out.error == EBADF ? "it is closed" : strerror(p->out.error));
        plain_fail(p, &err);
        break;
    }
}

/* What was downloaded stays; of what an engine elsewhere was asked nothing does. */
static void stop_loading(struct plain *p)
{
    bool is_elsewhere = p->chat.status.remote.host[0] != '\0';
    output_status(&p->out, NULL);
    if (!p->chat.ready && p->chat.status.step[0])
        fprintf(stderr, PROGRAM ": stopped%s\n",
                is_elsewhere ? "" : "; the next start goes on from here");
    plain_finish(p, EXIT_SIGNAL + caught);
}

/* The first signal stops the answer; what was said so far is kept (end_turn). */
static void take_signal(struct plain *p)
{
    if (p->turn)
        engine_cancel(p->chat.engine, p->turn);
    else if (chat_is_busy(&p->chat))
        chat_stop(&p->chat);
    else
        stop_loading(p);
}

/* Somebody who gave -p may not know that an open pipe is on stdin, and would wait for ever. */
static void hint_at_stdin(struct plain *p)
{
    output_status(&p->out, NULL);
    fputs(PROGRAM ": waiting for text on stdin; add </dev/null if there is none\n", stderr);
    p->patience_over = true;
}

static int wait_ms(const struct plain *p)
{
    bool waiting = p->reading_stdin && p->cli->prompt && !p->cli->chat && p->input.len == 0;
    if (p->chat.saving.due > 0) {
        double left = p->chat.saving.due - now_ms();
        return left > 0 ? (int)left + 1 : 0;
    }
    return waiting && !p->patience_over ? STDIN_PATIENCE_MS : -1;
}

static void step(struct plain *p)
{
    /* Nothing is asked of stdout but whether its reader went away. */
    struct pollfd fds[] = {
        {.fd = engine_fd(p->chat.engine), .events = POLLIN},
        {.fd = wake_fds[0], .events = POLLIN},
        p->out.to_terminal ? (struct pollfd){.fd = -1} : system_watch_reader(STDOUT_FILENO),
        {.fd = p->reading_stdin && !chat_is_busy(&p->chat) ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = p->chat.next_engine ? engine_fd(p->chat.next_engine) : -1, .events = POLLIN},
    };
    int n = poll(fds, sizeof fds / sizeof fds[0], wait_ms(p));
    struct event event;
    char byte;
    if (p->chat.saving.due > 0 && now_ms() >= p->chat.saving.due)
        chat_save(&p->chat);
    else if (n == 0)
        hint_at_stdin(p);
    if (n <= 0)
        return;
    if (fds[1].revents && read(wake_fds[0], &byte, 1) == 1)
        take_signal(p);
    if (system_reader_is_gone(&fds[2]))
        plain_finish(p, EXIT_READER_GONE);
    if (fds[3].revents)
        read_stdin(p);
    while (!p->done && engine_next(p->chat.engine, &event)) {
        take_event(p, &event);
        check_outlet(p);
    }
    while (!p->done && p->chat.next_engine && engine_next(p->chat.next_engine, &event))
        take_next_event(p, &event);
    if (p->cli->chat)
        line_chat_take_lines(p);
    else if (!p->done && p->chat.ready && !p->reading_stdin && p->turn == 0)
        submit(p);
    if (!p->done)
        check_outlet(p);
}

static bool start(struct plain *p, struct error *err)
{
    struct cli *c = p->cli;
    if (c->chat && c->raw)
        return error_set(err, EX_USAGE,
                         "--raw answers one prompt: it can't be used in a conversation");
    if (c->continue_last && !c->chat)
        return error_set(err, EX_USAGE,
                         "--continue: the text on stdin is one prompt, no conversation; add --chat "
                         "to continue the last one");
    if (c->continue_last)
        chat_model_of_last(&c->options);
    if (!catch_signals(err) || !chat_open(&p->chat, &c->options, c->raw, err))
        return false;
    p->chat.grammar = grammar_use(c->grammar);
    if (!c->chat && !c->prompt && isatty(STDIN_FILENO) && p->out.status_to_terminal)
        fputs(PROGRAM ": reading the prompt; Ctrl-D on a line of its own ends it\n", stderr);
    p->out.in_rows = p->out.to_terminal && !c->json;
    p->out.in_pieces = p->out.flow.is_flat = !c->chat;
    p->types = p->reading_stdin && isatty(STDIN_FILENO) && terminal_lines_begin();
    if (c->chat)
        line_chat_start(p);
    else
        chat_start(&p->chat, &line_chat_face, p, false);
    return true;
}

static void tell_gone(const char *model)
{
    char *shown = sanitise_text(model, strlen(model), true);
    fprintf(stderr, PROGRAM ": the model used last is gone: %s\n", shown);
    free(shown);
}

int plain_run(struct cli *c)
{
    c->chat |= !c->plain; /* asked for a screen that cannot be */
    struct plain p = {.cli = c, .reading_stdin = wants_stdin(c)};
    struct error err;
    output_init(&p.out);
    if (c->gone)
        tell_gone(c->gone);
    if (!start(&p, &err)) {
        plain_fail(&p, &err);
        return p.code;
    }
    while (!p.done)
        step(&p);
    output_status(&p.out, NULL);
    line_chat_end(&p);
    output_free(&p.out);
    terminal_lines_free(&p.typing);
    if (p.code < EXIT_SIGNAL && !saved_chats_context(p.chat.engine, is_caught))
        _exit(EXIT_SIGNAL + caught);
    chat_close(&p.chat);
    buf_free(&p.input);
    buf_free(&p.answer);
    buf_free(&p.later);
    return p.code;
}
