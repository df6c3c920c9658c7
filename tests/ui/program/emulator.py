# SPDX-License-Identifier: MIT
"""A small terminal: what a program's bytes leave on a screen, hyperlinks included. It knows what
terminfo's entries of xterm and its kin make curses write, and refuses everything else."""
import re
import unicodedata

CSI = re.compile(r"\033\[([?>]?)([\d;]*)([@-~])")
OSC = re.compile(r"\033\](\d+);([^\x00-\x1f\x7f]*)(?:\033\\|\a)")
BLANK = (" ", None)


def width(c):
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Terminal:
    """cells[row][column] is (character, link); a link is (URL, id), or None. Behind a wide character
    there is ("", its link)."""

    def __init__(self, columns, rows):
        self.row = self.column = 0
        self.link = None
        self.saved = (0, 0)
        self.wraps = True
        self.pending = False  # a character came into the last column: the next one wraps
        self.rest = b""
        self.urls = set()
        self.open_at_frame_end = 0
        self.resize(columns, rows)

    def resize(self, columns, rows):
        old = getattr(self, "cells", [])
        self.columns, self.rows = columns, rows
        self.cells = [[BLANK] * columns for _ in range(rows)]
        for to, row in zip(self.cells, old):
            to[:len(row)] = row[:columns]
        self.top, self.bottom = 0, rows - 1
        self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)
        self.pending = False

    # ---- what it shows ----

    def text(self, row):
        return "".join(c for c, _ in self.cells[row])

    def linked(self):
        """-> {(URL, id): [text of each row that has it, pieces in a row put together]}"""
        links = {}
        for row in self.cells:
            here = {}
            for c, link in row:
                if link:
                    here[link] = here.get(link, "") + c
            for link, text in here.items():
                links.setdefault(link, []).append(text)
        return links

    def shape(self):
        """The same for two terminals that show the same: ids are numbered as they come."""
        ids = {}
        return [[(c, link and (link[0], ids.setdefault(link, len(ids)))) for c, link in row]
                for row in self.cells]

    # ---- bytes ----

    def feed(self, data):
        data = self.rest + data
        self.rest = b""
        try:
            text = data.decode()
        except UnicodeDecodeError as e:
            assert e.start > len(data) - 4, "invalid UTF-8"
            text, self.rest = data[:e.start].decode(), data[e.start:]
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\033":
                used = self.sequence(text[at:at + 4200])
                if not used:  # the rest of it is still to come
                    self.rest = text[at:].encode() + self.rest
                    return
                at += used
            else:
                self.control(c) if c < " " else self.put(c)
                at += 1

    def sequence(self, s):
        """-> characters of the sequence that begins s; 0: not all of it is there"""
        m = CSI.match(s)
        if m:
            self.csi(m.group(1), [int(n) if n else 0 for n in m.group(2).split(";")], m.group(3))
            return m.end()
        m = OSC.match(s)
        if m:
            self.osc(m.group(1), m.group(2))
            return m.end()
        if re.match(r"\033[()][B0]", s):
            return 3
        if re.match(r"\033[=>78M]", s):
            if s[1] == "7":
                self.saved = (self.row, self.column)
            elif s[1] == "8":
                self.go(*self.saved)
            elif s[1] == "M":
                self.up()
            return 2
        assert len(s) < 4200 and re.match(r"\033(\[[?>]?[\d;]*|\][^\a\033]*\033?|[()])?$", s), repr(s[:80])
        return 0

    def osc(self, number, text):
        if number != "8":
            return
        params, url = text.split(";", 1)
        if not url:
            assert params == ""
            self.link = None
            return
        assert self.link is None or self.link, "a link in a link"
        assert re.fullmatch(r"(?i)(https?://|mailto:)[!-~]+", url) and len(url) <= 2083, url
        assert re.fullmatch(r"id=[\w]+", params), params
        self.link = (url, params[3:])
        self.urls.add(url)

    def csi(self, private, n, final):
        one = max(n[0], 1)
        if private:
            if final == "l" and 2026 in n and self.link:
                self.open_at_frame_end += 1
            if 7 in n:
                self.wraps = final == "h"
            return
        if final == "m" or final == "t" or final in "hl":
            return
        assert self.link is None, "a link is open across %r" % final
        if final in "Hf":
            self.go(one - 1, max((n + [0, 0])[1], 1) - 1)
        elif final in "ABCD":
            self.go(self.row + {"A": -one, "B": one}.get(final, 0),
                    self.column + {"C": one, "D": -one}.get(final, 0))
        elif final == "G":
            self.go(self.row, one - 1)
        elif final == "d":
            self.go(one - 1, self.column)
        elif final == "r":
            self.top, self.bottom = one - 1, (n + [0, 0])[1] - 1 if len(n) > 1 and n[1] else self.rows - 1
            self.go(0, 0)
        elif final == "J":
            assert n[0] in (0, 2)
            if n[0] == 2:
                self.cells = [[BLANK] * self.columns for _ in range(self.rows)]
            else:
                self.erase(self.column, self.columns)
                self.cells[self.row + 1:] = [[BLANK] * self.columns for _ in range(self.row + 1, self.rows)]
        elif final == "K":
            self.erase(*{0: (self.column, self.columns), 1: (0, self.column + 1), 2: (0, self.columns)}[n[0]])
        elif final == "X":
            self.erase(self.column, min(self.column + one, self.columns))
        elif final == "@":
            row = self.cells[self.row]
            row[self.column:] = ([BLANK] * one + row[self.column:])[:self.columns - self.column]
        elif final == "P":
            row = self.cells[self.row]
            row[self.column:] = (row[self.column + one:] + [BLANK] * one)[:self.columns - self.column]
        elif final in "LMST":
            self.scroll(self.row if final in "LM" else self.top, one if final in "MS" else -one)
        else:
            raise AssertionError("CSI %s %s" % (n, final))

    def erase(self, start, end):
        self.pending = False
        self.cells[self.row][start:end] = [BLANK] * (end - start)

    def scroll(self, top, n):
        """Rows top to the region's end, n up."""
        region = self.cells[top:self.bottom + 1]
        blank = [[BLANK] * self.columns for _ in range(abs(n))]
        moved = region[n:] + blank if n > 0 else blank + region[:n]
        self.cells[top:self.bottom + 1] = moved[:len(region)]

    def go(self, row, column):
        self.row, self.column = max(0, min(row, self.rows - 1)), max(0, min(column, self.columns - 1))
        self.pending = False

    def up(self):
        if self.row == self.top:
            self.scroll(self.top, -1)
        else:
            self.go(self.row - 1, self.column)

    def down(self):
        if self.row == self.bottom:
            self.scroll(self.top, 1)
        else:
            self.go(self.row + 1, self.column)

    def control(self, c):
        if c == "\r":
            self.go(self.row, 0)
        elif c == "\n":
            column = self.column
            self.down()
            self.go(self.row, column)
        elif c == "\b":
            self.go(self.row, self.column - 1)
        elif c == "\t":
            self.go(self.row, self.column // 8 * 8 + 8)
        else:
            assert c in "\a\x0e\x0f", repr(c)

    def put(self, c):
        cells = width(c)
        if cells == 0:
            at = self.column - (not self.pending)
            while at > 0 and not self.cells[self.row][at][0]:
                at -= 1
            before, link = self.cells[self.row][at]
            self.cells[self.row][at] = (before + c, link)
            return
        if self.pending and self.wraps:
            self.column = 0
            self.down()
        self.pending = False
        row = self.cells[self.row]
        row[self.column] = (c, self.link)
        if cells == 2 and self.column + 1 < self.columns:
            row[self.column + 1] = ("", self.link)
        if self.column + cells >= self.columns:
            self.column, self.pending = self.columns - 1, True
        else:
            self.column += cells
