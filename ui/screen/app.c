/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub.h"
#include "places.h"
#include "sanitise.h"
#include "saved_chats.h"
#include "screen.h"
#include "signals.h"
#include "view.h"

enum {
    SEARCH_MS = 10,       /* of looking for text before keys get their turn */
    FRAME_MS = 50,        /* between frames while text streams */
    MEMORY_MS = 500,      /* between looks at memory, while something moves */
    PASTE_MS = 2000,      /* of silence that end a paste whose end was lost */
    MAX_ESCAPE_MS = 1000, /* also for the rest of a sequence that is too long for a person's keys */
    TYPED_BYTES = 2,      /* that a person's keys make: Esc, Alt and a letter */
    EVENTS_A_ROUND = 256, /* then keys get their turn */
    READ_BYTES = 1 << 16,
};

/* What a model of the usual size can answer; and the starter, which knows stories and this program.
 */
static const char *const examples[N_EXAMPLES] = {
    "Explain quantum computing in simple terms",
    "Write a haiku about artificial intelligence",
    "What is the QINS compression method?",
    "Compare Python and Rust for systems programming",
};
static const char *const starter_examples[N_EXAMPLES] = {
    "Tell me a story about a cat and a boat.",
    "Who are you?",
    "What is QINS?",
    "How do I change the temperature?",
};

/* When the loop has to wake up by itself, in now_ms time; 0: never. */
struct deadlines {
    double frame, escape, paste, memory, save;
};

struct loop {
    int in_fd, signal_fd;
    double escape_ms;
    struct deadlines at;
};

/* ---- the model's examples ------------------------------------------------------------- */

bool app_has_starter(const struct app *a)
{
    return strcmp(a->chat.model_name, "starter") == 0;
}

const char *app_example(const struct app *a, int i)
{
    return (app_has_starter(a) ? starter_examples : examples)[i];
}

/* ---- time ----------------------------------------------------------------------------- */

static double escape_delay(void)
{
    const char *text = getenv("ESCDELAY");
    char *end;
    long ms = text ? strtol(text, &end, 10) : 0;
    return text && *text && !*end && ms > 0 ? ms < MAX_ESCAPE_MS ? (double)ms : MAX_ESCAPE_MS : 80;
}

static int wait_ms(const struct deadlines *at)
{
    double first = 0;
    const double all[] = {at->frame, at->escape, at->paste, at->memory, at->save};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] > 0 && (first <= 0 || all[i] < first))
            first = all[i];
    if (first <= 0)
        return -1;
    double left = first - now_ms();
    return left > 0 ? (int)left + 1 : 0;
}

static bool is_over(double deadline, double now)
{
    return deadline > 0 && now >= deadline;
}

/* ---- input ---------------------------------------------------------------------------- */

static void take_keys(struct app *a, struct loop *l)
{
    struct input in;
    while (!a->quit && !a->composer.external.pid && keys_next(&a->keys, &in))
        app_input(a, &in);
    if (a->composer.external.pid) { /* what was typed behind its key waits for its end */
        l->at.escape = l->at.paste = 0;
        return;
    }
    double now = now_ms();
    size_t held = keys_waiting(&a->keys);
    l->at.escape = held == 0 ? 0 : now + (held <= TYPED_BYTES ? l->escape_ms : MAX_ESCAPE_MS);
    l->at.paste = a->keys.in_paste ? now + PASTE_MS : 0;
    if (a->dirty)
        l->at.frame = now; /* who types sees it at once */
}

static void hang_up(struct app *a)
{
    a->quit = true;
    a->exit_code = 129;
}

static void read_terminal(struct app *a, struct loop *l)
{
    static char bytes[READ_BYTES];
    ssize_t n = read(l->in_fd, bytes, sizeof bytes);
    if (n > 0) {
        keys_feed(&a->keys, bytes, (size_t)n);
        take_keys(a, l);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        hang_up(a);
    }
}

/* ---- signals -------------------------------------------------------------------------- */

