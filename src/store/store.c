/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "places.h"
#include "system.h"

#define FILE_NAME "conversations.db"
#define LOCK_NAME "conversations.lock"

enum {
    APPLICATION_ID = 0x51494e53, /* "QINS", in the file's header */
    STEPS_A_LOOK = 20000,        /* of SQLite's machine between looks at the clock */
    MAX_WORDS = 16,
};

struct store {
    sqlite3 *db;
    char *path;
    struct stat opened; /* the file, as it was opened */
    int lock_fd;
    int64_t held; /* conversation that is locked, or 0 */
    enum store_state state;
    bool knows_thinking; /* else it is an older file, on a read-only disk */
    double search_until;
};

static enum store_state open_failure; /* what store_open(NULL) has met */

/* ---- errors, statements --------------------------------------------------------------- */

static bool failed(struct store *s, const char *doing, struct error *err)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        s->state = STORE_DAMAGED;
    else if (code == SQLITE_CONSTRAINT)
        s->state = STORE_REPLACED;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return error_set(err, EX_TEMPFAIL, "cannot %s: another program has locked %s", doing,
                         s->path);
    return error_set(err, s->state == STORE_DAMAGED ? EX_DATAERR : EX_IOERR, "cannot %s: %s: %s",
                     doing, sqlite3_errmsg(s->db), s->path);
}

/* Values by letter: i int64_t, d double, t text or NULL, b bytes and size_t: a text of that length.
 */
static bool bind_values(sqlite3_stmt *q, const char *types, va_list values)
{
    int code = SQLITE_OK;
    for (int i = 1; *types && code == SQLITE_OK; i++, types++) {
        if (*types == 'i') {
            code = sqlite3_bind_int64(q, i, va_arg(values, int64_t));
        } else if (*types == 'd') {
            code = sqlite3_bind_double(q, i, va_arg(values, double));
        } else if (*types == 't') {
            code = sqlite3_bind_text(q, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const char *bytes = va_arg(values, const char *);
            size_t n = va_arg(values, size_t);
            code = sqlite3_bind_text64(q, i, bytes ? bytes : "", n, SQLITE_TRANSIENT, SQLITE_UTF8);
        }
    }
    return code == SQLITE_OK;
}

static sqlite3_stmt *prepare_list(struct store *s, const char *sql, const char *types,
                                  va_list values)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
        return NULL;
    if (bind_values(q, types, values))
        return q;
    sqlite3_finalize(q);
    return NULL;
}

static sqlite3_stmt *prepare(struct store *s, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *q = prepare_list(s, sql, types, values);
    va_end(values);
    return q;
}

/* One statement that gives no rows, or whose rows do not matter. */
static bool run(struct store *s, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *q = prepare_list(s, sql, types, values);
    va_end(values);
    while (q && sqlite3_step(q) == SQLITE_ROW)
        continue;
    return q && sqlite3_finalize(q) == SQLITE_OK;
}

