/* Requests that went on without the core and wait for their answer: found by transaction and by branch. No Python here.
 *
 * There are so many places and no more: when all are taken the core takes the request. */

#ifndef SIPEDGE_PENDING_H
#define SIPEDGE_PENDING_H

#include "../../pjsip/native/sequences.h"
#include "forward.h"

enum { MOST_PENDING = 2048 };

struct pending {
    unsigned long number; /* 0: nobody is here */
    char key[KEY_LENGTH], branch[LONGEST_BRANCH];
    size_t branch_length;
    size_t source, target; /* connections */
    double begun;
    void *way, *record, *sent, *back; /* Python's; the last one is NULL where no border was crossed */
    size_t next; /* in its bucket; MOST_PENDING: none */
};

void pending_begin(void);

/* The number that the next one will have; 0: there is no room. */
unsigned long pending_number(void);
struct pending *pending_add(unsigned long number, const char *key, struct span branch);
void pending_remove(struct pending *request);

/* NULL: there is none. */
struct pending *pending_by_key(const char *key);
/* ``front``: of all branches. A branch is a token: it has no case (RFC 3261 7.3.1). */
struct pending *pending_by_branch(struct span front, struct span branch);
struct pending *pending_at(size_t place);

#endif
