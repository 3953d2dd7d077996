/* Which worker has the transaction of a request: bus/directory.py, which says what that memory is, in C. */

#ifndef SIPEDGE_DIRECTORY_H
#define SIPEDGE_DIRECTORY_H

#include <stddef.h>

enum { SLOTS = 1 << 18, SLOT_SIZE = 16 };

/* ``memory``: SLOTS * SLOT_SIZE bytes that all workers share; NULL where there is one worker. */
void directory_begin(void *memory, unsigned worker);

/* This one; -1 where it is alone. */
int directory_worker(void);

/* Whether another worker has the transaction with this key (sequences.h); this one has it from now on, where nobody had
 * it. ``now``: seconds. */
int directory_is_elsewhere(const char *key, double now);

#endif
