/* SPDX-License-Identifier: MIT */
#include "token_pieces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "outfile.h"
#include "places.h"
#include "sanitise.h"
#include "utf8.h"

static const char FILE_MARK[] = "qins-tokens";

/* ---- in words ------------------------------------------------------------------------- */

static bool is_whole(const struct buf *text)
{
    int32_t cp;
    for (size_t i = 0; i < text->len;) {
        i += utf8_decode(text->data + i, text->len - i, &cp);
        if (cp < 0)
            return false;
    }
    return true;
}

void chat_token_label(const struct chat_session *s, int32_t id, struct buf *out)
{
    struct buf bytes = {0};
    engine_token_text(s->engine, id, &bytes);
    char *clean = sanitise_text(bytes.len ? bytes.data : "", bytes.len, true);
    bool whole = is_whole(&bytes);
    if (whole)
        buf_printf(out, "\"%s\"", clean);
    for (size_t i = 0; i < bytes.len && !whole; i++)
        buf_printf(out, "%s%02X%s", i ? " " : "<", (unsigned char)bytes.data[i],
                   i + 1 < bytes.len ? "" : ">");
    free(clean);
    buf_free(&bytes);
}

void chat_token_choice(const struct chat_session *s, int32_t id, float p, struct buf *out)
{
    chat_token_label(s, id, out);
    buf_puts(out, " ");
    chat_token_probability(p, out);
}

void chat_token_probability(float p, struct buf *out)
{
    if (isnan(p))
        buf_puts(out, "-");
    else if (p < 0.005f)
        buf_puts(out, "<0.01");
    else
        buf_printf(out, "%.2f", (double)p);
}

/* ---- a file --------------------------------------------------------------------------- */

static json_t *bytes_json(const struct buf *bytes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < bytes->len; i++)
        json_array_append_new(list, json_integer((unsigned char)bytes->data[i]));
    return list;
}

json_t *token_number_json(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *token_json(const struct chat_session *s, int32_t id)
{
    struct buf bytes = {0};
    engine_token_text(s->engine, id, &bytes);
    json_t *o =
        json_pack("{s:i, s:o}", "id", (int)id, "text", json_clean_text(bytes.data, bytes.len));
    if (!is_whole(&bytes))
        json_object_set_new(o, "bytes", bytes_json(&bytes));
    buf_free(&bytes);
    return o;
}

json_t *token_piece_json(const struct chat_session *s, int32_t id, float p)
{
    json_t *o = token_json(s, id);
    json_object_set_new(o, "p", token_number_json((double)p));
    return o;
}

/* Where "FILE.json" or "--force FILE.json" is. Caller frees. */
static char *path_of(const char *argument, bool *replace)
{
    *replace = strncmp(argument, "--force ", 8) == 0;
    return places_typed(*replace ? argument + 8 + strspn(argument + 8, " ") : argument);
}

bool token_file_is_free(struct chat_session *s, const char *argument)
{
    struct outfile o;
    struct error err;
    bool replace;
    char *path = path_of(argument, &replace);
    bool ok = outfile_open(&o, path, replace, FILE_MARK, &err);
    if (ok)
        outfile_abandon(&o);
    else
        chat_notice(s, "%s", err.text);
    free(path);
    return ok;
}

static bool write_text(const char *path, bool replace, const char *text, struct error *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, replace, FILE_MARK, err))
        return false;
    if (outfile_write(&o, 0, text, strlen(text), err))
        return outfile_commit(&o, err);
    outfile_abandon(&o);
    return false;
}

void token_file_write(struct chat_session *s, const char *argument, json_t *o, size_t n)
{
    struct error err;
    bool replace;
    char *path = path_of(argument, &replace);
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    if (write_text(path, replace, text ? text : "", &err))
        chat_notice(s, "%zu tokens are in %s", n, path);
    else
        chat_notice(s, "%s", err.text);
    free(text);
    json_decref(o);
    free(path);
}

bool token_file_is_name(const char *argument)
{
    size_t n = strlen(argument);
    return n > 5 && strcmp(argument + n - 5, ".json") == 0;
}
