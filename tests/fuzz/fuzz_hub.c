/* SPDX-License-Identifier: MIT
 *
 * What a hub says and what people call models: the list of a model's files, the index of its
 * shards (behind a NUL), names and addresses.
 */
#include <strings.h>

#include "fuzz.h"
#include "hub_listing.h"
#include "hub_ref.h"
#include "url.h"

/* "..", "../x", "x/../y"; not "@../x" */
static bool climbs(const char *name)
{
    const char *part = name;
    while (part) {
        const size_t n = strcspn(part, "/");
        if (n == 2 && strncmp(part, "..", n) == 0)
            return true;
        part = part[n] ? part + n + 1 : NULL;
    }
    return false;
}

static void check_listing(struct hub_listing *l, const char *index, size_t n_index)
{
    struct error err = {0};
    const char *found = NULL;
    for (size_t i = 0; i < l->n; i++) {
        const char *name = l->files[i].name;
        FUZZ_CHECK(hub_listing_name_is_fine(name) && name[0] != '/' && !climbs(name));
        FUZZ_CHECK(hub_listing_find(l, name));
    }
    hub_listing_want(l, NULL, &found, &err);
    hub_listing_want(l, "Q4_K_M", &found, &err);
    hub_listing_want_shards(l, index, n_index, &err);
    FUZZ_CHECK(!strstr(err.text, "(null)"));
}

static void read_names(const char *text)
{
    struct hub_ref r;
    struct error err = {0};
    if (hub_ref_parse(&r, text)) {
        struct hub_ref again;
        char *name = hub_ref_name(&r);
        FUZZ_CHECK(!strstr(r.id, "..") && !strchr(r.revision, '\n'));
        FUZZ_CHECK(hub_ref_parse(&again, name));
        FUZZ_CHECK(strcmp(again.id, r.id) == 0 && strcmp(again.revision, r.revision) == 0);
        hub_ref_free(&again);
        free(name);
        hub_ref_free(&r);
    }
    free(url_origin(text));
    if (url_check(text, &err))
        FUZZ_CHECK(strncasecmp(text, "https:", 6) == 0 || url_is_loopback(text));
    free(url_host(text));
    free(url_quote(text));
    url_same_origin(text, "https://huggingface.co");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hub_listing l = {0};
    struct error err = {0};
    if (FUZZ_DIES())
        return 0;
    char *text = xstrndup((const char *)data, n);
    size_t n_json = strlen(text);
    read_names(text);
    if (hub_listing_parse(&l, text, n_json, "hub", &err)) {
        check_listing(&l, text + n_json, n - n_json);
        hub_listing_free(&l);
    } else {
        FUZZ_CHECK(err.code && err.text[0]);
    }
    free(text);
    return 0;
}
