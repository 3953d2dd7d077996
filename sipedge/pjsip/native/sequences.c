#include "sequences.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "blake2b.h"

/* pjsip_msg_type_e, pjsip_method_e, pjsip_tsx_state_e */
enum { REQUEST = 0 };
enum { INVITE = 0, CANCEL = 1, ACK = 2, OTHER = 6 };
enum { TERMINATED = 6 };

#define COOKIE "z9hG4bK"
enum { COOKIE_LENGTH = sizeof COOKIE - 1 };

/* pjsip has one endpoint in a process, and so has this file. One thread calls both. */
static struct sipedge_setup edge;
static struct blake2b keyed;
static char key[COOKIE_LENGTH + 2 * BLAKE2B_DIGEST];
static size_t written; /* of edge.text, at most edge.size */
static int caller_writes, named_by_digest;
static int (*is_taken)(const char *key, const char *method, size_t length);

void sequences_begin(const struct sipedge_setup *setup)
{
    edge = *setup;
    blake2b_begin(&keyed, edge.key);
    memcpy(key, COOKIE, COOKIE_LENGTH);
    written = 0;
}

int on_send(pjsip_transport *transport, pjsip_tx_data *message, const void *a, int b, void *c, void *d)
{
    return caller_writes ? 0 : edge.send(transport, message, a, b, c, d);
}

void on_state(pjsip_transaction *transaction, void *event)
{
    if (transaction->state == TERMINATED) {
        transaction->tsx_user = edge.quiet;
        edge.ended(transaction, event);
    }
}

void text_begin(void)
{
    written = 0;
}

/* Folds become blanks because pjsip reads no folded quoted string, NULs another control character because it stops
 * there: each byte stays in its column. */
int text_line(const char *line, size_t length)
{
    size_t room = edge.size - written;
    if (room < 2 || length > room - 2)
        return 0;
    char *start = edge.text + written, *end = start + length;
    memcpy(start, line, length);
    for (char *at = start; (at = memchr(at, '\r', (size_t)(end - at))); at++)
        memset(at, ' ', at + 1 < end && at[1] == '\n' ? 2 : 1);
    for (char *at = start; (at = memchr(at, '\0', (size_t)(end - at))); at++)
        *at = '\1';
    memcpy(end, "\r\n", 2);
    written += length + 2;
    return 1;
}

static enum kind parse(const struct sipedge_source *source)
{
    pjsip_rx_data *data = edge.received;
    size_t varying = offsetof(pjsip_rx_data, pkt_info.len), blank = offsetof(pjsip_rx_data, msg_info);
    edge.pj_pool_reset(edge.pool);
    memcpy((char *)data + varying, source->start, blank - varying);
    memcpy((char *)data + blank, edge.blank, sizeof *data - blank);
    data->tp_info.transport = source->transport;
    edge.text[written] = '\0';
    pjsip_msg *parsed = edge.pjsip_parse_rdata(edge.text, written, data);
    const pjsip_parser_err_report *errors = &data->msg_info.parse_err;
    if (!parsed || errors->next != errors->prev || errors->next->except_code)
        return UNREADABLE;
    if (!data->msg_info.via || !data->msg_info.from || !data->msg_info.to || !data->msg_info.cid ||
        !data->msg_info.cseq)
        return INCOMPLETE;
    return READ;
}

static size_t length_of(const pj_str_t *text)
{
    return text->slen > 0 ? (size_t)text->slen : 0;
}

static int equals(const pj_str_t *text, const char *other, size_t length)
{
    return length_of(text) == length && memcmp(text->ptr, other, length) == 0;
}

static void lower(char *target, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        target[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 'a' - 'A' : text[i]);
}

static void update_lower(struct blake2b *hash, const pj_str_t *text)
{
    char part[64];
    for (size_t at = 0, count, length = length_of(text); at < length; at += count) {
        count = length - at < sizeof part ? length - at : sizeof part;
        lower(part, text->ptr + at, count);
        blake2b_update(hash, part, count);
    }
}

