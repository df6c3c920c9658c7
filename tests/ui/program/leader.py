# SPDX-License-Identifier: MIT
"""Leads the session of a program on a pseudo-terminal, and stays when the program ends: of a leader's
terminal Linux throws away at its end what nobody has read.

    leader.py FD ENVIRONMENT COMMAND...    writes two 32-bit numbers to FD: the program's id, its exit code
"""
import json
import os
import signal
import struct
import sys

status, environment, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid = os.fork()
if pid == 0:
    os.close(status)
    # Python ignores the first two; whoever is in a shell's background, the others.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(command[0], command, environment)
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
    signal.signal(number, signal.SIG_IGN)
signal.signal(signal.SIGHUP, lambda *_: os.kill(pid, signal.SIGHUP))  # as a shell does
os.write(status, struct.pack("i", pid))
ended = os.waitid(os.P_PID, pid, os.WEXITED)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
os.write(status, struct.pack("i", code))
while True:
    signal.pause()
