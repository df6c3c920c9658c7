/* SPDX-License-Identifier: MIT */
#include "chat_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mention.h"
#include "message_parts.h"
#include "places.h"
#include "sanitise.h"
#include "units.h"
#include "utf8.h"

enum {
    FOLDER_ENTRIES = 10000, /* that are looked at */
    FOLDER_ROWS = 500,      /* of a list */
    SAMPLE_BYTES = 64 << 10 /* whose tokens are counted: of more they are estimated */
};

/* ---- which files ---------------------------------------------------------------------- */

struct named {
    char *typed, *path; /* as it is typed; with ~ replaced */
    struct stat st;
    bool missing; /* no such file: the word stays as it is written */
    bool folder;  /* missing: a folder that is named without its slash */
    bool loop;    /* missing: symbolic links that lead nowhere */
};

struct names {
    struct named *names; /* [n] */
    size_t n, cap;
    bool too_many;
};

static void names_free(struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->names[i].typed);
        free(l->names[i].path);
    }
    free(l->names);
}

/* A folder is meant only if it ends in a slash: @docs may be anything. */
static bool is_there(struct named *f)
{
    size_t n = strlen(f->typed);
    return n && stat(f->path, &f->st) == 0 && (!S_ISDIR(f->st.st_mode) || f->typed[n - 1] == '/');
}

static struct named named_of(const char *s, struct mention m)
{
    struct named f = {0};
    do {
        free(f.typed);
        free(f.path);
        f.typed = xstrndup(s + m.path, m.n_path);
        f.path = places_typed(f.typed);
    } while (!is_there(&f) && mention_shorten(s, &m));
    f.missing = !is_there(&f);
    if (f.missing) {
        bool found = stat(f.path, &f.st) == 0;
        f.loop = !found && errno == ELOOP;
        f.folder = found; /* else it were there */
        free(f.typed);
        f.typed = xstrndup(s + m.from, m.to - m.from);
    }
    return f;
}

static bool is_known(const struct names *l, const struct named *f)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->names[i].path, f->path) == 0)
            return true;
    return false;
}

static struct names names_of(const char *s, size_t n)
{
    struct names l = {0};
    struct mention m;
    for (size_t at = 0; mention_next(s, n, &at, &m);) {
        if (m.open)
            continue;
        struct named f = named_of(s, m);
        l.too_many = l.n == CHAT_MOST_FILES;
        if (l.too_many || is_known(&l, &f)) {
            free(f.typed);
            free(f.path);
        } else {
            l.names = xgrow(l.names, l.n, &l.cap, sizeof *l.names);
            l.names[l.n++] = f;
        }
        if (l.too_many)
            break;
    }
    return l;
}

/* ---- reading them --------------------------------------------------------------------- */

/* "12.3 kB" */
static char *size_text(uint64_t bytes, char *out, size_t size)
{
    if (bytes >= 1000)
        return format_bytes(bytes, out, size);
    snprintf(out, size, bytes == 0 ? "empty" : bytes == 1 ? "%d byte" : "%d bytes", (int)bytes);
    return out;
}

static bool check_text(const char *name, const struct buf *text, size_t from, struct error *err)
{
    for (size_t i = from, used; i < text->len; i += used) {
        int32_t cp;
        used = utf8_decode(text->data + i, text->len - i, &cp);
        if (cp <= 0)
            return error_set(err, EX_DATAERR,
                             "%s: byte 0x%02x at offset %zu is no text in UTF-8; only text can be "
                             "put into a message",
                             name, (unsigned char)text->data[i], i - from);
    }
    return true;
}

