/* Records of requests that went on without the core, as lines of the file of decisions. What each line has in common with
 * others is text that Python makes (sipedge/proxy/history.py); what a request has of its own is written here. */

#ifndef SIPEDGE_LINES_H
#define SIPEDGE_LINES_H

#include "reading.h"

/* Who makes what is not written here, by functions of Python. */
struct texts {
    PyObject *way;   /* (record): three bytes: before the connection, behind it, behind CSeq up to the hop; its ``texts`` */
    PyObject *hop;   /* (hop): bytes, up to its status */
    PyObject *party; /* (opened): bytes */
    PyObject *whole; /* (record, number): the whole line, where a request says something unusual */
};

/* Bytes; NULL with an exception. The first line has the number ``first``. */
PyObject *lines_of(PyObject *records, unsigned long first, const struct texts *texts);
/* All texts that were kept. */
void lines_forget(void);

#endif
