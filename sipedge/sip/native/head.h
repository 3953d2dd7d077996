/* The usual head of a message, cut into lines, and the usual form of a few values (RFC 3261 7). No Python here.
 *
 * What is here says yes to what sipedge/sip would read so, and no to all else, faults among it: that is read there. */

#ifndef SIPEDGE_HEAD_H
#define SIPEDGE_HEAD_H

#include <stddef.h>

/* Up to which indexes are remembered (message.py). */
enum { MOST_LINES = 64, MOST_NAMES = 2048 };

struct span {
    const char *start;
    size_t length;
};

/* sipedge.settings.Limits */
struct limits {
    size_t header_section, headers, header_line, message;
};

struct head {
    size_t length; /* with the empty line */
    size_t count;
    struct span lines[MOST_LINES + 1];
    struct span method, uri, reason;
    int status; /* 0 for a request */
    char names[MOST_NAMES]; /* with their colons, a line feed in front of each */
    size_t names_length;
};

/* Whether the bytes begin with such a head. Up to ``searched`` no empty line begins. */
int head_read(struct head *head, struct span bytes, size_t searched, const struct limits *limits);

/* What stands behind the colon. */
struct span value_of(struct span line);
int content_length_of(struct span value, size_t *length);
int cseq_of(struct span value, long *number, struct span *method);
/* A tag without a start: there is none. */
int tag_of(struct span value, struct span *tag);
/* The host of a Via line with one value that says nothing about where it came from. */
int plain_via_host_of(struct span line, struct span *host);

#endif