static bool read_text(const struct named *f, struct buf *out, struct error *err)
{
    char size[32];
    size_t from = out->len;
    if (!S_ISREG(f->st.st_mode))
        return error_set(err, EX_DATAERR,
                         "%s: a device, a pipe or a socket; only files of text and folders/ can be "
                         "put into a message",
                         f->typed);
    if (f->st.st_size > CHAT_FILE_BYTES)
        return error_set(err, EX_DATAERR,
                         "%s: %s; a file put into a message can have at most %d bytes", f->typed,
                         size_text((uint64_t)f->st.st_size, size, sizeof size), CHAT_FILE_BYTES);
    return read_file(out, f->path, CHAT_FILE_BYTES, err) && check_text(f->typed, out, from, err);
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name  size", names are one line. */
static char *row_of(const char *folder, const char *name)
{
    struct stat st;
    char size[32] = "-", *path = path_join(folder, name);
    char *shown = sanitise_text(name, strlen(name), true), *row;
    bool known = stat(path, &st) == 0;
    if (known && S_ISDIR(st.st_mode))
        row = xasprintf("%s/\n", shown);
    else if (known && S_ISREG(st.st_mode))
        row = xasprintf("%s  %s\n", shown, size_text((uint64_t)st.st_size, size, sizeof size));
    else
        row = xasprintf("%s  not a file\n", shown);
    free(shown);
    free(path);
    return row;
}

static bool list_folder(const struct named *f, struct buf *out, struct error *err)
{
    DIR *dir = folder_open(f->path);
    struct dirent *entry;
    char **names = NULL;
    size_t n = 0, cap = 0;
    if (!dir)
        return error_set(err, EX_NOINPUT, "%s: this folder cannot be read", f->typed);
    while (n < FOLDER_ENTRIES && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            names = xgrow(names, n, &cap, sizeof *names);
            names[n++] = xstrdup(entry->d_name);
        }
    closedir(dir);
    if (n)
        qsort(names, n, sizeof *names, compare_rows);
    for (size_t i = 0; i < n; i++) {
        char *row = i < FOLDER_ROWS ? row_of(f->path, names[i]) : NULL;
        buf_puts(out, row ? row : "");
        free(row);
        free(names[i]);
    }
    if (n > FOLDER_ROWS)
        buf_printf(out, "... and %zu%s more\n", n - FOLDER_ROWS, n == FOLDER_ENTRIES ? " or" : "");
    free(names);
    return true;
}

static bool read_named(const struct named *f, struct buf *out, struct error *err)
{
    buf_puts(out, "");
    return S_ISDIR(f->st.st_mode) ? list_folder(f, out, err) : read_text(f, out, err);
}

static bool add_part(const struct named *f, struct buf *message, struct error *err)
{
    struct buf text = {0};
    bool ok = read_named(f, &text, err);
    if (ok) {
        char *name = sanitise_text(f->typed, strlen(f->typed), true);
        message_part_add(message, name, text.data, text.len);
        free(name);
    }
    buf_free(&text);
    return ok;
}

bool chat_files_join(const char *typed, const char *text, size_t n, struct buf *message,
                     struct error *err)
{
    struct names l = names_of(typed, strlen(typed));
    bool ok = !l.too_many ||
              error_set(err, EX_DATAERR, "At most %d files fit into a message", CHAT_MOST_FILES);
    for (size_t i = 0; ok && i < l.n; i++)
        ok = l.names[i].missing || add_part(&l.names[i], message, err);
    message_add_typed(message, text, n);
    if (ok && message->len > CHAT_MESSAGE_BYTES)
        ok = error_set(err, EX_DATAERR, "A message with its files can have at most %d bytes",
                       CHAT_MESSAGE_BYTES);
    names_free(&l);
    return ok;
}

/* ---- numbers -------------------------------------------------------------------------- */

/* Of many bytes the first ones are counted. */
static uint32_t count_tokens(struct chat_session *s, const char *text, size_t n)
{
    size_t sample = n < SAMPLE_BYTES ? n : utf8_complete(text, SAMPLE_BYTES);
    uint32_t counted = s->ready ? engine_count_tokens(s->engine, text, sample) : 0;
    return sample ? (uint32_t)((double)counted * ((double)n / (double)sample)) : 0;
}

/* "12,345" */
static void add_thousands(struct buf *out, uint32_t n)
{
    char digits[16];
    int m = snprintf(digits, sizeof digits, "%u", n);
    for (int i = 0; i < m; i++)
        buf_printf(out, "%s%c", i && (m - i) % 3 == 0 ? "," : "", digits[i]);
}

static void add_numbers(struct buf *out, uint64_t bytes, uint32_t n_tokens, bool about)
{
    char size[32];
    buf_printf(out, ", %s", size_text(bytes, size, sizeof size));
    if (!n_tokens)
        return;
    buf_puts(out, about ? ", about " : ", ");
    add_thousands(out, n_tokens);
    buf_puts(out, n_tokens == 1 ? " token" : " tokens");
}

/* ---- before it is sent ---------------------------------------------------------------- */

void chat_files_key(const struct chat_session *s, const char *typed, size_t n, struct buf *out)
{
    struct names l = names_of(typed, n);
    buf_printf(out, "%d %d", s->ready, l.too_many);
    for (size_t i = 0; i < l.n; i++) {
        const struct named *f = &l.names[i];
        buf_printf(out, "\n%s %d %lld %lld", f->typed, f->missing, (long long)f->st.st_size,
                   (long long)f->st.st_mtime);
    }
    names_free(&l);
}

/* -> false: nothing of it is put in; `out` says why */
static bool add_hint(struct chat_session *s, const struct named *f, struct buf *out)
{
    struct buf text = {0};
    struct error err;
    size_t n = strlen(f->typed), quote = strchr("\"'", f->typed[n - 1]) != NULL;
    bool ok = !f->missing && read_named(f, &text, &err);
    if (f->folder)
        buf_printf(out, "%s is a folder, sent as written: write %.*s/%s", f->typed,
                   (int)(n - quote), f->typed, f->typed + n - quote);
    else if (f->loop)
        buf_printf(out, "%s is a loop of symbolic links, sent as written", f->typed);
    else if (f->missing)
        buf_printf(out, "%s is no file, sent as written", f->typed);
    else
        buf_puts(out, ok ? f->typed : err.text);
    if (ok)
        add_numbers(out, text.len, count_tokens(s, text.data, text.len), text.len > SAMPLE_BYTES);
    buf_free(&text);
    return ok;
}

void chat_files_hint(struct chat_session *s, const char *typed, size_t n, struct buf *out)
{
    struct names l = names_of(typed, n);
    struct buf others = {0};
    for (size_t i = 0; i < l.n; i++) {
        struct buf hint = {0};
        bool ok = add_hint(s, &l.names[i], &hint);
        struct buf *to = ok ? out : &others;
        buf_puts(to, to->len ? "; " : ok ? "Puts in: " : "");
        buf_puts(to, hint.data);
        buf_free(&hint);
    }
    if (others.len)
        buf_printf(out, "%s%s", out->len ? "; " : "", others.data);
    if (l.too_many)
        buf_puts(out, "; too many files");
    buf_free(&others);
    names_free(&l);
}

/* ---- of a message --------------------------------------------------------------------- */

const char *chat_files_typed(const struct message *m, size_t *n)
{
    const char *text = m->text.len ? m->text.data : "";
    size_t parts = m->role == CHAT_USER ? message_parts_length(text, m->text.len) : 0;
    *n = m->text.len - parts;
    return text + parts;
}

/* The end of a name, as it is shown. */
static void add_name(struct buf *out, const char *name)
{
    enum { MOST = 40 }; /* bytes */
    char *shown = sanitise_text(name, strlen(name), true), *end = shown;
    if (strlen(shown) > MOST) {
        end += strlen(shown) - MOST;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end++;
    }
    buf_printf(out, "%s%s", end > shown ? "..." : "", end);
    free(shown);
}

struct sum {
    size_t n, bytes;
    uint32_t n_tokens;
    bool about;
};

static struct sum sum_of(struct chat_session *s, const struct message *m, struct buf *first_name)
{
    struct sum sum = {.n_tokens = m->n_file_tokens};
    struct message_part part;
    for (size_t at = 0; m->role == CHAT_USER && m->text.len &&
                        message_part_next(m->text.data, m->text.len, &at, &part);
         sum.n++) {
        if (sum.n == 0)
            add_name(first_name, part.name);
        sum.bytes += part.n_text;
        sum.about |= part.n_text > SAMPLE_BYTES;
        if (!m->n_file_tokens)
            sum.n_tokens += count_tokens(s, part.text, part.n_text);
        message_part_free(&part);
    }
    return sum;
}

bool chat_files_line(struct chat_session *s, int32_t number, char *out, size_t size)
{
    struct message *m = &s->conversation.messages[number];
    struct buf line = {0};
    struct sum sum = sum_of(s, m, &line);
    m->n_file_tokens = sum.n_tokens;
    if (sum.n > 1)
        buf_printf(&line, " and %zu more", sum.n - 1);
    if (sum.n)
        add_numbers(&line, sum.bytes, sum.n_tokens, sum.about);
    snprintf(out, size, "%s", sum.n ? line.data : "");
    buf_free(&line);
    return sum.n > 0;
}

void chat_files_text(const struct message *m, struct buf *out)
{
    struct message_part part;
    for (size_t at = 0; m->text.len && message_part_next(m->text.data, m->text.len, &at, &part);) {
        buf_printf(out, "%s%s:\n", out->len ? "\n" : "", part.name);
        buf_append(out, part.text, part.n_text);
        if (part.n_text && part.text[part.n_text - 1] != '\n')
            buf_puts(out, "\n");
        message_part_free(&part);
    }
}
