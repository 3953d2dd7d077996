#define _GNU_SOURCE /* memmem */

#include "head.h"

#include <string.h>
#include <strings.h>

static const char VERSION[] = "SIP/2.0";
enum { VERSION_LENGTH = sizeof VERSION - 1 };
enum { LONGEST_NUMBER = 10 };

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_token(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr("-.!%*_+`'~", c));
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_space(char c) /* as bytes.strip and \s of bytes have it */
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *end_of(struct span text)
{
    return text.start + text.length;
}

static const char *find(struct span text, char c)
{
    return memchr(text.start, c, text.length);
}

static struct span between(const char *start, const char *end)
{
    return (struct span){start, (size_t)(end - start)};
}

static struct span stripped(struct span text)
{
    while (text.length && is_space(text.start[0]))
        text.start++, text.length--;
    while (text.length && is_space(text.start[text.length - 1]))
        text.length--;
    return text;
}

static int equals(struct span text, const char *other, size_t length)
{
    return text.length == length && memcmp(text.start, other, length) == 0;
}

/* Without regard to case. */
static int begins(struct span text, const char *with)
{
    size_t length = strlen(with);
    return text.length >= length && strncasecmp(text.start, with, length) == 0;
}

static int read_status_line(struct head *head, struct span line)
{
    if (line.length < VERSION_LENGTH + 4 || memcmp(line.start, VERSION, VERSION_LENGTH))
        return 0;
    const char *code = line.start + VERSION_LENGTH + 1, *end = code + 3;
    if (code[-1] != ' ' || code[0] < '1' || code[0] > '6' || !is_digit(code[1]) || !is_digit(code[2]))
        return 0;
    if (end < end_of(line) && *end++ != ' ')
        return 0;
    head->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0';
    head->method = head->uri = between(line.start, line.start);
    head->reason = between(end, end_of(line));
    return 1;
}

static int read_request_line(struct head *head, struct span line)
{
    const char *first = find(line, ' ');
    if (!first)
        return 0;
    struct span rest = between(first + 1, end_of(line));
    const char *second = find(rest, ' ');
    if (!second || second == rest.start || !equals(between(second + 1, end_of(line)), VERSION, VERSION_LENGTH))
        return 0;
    head->method = between(line.start, first);
    head->uri = between(rest.start, second);
    head->reason = between(first, first);
    head->status = 0;
    for (size_t i = 0; i < head->method.length; i++)
        if (!is_token(head->method.start[i]))
            return 0;
    return head->method.length > 0;
}

static int read_name(struct head *head, struct span line)
{
    const char *colon = find(line, ':');
    if (!colon || is_blank(line.start[0]))
        return 0;
    size_t length = (size_t)(colon + 1 - line.start), room = sizeof head->names - head->names_length;
    if (room <= length)
        return 0;
    head->names[head->names_length++] = '\n';
    memcpy(head->names + head->names_length, line.start, length);
    head->names_length += length;
    return 1;
}

/* The lines of a header section, each ended by CRLF and without another CR or LF. */
static int read_lines(struct head *head, struct span section, const struct limits *limits)
{
    head->count = head->names_length = 0;
    while (section.length) {
        const char *feed = find(section, '\n');
        if (!feed || feed == section.start || feed[-1] != '\r')
            return 0;
        struct span line = between(section.start, feed - 1);
        if (!line.length || find(line, '\r') || line.length > limits->header_line)
            return 0;
        if (head->count > MOST_LINES || head->count > limits->headers)
            return 0;
        if (head->count && !read_name(head, line))
            return 0;
        head->lines[head->count++] = line;
        section = between(feed + 1, end_of(section));
    }
    return head->count > 0;
}

int head_read(struct head *head, struct span bytes, size_t searched, const struct limits *limits)
{
    const char *end = memmem(bytes.start + searched, bytes.length - searched, "\r\n\r\n", 4);
    if (!end)
        return 0;
    head->length = (size_t)(end + 4 - bytes.start);
    if (head->length > limits->header_section || !read_lines(head, between(bytes.start, end + 2), limits))
        return 0;
    struct span start = head->lines[0];
    return begins(start, "SIP/") ? read_status_line(head, start) : read_request_line(head, start);
}

struct span value_of(struct span line)
{
    const char *colon = find(line, ':');
    return stripped(between(colon ? colon + 1 : end_of(line), end_of(line)));
}

