/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <unistd.h>

#include "convert.h"
#include "json.h"
#include "model.h"
#include "test.h"

static char folder[256];
static struct error err;

/* Folders a and here (the current one), nothing else that the list would look at. */
static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", temp_folder());
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("a", 0700) + mkdir("b", 0700) + mkdir("here", 0700), 0);
    assert_int_equal(mkdir("data", 0700) + mkdir("data/models", 0700), 0);
    assert_int_equal(mkdir("home", 0700), 0);
    assert_int_equal(chdir("here"), 0);
    char list[600];
    snprintf(list, sizeof list, ":%s/a::%s/b:/nowhere", folder, folder);
    setenv("QINS_MODELS", list, 1);
    snprintf(list, sizeof list, "%s/data", folder);
    setenv("QINS_DATA_DIR", list, 1);
    snprintf(list, sizeof list, "%s/home", folder);
    setenv("XDG_DATA_HOME", list, 1);
    setenv("HOME", list, 1);
    setenv("OLLAMA_MODELS", "/nowhere", 1);
    setenv("LLAMA_CACHE", "/nowhere", 1);
    setenv("HF_HUB_CACHE", "/nowhere", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    remove_folder(folder);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* A file with a header alone, of the shape of a reference model's: the list reads no more. */
static void write_model(const char *path, const char *format)
{
    char command[1024];
    const char *build = getenv("QINS_BUILD");
    snprintf(command, sizeof command, "'%s/tools/qins-convert' -q -f %s -o '%s' '%s' > /dev/null",
             build ? build : ".", format, path, shared_path("models/stories260K"));
    assert_int_equal(system(command), 0);
}

/* What a screen shows when time is over: all names, and that they were not looked at. */
static void test_a_list_that_takes_too_long_has_names(void **state)
{
    struct model_list l;
    (void)state;
    write_model("../a/slow.qins", "f32");
    models_list_within(&l, -1);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.items[0].name, "slow");
    assert_true(l.items[0].is_unread);
    assert_non_null(strstr(l.items[0].problem, "not looked at"));
    models_free(&l);
    models_list_within(&l, 60000);
    assert_false(l.items[0].is_unread);
    assert_null(l.items[0].problem);
    models_free(&l);
    unlink("../a/slow.qins");
}

static void test_places_in_their_order(void **state)
{
    (void)state;
    struct model_list l;
    write_model("../a/zebra.qins", "qins8");
    write_model("../a/ape.qins", "qins4");
    write_model("../data/models/starter.qins", "f32");
    write_model("near.qins", "bf16");
    assert_int_equal(symlink("../a/zebra.qins", "../b/again.qins"), 0);
    write_text("../a/.hidden.qins", "x");
    write_text("../a/notes.txt", "x");
    models_list(&l);
    assert_int_equal(l.n, 4); /* the link is no second model */
    const char *const names[] = {"ape", "zebra", "near", "starter"};
    const char *const formats[] = {"qins4", "qins8", "bf16", "f32"};
    const char *const places[] = {"QINS_MODELS", "QINS_MODELS", "here", "starter"};
    for (size_t i = 0; i < l.n; i++) {
        assert_string_equal(l.items[i].name, names[i]);
        assert_string_equal(l.items[i].format, formats[i]);
        assert_string_equal(l.items[i].place, places[i]);
        assert_string_equal(l.items[i].source, "stories260K");
        assert_int_equal(l.items[i].ctx_len, 512);
        assert_true(l.items[i].bytes > 200000);
        assert_null(l.items[i].problem);
    }
    models_free(&l);
}

