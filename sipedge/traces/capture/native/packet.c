#include "packet.h"

#include <string.h>

enum { ETHERNET = 14, TYPE = 12, IPV4 = 20, PROTOCOL = 9, ADDRESSES = 12, TCP = 20, IS_TCP = 6 };
enum { PLAIN_IPV4 = 0x45 }; /* Version 4, and no options: so the ports stand behind the addresses. */
enum { MOST_BEHIND = 65535 }; /* Bytes of a frame behind its IP packet; with more its length is not believed (ip.py). */
enum { MOST_BETWEEN = 4 }; /* Packets without data between the two of a pair. */
enum { FIN_SYN_RST = 0x07, LONGEST_METHOD = 32, LONGEST_LINE = 8192, MOST_DIGITS = 9 };

static const char LENGTH[] = "Content-Length: ", VERSION[] = " SIP/2.0", STATUS[] = "SIP/2.0 ";
enum { LENGTH_SIZE = sizeof LENGTH - 1, VERSION_SIZE = sizeof VERSION - 1, STATUS_SIZE = sizeof STATUS - 1 };

static uint32_t word(const unsigned char *at, int big)
{
    return big ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
               : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static size_t half(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* The frame: from Ethernet to the end of what was captured. */
static int tcp_read(const unsigned char *frame, size_t size, struct packet *packet)
{
    if (size < ETHERNET + IPV4 || half(frame + TYPE) != 0x0800 || frame[ETHERNET] != PLAIN_IPV4)
        return 0;
    const unsigned char *ip = frame + ETHERNET, *tcp = ip + IPV4;
    size_t length = half(ip + 2);
    if (length > size - ETHERNET || half(ip + 6) & 0x3FFF || ip[PROTOCOL] != IS_TCP)
        return 0;
    if (length < IPV4 + TCP || size - ETHERNET - length > MOST_BEHIND)
        return 0;
    size_t offset = (size_t)(tcp[12] >> 4) * 4;
    if (offset < TCP || IPV4 + offset > length)
        return 0;
    packet->key = ip + ADDRESSES;
    packet->sequence = word(tcp + 4, 1);
    packet->flags = tcp[13] & FIN_SYN_RST;
    packet->payload = tcp + offset;
    packet->length = length - IPV4 - offset;
    return 1;
}

int packet_read(const struct block *block, size_t position, struct packet *packet)
{
    if (block->length < PACKET_HEADER || position > block->length - PACKET_HEADER)
        return 0;
    const unsigned char *head = block->data + position;
    size_t size = word(head + 8, block->big), first = position + PACKET_HEADER;
    packet->seconds = word(head, block->big);
    packet->time = (double)packet->seconds + (double)word(head + 4, block->big) * block->unit;
    if (size > word(head + 12, block->big) || size > LARGEST_PACKET || size > block->length - first)
        return 0;
    if (packet->seconds <= block->low || packet->seconds >= block->high || packet->time >= block->due)
        return 0;
    packet->end = first + size;
    return tcp_read(block->data + first, size, packet);
}

static int is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the line, without its end, begins a message (START of sipedge/traces/records/wire.py). */
static int is_start(const unsigned char *line, size_t length)
{
    size_t method = 0;
    if (length > STATUS_SIZE + 2 && !memcmp(line, STATUS, STATUS_SIZE))
        return is_digit(line[STATUS_SIZE]) && is_digit(line[STATUS_SIZE + 1]) && is_digit(line[STATUS_SIZE + 2]);
    while (method < length && method < LONGEST_METHOD && line[method] >= 'A' && line[method] <= 'Z')
        method++;
    return method > 0 && length <= LONGEST_LINE && length > method + 1 + VERSION_SIZE && line[method] == ' ' &&
           !memcmp(line + length - VERSION_SIZE, VERSION, VERSION_SIZE) && !memchr(line, '\r', length);
}

/* The digits of a Content-Length up to the end of its line. */
static int number(const unsigned char *digits, const unsigned char *end, size_t *value)
{
    size_t count = 0;
    *value = 0;
    while (digits + count < end && is_digit(digits[count]) && count < MOST_DIGITS)
        *value = *value * 10 + (size_t)(digits[count++] - '0');
    return count > 0 && digits + count < end && digits[count] == '\r';
}

size_t message_length(const unsigned char *data, size_t length)
{
    const unsigned char *end = data + length, *line = data, *feed;
    size_t value = 0;
    int is_known = 0;
    while ((feed = memchr(line, '\n', (size_t)(end - line)))) {
        if (feed == line || feed[-1] != '\r')
            return 0;
        if (line == data && !is_start(line, (size_t)(feed - line) - 1))
            return 0;
        if (feed == line + 1) {
            size_t whole = (size_t)(feed + 1 - data) + value;
            return is_known && whole <= LARGEST_MESSAGE ? whole : 0;
        }
        line = feed + 1;
        if (!is_known && (size_t)(end - line) > LENGTH_SIZE && !memcmp(line, LENGTH, LENGTH_SIZE) &&
            !(is_known = number(line + LENGTH_SIZE, end, &value)))
            return 0;
    }
    return 0;
}

/* The next packet that carries something, if it is near and usual. */
static int next_read(const struct block *block, size_t position, struct packet *packet, size_t *place)
{
    for (int passed = 0; passed <= MOST_BETWEEN; passed++) {
        if (!packet_read(block, position, packet))
            return 0;
        *place = position;
        if (packet->length || packet->flags)
            return 1;
        position = packet->end;
    }
    return 0;
}

int pair_read(const struct block *block, const struct packet *first, struct packet *second, size_t *place,
              unsigned char *message, size_t *length)
{
    const unsigned char *feed = memchr(first->payload, '\n', first->length);
    if (!feed || feed == first->payload || !is_start(first->payload, (size_t)(feed - first->payload) - 1))
        return 0;
    if (!next_read(block, first->end, second, place) || second->flags || memcmp(first->key, second->key, KEY))
        return 0;
    if (second->sequence != (uint32_t)(first->sequence + first->length) || first->length > LARGEST_PAIR ||
        second->length > LARGEST_PAIR - first->length)
        return 0;
    memcpy(message, first->payload, first->length);
    memcpy(message + first->length, second->payload, second->length);
    *length = first->length + second->length;
    return message_length(message, *length) == *length;
}
