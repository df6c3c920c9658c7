/* SPDX-License-Identifier: MIT
 *
 * Saved conversations: a whole database, edited. It can be listed, searched, read, written and
 * exported, or is refused in one line; set aside, a new one works.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "edits.h"
#include "export.h"
#include "store.h"

enum { HEAD_BYTES = 4096 };
static struct buf valid;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_store: %s\n", what);
    exit(EX_SOFTWARE);
}

static char *path_of(const char *name)
{
    return path_join(fuzz_folder(), name);
}

static void clear_folder(void)
{
    static const char *const names[] = {"conversations.db",
                                        "conversations.db-wal",
                                        "conversations.db-shm",
                                        "conversations.lock",
                                        "conversations.db-journal",
                                        "out.md",
                                        "out.json",
                                        "aside"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_of(names[i]);
        unlink(path);
        free(path);
    }
}

static void add_conversation(struct store *s, const char *text)
{
    struct conversation c = {0};
    struct error err = {0};
    conversation_add(&c, CHAT_USER, text, strlen(text));
    conversation_add(&c, CHAT_ASSISTANT, "An **answer**.", 14);
    c.title = conversation_title_of(text, strlen(text));
    must(store_save(s, &c, &err), err.text);
    conversation_free(&c);
}

static void make_valid(void)
{
    struct error err = {0};
    char *path = path_of("conversations.db");
    clear_folder();
    struct store *s = store_open(fuzz_folder(), &err);
    must(s, err.text);
    add_conversation(s, "One question");
    add_conversation(s, "Another question, of more words than that");
    store_close(s);
    must(read_file(&valid, path, 1 << 20, &err), err.text);
    free(path);
    clear_folder();
}

static void export_to(const struct conversation *c, const char *name)
{
    struct error err = {0};
    char *path = path_of(name);
    export_file(c, path, true, true, &err);
    free(path);
}

static void use_conversation(struct store *s, int64_t id)
{
    struct conversation c = {0};
    struct chat chat = {0};
    struct error err = {0};
    bool taken = false;
    if (store_load(s, id, &c, &taken, &err)) {
        for (size_t i = 0; i < c.n_path; i++)
            FUZZ_CHECK(c.path[i] >= 0 && (size_t)c.path[i] < c.n);
        for (size_t i = 0; i < c.n; i++)
            FUZZ_CHECK(c.messages[i].parent < (int32_t)i);
        conversation_chat(&c, &chat);
        export_to(&c, "out.md");
        export_to(&c, "out.json");
        conversation_add(&c, CHAT_USER, "more", 4);
        store_save(s, &c, &err);
    } else {
        FUZZ_CHECK(err.code && err.text[0]);
    }
    chat_free(&chat);
    conversation_free(&c);
    store_release(s);
}

static void use(struct store *s)
{
    struct store_list l = {0};
    struct error err = {0};
    store_find(s, "question", 10, &l, &err);
    store_list_free(&l);
    store_find(s, "", 10, &l, &err);
    for (size_t i = 0; i < l.n && i < 4; i++)
        use_conversation(s, l.entries[i].id);
    if (l.n)
        store_rename(s, l.entries[0].id, "renamed", &err);
    store_list_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    if (!valid.len)
        make_valid();
    struct buf file = edits_apply(&valid, data, n, HEAD_BYTES);
    const char *input;
    close(fuzz_file(file.data, file.len, &input));
    char *path = path_of("conversations.db");
    FUZZ_CHECK(rename(input, path) == 0);
    struct store *s = store_open(fuzz_folder(), &err);
    if (s)
        use(s);
    else
        FUZZ_CHECK(err.code && err.text[0]);
    store_close(s);
    clear_folder();
    free(path);
    buf_free(&file);
    return 0;
}
