/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attention.h"
#include "chat_conversations.h"
#include "chat_face.h"
#include "chat_model.h"
#include "chat_turn.h"
#include "compose.h"
#include "layer_table.h"
#include "look.h"
#include "places.h"
#include "question.h"
#include "sanitise.h"
#include "saved_chats.h"
#include "screen.h"
#include "send.h"
#include "signals.h"
#include "system.h"
#include "view.h"

enum {
    SEARCH_MS = 10,       /* of looking for text before keys get their turn */
    FRAME_MS = 50,        /* between frames while text streams */
    MEMORY_MS = 500,      /* between looks at memory, while something moves */
    PASTE_MS = 2000,      /* of silence that end a paste whose end was lost */
    MAX_ESCAPE_MS = 1000, /* also for the rest of a sequence that is too long for a user's keys */
    TYPED_BYTES = 2,      /* that a user's keys make: Esc, Alt and a letter */
    EVENTS_A_ROUND = 256, /* then keys get their turn */
    READ_BYTES = 1 << 16,
};

/* When the loop has to wake up by itself, in now_ms time; 0: never. */
struct deadlines {
    double frame, escape, paste, memory, save;
};

struct loop {
    int in_fd, signal_fd;
    double escape_ms;
    struct keys keys;
    struct deadlines at;
    int exit_code;
};

static bool wants(const struct app *a, enum reaction reaction)
{
    return a->wants & (unsigned)reaction;
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
    while (!wants(a, REACT_QUIT) && !a->composer.external.pid && keys_next(&l->keys, &in))
        a->wants |= app_input(a, &in);
    if (a->composer.external.pid) { /* what was typed after its key waits until it ends */
        l->at.escape = l->at.paste = 0;
        return;
    }
    double now = now_ms();
    size_t held = keys_waiting(&l->keys);
    l->at.escape = held == 0 ? 0 : now + (held <= TYPED_BYTES ? l->escape_ms : MAX_ESCAPE_MS);
    l->at.paste = l->keys.in_paste ? now + PASTE_MS : 0;
    if (wants(a, REACT_DIRTY))
        l->at.frame = now; /* who types sees it at once */
}

static void quit(struct app *a, struct loop *l, int exit_code)
{
    a->wants |= REACT_QUIT;
    l->exit_code = exit_code;
}

static void hang_up(struct app *a, struct loop *l)
{
    quit(a, l, 129);
}

static void read_terminal(struct app *a, struct loop *l)
{
    static char bytes[READ_BYTES];
    ssize_t n = read(l->in_fd, bytes, sizeof bytes);
    if (n > 0) {
        screen_take_ahead(bytes, (size_t)n);
        keys_feed(&l->keys, bytes, (size_t)n);
        take_keys(a, l);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        hang_up(a, l);
    }
}

/* ---- signals -------------------------------------------------------------------------- */

static void suspend(struct app *a)
{
    screen_leave();
    signals_stop_process();
    if (!a->composer.external.pid) /* else the terminal is the editor's */
        screen_enter();
    a->wants &= ~(unsigned)REACT_SUSPEND;
    a->wants |= REACT_DIRTY;
}

static void take_signals(struct app *a, struct loop *l)
{
    unsigned bits = signals_take();
    if (bits & (SIGNAL_HANGUP | SIGNAL_TERMINATE)) {
        quit(a, l, bits & SIGNAL_HANGUP ? 129 : 143);
        return;
    }
    if (bits & SIGNAL_SUSPEND)
        a->wants |= REACT_SUSPEND;
    bool composing = a->composer.external.pid;
    if (bits & SIGNAL_CHILD)
        compose_check(a);
    if (a->composer.external.pid)
        return; /* the others are for the editor */
    if (composing)
        take_keys(a, l);
    else if (bits & SIGNAL_INTERRUPT)
        a->wants |= app_key(a, K_CTRL | 'c');
    if (bits & SIGNAL_CONTINUED)
        screen_enter();
    else if (bits & SIGNAL_RESIZED)
        screen_resize();
    a->wants |= REACT_DIRTY;
    l->at.frame = now_ms();
}

/* ---- engine --------------------------------------------------------------------------- */

static void take_events(struct app *a)
{
    struct event e;
    for (int i = 0; i < EVENTS_A_ROUND && !wants(a, REACT_QUIT) && engine_next(a->chat.engine, &e);
         i++)
        chat_event(&a->chat, &e);
    for (int i = 0;
         i < EVENTS_A_ROUND && a->chat.next_engine && engine_next(a->chat.next_engine, &e); i++)
        chat_next_event(&a->chat, &e);
    if (!wants(a, REACT_QUIT))
        send_waiting(a);
}

