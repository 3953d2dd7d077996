/* Records of requests that went on without the core, as lines of the file of decisions. What each line has in common with
 * others is text that Python makes (sipedge/proxy/history.py); what a request has of its own is written here. */

#ifndef SIPEDGE_LINES_H
#define SIPEDGE_LINES_H

#include "reading.h"

/* Who makes what is not written here, by functions of Python. */
struct texts {
    PyObject *way;   /* (record): bytes: four numbers of header lines (From, To, Call-ID, CSeq; 0: there is none), three
                        lengths of 32 bits each, and so many bytes of text: before the connection, behind it, behind CSeq
                        up to the hop. They are kept as the way's ``texts`` */
    PyObject *hop;   /* (hop): bytes, up to its status */
    PyObject *party; /* (opened): bytes */
    PyObject *whole; /* (record, number): the whole line, where a request says something unusual */
};

/* Lines that are put into a bytearray behind what is used of it. */
struct page {
    PyObject *space;
    size_t used;
};

/* How many of the records, from ``done`` on, have lines now: as many as there is room for. ``number``: of the next one.
 * -1 with an exception: then none of them counts. */
Py_ssize_t lines_put(struct page *page, PyObject *records, Py_ssize_t done, unsigned long number, const struct texts *texts);
/* Copies lines whose numbers are so much higher onto an empty page. 1; 0 where there is no room, or these are no lines. */
int lines_renumber(struct page *page, struct span lines, long long higher);
/* All texts that were kept. */
void lines_forget(void);

#endif
