/* What RFC 3261 16.6 and 16.7 change in a message whose way is known, and what has to be true of it. No Python here.
 *
 * What is here says yes to what the core would forward exactly so, and no to all else: then the core decides. */

#ifndef SIPEDGE_FORWARD_H
#define SIPEDGE_FORWARD_H

#include "../../sip/native/head.h"
#include "blake2s.h"

enum { LONGEST_KEY = 2048, LONGEST_BRANCH = 96 };

struct numbers {
    unsigned char count, at[MOST_LINES];
};

/* Where the headers that matter are, in messages with the same names in the same order. */
struct shape {
    struct numbers parsed; /* by pjsip */
    struct numbers vias;
    struct numbers read; /* by a decision, beside the start line and From */
    struct numbers hashed; /* by the loop hash */
    unsigned char from, to, call_id, cseq, content_length, max_forwards; /* 0: there is none */
    /* For the border of a hidden zone (border.h), which messages cross that have nothing unusual. */
    unsigned char crosses, content_type, contacts;
    struct numbers dropped, searched; /* of ``searched`` so many are Contacts, in front */
    unsigned char is_response;
};

/* Bytes that are being put together; ``failed``: there was no room. */
struct text {
    char *start;
    size_t length, size;
    int failed;
};

void put(struct text *text, const void *bytes, size_t length);
void put_span(struct text *text, struct span span);

/* How requests with one key are forwarded. */
struct edits {
    struct span via; /* up to the branch, with "branch=" */
    struct span uri; /* the Request-URI that replaces the received one; empty: none does */
    struct numbers removed;
    long hop_count;
    int poison;
    int hides; /* the Via lines of its source */
    struct blake2s begun; /* of the loop hash: the source */
};

/* What a request has of its own. */
struct own {
    long max_forwards; /* -1: none */
    int stamped; /* its Via does not name where it came from */
};

/* What names the way of a request. ``seat``: who it comes from. */
void write_key(struct text *key, unsigned long seat, const struct head *head, const struct shape *shape);

/* Whether RFC 3261 16.3 lets a request pass, and it is not the edge's own that comes back. */
int is_sound(const struct head *head, const struct shape *shape, struct span address, struct own *own);

/* The branch's front and number, the loop hash, the mark of poison mode. */
void write_branch(struct text *branch, struct span front, unsigned long number, const struct head *head,
                  const struct shape *shape, const struct edits *edits);

/* The address that a request came from, behind its Via. */
void put_received(struct text *text, int stamped, struct span address);

/* Lines of no length are gone. */
void write_head(struct text *text, const struct head *head, const struct shape *shape, const struct edits *edits,
                const struct own *own, struct span branch, struct span address);

/* ``vias``: whole lines in place of the topmost Via. */
void write_answer(struct text *text, const struct head *head, const struct shape *shape, struct span vias);

/* The branch of a response's topmost Via, if that has one value. */
int branch_of(const struct head *head, const struct shape *shape, struct span *branch);

/* Whether CSeq names the method. */
int names_method(const struct head *head, const struct shape *shape, struct span method);

#endif
