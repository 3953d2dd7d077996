/* pjsip's call sequences, the same as in calls.py and reception.py, which say why each step is there. No Python here. */

#ifndef SIPEDGE_SEQUENCES_H
#define SIPEDGE_SEQUENCES_H

#include <stddef.h>
#include <sys/types.h>

#include "../declarations.h"
#include "setup.h"

/* The first four are those of calls.py. Of a message that is UNREADABLE pjsip's receive buffer says why. */
enum kind { ABSORBED, ALONE, NEW, MISNAMED, READ, UNREADABLE, INCOMPLETE };

/* A call that cannot fail in a sound pjsip, and did. */
struct failure {
    const char *call;
    int status;
};

/* What other parts in C may call of this one: they are given its address. */
struct sequences {
    void (*text_begin)(void);
    int (*text_line)(const char *line, size_t length);
    enum kind (*request)(const struct sipedge_source *source, const char *method, size_t length);
    enum kind (*response)(const struct sipedge_source *source, pj_str_t *method, pj_str_t *branch);
    /* The digest that names the transaction of the request that was read last, KEY_LENGTH bytes; NULL: none does. */
    const char *(*key)(void);
    /* Have somebody asked whether such a request with this key is under way there: then a copy of it is absorbed. */
    void (*watch)(int (*is_taken)(const char *key, const char *method, size_t length));
};
enum { KEY_LENGTH = 39 };

const struct sequences *sequences_table(void);
const char *sequences_key(void);

void sequences_begin(const struct sipedge_setup *setup);

/* pjsip's callbacks. */
int on_send(pjsip_transport *, pjsip_tx_data *, const void *, int, void *, void *);
void on_state(pjsip_transaction *, void *);

/* The text of a message, line by line, the empty line last: 0 when there is no more room. */
void text_begin(void);
int text_line(const char *line, size_t length);

enum kind sequences_request(const struct sipedge_source *source, const char *method, size_t length);
enum kind sequences_response(const struct sipedge_source *source, pj_str_t *method, pj_str_t *branch);
pjsip_transaction *sequences_open(int is_invite, struct failure *failure);
int sequences_distribute(void);
void sequences_deliver(pjsip_transaction *client, int is_final);
/* NULL without a failure: the branch is in use. Lengths are at most setup's. */
pjsip_transaction *sequences_forward(
    const struct sipedge_source *target, const pj_str_t *method, const pj_str_t *branch, struct failure *failure);
void sequences_respond(pjsip_transaction *server, int is_final, const pj_str_t *data, struct failure *failure);
void sequences_end(pjsip_transaction *transaction);
void sequences_poll(pj_time_val *delay);

#endif