static bool moves(const struct app *a)
{
    return a->chat.status.state != STATE_READY;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void draw(struct app *a, struct loop *l, double now)
{
    file_hint_update(&a->composer.files, &a->chat, &a->composer.editor.text);
    struct frame f = frame_of(a, screen_rows(), screen_columns());
    frame_fill(&f, a, screen_glyphs()->full[1] != 0);
    if (wants(a, REACT_REDRAW))
        screen_redraw();
    view_draw(a, &f);
    attention_title(a);
    screen_show();
    frame_free(&f);
    a->wants &= ~(unsigned)(REACT_DIRTY | REACT_REDRAW);
    l->at.frame = now + FRAME_MS;
    if (!screen_flush())
        hang_up(a, l);
}

/* Something is to be drawn, and the terminal takes it. */
static bool can_draw(const struct app *a)
{
    return wants(a, REACT_DIRTY) && !screen_busy() && !a->composer.external.pid;
}

static bool is_searching(const struct app *a)
{
    return transcript_searching(&a->reader.transcript) || transcript_searching(&a->reader.pager);
}

static void run_timers(struct app *a, struct loop *l)
{
    double now = now_ms();
    if (is_over(l->at.escape, now)) {
        keys_timeout(&l->keys);
        take_keys(a, l);
    }
    if (is_over(l->at.paste, now)) {
        keys_end_paste(&l->keys);
        take_keys(a, l);
    }
    if (moves(a) && now >= a->chat.sampled + MEMORY_MS)
        chat_sample(&a->chat);
    if (is_over(a->chat.saving.due, now))
        chat_save(&a->chat);
    l->at.save = a->chat.saving.due;
    l->at.memory = moves(a) ? a->chat.sampled + MEMORY_MS : 0;
    if (is_searching(a)) {
        transcript_search_step(&a->reader.transcript, SEARCH_MS);
        transcript_search_step(&a->reader.pager, SEARCH_MS);
        a->wants |= REACT_DIRTY;
    }
    if (wants(a, REACT_SUSPEND))
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
    int n = poll(fds, 5, is_searching(a) ? 0 : wait_ms(&at));
    if (n > 0) {
        if (fds[1].revents)
            take_signals(a, l);
        if (!wants(a, REACT_QUIT) && fds[0].revents)
            read_terminal(a, l);
        if (!wants(a, REACT_QUIT) && (fds[2].revents || fds[4].revents))
            take_events(a);
        if (!wants(a, REACT_QUIT) && fds[3].revents && !screen_flush())
            hang_up(a, l);
    }
    if (!wants(a, REACT_QUIT))
        run_timers(a, l);
}

/* ---- start and end -------------------------------------------------------------------- */

static void app_free(struct app *a)
{
    chat_close(&a->chat);
    reader_free(&a->reader);
    picker_free(&a->list.picker);
    models_free(&a->list.models);
    token_view_free(&a->tokens);
    composer_free(&a->composer);
    prompt_free(&a->prompt);
    free(a->look);
}

static bool told_to_go(void)
{
    return signals_take() & (SIGNAL_INTERRUPT | SIGNAL_HANGUP | SIGNAL_TERMINATE);
}

/* A notice went with the screen, if there was a frame with it. */
static void leave_chat(struct chat_session *c)
{
    struct error err;
    chat_leave(c, STOP_NONE);
    if (!c->saving.failed)
        return;
    error_set(&err, EX_IOERR, "%s", c->saving.reason);
    error_print(&err, "qins-tui");
}

/* A signal ends the program at once, whatever the engine is busy with. */
static int finish(struct app *a, struct loop *l)
{
    const struct error *failed = a->chat.engine ? engine_error(a->chat.engine) : NULL;
    screen_close();
    leave_chat(&a->chat);
    if (a->composer.external.pid)
        kill(a->composer.external.pid, SIGHUP); /* it keeps what it can; its file stays */
    if (l->exit_code > 128)
        _exit(l->exit_code);
    if (failed)
        l->exit_code = error_print(failed, "qins-tui");
    chat_drop_next(&a->chat);
    if (!saved_chats_context(a->chat.engine, told_to_go))
        _exit(l->exit_code);
    app_free(a);
    keys_free(&l->keys);
    signals_close();
    return l->exit_code;
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

/* -> false, and says why */
static bool open_screen(struct loop *l, struct error *err)
{
    l->signal_fd = signals_open(screen_restore);
    die_hook(screen_restore);
    if (screen_open(STDIN_FILENO, STDOUT_FILENO, &l->keys, err))
        return true;
    signals_close();
    return false;
}

bool loop_run(struct cli *c, int *exit_code)
{
    struct app a = {.wants = REACT_DIRTY};
    struct loop l = {.in_fd = system_pollable_terminal(STDIN_FILENO), .escape_ms = escape_delay()};
    struct error err;
    if (c->continue_last)
        chat_model_of_last(&c->options);
    if (!chat_open(&a.chat, &c->options, false, &err)) {
        *exit_code = error_print(&err, "qins-tui");
        return true;
    }
    a.chat.grammar = grammar_use(c->grammar);
    if (!open_screen(&l, &err)) {
        app_free(&a);
        error_print(&err, "qins-tui");
        return false;
    }
    if (!look_apply(&a, &err)) {
        screen_close();
        keys_free(&l.keys);
        app_free(&a);
        *exit_code = error_print(&err, "qins-tui");
        return true;
    }
    reader_init(&a.reader);
    layers_init(&a.layers, layer_table);
    chat_start(&a.chat, &screen_chat_face, &a, cli_saves(c));
    chat_advise(&a.chat);
    open_history(&a);
    if (c->gone)
        app_notice(&a, "The model used last is gone: %s", c->gone);
    if (c->continue_last)
        chat_open_last(&a.chat);
    while (!wants(&a, REACT_QUIT))
        one_round(&a, &l);
    *exit_code = finish(&a, &l);
    return true;
}
