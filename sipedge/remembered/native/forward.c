#define _GNU_SOURCE /* memmem */

#include "forward.h"

#include <string.h>
#include <strings.h>

void put(struct text *text, const void *bytes, size_t length)
{
    if (text->failed || length > text->size - text->length) {
        text->failed = 1;
        return;
    }
    memcpy(text->start + text->length, bytes, length);
    text->length += length;
}

void put_span(struct text *text, struct span span)
{
    if (span.length)
        put(text, span.start, span.length);
}

static void put_text(struct text *text, const char *words)
{
    put(text, words, strlen(words));
}

static int is_plain(struct span text) /* ASCII without blanks, quotes and brackets */
{
    for (size_t i = 0; i < text.length; i++)
        if (text.start[i] <= ' ' || text.start[i] > '~' || strchr("\"<>", text.start[i]))
            return 0;
    return 1;
}

static const char *find(struct span text, char c)
{
    return text.length ? memchr(text.start, c, text.length) : NULL;
}

static struct span behind(struct span text, const char *at)
{
    return (struct span){at, (size_t)(text.start + text.length - at)};
}

/* The opening bracket of a From value, behind a quoted display name. */
static const char *bracket_of(struct span value)
{
    if (!value.length || value.start[0] != '"') {
        const char *bracket = find(value, '<'), *quote = find(value, '"');
        return quote && quote < bracket ? NULL : bracket;
    }
    struct span rest = behind(value, value.start + 1);
    const char *quote = find(rest, '"'), *escape = find(rest, '\\');
    return !quote || (escape && escape < quote) ? NULL : find(behind(rest, quote), '<');
}

static int is_sip(struct span uri)
{
    return (uri.length > 4 && memcmp(uri.start, "sip:", 4) == 0) || (uri.length > 5 && memcmp(uri.start, "sips:", 5) == 0);
}

/* What From's host is read from: all behind the user. */
static int host_part_of(struct span from, struct span *part)
{
    struct span value = value_of(from);
    const char *bracket = bracket_of(value);
    if (!bracket)
        return 0;
    struct span uri = behind(value, bracket + 1);
    const char *end = find(uri, '>');
    struct span rest = behind(value, end ? end + 1 : value.start);
    if (!end || (rest.length && rest.start[0] != ';') || find(rest, '<') || find(rest, '"'))
        return 0;
    uri.length = (size_t)(end - uri.start);
    const char *at = find(uri, '@');
    if (!is_sip(uri) || !is_plain(uri) || !at || find(behind(uri, at + 1), '@'))
        return 0;
    *part = behind(uri, at);
    return 1;
}

void write_key(struct text *key, unsigned long seat, const struct head *head, const struct shape *shape)
{
    struct span host;
    put(key, &seat, sizeof seat);
    put(key, &shape, sizeof shape);
    put_span(key, head->lines[0]);
    for (size_t i = 0; i < shape->read.count; i++) {
        put(key, "\n", 1);
        put_span(key, head->lines[shape->read.at[i]]);
    }
    put(key, "\n", 1);
    if (is_sip(head->uri) && host_part_of(head->lines[shape->from], &host))
        put_span(key, host);
    else
        key->failed = 1;
}

static int is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether a dot and twelve hexadecimal digits are in it, as in every branch of an edge. */
static int may_be_own(struct span via)
{
    size_t run = 0;
    int counts = 0;
    for (size_t i = 0; i < via.length; i++) {
        if (via.start[i] == '.')
            counts = 1, run = 0;
        else if (counts && is_hexadecimal(via.start[i]) && ++run == 2 * BLAKE2S_DIGEST)
            return 1;
        else if (!is_hexadecimal(via.start[i]))
            counts = 0;
    }
    return 0;
}

static int have_vias_come_back(const struct head *head, const struct shape *shape)
{
    for (size_t i = 0; shape->vias.count > 1 && i < shape->vias.count; i++)
        if (may_be_own(head->lines[shape->vias.at[i]]))
            return 1;
    return 0;
}

/* Max-Forwards as it may go on: -1 where there is none, 0 where the core has to look at it. */
static long max_forwards_of(const struct head *head, const struct shape *shape)
{
    if (!shape->max_forwards)
        return -1;
    struct span value = value_of(head->lines[shape->max_forwards]);
    long number = 0;
    if (!value.length || value.length > 3)
        return 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.start[i] < '0' || value.start[i] > '9')
            return 0;
        number = 10 * number + value.start[i] - '0';
    }
    return number > 255 ? 0 : number;
}

int names_method(const struct head *head, const struct shape *shape, struct span method)
{
    long number;
    struct span named;
    return cseq_of(value_of(head->lines[shape->cseq]), &number, &named) && named.length == method.length &&
           memcmp(named.start, method.start, method.length) == 0;
}

