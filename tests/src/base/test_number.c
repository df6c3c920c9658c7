/* SPDX-License-Identifier: MIT */
#include <locale.h>

#include "number.h"
#include "test.h"

/* Switches to a locale with a decimal comma, made for the purpose where none is installed. */
static bool use_decimal_comma(const char *folder)
{
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    char command[512];
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++)
        if (setlocale(LC_NUMERIC, commas[i]))
            return true;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>/dev/null",
             folder);
    setenv("LOCPATH", folder, 1);
    return system(command) == 0 && setlocale(LC_NUMERIC, "de_DE.UTF-8");
}

static void test_numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    char text[32];
    double x = 0;
    const char *folder = temp_folder();
    bool comma = use_decimal_comma(folder);
    bool point_read = number_parse("0.7", &x), comma_read = number_parse("0,7", &x);
    number_format(0.7, text);
    setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
    remove_folder(folder);
    if (!comma) {
        print_message("SKIPPED: no locale with a decimal comma can be had\n");
        skip();
    }
    assert_true(point_read && x == 0.7);
    assert_false(comma_read);
    assert_string_equal(text, "0.7");
}

static void test_numbers_read_back(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } expected[] = {
        {0, "0"},      {1, "1"},        {0.05, "0.05"}, {-1, "-1"}, {1048576, "1048576"},
        {0.1f, "0.1"}, {1e-3, "0.001"}, {-0.0, "0"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(number_format(expected[i].x, text), expected[i].text);
    double x;
    assert_true(number_parse("+1.5e-1", &x));
    assert_true(x == 0.15);
    assert_true(number_parse(number_format(9007199254740991.0, text), &x));
    assert_true(x == 9007199254740991.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_do_not_follow_the_locale),
        cmocka_unit_test(test_numbers_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
