/* SPDX-License-Identifier: MIT */
#include "look.h"

#include <stdlib.h>
#include <string.h>

#include "question.h"
#include "screen.h"
#include "theme.h"

static bool wants_colour(const struct options *o)
{
    const char *color = options_text(o, OPT_COLOR), *none = getenv("NO_COLOR");
    return strcmp(color, "always") == 0 || (strcmp(color, "never") != 0 && !(none && *none));
}

static enum screen_links links_of(const struct options *o)
{
    const char *when = options_text(o, OPT_LINKS);
    return strcmp(when, "on") == 0 ? LINKS_ON : strcmp(when, "off") == 0 ? LINKS_OFF : LINKS_AUTO;
}

static bool apply_theme(struct app *a, const char *name, bool colour, struct error *err)
{
    struct theme theme;
    if (!theme_load(&theme, name, err))
        return false;
    screen_set_theme(&theme, colour);
    a->wants |= REACT_DIRTY;
    return true;
}

bool look_apply(struct app *a, struct error *err)
{
    const char *theme = options_text(a->chat.options, OPT_THEME);
    bool colour = wants_colour(a->chat.options), ok = true;
    char *look = xasprintf("%d %s", colour, theme);
    if (!a->look || strcmp(look, a->look) != 0)
        ok = apply_theme(a, theme, colour, err);
    if (ok) {
        free(a->look);
        a->look = look;
    } else {
        free(look);
    }
    screen_set_links(links_of(a->chat.options));
    screen_set_mouse(strcmp(options_text(a->chat.options, OPT_MOUSE), "true") == 0);
    return ok;
}

void look_toggle_bare(struct app *a)
{
    a->reader.bare = !a->reader.bare;
    a->focus = a->reader.bare ? FOCUS_CHAT : FOCUS_INPUT;
    if (a->reader.bare)
        app_notice(a, "Select with the mouse; Esc brings everything back");
}

void look_toggle_raw(struct app *a)
{
    a->reader.raw = !a->reader.raw;
    app_notice(a, reader_shows_raw(&a->reader, a->chat.options) ? "Answers as raw text"
                                                                : "Answers as Markdown");
}
