/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "foreign_models.h"
#include "gguf_file.h"
#include "models.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char home[256];
static struct error err;

static int make_home(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "%s", temp_folder());
    assert_int_equal(chdir(home), 0);
    setenv("HOME", home, 1);
    setenv("QINS_DATA_DIR", home, 1);
    static const char *const others[] = {"OLLAMA_MODELS", "LLAMA_CACHE",   "HF_HUB_CACHE",
                                         "HF_HOME",       "XDG_DATA_HOME", "XDG_CACHE_HOME",
                                         "QINS_MODELS"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        unsetenv(others[i]);
    setenv("OLLAMA_MODELS", "ollama", 1); /* else ollama's own user is asked, too */
    return 0;
}

static int drop_home(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    remove_folder(home);
    return 0;
}

static void shell(const char *command)
{
    assert_int_equal(system(command), 0);
}

/* The tiny model at a path below home, whose folders are made. */
static void put_gguf(const char *path)
{
    char command[1200];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
    shell(command);
    tiny_gguf(".", -1, NULL);
    assert_int_equal(rename("tiny.gguf", path), 0);
}

static void put_text(const char *path, const char *text)
{
    char command[1200];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
    shell(command);
    write_text(".", path, text);
}

static void assert_names(const char *wanted)
{
    struct foreign_models l;
    struct buf names = {0};
    foreign_models_list(&l);
    for (size_t i = 0; i < l.n; i++) {
        buf_printf(&names, "%s%s", i ? " " : "", l.items[i].name);
        assert_true(is_file(l.items[i].path));
    }
    assert_string_equal(names.len ? names.data : "", wanted);
    foreign_models_free(&l);
    buf_free(&names);
}

static void expect(const char *name, const char *ending)
{
    char *path = models_find(name, &err);
    if (!path)
        fail_msg("%s", err.text);
    size_t n = strlen(path), n_ending = strlen(ending);
    if (n < n_ending || strcmp(path + n - n_ending, ending) != 0)
        fail_msg("%s is %s, not %s", name, path, ending);
    free(path);
}

static void refused(const char *name, const char *says)
{
    assert_null(models_find(name, &err));
    assert_int_equal(err.code, EX_NOINPUT);
    if (!strstr(err.text, says))
        fail_msg("%s\n refused with: %s\n without saying: %s", name, err.text, says);
}

/* ---- ollama -------------------------------------------------------------------------- */

#define MANIFEST(type, digest)                                                                     \
    "{\"schemaVersion\":2,\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.template\","   \
    "\"digest\":\"sha256:ff\"},{\"mediaType\":\"" type "\",\"digest\":\"" digest "\"}]}"
#define MODEL_LAYER "application/vnd.ollama.image.model"
#define MANIFESTS "ollama/manifests/"

/* What a file is called is what finds it. */
static void named(const char *asked, const char *name)
{
    char *path = models_find(asked, &err), *got = path ? foreign_models_name(path) : NULL;
    assert_non_null(got);
    assert_string_equal(got, name);
    expect(got, path);
    free(path);
    free(got);
}

static void test_ollama(void **state)
{
    (void)state;
    const char *good = MANIFEST(MODEL_LAYER, "sha256:" DIGEST);
    put_gguf("ollama/blobs/sha256-" DIGEST);
    put_text(MANIFESTS "registry.ollama.ai/library/llama3.2/3b", good);
    put_text(MANIFESTS "registry.ollama.ai/library/llama3.2/latest", good);
    put_text(MANIFESTS "registry.ollama.ai/someone/mine/v1", good);
    put_text(MANIFESTS "hf.co/org/repo-GGUF/Q4_K_M", good);
    assert_names("ollama:hf.co/org/repo-GGUF:Q4_K_M ollama:llama3.2:3b ollama:llama3.2:latest "
                 "ollama:someone/mine:v1");
    expect("ollama:llama3.2:3b", "/sha256-" DIGEST);
    expect("ollama:llama3.2", "/sha256-" DIGEST);
    expect("ollama:hf.co/org/repo-GGUF:Q4_K_M", "/sha256-" DIGEST);
    named("ollama:hf.co/org/repo-GGUF:Q4_K_M", "ollama:hf.co/org/repo-GGUF:Q4_K_M");
    assert_null(foreign_models_name("ollama/blobs"));
    refused("ollama:llama3.2:1b", "no such model on this machine; there are: ollama:hf.co/");
    refused("ollama:mine", "no such model");
}

static void test_ollama_manifests_are_not_trusted(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[",
        "{}",
        "{\"layers\":7}",
        "{\"layers\":[7,{}]}",
        MANIFEST("application/vnd.ollama.image.adapter", "sha256:" DIGEST),
        MANIFEST(MODEL_LAYER, "sha256:/../../../home/secret"),
        MANIFEST(MODEL_LAYER, "sha256:" DIGEST "0"),
        MANIFEST(MODEL_LAYER, "md5:" DIGEST),
        MANIFEST(MODEL_LAYER, "sha256:00000000000000000000000000000000000000000000000000000000000"
                              "00000"), /* no such blob */
    };
    put_gguf("ollama/blobs/sha256-" DIGEST);
    put_gguf("ollama/blobs/sha256-" DIGEST "0");
    put_gguf("home/secret");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_text(MANIFESTS "registry.ollama.ai/library/x/latest", bad[i]);
        assert_names("");
    }
    shell("mkdir -p " MANIFESTS "registry.ollama.ai/library/y/z/deeper");
    assert_names("");
}

