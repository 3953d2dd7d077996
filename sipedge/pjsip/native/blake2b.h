/* BLAKE2b with a key of 32 bytes and a digest of 16 (RFC 7693): the same bytes as hashlib gives. */

#ifndef SIPEDGE_BLAKE2B_H
#define SIPEDGE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2B_KEY 32
#define BLAKE2B_DIGEST 16

struct blake2b {
    uint64_t state[8];
    uint64_t length; /* of what was compressed; a message here is far below 2**64 bytes */
    uint8_t block[128];
    size_t used; /* bytes of the block */
};

/* One that has only its key yet may be copied by assignment: that saves a compression for each digest. */
void blake2b_begin(struct blake2b *hash, const uint8_t key[BLAKE2B_KEY]);
void blake2b_update(struct blake2b *hash, const void *data, size_t length);
void blake2b_end(struct blake2b *hash, uint8_t digest[BLAKE2B_DIGEST]);

#endif
