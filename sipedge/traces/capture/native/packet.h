/* Packets of a classic capture in the usual form: Ethernet, IPv4, TCP, captured whole. No Python here.
 *
 * What is here says yes to what sipedge/traces/capture would read so, and no to all else, faults among it: that is read
 * there. */

#ifndef SIPEDGE_PACKET_H
#define SIPEDGE_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum { PACKET_HEADER = 16, KEY = 12, LARGEST_PACKET = 262144, LARGEST_MESSAGE = 1 << 20 };

struct block {
    const unsigned char *data;
    size_t length;
    int big;           /* byte order of packet headers */
    double unit;       /* of the fraction of a second */
    int64_t low, high; /* seconds between which a packet's time lies, both excluded */
    double due;        /* from this time on a packet is for Python */
};

struct packet {
    uint32_t seconds;
    double time;
    size_t end; /* of the packet in the block */
    const unsigned char *key; /* both addresses and both ports, as they stand in the packet */
    uint32_t sequence;
    int flags;
    const unsigned char *payload;
    size_t length; /* of the payload */
};

/* Whether such a packet stands at ``position``. */
int packet_read(const struct block *block, size_t position, struct packet *packet);

/* The length of the message in the usual form that begins with these bytes, of which all or only its first ones are
 * there; 0 where its header section has not come or is not usual. */
size_t message_length(const unsigned char *data, size_t length);

enum { LARGEST_PAIR = 8192 };

/* Whether the packet and the next one in the block that carries anything hold one message in the usual form together.
 * Then it is copied to ``message``, which has room for LARGEST_PAIR bytes, its length is set, and the place of the other
 * packet. */
int pair_read(const struct block *block, const struct packet *first, struct packet *second, size_t *place,
              unsigned char *message, size_t *length);

#endif