static void suspend(struct app *a)
{
    screen_leave();
    signals_stop_process();
    if (!a->composer.external.pid) /* else the terminal is the editor's */
        screen_enter();
    a->suspend = false;
    a->dirty = true;
}

static void take_signals(struct app *a, struct loop *l)
{
    unsigned bits = signals_take();
    if (bits & (SIGNAL_HANGUP | SIGNAL_TERMINATE)) {
        a->quit = true;
        a->exit_code = bits & SIGNAL_HANGUP ? 129 : 143;
        return;
    }
    if (bits & SIGNAL_SUSPEND)
        a->suspend = true;
    bool composing = a->composer.external.pid;
    if (bits & SIGNAL_CHILD)
        app_compose_check(a);
    if (a->composer.external.pid)
        return; /* the others are for the editor */
    if (composing)
        take_keys(a, l);
    else if (bits & SIGNAL_INTERRUPT)
        app_key(a, K_CTRL | 'c');
    if (bits & SIGNAL_CONTINUED)
        screen_enter();
    else if (bits & SIGNAL_RESIZED)
        screen_resize();
    a->dirty = true;
    l->at.frame = now_ms();
}

/* ---- engine --------------------------------------------------------------------------- */

static void take_events(struct app *a)
{
    struct event e;
    for (int i = 0; i < EVENTS_A_ROUND && !a->quit && engine_next(a->chat.engine, &e); i++)
        app_event(a, &e);
    for (int i = 0;
         i < EVENTS_A_ROUND && a->chat.next_engine && engine_next(a->chat.next_engine, &e); i++)
        app_next_event(a, &e);
}