static size_t digits(struct span text)
{
    size_t count = 0;
    while (count < text.length && is_digit(text.start[count]))
        count++;
    return count;
}

/* At most LONGEST_NUMBER digits. */
static size_t number_of(const char *start, size_t count)
{
    size_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (size_t)(start[i] - '0');
    return number;
}

int content_length_of(struct span value, size_t *length)
{
    size_t count = digits(value);
    if (!count || count != value.length || count > LONGEST_NUMBER)
        return 0;
    *length = number_of(value.start, count);
    return 1;
}

int cseq_of(struct span value, long *number, struct span *method)
{
    size_t count = digits(value), at = count;
    if (!count || count > LONGEST_NUMBER || number_of(value.start, count) > 0x7fffffff)
        return 0;
    while (at < value.length && is_blank(value.start[at]))
        at++;
    *method = between(value.start + at, end_of(value));
    if (at == count || !method->length || find(*method, ' ') || find(*method, '\t'))
        return 0;
    *number = (long)number_of(value.start, count);
    return 1;
}

/* A parameter, up to the next semicolon: its name, and its value where it has one. */
static struct span next_parameter(struct span *rest, struct span *name)
{
    const char *semicolon = find(*rest, ';'), *end = semicolon ? semicolon : end_of(*rest);
    struct span whole = between(rest->start, end);
    const char *equal = find(whole, '=');
    *name = stripped(between(whole.start, equal ? equal : end));
    *rest = between(semicolon ? semicolon + 1 : end, end_of(*rest));
    return stripped(between(equal ? equal + 1 : end, end));
}

int tag_of(struct span value, struct span *tag)
{
    const char *bracket = find(value, '>');
    if (!bracket)
        return 0;
    struct span rest = between(bracket + 1, end_of(value)), name, content;
    for (size_t i = 0; i < rest.length; i++)
        if (rest.start[i] < ' ' || rest.start[i] > '~' || rest.start[i] == '>' || rest.start[i] == '"')
            return 0;
    *tag = (struct span){NULL, 0};
    while (rest.length) {
        content = next_parameter(&rest, &name);
        if (name.length == 3 && begins(name, "tag")) {
            *tag = content;
            break;
        }
    }
    return 1;
}

static const char *skip(const char *at, const char *end, int (*is)(char))
{
    while (at < end && is(*at))
        at++;
    return at;
}

static int is_host(char c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '-';
}

static int is_unquoted(char c)
{
    return !is_space(c) && c != ';' && c != ',' && c != '"';
}

static int is_name(char c)
{
    return is_unquoted(c) && c != '=';
}

static int is_quoted(char c)
{
    return c != '"' && c != '\\' && c != ',';
}

/* The end of a port from 1 to 59999 with its colon; NULL for another one. */
static const char *after_port(const char *at, const char *end)
{
    size_t count = digits(between(at + 1, end));
    if (!count || count > 5 || at[1] == '0' || (count == 5 && at[1] > '5'))
        return NULL;
    return at + 1 + count;
}

/* The end of a parameter with its semicolon; NULL where it is unusual, or received or rport. */
static const char *after_parameter(const char *at, const char *end)
{
    struct span rest = between(at + 1, end);
    if (*at != ';' || begins(rest, "rport") || begins(rest, "received"))
        return NULL;
    at = skip(rest.start, end, is_name);
    if (at == rest.start || at == end || *at != '=')
        return at == rest.start ? NULL : at;
    if (++at == end || *at != '"')
        return skip(at, end, is_unquoted);
    at = skip(at + 1, end, is_quoted);
    return at < end && *at == '"' ? at + 1 : NULL;
}

int plain_via_host_of(struct span line, struct span *host)
{
    const char *end = end_of(line), *at = find(line, ':');
    if (!at)
        return 0;
    at = skip(at + 1, end, is_blank);
    if (!begins(between(at, end), "SIP/2.0/"))
        return 0;
    const char *transport = at + 8, *blank = skip(transport, end, is_letter);
    if (blank == transport || blank == end || *blank != ' ')
        return 0;
    at = skip(blank + 1, end, is_host);
    *host = between(blank + 1, at);
    if (at < end && *at == ':')
        at = after_port(at, end);
    while (at && at < end)
        at = after_parameter(at, end);
    return at && host->length;
}
