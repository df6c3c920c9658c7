/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_CELLS = 32, COLUMNS = 64, LINES = 8 };

static const char *locale_name(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++)
        if (getenv(names[i]) && *getenv(names[i]))
            return getenv(names[i]);
    return "";
}

bool graph_is_utf8(void)
{
    const char *name = locale_name();
    return strstr(name, "UTF-8") || strstr(name, "utf8") || strstr(name, "UTF8") ||
           strstr(name, "utf-8");
}

void graph_bar(double value, double max)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double share = max > 0 && value > 0 ? value / max : 0;
    int eighths = (int)((share < 1 ? share : 1) * BAR_CELLS * 8 + 0.5), utf8 = graph_is_utf8();
    for (int i = 0; i < eighths / 8; i++)
        fputs(utf8 ? "█" : "#", stdout);
    if (utf8)
        fputs(parts[eighths % 8], stdout);
    putchar('\n');
}

void graph_histogram(const uint64_t *counts, int n, const char *indent)
{
    static const char *const parts[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double column[COLUMNS] = {0}, max = 0;
    int utf8 = graph_is_utf8();
    for (int i = 0; i < n; i++) {
        double *c = &column[i * COLUMNS / n];
        *c += (double)counts[i];
        max = *c > max ? *c : max;
    }
    for (int line = LINES - 1; line >= 0; line--) {
        fputs(indent, stdout);
        for (int i = 0; i < COLUMNS; i++) {
            double share = max > 0 ? column[i] / max : 0, here = share * LINES - line;
            int part = here >= 1 ? 8 : here > 0 ? (int)(here * 8 + 0.999) : 0;
            fputs(utf8 ? parts[part] : part >= 4 ? "#" : part > 0 && line == 0 ? "." : " ", stdout);
        }
        putchar('\n');
    }
    printf("%s0%*d\n", indent, COLUMNS - 1, n - 1);
}
