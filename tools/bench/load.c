/* A SIP load generator for one proxy: the callers and the far end in one process, everything over TLS with client certificates.
 *
 * Callers connect to the proxy and keep `window` transactions each under way (closed loop) or, with --rate, begin so many a
 * second together, as far as their windows allow; the far end accepts connections from the proxy and answers 200. A transaction is a MESSAGE and its 200 or, with --calls, INVITE, 200, ACK, BYE, 200 or,
 * with --subscribe, SUBSCRIBE, 200, and a NOTIFY of the far end, whose 200 ends it: for that the callers listen, too.
 * Its number is in the Call-ID. One thread, one epoll set; what one pass produced for a connection leaves in one write.
 *
 * Prints one line of JSON. Exit status: 0 everything was answered with 200, 1 something was not, 2 it could not run.
 * Build: cc -O2 -o load load.c -lssl -lcrypto
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_LIMIT = 16384, ROUTE_LIMIT = 16, STATUS_LIMIT = 700, EVENT_LIMIT = 256 };

typedef struct { char *bytes; size_t start, end, room; } Buffer;
typedef struct { const char *at; size_t length; } Span;
typedef struct Connection {
    int fd, number, outstanding;
    bool caller, ready;
    uint32_t interest;
    SSL *tls;
    Buffer in, out;
} Connection;
typedef struct { uint64_t began; uint32_t latency; bool done; int answers; Connection *caller; } Transaction; /* microseconds */

static struct {
    const char *proxy, *far, *local, *certificate, *key, *trusted, *server_name, *to, *from;
    long connections, window, count, body;
    double settle, patience, rate;
    int calls, subscribe;
} option = { "127.0.0.2:5061", "127.0.0.3:5061", "127.0.0.4", NULL, NULL, NULL, "edge.ciscoexample.com",
             "msexample.com", "ciscoexample.com", 4, 16, 20000, 200, 0.2, 10, 0, 0, 0 };

static int epoll_fd;
static struct { int fd; } listeners[2]; /* the far end's, the callers' */
static unsigned run_id; /* in every branch and Call-ID: a proxy remembers those of the run before for some seconds */
static SSL_CTX *client_context, *server_context;
static Transaction *transactions;
static long started, finished, unexpected, far_end_requests, statuses[STATUS_LIMIT];
static char *body;

/* -- small things ------------------------------------------------------------------------------------------------ */

