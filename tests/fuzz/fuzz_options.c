/* SPDX-License-Identifier: MIT
 *
 * Lines of the form "NAME VALUE", as /set takes them, one after another: a value that was taken
 * reads back as itself.
 */
#include "fuzz.h"
#include "options.h"

static void check_value(const struct options *o, enum option_id id)
{
    struct options again;
    struct error err;
    options_init(&again);
    char *text = options_format(o, id);
    FUZZ_CHECK(options_set(&again, id, text, SOURCE_USER, &err));
    char *twice = options_format(&again, id);
    FUZZ_CHECK(strcmp(text, twice) == 0);
    free(twice);
    free(text);
    options_free(&again);
}

static void take_line(struct options *o, char *line)
{
    struct error err = {0};
    const char *nearest = NULL;
    char range[256];
    char *value = strchr(line, ' ');
    if (value)
        *value++ = '\0';
    int id = options_find(line, &nearest);
    if (id < 0)
        return;
    FUZZ_CHECK(id < N_OPTIONS);
    option_range(&option_table[id], range, sizeof range);
    if (option_table[id].type == OPTION_STOPS && value && value[0] == '+') {
        if (options_add_stop(o, (enum option_id)id, value + 1, SOURCE_USER, &err))
            check_value(o, (enum option_id)id);
    } else if (value && strcmp(value, "-") == 0) {
        options_unset(o, (enum option_id)id, SOURCE_USER);
    } else if (option_table[id].step > 0 && value && (value[0] == '<' || value[0] == '>')) {
        options_step(o, (enum option_id)id, (value[0] == '<' ? -1 : 1) * (int)strlen(value));
        check_value(o, (enum option_id)id);
    } else if (value && options_set(o, (enum option_id)id, value, SOURCE_USER, &err)) {
        check_value(o, (enum option_id)id);
    } else {
        FUZZ_CHECK(!value || (err.code == EX_USAGE && err.text[0]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct options o;
    char *save = NULL;
    if (FUZZ_DIES())
        return 0;
    char *text = xstrndup((const char *)data, n);
    options_init(&o);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        take_line(&o, line);
    struct sampling sampling = options_sampling(&o);
    (void)sampling;
    options_free(&o);
    free(text);
    return 0;
}
