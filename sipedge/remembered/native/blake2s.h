/* BLAKE2s with a key and a digest of 6 bytes (RFC 7693): the same bytes as hashlib gives. */

#ifndef SIPEDGE_BLAKE2S_H
#define SIPEDGE_BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2S_KEY 32
#define BLAKE2S_DIGEST 6

struct blake2s {
    uint32_t state[8];
    uint64_t length; /* of what was compressed */
    uint8_t block[64];
    size_t used; /* bytes of the block */
};

/* ``length``: of the key, 1 to BLAKE2S_KEY. One that has begun may be copied by assignment. */
void blake2s_begin(struct blake2s *hash, const void *key, size_t length);
void blake2s_update(struct blake2s *hash, const void *data, size_t length);
void blake2s_end(struct blake2s *hash, uint8_t digest[BLAKE2S_DIGEST]);

#endif