static void fail(const char *what) {
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void reserve(Buffer *b, size_t more) {
    if (b->start == b->end) b->start = b->end = 0;
    if (b->start && b->end + more > b->room) {
        memmove(b->bytes, b->bytes + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if (b->end + more <= b->room) return;
    while (b->end + more > b->room) b->room = b->room ? b->room * 2 : 65536;
    b->bytes = realloc(b->bytes, b->room);
    if (!b->bytes) fail("memory");
}

static void append(Buffer *b, const char *bytes, size_t length) {
    reserve(b, length);
    memcpy(b->bytes + b->end, bytes, length);
    b->end += length;
}

__attribute__((format(printf, 2, 3))) static void print(Buffer *b, const char *format, ...) {
    va_list arguments;
    reserve(b, HEADER_LIMIT);
    va_start(arguments, format);
    int length = vsnprintf(b->bytes + b->end, HEADER_LIMIT, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= HEADER_LIMIT) { errno = EMSGSIZE; fail("header section"); }
    b->end += (size_t)length;
}

static struct sockaddr_in address(const char *text) {
    struct sockaddr_in result = { .sin_family = AF_INET };
    char host[64];
    const char *colon = strchr(text, ':');
    snprintf(host, sizeof host, "%.*s", (int)(colon ? colon - text : (long)strlen(text)), text);
    result.sin_port = htons((uint16_t)(colon ? atoi(colon + 1) : 0));
    if (inet_pton(AF_INET, host, &result.sin_addr) != 1) { errno = EINVAL; fail(text); }
    return result;
}

/* -- reading headers --------------------------------------------------------------------------------------------- */

/* The next line from *at, without its CRLF; false at the end of the header section. */
static bool next_line(const char **at, const char *end, Span *line) {
    if (*at >= end) return false;
    const char *stop = memmem(*at, (size_t)(end - *at), "\r\n", 2);
    if (!stop) stop = end;
    *line = (Span){ *at, (size_t)(stop - *at) };
    *at = stop + 2;
    return true;
}

static bool is_header(Span line, const char *name, Span *value) {
    size_t length = strlen(name);
    if (line.length <= length || line.at[length] != ':' || strncasecmp(line.at, name, length)) return false;
    const char *at = line.at + length + 1, *end = line.at + line.length;
    while (at < end && *at == ' ') at++;
    *value = (Span){ at, (size_t)(end - at) };
    return true;
}

static bool find_header(Span head, const char *name, Span *value) {
    const char *at = head.at;
    for (Span line; next_line(&at, head.at + head.length, &line);)
        if (is_header(line, name, value)) return true;
    return false;
}

/* The URI in angle brackets of a Contact or Route value. */
static Span bracketed(Span value) {
    const char *open = memchr(value.at, '<', value.length);
    if (!open) return value;
    const char *close = memchr(open, '>', (size_t)(value.at + value.length - open));
    return close ? (Span){ open + 1, (size_t)(close - open - 1) } : value;
}

/* -- the caller -------------------------------------------------------------------------------------------------- */

enum { USERS = 200 }; /* who is written to: a federation's are not endless, and a proxy may remember where they are */

static void begin(Connection *c) {
    long n = started++;
    const char *method = option.calls ? "INVITE" : option.subscribe ? "SUBSCRIBE" : "MESSAGE";
    transactions[n] = (Transaction){ .began = now(), .caller = c };
    c->outstanding++;
    print(&c->out, "%s sip:user%ld@%s SIP/2.0\r\n", method, n % USERS, option.to);
    print(&c->out, "Via: SIP/2.0/TLS %s:5062;branch=z9hG4bKload%lx.%x\r\nMax-Forwards: 70\r\n", option.local, n, run_id);
    print(&c->out, "From: \"Load\" <sip:load%d@%s>;tag=t%lx;epid=0a1b2c\r\n", c->number, option.from, n);
    print(&c->out, "To: <sip:user%ld@%s>\r\nCall-ID: load-%lx.%x@%s\r\n", n % USERS, option.to, n, run_id, option.from);
    print(&c->out, "CSeq: 1 %s\r\nContact: <sip:load%d@%s:5062;transport=tls>\r\n", method, c->number, option.local);
    if (option.subscribe) print(&c->out, "Event: presence\r\nExpires: 3600\r\n");
    print(&c->out, "User-Agent: UCCAPI/16.0.4266.1001 OC/16.0.4266.1001 (Skype for Business)\r\n"
                   "Supported: ms-dialog-route-set-update\r\nMs-Text-Format: text/plain; charset=UTF-8\r\n");
    print(&c->out, "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: %ld\r\n\r\n", option.body);
    append(&c->out, body, (size_t)option.body);
}

/* Route headers for requests in the dialog: the values of Record-Route, last first (RFC 3261 12.1.2). */
static void print_route_set(Buffer *out, Span head) {
    Span routes[ROUTE_LIMIT], value;
    int count = 0;
    const char *at = head.at;
    for (Span line; next_line(&at, head.at + head.length, &line);) {
        if (!is_header(line, "Record-Route", &value)) continue;
        for (const char *item = value.at, *end = value.at + value.length; item < end && count < ROUTE_LIMIT;) {
            const char *close = memchr(item, '>', (size_t)(end - item));
            const char *comma = memchr(close ? close : item, ',', (size_t)(end - (close ? close : item)));
            routes[count++] = (Span){ item, (size_t)((comma ? comma : end) - item) };
            item = comma ? comma + 1 + (comma + 1 < end && comma[1] == ' ') : end;
        }
    }
    while (count--) print(out, "Route: %.*s\r\n", (int)routes[count].length, routes[count].at);
}

static void print_in_dialog(Connection *c, Span head, long n, const char *method, int sequence) {
    Span contact = { "", 0 }, from, to;
    find_header(head, "Contact", &contact);
    if (!find_header(head, "From", &from) || !find_header(head, "To", &to)) { unexpected++; return; }
    contact = bracketed(contact);
    print(&c->out, "%s %.*s SIP/2.0\r\n", method, (int)contact.length, contact.at);
    print(&c->out, "Via: SIP/2.0/TLS %s:5062;branch=z9hG4bKload%lx.%x-%s\r\n", option.local, n, run_id, method);
    print(&c->out, "Max-Forwards: 70\r\n");
    print_route_set(&c->out, head);
    print(&c->out, "From: %.*s\r\nTo: %.*s\r\n", (int)from.length, from.at, (int)to.length, to.at);
    print(&c->out, "Call-ID: load-%lx.%x@%s\r\nCSeq: %d %s\r\n", n, run_id, option.from, sequence, method);
    print(&c->out, "Content-Length: 0\r\n\r\n");
}

static void finish(Transaction *t) {
    t->done = true;
    finished++;
    t->caller->outstanding--;
}

/* From the far end to the caller's address of record: the proxy's rules lead it back. */
static void notify(Connection *c, Span head) {
    Span id, from, to;
    if (!find_header(head, "Call-ID", &id) || !find_header(head, "From", &from) || !find_header(head, "To", &to)) return;
    print(&c->out, "NOTIFY sip:load@%s SIP/2.0\r\n", option.from);
    const char *at = memchr(id.at, '@', id.length);
    print(&c->out, "Via: SIP/2.0/TLS %s;branch=z9hG4bKfar%.*s\r\n", option.far, (int)(at ? at - id.at : 0), id.at);
    print(&c->out, "Max-Forwards: 70\r\nFrom: %.*s;tag=far\r\nTo: %.*s\r\n", (int)to.length, to.at, (int)from.length, from.at);
    print(&c->out, "Call-ID: %.*s\r\nCSeq: 1 NOTIFY\r\nContact: <sip:far@%s;transport=tls>\r\n", (int)id.length, id.at, option.far);
    print(&c->out, "Event: presence\r\nSubscription-State: active\r\nContent-Type: application/pidf+xml\r\n");
    print(&c->out, "Content-Length: %ld\r\n\r\n", option.body);
    append(&c->out, body, (size_t)option.body);
}

static void take_response(Span head) {
    int status = atoi(head.at + 8);
    Span id;
    if (status < 200) return;
    if (status < STATUS_LIMIT) statuses[status]++;
    long n = find_header(head, "Call-ID", &id) && !strncmp(id.at, "load-", 5) ? strtol(id.at + 5, NULL, 16) : -1;
    if (n < 0 || n >= started || transactions[n].done) { unexpected++; return; }
    Transaction *t = &transactions[n];
    bool ends = status >= 300 || ++t->answers == (option.calls || option.subscribe ? 2 : 1);
    if (!t->latency) t->latency = (uint32_t)(now() - t->began) | 1; /* 0 means not answered */
    if (ends) { finish(t); return; }
    if (!option.calls) return;
    print_in_dialog(t->caller, head, n, "ACK", 1);
    print_in_dialog(t->caller, head, n, "BYE", 2);
}

/* -- the far end ------------------------------------------------------------------------------------------------- */

static void answer(Connection *c, Span head) {
    static const char *const copied[] = { "Via", "Record-Route", "From", "To", "Call-ID", "CSeq" };
    const char *at = head.at, *end = head.at + head.length;
    Span line, value;
    next_line(&at, end, &line);
    if (!strncmp(line.at, "ACK ", 4)) return;
    far_end_requests++;
    print(&c->out, "SIP/2.0 200 OK\r\n");
    while (next_line(&at, end, &line))
        for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
            if (!is_header(line, copied[i], &value)) continue;
            bool tag = i != 3 || memmem(line.at, line.length, ";tag=", 5);
            print(&c->out, "%.*s%s\r\n", (int)line.length, line.at, tag ? "" : ";tag=far");
            break;
        }
    bool subscribe = !strncmp(head.at, "SUBSCRIBE ", 10);
    if (subscribe) print(&c->out, "Expires: 3600\r\n");
    if (subscribe || !strncmp(head.at, "INVITE ", 7)) print(&c->out, "Contact: <sip:far@%s;transport=tls>\r\n", option.far);
    print(&c->out, "Server: RTC/6.0\r\nContent-Length: 0\r\n\r\n");
    if (subscribe) notify(c, head);
}

/* -- connections ------------------------------------------------------------------------------------------------- */

static Connection *open_connection(int fd, bool caller, int number) {
    Connection *c = calloc(1, sizeof *c);
    if (!c) fail("memory");
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    c->fd = fd;
    c->caller = caller;
    c->number = number;
    c->interest = EPOLLIN | EPOLLOUT;
    c->tls = SSL_new(caller ? client_context : server_context);
    SSL_set_fd(c->tls, fd);
    if (caller) { SSL_set_tlsext_host_name(c->tls, option.server_name); SSL_set_connect_state(c->tls); }
    else SSL_set_accept_state(c->tls);
    struct epoll_event event = { .events = c->interest, .data.ptr = c };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) fail("epoll");
    return c;
}

/* A far-end connection may go at any time; a caller's going ends the run. The record stays: events may still name it. */
static void close_connection(Connection *c) {
    if (c->caller) { errno = ECONNRESET; fail("the proxy closed a caller's connection"); }
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    SSL_free(c->tls);
    close(c->fd);
    free(c->in.bytes);
    free(c->out.bytes);
    *c = (Connection){ .fd = -1 };
}

static bool would_block(Connection *c, int result) {
    int error = SSL_get_error(c->tls, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void flush(Connection *c) {
    while (c->fd >= 0 && c->ready && c->out.start < c->out.end) {
        size_t left = c->out.end - c->out.start;
        int written = SSL_write(c->tls, c->out.bytes + c->out.start, (int)left);
        if (written > 0) c->out.start += (size_t)written;
        else if (would_block(c, written)) break;
        else { close_connection(c); return; }
    }
    uint32_t interest = EPOLLIN | (c->ready && c->out.start == c->out.end ? 0 : EPOLLOUT);
    if (c->fd < 0 || interest == c->interest) return;
    struct epoll_event event = { .events = c->interest = interest, .data.ptr = c };
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Take whole messages off the input, framed by Content-Length. */
static void take_messages(Connection *c) {
    Buffer *in = &c->in;
    while (in->start < in->end) {
        char *at = in->bytes + in->start;
        if (*at == '\r' || *at == '\n') { in->start++; continue; }
        char *blank = memmem(at, in->end - in->start, "\r\n\r\n", 4);
        if (!blank) return;
        Span head = { at, (size_t)(blank + 2 - at) }, value;
        size_t length = head.length + 2 + (find_header(head, "Content-Length", &value) ? strtoul(value.at, NULL, 10) : 0);
        if (in->end - in->start < length) return;
        if (strncmp(at, "SIP/2.0 ", 8)) answer(c, head);
        else take_response(head);
        in->start += length;
    }
}

static void receive(Connection *c) {
    for (;;) {
        reserve(&c->in, 65536);
        int got = SSL_read(c->tls, c->in.bytes + c->in.end, (int)(c->in.room - c->in.end));
        if (got <= 0) {
            if (!would_block(c, got)) close_connection(c);
            return;
        }
        c->in.end += (size_t)got;
        take_messages(c);
    }
}

static void handle(Connection *c, uint32_t events) {
    if (c->fd < 0) return;
    if (!c->ready) {
        int result = SSL_do_handshake(c->tls);
        if (result != 1) {
            if (!would_block(c, result)) close_connection(c);
            return;
        }
        c->ready = true;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
    if (c->fd >= 0) flush(c);
}

static SSL_CTX *context(const SSL_METHOD *method) {
    SSL_CTX *result = SSL_CTX_new(method);
    if (!result || SSL_CTX_use_certificate_chain_file(result, option.certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(result, option.key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(result, option.trusted, NULL) != 1)
        fail("certificates");
    SSL_CTX_set_verify(result, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_mode(result, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return result;
}

static void listen_at(int number, struct sockaddr_in at) {
    int one = 1, fd = listeners[number].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&at, sizeof at) || listen(fd, 512)) fail("listen");
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &listeners[number] };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static Connection *call_proxy(int number) {
    struct sockaddr_in from = address(option.local), to = address(option.proxy);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (void *)&from, sizeof from)) fail(option.local);
    if (connect(fd, (void *)&to, sizeof to)) fail(option.proxy);
    return open_connection(fd, true, number);
}

/* -- the run ----------------------------------------------------------------------------------------------------- */

static void pass(int wait_ms) {
    struct epoll_event events[EVENT_LIMIT];
    int count = epoll_wait(epoll_fd, events, EVENT_LIMIT, wait_ms);
    for (int i = 0; i < count; i++) {
        void *of = events[i].data.ptr;
        if (of != &listeners[0] && of != &listeners[1]) handle(of, events[i].events);
        else for (int fd; (fd = accept(*(int *)of, NULL, NULL)) >= 0;) open_connection(fd, false, 0);
    }
}

static bool all_ready(Connection **callers) {
    for (long i = 0; i < option.connections; i++)
        if (!callers[i]->ready) return false;
    return true;
}

/* How many may have begun by now. */
static long due(uint64_t begun) {
    long by_now = option.rate > 0 ? (long)((double)(now() - begun) * option.rate / 1e6) : option.count;
    return by_now < option.count ? by_now : option.count;
}

static void fill_windows(Connection **callers, long most) {
    for (long i = 0, first = started; i < option.connections; i++) {
        Connection *caller = callers[(first + i) % option.connections];
        while (started < most && caller->outstanding < option.window) begin(caller);
        if (caller->out.start < caller->out.end) flush(caller);
    }
}

/* Runs until everything is answered or nothing was for `patience` seconds; returns the seconds taken. */
static double run(Connection **callers) {
    uint64_t begun, progress = now(), patience = (uint64_t)(option.patience * 1e6);
    while (!all_ready(callers) && now() - progress < patience) pass(100);
    if (!all_ready(callers)) { errno = ETIMEDOUT; fail("TLS handshake with the proxy"); }
    for (uint64_t until = now() + (uint64_t)(option.settle * 1e6); now() < until;) pass(10);
    begun = progress = now();
    for (long before = 0; finished < option.count && now() - progress < patience;) {
        fill_windows(callers, due(begun));
        pass(option.rate > 0 ? 1 : 100);
        if (finished != before) { before = finished; progress = now(); }
    }
    return (double)((finished == option.count ? now() : progress) - begun) / 1e6;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(double seconds) {
    uint32_t *latency = calloc((size_t)option.count + 1, sizeof *latency);
    long count = 0;
    for (long i = 0; i < started; i++)
        if (transactions[i].latency) latency[count++] = transactions[i].latency;
    qsort(latency, (size_t)count, sizeof *latency, by_size);
    long last = count ? count - 1 : 0;
    printf("{\"count\": %ld, \"answered\": %ld, \"lost\": %ld, \"unexpected\": %ld, \"far_end\": %ld, \"seconds\": %.3f, ",
           option.count, finished, option.count - finished, unexpected, far_end_requests, seconds);
    printf("\"per_second\": %.1f, \"p50_us\": %u, \"p90_us\": %u, \"p99_us\": %u, \"max_us\": %u, \"statuses\": {",
           seconds > 0 ? (double)finished / seconds : 0, latency[last / 2],
           latency[last * 90 / 100], latency[last * 99 / 100], latency[last]);
    for (int i = 0, first = 1; i < STATUS_LIMIT; i++)
        if (statuses[i]) { printf("%s\"%d\": %ld", first ? "" : ", ", i, statuses[i]); first = 0; }
    printf("}}\n");
    free(latency);
}

static void read_options(int count, char **arguments) {
    static const struct { struct option option; const char **text; long *number; double *seconds; } known[] = {
        { { "proxy", 1, 0, 0 }, &option.proxy, 0, 0 },
        { { "far", 1, 0, 0 }, &option.far, 0, 0 },
        { { "local", 1, 0, 0 }, &option.local, 0, 0 },
        { { "certificate", 1, 0, 0 }, &option.certificate, 0, 0 },
        { { "key", 1, 0, 0 }, &option.key, 0, 0 },
        { { "trusted", 1, 0, 0 }, &option.trusted, 0, 0 },
        { { "server-name", 1, 0, 0 }, &option.server_name, 0, 0 },
        { { "to", 1, 0, 0 }, &option.to, 0, 0 },
        { { "from", 1, 0, 0 }, &option.from, 0, 0 },
        { { "connections", 1, 0, 0 }, 0, &option.connections, 0 },
        { { "window", 1, 0, 0 }, 0, &option.window, 0 },
        { { "count", 1, 0, 0 }, 0, &option.count, 0 },
        { { "body", 1, 0, 0 }, 0, &option.body, 0 },
        { { "settle", 1, 0, 0 }, 0, 0, &option.settle },
        { { "patience", 1, 0, 0 }, 0, 0, &option.patience },
        { { "rate", 1, 0, 0 }, 0, 0, &option.rate },
        { { "calls", 0, &option.calls, 1 }, 0, 0, 0 },
        { { "subscribe", 0, &option.subscribe, 1 }, 0, 0, 0 },
    };
    enum { KNOWN = sizeof known / sizeof *known };
    struct option names[KNOWN + 1] = { { 0 } };
    for (int i = 0; i < KNOWN; i++) names[i] = known[i].option;
    for (int result, which; (result = getopt_long(count, arguments, "", names, &which)) != -1;) {
        if (result) exit(2);
        if (known[which].text) *known[which].text = optarg;
        if (known[which].number) *known[which].number = atol(optarg);
        if (known[which].seconds) *known[which].seconds = atof(optarg);
    }
    if (option.certificate && option.key && option.trusted && option.count > 0 && option.connections > 0 && option.body >= 0)
        return;
    fputs("needed: --certificate --key --trusted, and --count and --connections above 0\n", stderr);
    exit(2);
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    run_id = (unsigned)getpid();
    signal(SIGPIPE, SIG_IGN);
    client_context = context(TLS_client_method());
    server_context = context(TLS_server_method());
    epoll_fd = epoll_create1(0);
    transactions = calloc((size_t)option.count, sizeof *transactions);
    body = malloc((size_t)option.body + 1);
    Connection **callers = calloc((size_t)option.connections, sizeof *callers);
    if (!transactions || !body || !callers) fail("memory");
    memset(body, 'x', (size_t)option.body);
    listen_at(0, address(option.far));
    struct sockaddr_in local = address(option.local);
    local.sin_port = htons(5062);
    listen_at(1, local);
    for (long i = 0; i < option.connections; i++) callers[i] = call_proxy((int)i);
    report(run(callers));
    return finished == option.count && statuses[200] == finished * (option.calls || option.subscribe ? 2 : 1) ? 0 : 1;
}
