/* The border of a hidden zone, for messages in the usual form: which lines go, come back, or become others. What others
 * become Python says (sipedge/topology/gate.py), which remembers it. */

#ifndef SIPEDGE_BORDER_H
#define SIPEDGE_BORDER_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "forward.h"

/* Between two zones. */
struct gate {
    PyObject *request, *response; /* callables; NULL: there is no border */
    int hides, covers; /* the source's zone, the target's zone is hidden */
};

/* Takes over what a Gate of Python's has; None for no border. 0 with an exception. */
int gate_begin(struct gate *gate, PyObject *object);
void gate_end(struct gate *gate);

/* Lines of a request as the other side sees them, in place of its own; those of ``length`` 0 are gone. ``held`` keeps
 * their bytes until it is let go, ``back`` is what the response gets. 1, 0: it is the core's, -1: an exception. */
int gate_request(const struct gate *gate, struct head *head, const struct shape *shape, struct span address,
                 const struct own *own, PyObject **held, PyObject **back);
/* The same of a response; ``back``: of its request, ``hops``: where that went. ``vias``: what comes in place of the
 * edge's own Via. */
int gate_response(const struct gate *gate, struct head *head, const struct shape *shape, PyObject *hops, PyObject *back,
                  PyObject **held, struct span *vias);

#endif