/* The branch becomes a keyed digest of peer, sent-by and branch. */
static void name_by_digest(const struct sipedge_source *source, pjsip_via_hdr *via)
{
    static const char HEX[] = "0123456789abcdef";
    struct blake2b hash = keyed;
    uint8_t digest[BLAKE2B_DIGEST];
    char port[16];
    int port_length = snprintf(port, sizeof port, ":%d ", via->sent_by.port);
    blake2b_update(&hash, source->who, source->who_length);
    blake2b_update(&hash, " ", 1);
    update_lower(&hash, &via->sent_by.host);
    blake2b_update(&hash, port, (size_t)port_length);
    update_lower(&hash, &via->branch_param);
    blake2b_end(&hash, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        key[COOKIE_LENGTH + 2 * i] = HEX[digest[i] >> 4];
        key[COOKIE_LENGTH + 2 * i + 1] = HEX[digest[i] & 15];
    }
    via->branch_param = (pj_str_t){key, sizeof key};
}

/* Without the magic cookie pjsip matches as in RFC 2543, by a key that contains sent-by: the peer becomes part of it. */
static void name_by_host(const struct sipedge_source *source, pjsip_via_hdr *via)
{
    pj_str_t *host = &via->sent_by.host;
    size_t host_length = length_of(host), length = source->who_length + 1 + host_length;
    char *named = edge.pj_pool_alloc(edge.pool, length);
    memcpy(named, source->who, source->who_length);
    named[source->who_length] = '!';
    lower(named + source->who_length + 1, host->ptr, host_length);
    *host = (pj_str_t){named, (ssize_t)length};
}

/* RFC 3261 17.2.3, see Reception.identify. */
static void identify(const struct sipedge_source *source)
{
    pjsip_via_hdr *via = edge.received->msg_info.via;
    const pj_str_t *branch = &via->branch_param;
    named_by_digest = length_of(branch) >= COOKIE_LENGTH && strncasecmp(branch->ptr, COOKIE, COOKIE_LENGTH) == 0;
    if (named_by_digest)
        name_by_digest(source, via);
    else
        name_by_host(source, via);
    via->recvd_param = source->address;
    via->rport_param = source->port;
}

enum kind sequences_request(const struct sipedge_source *source, const char *method, size_t length)
{
    static const char UNANSWERED[] = "BENOTIFY";
    enum kind kind = parse(source);
    named_by_digest = 0;
    if (kind != READ)
        return kind;
    const pj_str_t *named = &edge.received->msg_info.cseq->method.name;
    if (!equals(named, method, length))
        return MISNAMED;
    if (equals(named, UNANSWERED, sizeof UNANSWERED - 1))
        return ALONE;
    identify(source);
    if ((named_by_digest && is_taken && is_taken(key, method, length)) || sequences_distribute())
        return ABSORBED;
    return edge.received->msg_info.msg->line.req.method.id == ACK ? ALONE : NEW;
}

enum kind sequences_response(const struct sipedge_source *source, pj_str_t *method, pj_str_t *branch)
{
    enum kind kind = parse(source);
    if (kind == READ) {
        *method = edge.received->msg_info.cseq->method.name;
        *branch = edge.received->msg_info.via->branch_param;
    }
    return kind;
}

_Static_assert(sizeof key == KEY_LENGTH, "the key is as long as sequences.h says");

const char *sequences_key(void)
{
    return named_by_digest ? key : NULL;
}

static void watch(int (*asked)(const char *key, const char *method, size_t length))
{
    is_taken = asked;
}

const struct sequences *sequences_table(void)
{
    static const struct sequences table = {
        text_begin, text_line, sequences_request, sequences_response, sequences_key, watch,
    };
    return &table;
}

