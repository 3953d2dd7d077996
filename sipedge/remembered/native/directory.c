#include "directory.h"

#include <stdint.h>

#include "../../pjsip/native/sequences.h"

enum { FRESH = 200, DIGITS = 16 };

static uint64_t *slots; /* two numbers each: the key; seconds, and from bit 32 on the worker */
static uint64_t own;

void directory_begin(void *memory, unsigned worker)
{
    slots = memory;
    own = worker;
}

int directory_worker(void)
{
    return slots ? (int)own : -1;
}

/* Of the key's end, which is hexadecimal in lower case. */
static uint64_t number_of(const char *key)
{
    uint64_t number = 0;
    for (int i = KEY_LENGTH - DIGITS; i < KEY_LENGTH; i++)
        number = number << 4 | (uint64_t)(key[i] <= '9' ? key[i] - '0' : key[i] - 'a' + 10);
    return number;
}

/* Other processes write at the same time: each half of a slot is whole, the two need not belong together. */
int directory_is_elsewhere(const char *key, double now)
{
    if (!slots)
        return 0;
    uint64_t number = number_of(key), *slot = slots + 2 * (number % SLOTS);
    int64_t second = (int64_t)now;
    uint64_t noted = __atomic_load_n(slot + 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(slot, __ATOMIC_RELAXED) == number && second - (int64_t)(uint32_t)noted < FRESH)
        return (noted >> 32 & 0xff) != own;
    __atomic_store_n(slot, number, __ATOMIC_RELAXED);
    __atomic_store_n(slot + 1, (uint64_t)(uint32_t)second | own << 32, __ATOMIC_RELAXED);
    return 0;
}