/* One number, or `otherwise` where there is no row. */
static bool ask(struct store *s, int64_t *out, int64_t otherwise, const char *sql)
{
    sqlite3_stmt *q = prepare(s, sql, "");
    *out = otherwise;
    if (q && sqlite3_step(q) == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    return sqlite3_finalize(q) == SQLITE_OK && q;
}

static void undo(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- locks ---------------------------------------------------------------------------- */

/* One byte of the lock file for each conversation; byte 0 for changing the files themselves. */
static bool lock_byte(int fd, int64_t byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return system_lock(fd, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

static bool hold(struct store *s, int64_t id)
{
    if (s->held == id || s->state == STORE_READ_ONLY)
        return true;
    if (!lock_byte(s->lock_fd, id, F_WRLCK))
        return false;
    store_release(s);
    s->held = id;
    return true;
}

void store_release(struct store *s)
{
    if (s->held)
        lock_byte(s->lock_fd, s->held, F_UNLCK);
    s->held = 0;
}

/* ---- the files ------------------------------------------------------------------------ */

/* SQLite gives its side files the permissions of the file itself. */
static int open_private(const char *path, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        error_set(err, EX_CANTCREAT, "%s: cannot open: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
        error_set(err, EX_NOPERM, "%s: not a file of yours", path);
        close(fd);
        return -1;
    }
    fchmod(fd, 0600);
    return fd;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Somebody has removed the file, or put another one in its place. */
static bool is_replaced(struct store *s)
{
    struct stat now;
    if (stat(s->path, &now) == 0 && same_file(&now, &s->opened))
        return false;
    s->state = STORE_REPLACED;
    return true;
}

static bool move_away(const char *from, const char *to)
{
    return rename(from, to) == 0 || errno == ENOENT;
}

char *store_set_aside(const char *folder, struct error *err)
{
    char *path = path_join(folder, FILE_NAME), *wal = xasprintf("%s-wal", path);
    char *shm = xasprintf("%s-shm", path), *lock = path_join(folder, LOCK_NAME);
    char *name = NULL, *side = NULL, stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    int fd = open_private(lock, err);
    bool ok = fd >= 0 && (lock_byte(fd, 0, F_WRLCK) ||
                          error_set(err, EX_TEMPFAIL, "%s: another program is at it", path));
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    for (int i = 1; ok && (!name || access(name, F_OK) == 0); i++) {
        free(name);
        name = xasprintf("%s.damaged-%s%.*s%.0d", path, stamp, i > 1, "-", i > 1 ? i : 0);
    }
    if (ok) {
        side = xasprintf("%s-wal", name);
        /* The journal goes first: a new file must never find it. */
        ok = (move_away(wal, side) && move_away(path, name)) ||
             error_set(err, EX_IOERR, "%s: cannot rename: %s", path, strerror(errno));
        unlink(shm);
    }
    if (!ok) {
        free(name);
        name = NULL;
    }
    if (fd >= 0)
        close(fd);
    free(side);
    free(lock);
    free(shm);
    free(wal);
    free(path);
    return name;
}

/* ---- schema --------------------------------------------------------------------------- */

/* Step i leads from version i to i + 1. A step that was released never changes.
 *
 * `words` is the index for searching, of messages that are finished: stop IS NOT NULL. Of a very
 * long one it knows the start. */
static const char *const steps[] = {
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
    "END;",
    /* What a model thought before an answer: not searched, since it names much that the
     * conversation is not about. */
    "ALTER TABLE message ADD COLUMN thinking TEXT;"
    "ALTER TABLE message ADD COLUMN n_thinking INTEGER;"
    "ALTER TABLE message ADD COLUMN thinking_ms REAL;",
};
enum { VERSION = sizeof steps / sizeof *steps, VERSION_THINKING = 2 };

static bool migrate(struct store *s, struct error *err)
{
    char end[96];
    int64_t version; /* another program may have been quicker */
    if (!run(s, "BEGIN IMMEDIATE", "") || !ask(s, &version, 0, "PRAGMA user_version"))
        return failed(s, "open", err);
    for (int64_t i = version; i < VERSION; i++)
        if (sqlite3_exec(s->db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
            return failed(s, "prepare", err);
    snprintf(end, sizeof end, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION_ID, VERSION);
    return sqlite3_exec(s->db, end, NULL, NULL, NULL) == SQLITE_OK || failed(s, "prepare", err);
}

static bool check_version(struct store *s, struct error *err)
{
    int64_t version, id, tables;
    if (!ask(s, &tables, 0, "SELECT count(*) FROM sqlite_schema") ||
        !ask(s, &version, 0, "PRAGMA user_version") || !ask(s, &id, 0, "PRAGMA application_id"))
        return failed(s, "read", err);
    if (tables > 0 && id != APPLICATION_ID)
        return error_set(err, EX_DATAERR, "%s: not a file of qins-tui; it is left as it is",
                         s->path);
    if (version < 0)
        return error_set(err, EX_DATAERR, "%s: version %lld: not a file of qins-tui", s->path,
                         (long long)version);
    if (version > VERSION)
        return error_set(
            err, EX_CONFIG,
            "a newer qins-tui has written %s (version %lld, this one knows %d); it is left as "
            "it is",
            s->path, (long long)version, VERSION);
    bool keeps = version > 0 && s->state == STORE_READ_ONLY; /* an old one as it is */
    s->knows_thinking = version >= VERSION_THINKING || !keeps;
    return version == VERSION || keeps || migrate(s, err);
}

/* ---- open, close ---------------------------------------------------------------------- */

/* Messages that a program was writing when it ended. */
static bool close_interrupted(struct store *s, struct error *err)
{
    sqlite3_stmt *q =
        prepare(s, "SELECT DISTINCT conversation FROM message WHERE stop IS NULL", "");
    struct buf ids = {0};
    int code;
    while (q && (code = sqlite3_step(q)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(q, 0);
        buf_append(&ids, &id, sizeof id);
    }
    bool ok = sqlite3_finalize(q) == SQLITE_OK && q;
    for (size_t i = 0; ok && i < ids.len; i += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + i, sizeof id);
        if (hold(s, id)) /* else it is being written */
            ok = run(
                s,
                "UPDATE message SET stop = 'interrupted' WHERE conversation = ? AND stop IS NULL",
                "i", id);
        store_release(s);
    }
    buf_free(&ids);
    return ok || failed(s, "read", err);
}

static int give_up_late(void *arg)
{
    const struct store *s = arg;
    return s->search_until > 0 && now_ms() > s->search_until;
}

static bool configure(struct store *s, struct error *err)
{
    sqlite3_busy_timeout(s->db, STORE_WAIT_MS);
    sqlite3_progress_handler(s->db, STEPS_A_LOOK, give_up_late, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (s->state == STORE_READ_ONLY)
        return check_version(s, err);
    /* secure_delete: what is deleted is overwritten. Where there is no WAL (network file systems)
     * the old journal does too. fullfsync: on macOS fsync alone does not reach the medium. */
    return (sqlite3_exec(s->db,
                         "PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;"
                         "PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON",
                         NULL, NULL, NULL) == SQLITE_OK ||
            failed(s, "open", err)) &&
           check_version(s, err) && close_interrupted(s, err);
}

static bool open_files(struct store *s, const char *folder, struct error *err)
{
    int fd = open_private(s->path, err);
    bool ok = fd >= 0 && fstat(fd, &s->opened) == 0;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return false;
    char *lock = path_join(folder, LOCK_NAME);
    s->lock_fd = open_private(lock, err);
    free(lock);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    return s->lock_fd >= 0 &&
           (sqlite3_open_v2(s->path, &s->db, flags, NULL) == SQLITE_OK || failed(s, "open", err));
}

/* A path as a URI of SQLite. */
static char *uri_of(const char *path, const char *query)
{
    struct buf uri = {0};
    buf_puts(&uri, "file:");
    for (; *path; path++)
        buf_printf(&uri, strchr("?#%", *path) ? "%%%02x" : "%c", *path);
    buf_puts(&uri, query);
    return uri.data;
}

/* SQLite reads a database with a journal where it can write beside it, where the journal is there
 * already, or where it is told that nobody changes the file. */
static bool open_read_only(struct store *s, struct error *err)
{
    struct stat journal;
    char *wal = xasprintf("%s-wal", s->path);
    bool whole = stat(wal, &journal) != 0 || journal.st_size == 0;
    char *uri = uri_of(s->path, whole ? "?immutable=1" : "");
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    bool ok = sqlite3_open_v2(uri, &s->db, flags, NULL) == SQLITE_OK || failed(s, "open", err);
    free(uri);
    free(wal);
    return ok;
}

static bool is_on_read_only_disk(const char *path)
{
    struct statvfs disk;
    return access(path, R_OK) == 0 && statvfs(path, &disk) == 0 && disk.f_flag & ST_RDONLY;
}

struct store *store_open(const char *folder, struct error *err)
{
    struct store *s = xcalloc(1, sizeof *s);
    s->path = path_join(folder, FILE_NAME);
    s->lock_fd = -1;
    bool ok = places_make_private(folder, err);
    if (ok && is_on_read_only_disk(s->path))
        s->state = STORE_READ_ONLY;
    ok = ok &&
         (s->state == STORE_READ_ONLY ? open_read_only(s, err) : open_files(s, folder, err)) &&
         configure(s, err);
    open_failure = s->state;
    if (ok)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s->path);
    free(s);
}

enum store_state store_state(const struct store *s)
{
    return s ? s->state : open_failure;
}

/* ---- saving --------------------------------------------------------------------------- */

static const char *role_name(enum chat_role role)
{
    return role == CHAT_USER ? "user" : "assistant";
}

/* Title, settings and the leaf; a new one gets its row and *id. */
static bool save_conversation(struct store *s, const struct conversation *c, int64_t *id)
{
    int64_t leaf = conversation_leaf(c), n = (int64_t)c->n, now = now_ms_1970();
    const char *title = c->title ? c->title : "";
    *id = c->id;
    if (!c->id) {
        bool ok =
            run(s,
                "INSERT INTO conversation(title, system, model, preset, leaf, n_messages, created,"
                " changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                "ttttiiii", title, c->system, c->model, c->preset, leaf, n, now, now);
        *id = sqlite3_last_insert_rowid(s->db);
        return ok;
    }
    bool ok =
        run(s,
            "UPDATE conversation SET system = ?, model = ?, preset = ?, leaf = ?, n_messages = ?,"
            " changed = ? WHERE id = ?",
            "tttiiii", c->system, c->model, c->preset, leaf, n, now, c->id);
    if (ok && sqlite3_changes(s->db) == 0)
        s->state = STORE_REPLACED; /* deleted meanwhile */
    ok = ok && s->state == STORE_GOOD;
    return ok && (!c->title_changed ||
                  run(s, "UPDATE conversation SET title = ? WHERE id = ?", "ti", title, c->id));
}

static bool save_message(struct store *s, int64_t id, int64_t number, const struct message *m)
{
    const struct turn_stats *t = &m->stats;
    const char *stop = m->open ? NULL : stop_reason_name(m->stop);
    bool ok = true;
    if (!m->in_store)
        /* A commit that failed when the disk was asked to keep it may be there all the same. */
        ok = run(
            s,
            "INSERT INTO message(conversation, number, parent, role, text, model, created)"
            " SELECT ?1, ?2, ?3, ?4, '', ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM message WHERE"
            " conversation = ?1 AND number = ?2 AND parent = ?3 AND role = ?4 AND created = ?6)",
            "iiitti", id, number, (int64_t)m->parent, role_name(m->role), m->model, m->time);
    return ok &&
           run(s,
               "UPDATE message SET text = ?, stop = ?, n_prompt = ?, n_tokens = ?, prompt_ms = ?,"
               " generate_ms = ?, first_token_ms = ?, tokens_per_s = ?, thinking = ?,"
               " n_thinking = ?, thinking_ms = ? WHERE conversation = ? AND number = ?",
               "btiiddddbidii", m->text.data, m->text.len, stop, (int64_t)t->n_prompt,
               (int64_t)t->n_tokens, (double)t->prompt_ms, (double)t->generate_ms,
               (double)t->first_token_ms, (double)t->tokens_per_s, m->thinking.data,
               m->thinking.len, (int64_t)m->n_thinking, (double)m->thinking_ms, id, number);
}

/* An answer without a word may still be taken out again. */
static bool is_worth_saving(const struct message *m)
{
    return m->changed && (!m->open || m->text.len || m->thinking.len);
}

/* *id becomes that of a new conversation as soon as it may be there. */
static bool save_all(struct store *s, const struct conversation *c, int64_t *id)
{
    int64_t row = 0;
    bool finished = c->id == 0, ok = true;
    for (size_t i = 0; i < c->n; i++)
        finished |= is_worth_saving(&c->messages[i]) && !c->messages[i].open;
    /* Text that streams may be lost in a power cut, never by a crash; what is finished goes to the
     * disk itself. */
    ok = run(s, finished ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", "") &&
         run(s, "BEGIN IMMEDIATE", "") && save_conversation(s, c, &row);
    for (size_t i = 0; ok && i < c->n; i++)
        if (is_worth_saving(&c->messages[i]))
            ok = save_message(s, row, (int64_t)i, &c->messages[i]);
    *id = ok ? row : c->id;
    return ok && run(s, "COMMIT", "");
}

bool store_save(struct store *s, struct conversation *c, struct error *err)
{
    int64_t id;
    if (s->state == STORE_READ_ONLY)
        return error_set(err, EX_IOERR, "%s: its disk is read-only", s->path);
    if (is_replaced(s))
        return error_set(err, EX_IOERR, "%s: somebody has removed or replaced it", s->path);
    if (c->id && !hold(s, c->id)) {
        s->state = STORE_REPLACED;
        return error_set(err, EX_TEMPFAIL, "%s: another program has the conversation", s->path);
    }
    if (!save_all(s, c, &id)) {
        bool told = s->state == STORE_REPLACED && !failed(s, "save", err);
        if (!told)
            failed(s, "save", err);
        undo(s);
        c->id = id; /* a new one that is not there after all: the next attempt finds out */
        return false;
    }
    if (!c->id)
        hold(s, id); /* new: nobody knows it yet */
    c->id = id;
    c->title_changed = c->moved = false;
    for (size_t i = 0; i < c->n; i++) {
        if (is_worth_saving(&c->messages[i])) {
            c->messages[i].in_store = true;
            c->messages[i].changed = false;
        }
    }
    return true;
}

/* ---- loading -------------------------------------------------------------------------- */

static char *column_text(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text ? xstrdup(text) : NULL;
}

/* -> false: it does not fit to those before it. */
static bool take_message(sqlite3_stmt *q, struct conversation *c)
{
    int64_t number = sqlite3_column_int64(q, 0), parent = sqlite3_column_int64(q, 1);
    const char *role = (const char *)sqlite3_column_text(q, 2);
    if (number != (int64_t)c->n || parent < -1 || parent >= number || number >= INT32_MAX || !role)
        return false;
    if (conversation_leaf(c) != (int32_t)parent)
        conversation_cut(c, (int32_t)parent);
    const char *text = (const char *)sqlite3_column_text(q, 3);
    int32_t i = conversation_add(c, strcmp(role, "user") == 0 ? CHAT_USER : CHAT_ASSISTANT,
                                 text ? text : "", (size_t)sqlite3_column_bytes(q, 3));
    struct message *m = &c->messages[i];
    m->model = column_text(q, 4);
    m->stop = stop_reason_find((const char *)sqlite3_column_text(q, 5));
    m->time = sqlite3_column_int64(q, 6);
    m->stats = (struct turn_stats){
        .n_prompt = (uint32_t)sqlite3_column_int64(q, 7),
        .n_tokens = (uint32_t)sqlite3_column_int64(q, 8),
        .prompt_ms = (float)sqlite3_column_double(q, 9),
        .generate_ms = (float)sqlite3_column_double(q, 10),
        .first_token_ms = (float)sqlite3_column_double(q, 11),
        .tokens_per_s = (float)sqlite3_column_double(q, 12),
    };
    const char *thinking = (const char *)sqlite3_column_text(q, 13);
    buf_append(&m->thinking, thinking ? thinking : "", (size_t)sqlite3_column_bytes(q, 13));
    m->n_thinking = (uint32_t)sqlite3_column_int64(q, 14);
    m->thinking_ms = (float)sqlite3_column_double(q, 15);
    m->in_store = true;
    m->changed = false;
    return true;
}

static bool load_messages(struct store *s, int64_t id, struct conversation *c, struct error *err)
{
#define COLUMNS                                                                                    \
    "SELECT number, parent, role, text, model, stop, created, n_prompt, n_tokens, prompt_ms,"      \
    " generate_ms, first_token_ms, tokens_per_s, "
#define OF_CONVERSATION " FROM message WHERE conversation = ? ORDER BY number"
    sqlite3_stmt *q =
        prepare(s,
                s->knows_thinking ? COLUMNS "thinking, n_thinking, thinking_ms" OF_CONVERSATION
                                  : COLUMNS "NULL, NULL, NULL" OF_CONVERSATION,
                "i", id);
    bool fits = true;
    while (q && fits && sqlite3_step(q) == SQLITE_ROW)
        fits = take_message(q, c);
    if (sqlite3_finalize(q) != SQLITE_OK || !q)
        return failed(s, "read", err);
    if (!fits)
        s->state = STORE_DAMAGED;
    return fits ||
           error_set(err, EX_DATAERR, "%s: the messages of conversation %lld do not fit together",
                     s->path, (long long)id);
}

static bool load(struct store *s, int64_t id, struct conversation *c, struct error *err)
{
    int64_t leaf = NO_MESSAGE;
    sqlite3_stmt *q = prepare(
        s, "SELECT title, system, model, preset, leaf FROM conversation WHERE id = ?", "i", id);
    bool found = q && sqlite3_step(q) == SQLITE_ROW;
    if (found) {
        c->title = column_text(q, 0);
        c->system = column_text(q, 1);
        c->model = column_text(q, 2);
        c->preset = column_text(q, 3);
        leaf = sqlite3_column_int64(q, 4);
    }
    if (sqlite3_finalize(q) != SQLITE_OK || !q)
        return failed(s, "read", err);
    if (!found)
        return error_set(err, EX_NOINPUT, "there is no conversation %lld", (long long)id);
    if (!load_messages(s, id, c, err))
        return false;
    conversation_cut(c, leaf >= 0 && leaf < (int64_t)c->n ? (int32_t)leaf : NO_MESSAGE);
    c->id = id;
    c->moved = false;
    return true;
}

bool store_load(struct store *s, int64_t id, struct conversation *c, bool *taken, struct error *err)
{
    int64_t before = s->held;
    *taken = !hold(s, id);
    if (!load(s, id, c, err)) {
        conversation_free(c);
        if (s->held == id && id != before)
            store_release(s);
        return false;
    }
    if (*taken)
        conversation_detach(c);
    return true;
}

/* ---- lists, search -------------------------------------------------------------------- */

void store_list_free(struct store_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->entries[i].title);
        free(l->entries[i].model);
        free(l->entries[i].found);
    }
    free(l->entries);
    *l = (struct store_list){0};
}

/* Rows of: id, title, model, changed, n_messages. */
static void take_entry(sqlite3_stmt *q, struct store_list *out)
{
    out->entries = xgrow(out->entries, out->n, &out->cap, sizeof *out->entries);
    char *title = column_text(q, 1);
    out->entries[out->n++] = (struct store_entry){
        .id = sqlite3_column_int64(q, 0),
        .title = title ? title : xstrdup(""),
        .model = column_text(q, 2),
        .changed = sqlite3_column_int64(q, 3),
        .n_messages = (uint32_t)sqlite3_column_int64(q, 4),
    };
}

#define ENTRY "c.id, c.title, c.model, c.changed, c.n_messages"

/* The words of a query, as patterns for LIKE and as one expression for the index, which knows runs
 * of three characters and more. All are quoted: nothing in them is syntax. */
struct words {
    char *words[MAX_WORDS], *likes[MAX_WORDS];
    size_t n;
    struct buf match;
};

static char *like_of(const char *word)
{
    struct buf like = {0};
    buf_puts(&like, "%");
    for (; *word; word++) {
        if (strchr("%_\\", *word))
            buf_puts(&like, "\\");
        buf_append(&like, word, 1);
    }
    buf_puts(&like, "%");
    return like.data;
}

static void add_match(struct buf *match, const char *word)
{
    size_t n_characters = 0;
    for (const char *c = word; *c; c++)
        n_characters += ((unsigned char)*c & 0xc0) != 0x80;
    if (n_characters < 3)
        return;
    buf_puts(match, match->len ? " AND \"" : "\"");
    for (; *word; word++)
        buf_puts(match, *word == '"' ? "\"\"" : (char[]){*word, '\0'});
    buf_puts(match, "\"");
}

static void words_of(const char *query, struct words *w)
{
    char *copy = xstrdup(query), *rest = NULL;
    *w = (struct words){0};
    for (char *word = strtok_r(copy, " \t\n", &rest); word && w->n < MAX_WORDS;
         word = strtok_r(NULL, " \t\n", &rest)) {
        w->words[w->n] = xstrdup(word);
        w->likes[w->n++] = like_of(word);
        add_match(&w->match, word);
    }
    free(copy);
}

static void words_free(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->words[i]);
        free(w->likes[i]);
    }
    buf_free(&w->match);
}

/* A line of text around the first word found. */
static char *surroundings(const char *text, const struct words *w)
{
    const char *at = strcasestr(text, w->words[0]);
    return conversation_excerpt(text, strlen(text), at ? (size_t)(at - text) : 0);
}

static bool is_listed(const struct store_list *l, int64_t id)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].id == id)
            return true;
    return false;
}

/* Runs a query with the words' patterns as its first values; its rows are entries, then perhaps a
 * message's id. Ends early, and well, when the time is up. */
static bool collect(struct store *s, const char *sql, const struct words *w, size_t max,
                    struct store_list *out, struct error *err)
{
    sqlite3_stmt *q = prepare(s, sql, "");
    int code = SQLITE_ROW, n = q ? sqlite3_bind_parameter_count(q) : 0;
    bool by_index = n > (int)w->n;
    for (int i = 1; q && i <= n; i++)
        sqlite3_bind_text(q, i, by_index && i == n ? w->match.data : w->likes[i - 1], -1,
                          SQLITE_STATIC);
    s->search_until = now_ms() + STORE_SEARCH_MS;
    while (q && out->n < max && (code = sqlite3_step(q)) == SQLITE_ROW) {
        if (is_listed(out, sqlite3_column_int64(q, 0)))
            continue;
        take_entry(q, out);
        if (sqlite3_column_count(q) > 5 && sqlite3_column_text(q, 5))
            out->entries[out->n - 1].found =
                surroundings((const char *)sqlite3_column_text(q, 5), w);
    }
    s->search_until = 0;
    bool ok = q && (sqlite3_finalize(q),
                    code == SQLITE_ROW || code == SQLITE_DONE || code == SQLITE_INTERRUPT);
    return ok || failed(s, "search", err);
}

static int newest_first(const void *a, const void *b)
{
    const struct store_entry *x = a, *y = b;
    return (x->changed < y->changed) - (x->changed > y->changed);
}

bool store_find(struct store *s, const char *query, size_t max, struct store_list *out,
                struct error *err)
{
    struct words w;
    struct buf sql = {0};
    words_of(query ? query : "", &w);
    buf_puts(&sql, "SELECT " ENTRY " FROM conversation c WHERE 1");
    for (size_t i = 0; i < w.n; i++)
        buf_puts(&sql, " AND c.title LIKE ? ESCAPE '\\'");
    buf_puts(&sql, " ORDER BY c.changed DESC");
    bool ok = collect(s, sql.data, &w, max, out, err);
    if (ok && w.n) {
        sql.len = 0;
        buf_puts(&sql, "SELECT " ENTRY ", m.text FROM message m"
                       " JOIN conversation c ON c.id = m.conversation WHERE 1");
        for (size_t i = 0; i < w.n; i++)
            buf_puts(&sql, " AND m.text LIKE ? ESCAPE '\\'");
        if (w.match.len)
            buf_puts(&sql, " AND m.id IN (SELECT rowid FROM words WHERE words MATCH ?)");
        buf_puts(&sql, " ORDER BY m.id DESC");
        ok = collect(s, sql.data, &w, max, out, err);
        if (out->n)
            qsort(out->entries, out->n, sizeof *out->entries, newest_first);
    }
    words_free(&w);
    buf_free(&sql);
    if (!ok)
        store_list_free(out);
    return ok;
}

/* ---- one conversation ----------------------------------------------------------------- */

bool store_rename(struct store *s, int64_t id, const char *title, struct error *err)
{
    return run(s, "UPDATE conversation SET title = ? WHERE id = ?", "ti", title, id) ||
           failed(s, "rename", err);
}

bool store_delete(struct store *s, int64_t id, struct error *err)
{
    if (s->held != id && !lock_byte(s->lock_fd, id, F_WRLCK))
        return error_set(err, EX_TEMPFAIL, "another qins-tui has this conversation open");
    bool ok = run(s, "BEGIN IMMEDIATE", "") &&
              run(s, "DELETE FROM message WHERE conversation = ?", "i", id) &&
              run(s, "DELETE FROM conversation WHERE id = ?", "i", id) && run(s, "COMMIT", "");
    if (!ok) {
        failed(s, "delete", err);
        undo(s);
    }
    if (s->held == id)
        s->held = 0;
    lock_byte(s->lock_fd, id, F_UNLCK);
    return ok;
}
