/* SPDX-License-Identifier: MIT */
#include "spark.h"

#include <math.h>

#include "utf8.h"

void spark_add(struct spark *s, double value)
{
    s->values[s->n++ % SPARK_SAMPLES] = isfinite(value) && value > 0 ? (float)value : 0;
}

/* The number that is `back` samples before the newest; -1: there is none. */
static float sample(const struct spark *s, int back)
{
    unsigned held = s->n < SPARK_SAMPLES ? s->n : SPARK_SAMPLES;
    return back < (int)held ? s->values[(s->n - 1 - (unsigned)back) % SPARK_SAMPLES] : -1;
}

struct scale {
    float low, high;
};

static struct scale scale_of(const struct spark *s, int n, bool zoom)
{
    struct scale scale = {INFINITY, 0};
    for (int i = 0; i < n; i++) {
        float x = sample(s, i);
        if (x >= 0 && x > scale.high)
            scale.high = x;
        if (x >= 0 && x < scale.low)
            scale.low = x;
    }
    if (!zoom || scale.low > scale.high)
        scale.low = 0;
    float room = scale.high / 10 - (scale.high - scale.low);
    if (zoom && room > 0) {
        scale.low -= room / 2;
        scale.high += room / 2;
    }
    return scale;
}

/* 1..heights for a sample, 0 for none and for the number 0. */
static int height(float x, const struct scale *scale, int heights)
{
    if (x < 0 || scale->high <= scale->low || (x <= 0 && scale->low <= 0))
        return 0;
    int h = (int)ceilf((x - scale->low) / (scale->high - scale->low) * (float)heights);
    return h < 1 ? 1 : h < heights ? h : heights;
}

static int32_t braille(int left, int right)
{
    static const int dots[2][5] = {{0, 0x40, 0x44, 0x46, 0x47}, {0, 0x80, 0xa0, 0xb0, 0xb8}};
    int bits = dots[0][left] | dots[1][right];
    return bits ? 0x2800 + bits : ' '; /* some fonts draw rings for the empty pattern */
}

void spark_row(const struct spark *s, int cells, enum spark_signs signs, bool zoom, struct buf *out)
{
    static const char ascii[] = " _.-=+*#";
    int per_cell = signs == SPARK_BRAILLE ? 2 : 1;
    struct scale scale = scale_of(s, cells * per_cell, zoom);
    for (int cell = cells - 1; cell >= 0; cell--) {
        char text[5] = "";
        float newest = sample(s, cell * per_cell);
        if (signs == SPARK_BRAILLE) {
            utf8_encode(
                braille(height(sample(s, cell * 2 + 1), &scale, 4), height(newest, &scale, 4)),
                text);
        } else if (signs == SPARK_BLOCKS) {
            int h = height(newest, &scale, 8);
            utf8_encode(h ? 0x2580 + h : ' ', text);
        } else {
            text[0] = ascii[height(newest, &scale, sizeof ascii - 2)];
        }
        buf_puts(out, text);
    }
}
