/* SPDX-License-Identifier: MIT
 *
 * hub: a made-up cache of Hugging Face's around a small model: where it is looked for, what is in
 * it, what is broken in it, and names that are none.
 */
#include <unistd.h>

#include "hub.h"
#include "model.h"
#include "model_folder.h"
#include "models.h"
#include "test.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define OTHER "89abcdef0123456789abcdef0123456789abcdef"

static char *home;
static struct error err;

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

/* ORG/NAME in a cache, as the hub's programs lay it out: blobs, links to them, refs. */
static void make_cache(const char *cache, const char *folder)
{
    const char *const files[] = {"config.json", "tokenizer.json", "tokenizer_config.json",
                                 "model.safetensors"};
    const char *model = shared_path("models/stories260K-phi3");
    shell("mkdir -p '%s/%s/blobs' '%s/%s/refs' '%s/%s/snapshots/" COMMIT "'", cache, folder, cache,
          folder, cache, folder);
    for (int i = 0; i < 4; i++)
        shell("cd '%s/%s' && cp '%s/%s' blobs/%040d && ln -s ../../blobs/%040d snapshots/" COMMIT
              "/%s",
              cache, folder, model, files[i], i, i, files[i]);
    shell("cd '%s/%s' && printf " COMMIT " > refs/main && touch blobs/7.incomplete", cache, folder);
}

static int set_up(void **state)
{
    (void)state;
    home = temp_folder();
    setenv("HOME", home, 1);
    unsetenv("HF_HUB_CACHE");
    unsetenv("HF_HOME");
    unsetenv("XDG_CACHE_HOME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(home);
    return 0;
}

static void expect(const char *name, const char *folder)
{
    char *found = hub_find(name, &err), *want = path_join(home, folder);
    if (!found)
        fail_msg("%s", err.text);
    assert_string_equal(found, want);
    free(found);
    free(want);
}

static void refused(const char *name, const char *says)
{
    assert_null(hub_find(name, &err));
    if (!strstr(err.text, says))
        fail_msg("%s: %s", name, err.text);
}

static void test_places_in_the_order_of_the_hubs_programs(void **state)
{
    (void)state;
    char path[600];
    const char *const below[] = {".cache/huggingface/hub", "xdg/huggingface/hub", "hf/hub", "own"};
    const char *const names[] = {NULL, "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE"};
    const char *const values[] = {NULL, "xdg", "hf", "own"};
    refused("org/name", "no such file or folder, and no model");
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", home, below[i]);
        make_cache(path, "models--org--name");
        if (i > 0) {
            snprintf(path, sizeof path, "%s/%s", home, values[i]);
            setenv(names[i], path, 1);
        }
        snprintf(path, sizeof path, "%s/models--org--name/snapshots/" COMMIT, below[i]);
        expect("org/name", path);
    }
    setenv("HF_HUB_CACHE", "", 1); /* as if it were not set */
    expect("org/name", "hf/hub/models--org--name/snapshots/" COMMIT);
}

static void test_a_model_of_the_cache_opens(void **state)
{
    (void)state;
    setenv("HF_HUB_CACHE", home, 1);
    make_cache(home, "models--Some-Org--a.model_3");
    struct convert_options o = {.format = FORMAT_F32, .n_threads = 1};
    char *folder = models_find("Some-Org/a.model_3", &err);
    if (!folder)
        fail_msg("%s", err.text);
    struct model *m = model_open_folder(folder, &o, &err);
    if (!m)
        fail_msg("%s", err.text);
    assert_string_equal(m->source, "Some-Org/a.model_3");
    model_close(m);
    char *name = hub_name(folder);
    assert_string_equal(name, "Some-Org/a.model_3");
    free(name);
    free(folder);
    /* A folder of that name is meant before it. */
    assert_int_equal(chdir(home), 0);
    shell("mkdir -p Some-Org/a.model_3");
    folder = models_find("Some-Org/a.model_3", &err);
    assert_string_equal(folder, "Some-Org/a.model_3");
    assert_int_equal(chdir("/"), 0);
    free(folder);
}

