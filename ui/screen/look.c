/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "theme.h"

bool app_apply_look(struct app *a, struct error *err)
{
    const char *color = options_text(a->chat.options, OPT_COLOR), *none = getenv("NO_COLOR");
    bool colour = strcmp(color, "always") == 0 || (strcmp(color, "never") != 0 && !(none && *none));
    char *look = xasprintf("%d %s", colour, options_text(a->chat.options, OPT_THEME));
    bool ok = true;
    if (!a->look || strcmp(look, a->look) != 0) {
        struct theme theme;
        ok = theme_load(&theme, options_text(a->chat.options, OPT_THEME), err);
        if (ok) {
            screen_set_theme(&theme, colour);
            free(a->look);
            a->look = xstrdup(look);
            a->dirty = true;
        }
    }
    screen_set_mouse(strcmp(options_text(a->chat.options, OPT_MOUSE), "true") == 0);
    free(look);
    return ok;
}