pjsip_transaction *sequences_open(int is_invite, struct failure *failure)
{
    pjsip_module *user = is_invite ? edge.listener : edge.quiet;
    pjsip_transaction *made;
    int status = edge.pjsip_tsx_create_uas(user, edge.received, &made);
    if (status) { /* the same request came before, and its transaction is still in pjsip's table */
        pj_time_val delay = {0, 0};
        sequences_poll(&delay);
        status = edge.pjsip_tsx_create_uas(user, edge.received, &made);
    }
    if (status) {
        *failure = (struct failure){"pjsip_tsx_create_uas", status};
        return NULL;
    }
    edge.pjsip_tsx_recv_msg(made, edge.received);
    return made;
}

int sequences_distribute(void)
{
    int handled = 0;
    edge.pjsip_endpt_process_rx_data(edge.endpoint, edge.received, NULL, &handled);
    return handled;
}

void sequences_deliver(pjsip_transaction *client, int is_final)
{
    if (is_final)
        client->tsx_user = edge.quiet;
    sequences_distribute();
}

static pjsip_tx_data *create(pjsip_msg *shape, struct failure *failure)
{
    pjsip_tx_data *message;
    int status = edge.pjsip_endpt_create_tdata(edge.endpoint, &message);
    if (status) {
        *failure = (struct failure){"pjsip_endpt_create_tdata", status};
        return NULL;
    }
    edge.pjsip_tx_data_add_ref(message);
    message->msg = shape;
    return message;
}

static void fill(pjsip_tx_data *message, char *start, size_t length)
{
    message->buf.start = start;
    message->buf.cur = message->buf.end = start + length;
}

static int send(pjsip_transaction *transaction, pjsip_tx_data *message, struct failure *failure)
{
    caller_writes = 1;
    int status = edge.pjsip_tsx_send_msg(transaction, message);
    caller_writes = 0;
    if (status) {
        edge.pjsip_tx_data_dec_ref(message);
        *failure = (struct failure){"pjsip_tsx_send_msg", status};
    }
    return !status;
}

static pjsip_tx_data *request(const pj_str_t *method, const pj_str_t *branch, struct failure *failure)
{
    memcpy(edge.branch_text, branch->ptr, length_of(branch));
    edge.via->branch_param.slen = branch->slen;
    memcpy(edge.method_text, method->ptr, length_of(method));
    edge.method->name.slen = method->slen;
    edge.method->id = equals(method, "INVITE", 6) ? INVITE : equals(method, "CANCEL", 6) ? CANCEL : OTHER;
    pjsip_tx_data *message = create(edge.request, failure);
    if (message)
        fill(message, edge.unprinted, 1);
    return message;
}

pjsip_transaction *sequences_forward(
    const struct sipedge_source *target, const pj_str_t *method, const pj_str_t *branch, struct failure *failure)
{
    pjsip_transaction *made;
    pjsip_tx_data *message = request(method, branch, failure);
    if (!message)
        return NULL;
    if (edge.pjsip_tsx_create_uac(edge.quiet, message, &made)) {
        edge.pjsip_tx_data_dec_ref(message);
        return NULL;
    }
    edge.pjsip_transport_add_ref(target->transport);
    made->transport = target->transport;
    made->is_reliable = 1;
    made->addr = target->transport->key.rem_addr;
    made->addr_len = target->transport->addr_len;
    if (!send(made, message, failure))
        return NULL;
    made->tsx_user = edge.listener;
    return made;
}

void sequences_respond(pjsip_transaction *server, int is_final, const pj_str_t *data, struct failure *failure)
{
    pjsip_tx_data *message = create(is_final ? edge.final : edge.provisional, failure);
    if (!message)
        return;
    size_t length = length_of(data);
    char *start = edge.pj_pool_alloc(message->pool, length + 1);
    memcpy(start, data->ptr, length);
    fill(message, start, length);
    send(server, message, failure);
}

void sequences_end(pjsip_transaction *transaction)
{
    transaction->tsx_user = edge.quiet;
    edge.pjsip_tsx_terminate(transaction, 503);
}

/* One call of pjsip's poll stops after 64 timers, and one that fires may start the next. */
void sequences_poll(pj_time_val *delay)
{
    while (edge.pj_timer_heap_poll(edge.timers, delay))
        ;
}
