/* SPDX-License-Identifier: MIT */
#include "hub_ref.h"

#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "known_models.h"

static bool skip_prefix(const char **text, const char *prefix)
{
    size_t n = strlen(prefix);
    bool is = n > 0 && strncmp(*text, prefix, n) == 0;
    *text += is ? n : 0;
    return is;
}

/* Behind the address of the hub, of a mirror in HF_ENDPOINT, or "hf:". -> whether it is a link,
 * whose path may go on behind the name. */
static bool skip_host(const char **text)
{
    static const char *const hosts[] = {"https://huggingface.co/", "https://hf.co/",
                                        "huggingface.co/", "hf.co/"};
    const char *endpoint = getenv("HF_ENDPOINT");
    if (skip_prefix(text, "hf://") || skip_prefix(text, "hf:"))
        return false;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (skip_prefix(text, hosts[i]))
            return true;
    return endpoint && *endpoint && skip_prefix(text, endpoint) &&
           (**text == '/' ? (*text)++, true : false);
}

static bool ends_in_gguf(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcasecmp(name + n - 5, ".gguf") == 0;
}

/* "/tree/REVISION", "/blob/REVISION/FILE", "/resolve/REVISION/FILE", or nothing that counts. */
static void read_link(struct hub_ref *r, const char *path)
{
    size_t end = strcspn(path, "?#");
    if (!skip_prefix(&path, "/tree/") && !skip_prefix(&path, "/blob/") &&
        !skip_prefix(&path, "/resolve/"))
        return;
    size_t n = strcspn(path, "/?#"), n_file = path[n] == '/' ? strcspn(path + n + 1, "?#") : 0;
    (void)end;
    free(r->revision);
    r->revision = xstrndup(path, n);
    r->file = n_file ? xstrndup(path + n + 1, n_file) : NULL;
}

/* "@revision", ":TYPE" or "/FILE.gguf" */
static bool read_rest(struct hub_ref *r, const char *rest)
{
    if (*rest == '@') {
        size_t n = strcspn(++rest, ":/");
        free(r->revision);
        r->revision = xstrndup(rest, n);
        rest += n;
    }
    if ((*rest == ':' && rest[1]) || (*rest == '/' && ends_in_gguf(rest)))
        r->file = xstrdup(rest + 1);
    else
        return !*rest;
    return true;
}

/* An organisation called "hf.co" would be read as an address the next time. */
static bool is_fine(const struct hub_ref *r)
{
    const char *id = r->id;
    char *name = xasprintf("%s@%s", r->id, r->revision);
    bool ok = !skip_host(&id) && hub_is_name(name) &&
              (!r->file || ends_in_gguf(r->file) || !strpbrk(r->file, "/@:"));
    free(name);
    return ok;
}

bool hub_ref_parse(struct hub_ref *r, const char *text)
{
    const struct known_model *known = known_model_find(text);
    text = known ? known->id : text;
    bool is_link = skip_host(&text);
    size_t org = strcspn(text, "/"), n = text[org] ? org + 1 + strcspn(text + org + 1, "/:@?#") : 0;
    if (!n || n > 200)
        return false;
    *r = (struct hub_ref){.id = xstrndup(text, n), .revision = xstrdup("main")};
    bool ok = true;
    if (is_link && strchr("/?#", text[n]))
        read_link(r, text + n);
    else
        ok = read_rest(r, text + n);
    if (ok && is_fine(r))
        return true;
    hub_ref_free(r);
    return false;
}

void hub_ref_free(struct hub_ref *r)
{
    free(r->id);
    free(r->revision);
    free(r->file);
    *r = (struct hub_ref){0};
}

char *hub_ref_name(const struct hub_ref *r)
{
    struct buf out = {0};
    buf_puts(&out, r->id);
    if (strcmp(r->revision, "main") != 0)
        buf_printf(&out, "@%s", r->revision);
    if (r->file)
        buf_printf(&out, "%s%s", ends_in_gguf(r->file) ? "/" : ":", r->file);
    return out.data;
}
