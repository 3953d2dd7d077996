#include "pending.h"

#include <string.h>
#include <strings.h>

enum { TRIED = 16 }; /* numbers, for a place that is free */

static struct pending places[MOST_PENDING];
static size_t buckets[MOST_PENDING];
static unsigned long last;

void pending_begin(void)
{
    memset(places, 0, sizeof places);
    for (size_t i = 0; i < MOST_PENDING; i++)
        buckets[i] = MOST_PENDING;
}

struct pending *pending_at(size_t place)
{
    return &places[place % MOST_PENDING];
}

unsigned long pending_number(void)
{
    for (unsigned long number = last + 1; number <= last + TRIED; number++)
        if (number && !pending_at(number)->number)
            return number;
    return 0;
}

/* The key ends with a keyed digest in hexadecimal: nobody outside can choose a bucket. */
static size_t *bucket_of(const char *key)
{
    size_t hash = 0;
    for (size_t i = KEY_LENGTH - 8; i < KEY_LENGTH; i++)
        hash = hash << 4 ^ (size_t)(key[i] & 0xff);
    return &buckets[hash % MOST_PENDING];
}

struct pending *pending_add(unsigned long number, const char *key, struct span branch)
{
    struct pending *made = pending_at(number);
    size_t *bucket = bucket_of(key);
    last = made->number = number;
    memcpy(made->key, key, sizeof made->key);
    memcpy(made->branch, branch.start, branch.length);
    made->branch_length = branch.length;
    made->next = *bucket;
    *bucket = number % MOST_PENDING;
    return made;
}

void pending_remove(struct pending *request)
{
    size_t place = request->number % MOST_PENDING, *at = bucket_of(request->key);
    while (*at != place)
        at = &places[*at].next;
    *at = request->next;
    request->number = 0;
}

struct pending *pending_by_key(const char *key)
{
    for (size_t at = *bucket_of(key); at != MOST_PENDING; at = places[at].next)
        if (memcmp(places[at].key, key, sizeof places[at].key) == 0)
            return &places[at];
    return NULL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct pending *pending_by_branch(struct span front, struct span branch)
{
    unsigned long number = 0;
    if (branch.length <= front.length || strncasecmp(branch.start, front.start, front.length))
        return NULL;
    for (size_t i = front.length, end = front.length + 16; i < branch.length && i < end; i++) {
        int value = digit(branch.start[i]);
        if (value < 0)
            break;
        number = number << 4 | (unsigned long)value;
    }
    struct pending *found = pending_at(number);
    if (!number || found->number != number || found->branch_length != branch.length ||
        strncasecmp(found->branch, branch.start, branch.length))
        return NULL;
    return found;
}