static void test_revisions(void **state)
{
    (void)state;
    setenv("HF_HUB_CACHE", home, 1);
    make_cache(home, "models--org--name");
    shell("cd '%s/models--org--name' && cp -a snapshots/" COMMIT " snapshots/" OTHER
          " && echo " OTHER " > refs/v1.0",
          home);
    expect("org/name", "models--org--name/snapshots/" COMMIT);
    expect("org/name@main", "models--org--name/snapshots/" COMMIT);
    expect("org/name@v1.0", "models--org--name/snapshots/" OTHER);
    expect("org/name@" OTHER, "models--org--name/snapshots/" OTHER);
    refused("org/name@v2", "refs/v2: cannot be read");
    refused("org/name@ffffffffffffffffffffffffffffffffffffffff", "missing");
}

static void test_what_is_broken_is_told_in_a_line(void **state)
{
    (void)state;
    setenv("HF_HUB_CACHE", home, 1);
    make_cache(home, "models--org--name");
    const char *const refs[] = {"", "main", "0123456789ABCDEF0123456789abcdef01234567", COMMIT "0",
                                "../../../etc"};
    for (int i = 0; i < 5; i++) {
        shell("printf '%s' > '%s/models--org--name/refs/main'", refs[i], home);
        refused("org/name", "refs/main: ");
    }
    shell("rm '%s/models--org--name/refs/main'", home);
    refused("org/name", "refs/main: cannot be read");
    shell("mkfifo '%s/models--org--name/refs/main'", home);
    refused("org/name", "refs/main: cannot be read");
    shell("cd '%s/models--org--name' && rm refs/main && printf " COMMIT
          " > refs/main && rm blobs/%040d",
          home, 3);
    refused("org/name", "model.safetensors: points to a missing file");
    shell("rm -r '%s/models--org--name/snapshots'", home);
    refused("org/name", "snapshots/" COMMIT ": missing");
}

static void test_names(void **state)
{
    (void)state;
    char longest[100], too_long[400], long_parts[400];
    memset(longest, 'a', sizeof longest);
    memset(too_long, 'b', sizeof too_long);
    memset(long_parts, 'c', sizeof long_parts);
    longest[1] = too_long[1] = long_parts[50] = '/';
    longest[96] = too_long[300] = long_parts[97] = '\0';
    const char *const good[] = {
        "a/b", "microsoft/Phi-3.5-mini-instruct", "a_b/c__d", "o/n@v1.0", "o/n@" COMMIT, longest};
    const char *const bad[] = {"",        "a",     "/a",       "a/",     "a/b/c",   "a/b/../../c",
                               "a--b/c",  "a/..",  "./a",      "../a",   "-m/a",    "a/-b",
                               "a/b-",    "a/b.",  "a/.b",     "a..b/c", "a b/c",   "\xc3\xa9/a",
                               "a/b:Q4",  "a/b@",  "a/b@../x", "a/b@-x", "a@b/c",   "a/b@c@d",
                               "a/b@c/d", "a/b\n", "~/a",      too_long, long_parts};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!hub_is_name(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hub_is_name(bad[i]))
            fail_msg("%s", bad[i]);
        refused(bad[i], "not a model's name");
    }
    const char *const others[] = {"",
                                  "/",
                                  COMMIT,
                                  "/x/snapshots/" COMMIT,
                                  "models--a--b/snapshots",
                                  "models--a/snapshots/" COMMIT,
                                  "models--a--b/blobs/" COMMIT,
                                  "models--\033--b/snapshots/" COMMIT};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(hub_name(others[i]));
    char *name = hub_name("models--a--b/snapshots/" COMMIT "/");
    assert_string_equal(name, "a/b");
    free(name);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_places_in_the_order_of_the_hubs_programs),
        TEST(test_a_model_of_the_cache_opens),
        TEST(test_revisions),
        TEST(test_what_is_broken_is_told_in_a_line),
        TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
