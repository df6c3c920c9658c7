/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <stdlib.h>

#include "measure.h"

void app_bench(struct app *a)
{
    if (!a->chat.ready || app_is_busy(a)) {
        app_notice(a, a->chat.ready ? "An answer is running: /bench needs the machine to itself"
                                    : "The model is loading");
        return;
    }
    a->chat.bench = measure_start(a->chat.engine, &a->chat.conversation);
    a->chat.status.state = STATE_MEASURING;
    app_notice(a, "Measuring %d tokens...", MEASURE_TOKENS);
}

void app_bench_event(struct app *a, const struct event *e)
{
    if (e->type != EVENT_DONE)
        return;
    a->chat.bench = 0;
    a->chat.status.state = STATE_READY;
    char *report = measure_report(e);
    app_notice(a, "%s", report);
    free(report);
}