/* ---- folders of files ---------------------------------------------------------------- */

static void test_lm_studio_and_llama_cpp(void **state)
{
    (void)state;
    put_gguf(".lmstudio/models/pub/repo/a-Q4_0.gguf");
    put_gguf(".lmstudio/models/pub/repo/mmproj-a.gguf");
    put_gguf(".lmstudio/models/pub/repo/big-00001-of-00002.gguf");
    put_gguf(".lmstudio/models/pub/repo/big-00002-of-00002.gguf");
    put_gguf(".lmstudio/models/pub/repo/.hidden.gguf");
    put_text(".lmstudio/models/pub/repo/notes.txt", "x");
    put_gguf(".cache/llama.cpp/org_repo_b.gguf");
    put_text(".cache/llama.cpp/org_repo_b.gguf.json", "{}");
    assert_names("llama.cpp:org_repo_b.gguf lmstudio:pub/repo/a-Q4_0.gguf "
                 "lmstudio:pub/repo/big-00001-of-00002.gguf");
    expect("lmstudio:pub/repo/a-Q4_0.gguf", "/.lmstudio/models/pub/repo/a-Q4_0.gguf");
    expect("llama.cpp:org_repo_b.gguf", "/.cache/llama.cpp/org_repo_b.gguf");
    refused("llama.cpp:c", "there are: llama.cpp:org_repo_b.gguf");
    setenv("LLAMA_CACHE", "elsewhere", 1);
    refused("llama.cpp:org_repo_b.gguf", "no such model on this machine");
}

#define SNAPSHOT ".cache/huggingface/hub/models--Org--m-GGUF/snapshots/" COMMIT "/"
#define REF ".cache/huggingface/hub/models--Org--m-GGUF/refs/main"

static void test_hugging_face(void **state)
{
    (void)state;
    put_text(REF, COMMIT);
    put_gguf(SNAPSHOT "m-Q4_K_M.gguf");
    assert_names("Org/m-GGUF/m-Q4_K_M.gguf");
    expect("Org/m-GGUF", "/m-Q4_K_M.gguf");
    put_gguf(SNAPSHOT "Q8_0/m-Q8_0-00001-of-00001.gguf");
    assert_names("Org/m-GGUF/Q8_0/m-Q8_0-00001-of-00001.gguf Org/m-GGUF/m-Q4_K_M.gguf");
    expect("Org/m-GGUF/m-Q4_K_M.gguf", "/m-Q4_K_M.gguf");
    expect("Org/m-GGUF:q8_0", "/m-Q8_0-00001-of-00001.gguf");
    refused("Org/m-GGUF", "which file? There are: Org/m-GGUF/");
    refused("Org/m-GGUF:Q2_K", "there are: Org/m-GGUF/Q8_0/");
    refused("Org/m-GGUF/x.gguf", "no such model");
    put_text(SNAPSHOT "config.json", "{}");
    expect("Org/m-GGUF", COMMIT); /* a folder is better */
}

/* ---- in the list of models ----------------------------------------------------------- */

static void test_listed_behind_our_own(void **state)
{
    (void)state;
    struct model_list l;
    struct buf table = {0};
    put_gguf("near.gguf");
    put_gguf(".lmstudio/models/pub/repo/a.gguf");
    put_text(".lmstudio/models/pub/repo/b.gguf", "GGUF");
    assert_int_equal(symlink("../near.gguf", ".lmstudio/again.gguf"), 0);
    models_list(&l);
    assert_int_equal(l.n_own, 1);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.items[0].name, "near.gguf");
    assert_string_equal(l.items[0].place, "here");
    assert_string_equal(l.items[0].format, "GGUF");
    assert_int_equal(l.items[0].ctx_len, 64);
    assert_string_equal(l.items[1].place, "lmstudio");
    assert_non_null(l.items[2].problem);
    models_table(&l, &table);
    assert_non_null(strstr(table.data, "lmstudio:pub/repo/a.gguf"));
    buf_free(&table);
    models_free(&l);

    char *path = models_default(&err); /* our own, though another program has one */
    assert_string_equal(path, "./near.gguf");
    free(path);
    assert_int_equal(unlink("near.gguf"), 0);
    path = models_default(&err);
    assert_non_null(strstr(path, "/a.gguf"));
    free(path);
    put_gguf(".cache/llama.cpp/c.gguf");
    assert_null(models_default(&err));
    assert_non_null(strstr(err.text, "one of: llama.cpp:c.gguf, lmstudio:pub/repo/a.gguf"));
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, make_home, drop_home)
    const struct CMUnitTest tests[] = {
        EACH(test_ollama),
        EACH(test_ollama_manifests_are_not_trusted),
        EACH(test_lm_studio_and_llama_cpp),
        EACH(test_hugging_face),
        EACH(test_listed_behind_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
