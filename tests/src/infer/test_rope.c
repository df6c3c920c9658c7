/* SPDX-License-Identifier: MIT
 *
 * Rotary angles against values computed in double precision from Phi-3.5's published factors
 * (shared/reference/phi-3.5.md, 2.2), and the written rule for Llama 3.
 */
#include <math.h>

#include "rope.h"
#include "test.h"

/* Phi-3.5-mini: 96 of 96 rotated, theta 10000, 4096 of 131072; some of its factors. */
static struct model_config phi(void)
{
    struct model_config c = {.rope = {{.rot_dim = 96,
                                       .theta = 10000.0f,
                                       .kind = ROPE_LONGROPE,
                                       .attention_factor = 1.19023807f}},
                             .max_ctx = 131072,
                             .orig_ctx = 4096};
    for (int j = 0; j < 48; j++)
        c.rope[0].short_factor[j] = c.rope[0].long_factor[j] = 1.0f;
    const struct {
        int j;
        float s, l;
    } known[] = {{0, 1.0f, 1.08f},
                 {1, 1.02f, 1.11f},
                 {2, 1.03f, 1.14f},
                 {23, 1.94f, 44.96f},
                 {47, 2.84f, 64.84f}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        c.rope[0].short_factor[known[i].j] = known[i].s;
        c.rope[0].long_factor[known[i].j] = known[i].l;
    }
    return c;
}

static void test_longrope_angles(void **state)
{
    (void)state;
    struct model_config c = phi();
    struct rope r;
    rope_init(&r, &c, ROPE_OF_FULL);
    assert_float_equal(r.scale, 1.1902380714238083, 1e-7);
    assert_float_equal(r.inv_freq[0][1], 0.809219805, 1e-7);
    assert_float_equal(r.inv_freq[0][2], 0.661448629, 1e-7);
    assert_float_equal(r.inv_freq[1][0], 0.925925889, 1e-7);
    assert_float_equal(r.inv_freq[1][1], 0.743607365, 1e-7);
    assert_float_equal(r.inv_freq[1][2], 0.597624629, 1e-7);
    const struct {
        bool is_long;
        uint32_t pos, j;
        double cos, sin, bound;
    } golden[] = {
        {false, 1, 0, 0.6430884, 1.0015508, 1e-6},
        {false, 1, 1, 0.8213396, 0.8614336, 1e-6},
        {false, 100, 0, 1.0263648, -0.6026957, 1e-6},
        {false, 100, 1, 0.8631959, -0.8194874, 2e-5}, /* float32 frequency: pos * 1 ulp */
        {false, 100, 23, 0.9655880, 0.6959213, 1e-6},
        {false, 100, 47, 1.1902272, 0.0050775, 1e-6},
        {false, 4095, 0, -0.0785271, -1.1876448, 1e-6},
        {false, 4095, 1, -0.9651349, 0.6965495, 6e-4},
        {false, 4095, 23, 1.0766222, 0.5074952, 1e-5},
        {false, 4095, 47, 1.1721231, 0.2068672, 1e-6},
        {true, 1, 0, 0.7154460, 0.9512117, 1e-6},
        {true, 1, 1, 0.8760525, 0.8057286, 1e-6},
        {true, 4096, 0, -0.9178838, -0.7577308, 6e-4},
        {true, 4096, 1, 0.0496036, -1.1892040, 6e-4},
        {true, 4096, 23, 0.5359159, 1.0627609, 1e-6},
        {true, 4096, 47, 1.1902032, 0.0091092, 1e-6},
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        float cos[48], sin[48];
        rope_angles(&r, golden[i].is_long, golden[i].pos, cos, sin);
        assert_float_equal(cos[golden[i].j], golden[i].cos, golden[i].bound);
        assert_float_equal(sin[golden[i].j], golden[i].sin, golden[i].bound);
    }
}

static void test_the_long_set_begins_beyond_the_original_context(void **state)
{
    (void)state;
    struct model_config c = phi();
    assert_false(rope_is_long(&c, 1));
    assert_false(rope_is_long(&c, 4096));
    assert_true(rope_is_long(&c, 4097));
    c.rope[0].kind = ROPE_PLAIN;
    assert_false(rope_is_long(&c, 4097));
}

/* Llama 3.2: factor 32, low 1, high 4, 8192: short waves stay, long ones are stretched 32 times. */
static void test_llama3_scaling(void **state)
{
    (void)state;
    struct model_config c = {.rope = {{.rot_dim = 64,
                                       .theta = 500000.0f,
                                       .kind = ROPE_LLAMA3,
                                       .factor = 32.0f,
                                       .low = 1.0f,
                                       .high = 4.0f,
                                       .attention_factor = 1}},
                             .max_ctx = 131072,
                             .orig_ctx = 8192};
    struct rope r;
    rope_init(&r, &c, ROPE_OF_FULL);
    assert_float_equal(r.scale, 1.0, 0);
    for (uint32_t j = 0; j < r.half; j++) {
        double inv = pow(500000.0, -2.0 * j / 64), turns = 8192 * inv / (2 * M_PI), want = inv;
        if (turns < 1)
            want = inv / 32;
        else if (turns < 4)
            want = inv * (1 / 32.0 + (1 - 1 / 32.0) * (turns - 1) / 3);
        assert_float_equal(r.inv_freq[0][j] / want, 1.0, 2e-6);
    }
}

/* Gemma 4: a quarter of the pairs of a whole head turn, at the frequencies of their places in it.
 */
static void test_proportional(void **state)
{
    (void)state;
    struct model_config c = {.rope = {{.rot_dim = 64,
                                       .n_freqs = 8,
                                       .theta = 1e6f,
                                       .kind = ROPE_PROPORTIONAL,
                                       .factor = 1,
                                       .attention_factor = 1}}};
    struct rope r;
    float cos_out[32], sin_out[32];
    rope_init(&r, &c, ROPE_OF_FULL);
    assert_int_equal(r.half, 32);
    for (uint32_t j = 0; j < 32; j++)
        assert_float_equal(r.inv_freq[0][j], j < 8 ? pow(1e6, -2.0 * j / 64) : 0, 1e-7);
    rope_angles(&r, false, 1000, cos_out, sin_out);
    assert_float_equal(cos_out[8], 1, 0);
    assert_float_equal(sin_out[31], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longrope_angles),
        cmocka_unit_test(test_the_long_set_begins_beyond_the_original_context),
        cmocka_unit_test(test_proportional),
        cmocka_unit_test(test_llama3_scaling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
