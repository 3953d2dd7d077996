/* Text that stands in the file of decisions, and values between it, as JSON: what a record of the core is made of. */

#ifndef SIPEDGE_PIECES_H
#define SIPEDGE_PIECES_H

#include "lines.h"

/* ``pieces``: a list of text and values in turns, as history.py has them. ``json``: a function of Python, which gives the
 * text of a value that says something unusual. 1; 0 where there is no room; -1 with an exception: then nothing was put. */
int pieces_put(struct page *page, PyObject *pieces, PyObject *json);

#endif