static bool moves(const struct app *a)
{
    return a->chat.status.state != STATE_READY;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void draw(struct app *a, struct loop *l, double now)
{
    if (a->redraw)
        screen_redraw();
    view_draw(a);
    screen_show();
    a->dirty = a->redraw = false;
    l->at.frame = now + FRAME_MS;
    if (!screen_flush())
        hang_up(a);
}

/* Something is to be drawn, and the terminal takes it. */
static bool can_draw(const struct app *a)
{
    return a->dirty && !screen_busy() && !a->composer.external.pid;
}

static void run_timers(struct app *a, struct loop *l)
{
    double now = now_ms();
    if (is_over(l->at.escape, now)) {
        keys_timeout(&a->keys);
        take_keys(a, l);
    }
    if (is_over(l->at.paste, now)) {
        keys_end_paste(&a->keys);
        take_keys(a, l);
    }
    if (moves(a) && now >= a->memory_read + MEMORY_MS)
        app_sample(a);
    if (is_over(a->chat.saving.due, now))
        app_save(a);
    l->at.save = a->chat.saving.due;
    l->at.memory = moves(a) ? a->memory_read + MEMORY_MS : 0;
    if (transcript_searching(&a->reader.transcript) || transcript_searching(&a->reader.pager)) {
        transcript_search_step(&a->reader.transcript, SEARCH_MS);
        transcript_search_step(&a->reader.pager, SEARCH_MS);
        a->dirty = true;
    }
    if (a->suspend)
        suspend(a);
    if (can_draw(a) && now >= l->at.frame)
        draw(a, l, now);
}

static void one_round(struct app *a, struct loop *l)
{
    struct deadlines at = l->at;
    if (!can_draw(a))
        at.frame = 0;
    struct pollfd fds[5] = {
        {.fd = a->composer.external.pid ? -1 : l->in_fd, .events = POLLIN},
        {.fd = l->signal_fd, .events = POLLIN},
        {.fd = engine_fd(a->chat.engine), .events = POLLIN},
        {.fd = screen_busy() ? screen_out_fd() : -1, .events = POLLOUT},
        {.fd = a->chat.next_engine ? engine_fd(a->chat.next_engine) : -1, .events = POLLIN},
    };
    bool searching =
        transcript_searching(&a->reader.transcript) || transcript_searching(&a->reader.pager);
    int n = poll(fds, 5, searching ? 0 : wait_ms(&at));
    if (n > 0) {
        if (fds[1].revents)
            take_signals(a, l);
        if (!a->quit && fds[0].revents)
            read_terminal(a, l);
        if (!a->quit && (fds[2].revents || fds[4].revents))
            take_events(a);
        if (!a->quit && fds[3].revents && !screen_flush())
            hang_up(a);
    }
    if (!a->quit)
        run_timers(a, l);
}

/* ---- start and end -------------------------------------------------------------------- */

char *app_model_name(const char *path)
{
    char *of_hub = hub_name(path);
    if (of_hub) {
        char *name = sanitise_text(of_hub, strlen(of_hub), true);
        free(of_hub);
        return name;
    }
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (end - start > 5 && memcmp(path + end - 5, ".qins", 5) == 0)
        end -= 5;
    return sanitise_text(path + start, end - start, true);
}

static void app_free(struct app *a)
{
    conversation_free(&a->chat.conversation);
    saving_free(&a->chat.saving);
    transcript_free(&a->reader.transcript);
    transcript_free(&a->reader.pager);
    picker_free(&a->list.picker);
    models_free(&a->models);
    editor_free(&a->composer.editor);
    keys_free(&a->keys);
    buf_free(&a->prompt.notice);
    buf_free(&a->reader.find);
    free(a->chat.model_name);
    free(a->chat.model_path);
    free(a->look);
}

static bool told_to_go(void)
{
    return signals_take() & (SIGNAL_INTERRUPT | SIGNAL_HANGUP | SIGNAL_TERMINATE);
}

/* A signal ends the program at once, whatever the engine is busy with. */
static int finish(struct app *a)
{
    const struct error *failed = a->chat.engine ? engine_error(a->chat.engine) : NULL;
    screen_close();
    app_leave_conversation(a, STOP_NONE);
    if (a->composer.external.pid)
        kill(a->composer.external.pid, SIGHUP); /* it keeps what it can; its file stays */
    if (a->exit_code > 128)
        _exit(a->exit_code);
    if (failed)
        a->exit_code = error_print(failed, "qins-tui");
    app_drop_next(a);
    if (!saved_chats_context(a->chat.engine, told_to_go))
        _exit(a->exit_code);
    engine_stop(a->chat.engine);
    signals_close();
    app_free(a);
    return a->exit_code;
}

static void open_history(struct app *a)
{
    struct error err;
    char *folder = a->chat.saving.off ? NULL : places_state_folder();
    if (folder && !history_open(&a->composer.editor.history, folder, &err))
        app_notice(a, "%s", err.text);
    a->composer.editor.history_at = a->composer.editor.history.n;
    free(folder);
}

bool app_run(struct cli *c, int *exit_code)
{
    struct app a = {.chat.options = &c->options, .dirty = true};
    struct loop l = {.in_fd = STDIN_FILENO, .escape_ms = escape_delay()};
    struct engine_options o;
    struct error err;
    if (!cli_engine_options(c, &o, &err)) {
        *exit_code = error_print(&err, "qins-tui");
        return true;
    }
    l.signal_fd = signals_open(screen_restore);
    die_hook(screen_restore);
    if (!screen_open(STDIN_FILENO, STDOUT_FILENO, &a.keys, &err)) {
        signals_close();
        free(o.model);
        error_print(&err, "qins-tui");
        return false;
    }
    if (!app_apply_look(&a, &err)) {
        screen_close();
        free(o.model);
        app_free(&a);
        *exit_code = error_print(&err, "qins-tui");
        return true;
    }
    transcript_init(&a.reader.transcript);
    transcript_init(&a.reader.pager);
    a.chat.saving.off = !cli_saves(c);
    a.chat.saving.folder = places_state_folder();
    open_history(&a);
    a.chat.model_name = app_model_name(o.model);
    a.chat.engine = engine_start(&o);
    app_apply_options(&a);
    a.chat.model_path = o.model;
    if (c->continue_last)
        app_open_last(&a);
    while (!a.quit)
        one_round(&a, &l);
    *exit_code = finish(&a);
    return true;
}
