/* SPDX-License-Identifier: MIT */
#include "memory_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"

enum { LINES = 5, LABEL = 11, MAX_COLUMNS = 400 };
enum { SVG_WIDTH = 720, SVG_HEIGHT = 360, SVG_LEFT = 80, SVG_TOP = 40, SVG_BOTTOM = 50 };

const char *memory_text(uint64_t bytes, char out[16])
{
    bool giga = bytes >= 1000000000;
    double x = (double)bytes * (giga ? 1e-9 : 1e-6);
    snprintf(out, 16, x < 10 ? "%.2f %cB" : x < 100 ? "%.1f %cB" : "%.0f %cB", x, giga ? 'G' : 'M');
    return out;
}

const char *memory_title(const struct memory_side *m, char out[48])
{
    const char *format = json_string_value(json_object_get(m->facts, "format"));
    snprintf(out, 48, "%s%s%s", m->is_original ? "original" : "QINS", format ? ", " : "",
             format ? format : "");
    return out;
}

static double longest_ms(const struct memory_side sides[2])
{
    double longest = 1;
    for (int i = 0; i < 2; i++)
        if (sides[i].n_samples)
            longest = fmax(longest, sides[i].samples[sides[i].n_samples - 1].ms);
    return longest;
}

static double most_memory(const struct memory_side sides[2])
{
    double most = 1;
    for (int i = 0; i < 2; i++)
        for (size_t s = 0; s < sides[i].n_samples; s++)
            most = fmax(most, (double)sides[i].samples[s].rss);
    return most;
}

/* The most of each column's time; a column without a sample has what the one before has. */
static int fill_columns(const struct memory_side *m, double longest, int n, double *columns)
{
    int filled = 0;
    for (int i = 0; i < n; i++)
        columns[i] = 0;
    for (size_t s = 0; s < m->n_samples; s++) {
        int c = (int)(m->samples[s].ms / longest * (n - 1));
        columns[c] = fmax(columns[c], (double)m->samples[s].rss);
        filled = c + 1 > filled ? c + 1 : filled;
    }
    for (int i = 1; i < filled; i++)
        columns[i] = columns[i] > 0 ? columns[i] : columns[i - 1];
    return filled;
}

static void print_side(const struct memory_side *m, double longest, double most, int width,
                       const char *colour)
{
    static const char *const parts[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double columns[MAX_COLUMNS];
    const bool utf8 = graph_is_utf8();
    int n = fill_columns(m, longest, width, columns);
    for (int line = LINES - 1; line >= 0; line--) {
        char label[16] = "";
        if (line == LINES - 1)
            memory_text((uint64_t)most, label);
        printf("%*s %s", LABEL - 2, label, colour);
        for (int i = 0; i < n; i++) {
            double here = columns[i] / most * LINES - line;
            int part = here >= 1 ? 8 : here > 0 ? (int)(here * 8 + 0.999) : 0;
            fputs(utf8 ? parts[part] : part >= 4 ? "#" : part > 0 && line == 0 ? "." : " ", stdout);
        }
        puts(*colour ? "\033[0m\033[K" : "");
    }
}

int memory_graph_print(const struct memory_side sides[2], int columns, bool colours)
{
    static const char *const ink[2] = {"\033[33m", "\033[32m"};
    const char *erase = colours ? "\033[K" : "";
    const double longest = longest_ms(sides), most = most_memory(sides);
    int width = columns - LABEL, n = 0;
    width = width > MAX_COLUMNS ? MAX_COLUMNS : width < 10 ? 10 : width;
    for (int i = 0; i < 2; i++) {
        char title[48], now[16];
        if (!sides[i].n_samples)
            continue;
        printf("%s: %s%s\n", memory_title(&sides[i], title),
               memory_text(sides[i].samples[sides[i].n_samples - 1].rss, now), erase);
        print_side(&sides[i], longest, most, width, colours ? ink[i] : "");
        n += LINES + 1;
    }
    if (n > 0) {
        char end[24];
        snprintf(end, sizeof end, "%.1f s", longest / 1e3);
        printf("%*s 0%*s%s\n", LABEL - 2, "", width - 1, end, erase);
        n++;
    }
    return n;
}

/* ---- SVG ------------------------------------------------------------------------------ */

static void svg_side(const struct memory_side *m, double longest, double most, const char *colour,
                     int index, struct buf *out)
{
    char title[48], peak[16];
    buf_printf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (size_t s = 0; s < m->n_samples; s++)
        buf_printf(out, "%.1f,%.1f ",
                   SVG_LEFT + m->samples[s].ms / longest * (SVG_WIDTH - SVG_LEFT - 20),
                   SVG_HEIGHT - SVG_BOTTOM -
                       (double)m->samples[s].rss / most * (SVG_HEIGHT - SVG_TOP - SVG_BOTTOM));
    buf_printf(out, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s, peak %s</text>\n",
               SVG_LEFT + 10 + 300 * index, SVG_TOP - 16, colour, memory_title(m, title),
               memory_text(memory_peak(m), peak));
}

void memory_graph_svg(const struct memory_side sides[2], struct buf *out)
{
    static const char *const colours[2] = {"#b5651d", "#2e7d32"};
    const double longest = longest_ms(sides), most = most_memory(sides);
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
               "font-family=\"sans-serif\" font-size=\"13\">\n"
               "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
               SVG_WIDTH, SVG_HEIGHT);
    for (int i = 0; i <= 4; i++) {
        char text[16];
        double y = SVG_HEIGHT - SVG_BOTTOM - i / 4.0 * (SVG_HEIGHT - SVG_TOP - SVG_BOTTOM);
        double x = SVG_LEFT + i / 4.0 * (SVG_WIDTH - SVG_LEFT - 20);
        buf_printf(out,
                   "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
                   "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n"
                   "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f s</text>\n",
                   SVG_LEFT, SVG_WIDTH - 20, y, y, SVG_LEFT - 8, y + 4,
                   memory_text((uint64_t)(most * i / 4), text), x, SVG_HEIGHT - SVG_BOTTOM + 20,
                   longest * i / 4e3);
    }
    buf_printf(out, "<text x=\"%d\" y=\"%d\">resident memory over time</text>\n", SVG_LEFT,
               SVG_HEIGHT - 10);
    for (int i = 0; i < 2; i++)
        svg_side(&sides[i], longest, most, colours[i], i, out);
    buf_puts(out, "</svg>\n");
}
