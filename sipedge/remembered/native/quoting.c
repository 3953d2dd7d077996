#include "quoting.h"

#include <stdint.h>
#include <string.h>

enum { DIGITS = 20, WORD = sizeof(uint64_t) };

static const uint64_t ONES = UINT64_MAX / 0xff, HIGH = UINT64_MAX / 0xff * 0x80;

char *write_span(char *to, struct span span)
{
    memcpy(to, span.start, span.length);
    return to + span.length;
}

char *write_digits(char *to, unsigned long long number, int digits)
{
    for (int at = digits - 1; at >= 0; at--, number /= 10)
        to[at] = (char)('0' + number % 10);
    return to + digits;
}

char *write_number(char *to, unsigned long long number)
{
    int digits = 1;
    for (unsigned long long rest = number / 10; rest && digits < DIGITS; rest /= 10)
        digits++;
    return write_digits(to, number, digits);
}

/* Whether a byte of a word may be none that stands in JSON as it is: never wrong where it says no. */
static int is_odd(uint64_t word)
{
    uint64_t quote = word ^ '"' * ONES, escape = word ^ '\\' * ONES;
    return ((word | (word + ONES) | (word - ' ' * ONES) | (quote - ONES) | (escape - ONES)) & HIGH) != 0;
}

char *write_quoted(char *to, struct span value)
{
    *to++ = '"';
    for (size_t i = 0; i < value.length;) {
        uint64_t word;
        if (value.length - i >= WORD && (memcpy(&word, value.start + i, WORD), !is_odd(word))) {
            memcpy(to, &word, WORD);
            to += WORD, i += WORD;
            continue;
        }
        char c = value.start[i++];
        if (c < ' ' || c > '~')
            return NULL;
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = c;
    }
    *to++ = '"';
    return to;
}
