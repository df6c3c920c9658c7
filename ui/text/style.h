/* SPDX-License-Identifier: MIT
 *
 * style: the roles of text on the screen; a theme gives each its look.
 */
#ifndef QINS_STYLE_H
#define QINS_STYLE_H

enum style {
    STYLE_TEXT,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_TITLE,
    STYLE_USER,
    STYLE_ANSWER,
    STYLE_NOTE,
    STYLE_ACCENT, /* what has the focus, what moves */
    STYLE_BADGE,
    STYLE_WARNING,
    STYLE_BORDER,
    STYLE_GRAPH,
    STYLE_HEADING, /* of a model's Markdown; bold is STYLE_BOLD */
    STYLE_EMPHASIS,
    STYLE_CODE,
    STYLE_LINK,
    STYLE_STRIKE,
    STYLE_KEYWORD,
    STYLE_STRING,
    STYLE_COMMENT,
    STYLE_NUMBER,
    STYLE_THINKING, /* what a model thinks before it answers */
    STYLE_MATCH,    /* what a search found; the one that the reader is at */
    STYLE_MATCH_HERE,
    N_STYLES
};

#endif
