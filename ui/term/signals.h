/* SPDX-License-Identifier: MIT
 *
 * signals: what the system tells the program, as bits behind a pipe that poll can wait for. Signals
 * that mean a crash give the terminal back, then do what they always do.
 */
#ifndef QINS_SIGNALS_H
#define QINS_SIGNALS_H

enum {
    SIGNAL_RESIZED = 1,
    SIGNAL_SUSPEND = 2,
    SIGNAL_CONTINUED = 4,
    SIGNAL_INTERRUPT = 8,
    SIGNAL_TERMINATE = 16,
    SIGNAL_HANGUP = 32,
    SIGNAL_CHILD = 64,
};

/* `restore` runs inside signal handlers. -> fd that is readable when signals_take has something. */
int signals_open(void (*restore)(void));
unsigned signals_take(void);
/* Call when a program that had the terminal has ended: its Ctrl-C may still be on the way. */
void signals_expect_late(void);
/* Stops the process as Ctrl-Z does everywhere else; returns when it is continued. */
void signals_stop_process(void);
void signals_close(void);

#endif
