/* SPDX-License-Identifier: MIT
 *
 * net: names, addresses, checksums, locks; the downloads themselves are fetch.py's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <unistd.h>

#include "authorities.h"
#include "blob_hash.h"
#include "file_lock.h"
#include "hub_listing.h"
#include "hub_ref.h"
#include "test.h"
#include "url.h"

static struct error err;

/* In place of the system's: one file system answers late, another one has no locks. */
static atomic_int hang_ms, failure;

int flock(int fd, int operation)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)operation;
    if (hang_ms)
        usleep((useconds_t)hang_ms * 1000);
    if (failure) {
        errno = failure;
        return -1;
    }
    return fcntl(fd, F_SETLK, &l);
}

static void test_a_lock_that_hangs_is_given_up(void **state)
{
    (void)state;
    char *folder = temp_folder(), *path = path_join(folder, "a.lock");
    int fd;
    hang_ms = 1500;
    double start = now_ms();
    assert_int_equal(file_lock_try(path, 100, &fd), FILE_LOCK_NONE);
    assert_true(now_ms() - start < 1000);
    assert_int_equal(fd, -1);
    hang_ms = 0;
    failure = ENOLCK;
    assert_int_equal(file_lock_try(path, 1000, &fd), FILE_LOCK_NONE);
    failure = EWOULDBLOCK;
    assert_int_equal(file_lock_try(path, 1000, &fd), FILE_LOCK_BUSY);
    failure = 0;
    assert_int_equal(file_lock_try(path, 1000, &fd), FILE_LOCK_TAKEN);
    assert_true(fd >= 0);
    close(fd);
    usleep(1700 * 1000); /* the first one's thread ends before the test does */
    remove_folder(folder);
    free(path);
}

static void origin(const char *url, const char *want)
{
    char *got = url_origin(url);
    if (want ? !got || strcmp(got, want) != 0 : got != NULL)
        fail_msg("%s: %s", url, got ? got : "none");
    free(got);
}

static void test_origins(void **state)
{
    (void)state;
    origin("https://Huggingface.CO/a/b?c", "https://huggingface.co:443");
    origin("http://127.0.0.1:8080", "http://127.0.0.1:8080");
    origin("http://[::1]:80/", "http://[::1]:80");
    origin("http://[::1]/", "http://[::1]:80");
    origin("https://a@b/", NULL);
    origin("https://a\\@b/", NULL);
    origin("https://a b/", NULL);
    origin("ftp://a/", NULL);
    origin("file:///etc/passwd", NULL);
    origin("https://", NULL);
    origin("https://:443/", NULL);
    assert_true(url_same_origin("https://a/x", "https://A:443/y"));
    assert_false(url_same_origin("https://a/x", "http://a:443/y"));
    assert_false(url_same_origin("https://a:444/x", "https://a/"));
    assert_false(url_same_origin("nonsense", "nonsense"));
}

