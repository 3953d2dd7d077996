/* Responses to requests of other workers: they go there as they came, and are looked at there. */

#ifndef SIPEDGE_PASSING_H
#define SIPEDGE_PASSING_H

#include "ways.h"

/* 1: it is noted for the worker whose branch it has; 0: no other worker has such branches; -1: an exception. */
int pass_on(struct span branch, struct span whole);
/* What was noted since the last call, [(worker, [message])]; None where nothing was; NULL with an exception. */
PyObject *passed_on(void);

#endif
