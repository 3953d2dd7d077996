/* Whole messages out of a connection's buffer, and what they make to be sent: one read after the other. */

#ifndef SIPEDGE_READING_H
#define SIPEDGE_READING_H

#include "ways.h"

#include "pending.h"

enum { LONGEST_HEAD = 8192 };

struct connection {
    const struct sipedge_source *source; /* NULL: nobody is here */
    PyObject *number, *opened;
    unsigned long seat; /* 0: its requests go to the core */
    PyObject *out; /* of the read at work: messages to be written, NULL for none */
    long requests, responses;
};

/* A read at work. */
struct reading {
    size_t connection;
    long room; /* for transactions */
    PyObject *time, *clock, *begun, *ended, *copies;
    double begun_at, time_at; /* by the loop's clock; seconds since 1970 */
};

/* The items of a record, as record.py has them. */
enum { WAY, HOPS, OPENED, HEAD, TIME, BEGUN, STATUS, REASON, ENDED, ENTRY, ITEMS };

extern struct connection *connections;
extern size_t places; /* of connections */
extern const struct sequences *pjsip;
extern struct limits limits;
extern PyObject *front; /* of all branches */
extern PyObject *asked; /* of a connection and a way: where to, and the hops; None: to the core */

struct span span_of(PyObject *bytes);
PyObject *bytes_of(struct span text);
PyObject *new_reference(PyObject *object);
int is_open(size_t place);
int is_taken(const char *key, const char *method, size_t length);

/* Bytes of the messages that went on; those of the first one that did not, and of all behind it, are not among them. -1
 * with an exception. */
Py_ssize_t read_all(struct reading *reading, struct span bytes, size_t searched);
/* (connection, messages, requests, responses) for each that has something to send; NULL with an exception. */
PyObject *outputs(void);
void forget(struct pending *request);

#endif