static void test_broken_files_say_why(void **state)
{
    (void)state;
    struct model_list l;
    struct buf table = {0}, json = {0};
    write_text("../a/a.qins", "");
    write_text("../a/b\033[2Jx.qins", "not a model at all, but long enough to be looked at");
    write_text("../a/c\xff.qins", "x");
    assert_int_equal(mkfifo("../a/d.qins", 0600) + mkdir("../a/e.qins", 0700), 0);
    assert_int_equal(symlink("/dev/zero", "../a/f.qins") + symlink("g.qins", "../a/g.qins"), 0);
    models_list(&l);
    assert_int_equal(l.n, 7);
    for (size_t i = 0; i < l.n; i++) {
        assert_non_null(l.items[i].problem);
        assert_null(l.items[i].format);
        assert_null(strstr(l.items[i].problem, "/a/")); /* the name stands beside it */
    }
    models_table(&l, &table);
    assert_null(strchr(table.data, '\033'));
    assert_non_null(strstr(table.data, "b^[[2Jx"));
    models_json(&l, &json);
    json_t *list = json_parse(json.data, json.len, "list", &err);
    assert_int_equal(json_array_size(list), 7);
    assert_non_null(json_object_get(json_array_get(list, 0), "problem"));
    json_decref(list);
    buf_free(&table);
    buf_free(&json);
    models_free(&l);
}

static void expect(const char *name, const char *path)
{
    char *found = models_find(name, &err);
    if (!found)
        fail_msg("%s", err.text);
    assert_non_null(strstr(found, path));
    free(found);
}

static void refused(const char *name, int code, const char *says)
{
    assert_null(models_find(name, &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.text, says))
        fail_msg("%s: %s", name, err.text);
}

static void test_finding_by_name(void **state)
{
    (void)state;
    write_model("../a/zebra.qins", "qins8");
    write_text("local", "a file beats a name");
    expect("zebra", "/a/zebra.qins");
    expect("zebra.qins", "/a/zebra.qins");
    expect("local", "local");
    expect("./no/such", "./no/such"); /* a path: whoever opens it says what is wrong */
    refused("zebr", EX_NOINPUT, "did you mean zebra?");
    refused("something else", EX_NOINPUT, "there are: zebra");
    refused("", EX_NOINPUT, "no such");
    write_text("x.gguf", "GGUF\3");
    write_text("model.safetensors", "");
    expect("x.gguf", "x.gguf");
    refused("model.safetensors", EX_DATAERR, "folder");
}

/* As a shell would have it, where no shell was asked: the variable's folders and names. */
static void test_a_path_may_begin_at_home(void **state)
{
    (void)state;
    struct model_list l;
    char home[300];
    snprintf(home, sizeof home, "%s/a", folder);
    setenv("HOME", home, 1);
    setenv("QINS_MODELS", "/nowhere:~:~/deeper:~other", 1);
    assert_int_equal(mkdir("../a/deeper", 0700) + mkdir("~other", 0700), 0);
    write_model("../a/ape.qins", "qins8");
    write_model("../a/deeper/bee.qins", "qins8");
    write_model("~other/cat.qins", "qins8"); /* a user's name is no path of ours */
    models_list(&l);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.items[0].name, "ape");
    assert_string_equal(l.items[1].name, "bee");
    assert_string_equal(l.items[2].path, "~other/cat.qins");
    models_free(&l);
    expect("~/deeper/bee.qins", "/a/deeper/bee.qins");
    expect("~/no/such", "/a/no/such");
    write_text("~", "x");
    expect("./~", "./~");
}

static void test_default(void **state)
{
    (void)state;
    char *path;
    assert_null(models_default(&err));
    assert_non_null(strstr(err.text, "no model"));
    write_text("../a/broken.qins", "");
    assert_null(models_default(&err));
    write_model("../a/one.qins", "qins8");
    assert_non_null(path = models_default(&err)); /* the only one */
    assert_non_null(strstr(path, "one.qins"));
    free(path);
    write_model("../b/two.qins", "qins8");
    assert_null(models_default(&err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_non_null(strstr(err.text, "-m NAME, one of: one, two"));
    write_model("../data/models/starter.qins", "f32");
    assert_non_null(path = models_default(&err));
    assert_non_null(strstr(path, "starter.qins"));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_list_that_takes_too_long_has_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_files_say_why, setup, teardown),
        cmocka_unit_test_setup_teardown(test_finding_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_path_may_begin_at_home, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