static void test_only_https_but_for_loopback(void **state)
{
    (void)state;
    static const char *const good[] = {"https://a/", "http://localhost:1", "http://127.9.9.9/",
                                       "http://[::1]/"},
                             *const bad[] = {"http://a/",     "http://127.0.0.1.a/",
                                             "http://127.a/", "http://localhost.a/",
                                             "http://[::2]/", "http://127.0.0.1@a/",
                                             "gopher://a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(url_check(good[i], &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(url_check(bad[i], &err));
}

static void test_quoting(void **state)
{
    (void)state;
    char *quoted = url_quote("a b/c?d#e%\xc3\xa9");
    assert_string_equal(quoted, "a%20b/c%3Fd%23e%25%C3%A9");
    free(quoted);
}

/* `printf abc | sha256sum` and `printf abc | git hash-object --stdin` */
static void test_checksums(void **state)
{
    (void)state;
    static const char *const names[] = {
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"};
    for (int i = 0; i < 2; i++)
        for (int right = 0; right < 2; right++) {
            struct blob_hash *h = blob_hash_new(names[i], 3);
            blob_hash_add(h, "a", 1);
            blob_hash_add(h, right ? "bc" : "bd", 2);
            assert_int_equal(blob_hash_matches(h), right);
            blob_hash_free(h);
        }
    assert_true(blob_hash_is_name(names[0]) && blob_hash_is_name(names[1]));
    assert_false(blob_hash_is_name("BA7816"));
    assert_false(blob_hash_is_name("../../../../../../../../../../../../../x"));
}

static void test_file_names_of_a_list(void **state)
{
    (void)state;
    char long_name[10001];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    static const char *const bad[] = {"",   ".",    "..",   "/etc/x", "../x", "a/../b", "a/b/c",
                                      "a/", "a//b", "a\nb", ".git",   "a/.b", "a\\b",   "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hub_listing_name_is_fine(bad[i]));
    assert_false(hub_listing_name_is_fine(long_name));
    assert_true(hub_listing_name_is_fine("model-00001-of-00002.safetensors"));
    assert_true(hub_listing_name_is_fine("Q4/\xc3\xa9 x.gguf"));
}

static void ref(const char *text, const char *want)
{
    struct hub_ref r;
    if (!hub_ref_parse(&r, text)) {
        if (want)
            fail_msg("%s: not a name", text);
        return;
    }
    char *name = hub_ref_name(&r);
    if (!want || strcmp(name, want) != 0)
        fail_msg("%s: %s", text, name);
    free(name);
    hub_ref_free(&r);
}

static void test_names_of_models(void **state)
{
    (void)state;
    unsetenv("HF_ENDPOINT");
    ref("org/name", "org/name");
    ref("org/name@main", "org/name");
    ref("org/name@v1.0", "org/name@v1.0");
    ref("org/name:Q4_K_M", "org/name:Q4_K_M");
    ref("org/name@v1:Q4_K_M", "org/name@v1:Q4_K_M");
    ref("org/name/a.gguf", "org/name/a.gguf");
    ref("org/name:a.gguf", "org/name/a.gguf");
    ref("hf:org/name", "org/name");
    ref("hf.co/org/name:Q8_0", "org/name:Q8_0");
    ref("hf:huggingface.co/name", NULL); /* would be read as an address the next time */
    ref("https://huggingface.co/org/name", "org/name");
    ref("https://huggingface.co/org/name/", "org/name");
    ref("https://huggingface.co/org/name/tree/main", "org/name");
    ref("https://huggingface.co/org/name/tree/v2?x=y", "org/name@v2");
    ref("https://huggingface.co/org/name/blob/main/a.gguf", "org/name/a.gguf");
    ref("https://huggingface.co/org/name/resolve/main/b/a.gguf?download=true", "org/name/b/a.gguf");
    ref("phi-3.5", "microsoft/Phi-3.5-mini-instruct");
    ref("SmolLM2", "HuggingFaceTB/SmolLM2-1.7B-Instruct");
    ref("name", NULL);
    ref("", NULL);
    ref("/", NULL);
    ref("a/b/c", NULL);
    ref("../x", NULL);
    ref("./x/y", NULL);
    ref("org/name@../x", NULL);
    ref("org/name@", NULL);
    ref("org/name:", NULL);
    ref("https://example.com/org/name", NULL);
    ref("https://huggingface.co/org", NULL);
    setenv("HF_ENDPOINT", "https://mirror.example", 1);
    ref("https://mirror.example/org/name", "org/name");
    unsetenv("HF_ENDPOINT");
}

/* Fedora's place (its package ca-certificates), then Debian's before it. */
static void test_certificates_of_authorities_are_found(void **state)
{
    (void)state;
    static const char *const places[] = {"etc/pki/tls/certs/ca-bundle.crt",
                                         "etc/ssl/certs/ca-certificates.crt"};
    const char *root = temp_folder();
    assert_null(authorities_find(root));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = path_join(root, places[i]);
        char *command = xasprintf("mkdir -p \"$(dirname '%s')\" && echo x >'%s'", path, path);
        assert_int_equal(system(command), 0);
        char *found = authorities_find(root);
        assert_non_null(found);
        assert_string_equal(found, path);
        free(found);
        free(command);
        free(path);
    }
    remove_folder(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates_of_authorities_are_found),
        cmocka_unit_test(test_a_lock_that_hangs_is_given_up),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_only_https_but_for_loopback),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_file_names_of_a_list),
        cmocka_unit_test(test_names_of_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