int is_sound(const struct head *head, const struct shape *shape, struct span address, struct own *own)
{
    struct span host;
    if (!plain_via_host_of(head->lines[shape->vias.at[0]], &host) || !names_method(head, shape, head->method))
        return 0;
    own->stamped = host.length != address.length || strncasecmp(host.start, address.start, host.length) != 0;
    own->max_forwards = max_forwards_of(head, shape);
    return own->max_forwards && !have_vias_come_back(head, shape);
}

static void put_hexadecimal(struct text *text, unsigned long number, int digits)
{
    char words[2 * sizeof number];
    size_t at = sizeof words;
    do {
        words[--at] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number || (int)(sizeof words - at) < digits);
    put(text, words + at, sizeof words - at);
}

void write_branch(struct text *branch, struct span front, unsigned long number, const struct head *head,
                  const struct shape *shape, const struct edits *edits)
{
    struct blake2s hash = edits->begun;
    uint8_t digest[BLAKE2S_DIGEST];
    blake2s_update(&hash, head->lines[0].start, head->lines[0].length);
    for (size_t i = 0; i < shape->hashed.count; i++) {
        struct span line = head->lines[shape->hashed.at[i]];
        blake2s_update(&hash, "", 1);
        blake2s_update(&hash, line.start, line.length);
    }
    blake2s_end(&hash, digest);
    put_span(branch, front);
    put_hexadecimal(branch, number, 1);
    put_text(branch, ".");
    for (size_t i = 0; i < sizeof digest; i++)
        put_hexadecimal(branch, digest[i], 2);
    if (edits->poison)
        put_text(branch, "p");
}

static int is_among(const struct numbers *numbers, size_t number)
{
    return numbers->count && memchr(numbers->at, (int)number, numbers->count) != NULL;
}

static void put_decimal(struct text *text, long number) /* from 0 */
{
    char words[24];
    size_t at = sizeof words;
    do {
        words[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put(text, words + at, sizeof words - at);
}

static void put_max_forwards(struct text *text, struct span name, long received, long hop_count)
{
    long lowered = received < 0 ? 70 : received - 1;
    put_span(text, name);
    put_text(text, ": ");
    put_decimal(text, lowered < hop_count ? lowered : hop_count);
    put_text(text, "\r\n");
}

static void put_vias(struct text *text, const struct edits *edits, const struct own *own, struct span branch)
{
    static const char NAME[] = "Max-Forwards";
    if (own->max_forwards < 0)
        put_max_forwards(text, (struct span){NAME, sizeof NAME - 1}, own->max_forwards, edits->hop_count);
    put_span(text, edits->via);
    put_span(text, branch);
    put_text(text, "\r\n");
}

static void put_start_line(struct text *text, const struct head *head, const struct edits *edits)
{
    if (!edits->uri.length) {
        put_span(text, head->lines[0]);
        return;
    }
    put_span(text, head->method);
    put_text(text, " ");
    put_span(text, edits->uri);
    put_text(text, " SIP/2.0");
}

void put_received(struct text *text, int stamped, struct span address)
{
    if (!stamped)
        return;
    put_text(text, ";received=");
    put_span(text, address);
}

void write_head(struct text *text, const struct head *head, const struct shape *shape, const struct edits *edits,
                const struct own *own, struct span branch, struct span address)
{
    put_start_line(text, head, edits);
    put_text(text, "\r\n");
    for (size_t i = 1; i < head->count; i++) {
        struct span line = head->lines[i];
        if (i == shape->vias.at[0])
            put_vias(text, edits, own, branch);
        if (!line.length || is_among(&edits->removed, i) || (edits->hides && is_among(&shape->vias, i)))
            continue;
        if (i == shape->max_forwards) {
            const char *colon = find(line, ':');
            line.length = colon ? (size_t)(colon - line.start) : 0;
            put_max_forwards(text, line, own->max_forwards, edits->hop_count);
            continue;
        }
        put_span(text, line);
        put_received(text, i == shape->vias.at[0] && own->stamped, address);
        put_text(text, "\r\n");
    }
    put_text(text, "\r\n");
}

void write_answer(struct text *text, const struct head *head, const struct shape *shape, struct span vias)
{
    for (size_t i = 0; i < head->count; i++) {
        if (i == shape->vias.at[0]) {
            put_span(text, vias);
        } else if (head->lines[i].length) {
            put_span(text, head->lines[i]);
            put_text(text, "\r\n");
        }
    }
    put_text(text, "\r\n");
}

int branch_of(const struct head *head, const struct shape *shape, struct span *branch)
{
    static const char NAME[] = ";branch=";
    struct span via = head->lines[shape->vias.at[0]];
    if (find(via, ',') || find(via, '"'))
        return 0;
    const char *at = memmem(via.start, via.length, NAME, sizeof NAME - 1);
    if (!at)
        return 0;
    *branch = behind(via, at + sizeof NAME - 1);
    const char *end = find(*branch, ';');
    branch->length = end ? (size_t)(end - branch->start) : branch->length;
    return 1;
}
