#include "quoting.h"

#include <stdint.h>
#include <string.h>

enum { DIGITS = 20, BLOCK = 16 };

/* Bytes that are compared at once; what is true of one is -1. */
typedef signed char block __attribute__((vector_size(BLOCK)));
typedef uint64_t halves __attribute__((vector_size(BLOCK)));

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

int is_usual_time(double seconds)
{
    return seconds >= 0 && seconds < 1e12;
}

char *write_time(char *to, double seconds, unsigned long long unit, int digits)
{
    unsigned long long whole = (unsigned long long)(seconds * 1e6 + 0.5);
    to = write_number(to, whole / unit);
    *to++ = '.';
    return write_digits(to, whole % unit, digits);
}

int is_folded(struct span line)
{
    return line.length && memchr(line.start, '\n', line.length) != NULL;
}

static int is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* ``is_plain`` of each. */
static int are_plain(const char *start)
{
    block bytes;
    memcpy(&bytes, start, sizeof bytes);
    halves odd = (halves)((bytes < ' ') | (bytes > '~') | (bytes == '"') | (bytes == '\\'));
    return !(odd[0] | odd[1]);
}

/* How many bytes from the front on are plain; perhaps there are more. */
static size_t plain_in(struct span text)
{
    size_t length = 0, left;
    while ((left = text.length - length) >= BLOCK && are_plain(text.start + length))
        length += BLOCK;
    if (!left || (left < BLOCK && text.length >= BLOCK && are_plain(text.start + text.length - BLOCK)))
        return text.length;
    while (length < text.length && is_plain(text.start[length]))
        length++;
    return length;
}

char *write_quoted(char *to, struct span value)
{
    *to++ = '"';
    for (size_t plain; (plain = plain_in(value)) < value.length; value.start += plain + 1, value.length -= plain + 1) {
        char c = value.start[plain];
        if (c != '"' && c != '\\')
            return NULL;
        to = write_span(to, (struct span){value.start, plain});
        *to++ = '\\';
        *to++ = c;
    }
    to = write_span(to, value);
    *to++ = '"';
    return to;
}
