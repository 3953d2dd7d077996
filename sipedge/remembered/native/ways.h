/* The ways that are remembered, and where the headers of usual messages are: Python's dicts of what forward.h wants. */

#ifndef SIPEDGE_WAYS_H
#define SIPEDGE_WAYS_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "border.h"

/* Where requests with one key go, and as what. */
struct way {
    struct edits edits;
    struct gate gate;
    size_t target; /* connection */
    double until; /* seconds since 1970 */
    int asks; /* of each request, where it may go */
    PyObject *hops; /* what a record shows of those that it goes to without asking */
    PyObject *via, *uri, *method, *shown; /* bytes, and what a record shows of it */
    PyObject *shape; /* of the key: while it lives no other one has its address */
};

/* 0 with an exception. ``most``: ways; more are never held. */
int ways_begin(Py_ssize_t most);
void ways_forget(void);

/* A capsule's. Takes over the method, which may be NULL with an exception; NULL with an exception. */
struct way *way_new(
    PyObject *via, PyObject *uri, PyObject *removed, PyObject *method, PyObject *shown, PyObject *hops);
int way_hash(struct way *way, struct span key, struct span source);
/* 1, 0 where such requests have no key, -1 with an exception; takes over the way. */
int way_keep(struct way *way, unsigned long seat, const struct head *head, const struct shape *shape);
/* A capsule, which the dict holds; NULL, perhaps with an exception. */
PyObject *way_find(unsigned long seat, const struct head *head, const struct shape *shape);
struct way *way_in(PyObject *capsule);
void way_free(struct way *way);

/* NULL, perhaps with an exception. */
const struct shape *shape_find(const struct head *head);
/* ``numbers``: bytes of parsed, vias, read, hashed, dropped, searched. 0 with an exception. */
int shape_keep(struct shape *shape, PyObject *names, PyObject *const *numbers);

#endif
