/* What the C side is given once: Python fills these structures with cffi, which checks every type against
 * declarations.h. The C side finds nothing by itself, so that it works on the very library that Python has loaded. */

struct sipedge_setup {
    /* pjsip's functions. */
    void (*pj_pool_reset)(void *);
    void *(*pj_pool_alloc)(void *, size_t);
    unsigned (*pj_timer_heap_poll)(void *, pj_time_val *);
    pjsip_msg *(*pjsip_parse_rdata)(char *, size_t, pjsip_rx_data *);
    int (*pjsip_endpt_process_rx_data)(void *, pjsip_rx_data *, void *, int *);
    int (*pjsip_endpt_create_tdata)(void *, pjsip_tx_data **);
    void (*pjsip_tx_data_add_ref)(pjsip_tx_data *);
    int (*pjsip_tx_data_dec_ref)(pjsip_tx_data *);
    int (*pjsip_transport_add_ref)(pjsip_transport *);
    int (*pjsip_tsx_create_uas)(pjsip_module *, pjsip_rx_data *, pjsip_transaction **);
    int (*pjsip_tsx_create_uac)(pjsip_module *, pjsip_tx_data *, pjsip_transaction **);
    void (*pjsip_tsx_recv_msg)(pjsip_transaction *, pjsip_rx_data *);
    int (*pjsip_tsx_send_msg)(pjsip_transaction *, pjsip_tx_data *);
    int (*pjsip_tsx_terminate)(pjsip_transaction *, int);

    /* Python's functions, for what is rare: bytes that pjsip sends by itself, a transaction that has ended by itself. */
    int (*send)(pjsip_transport *, pjsip_tx_data *, const void *, int, void *, void *);
    void (*ended)(pjsip_transaction *, void *);

    void *endpoint, *timers;
    pjsip_module *quiet, *listener;

    /* The receive buffer: text has size + 1 bytes. */
    pjsip_rx_data *received;
    void *pool;
    char *text;
    size_t size;
    /* How its part from msg_info on begins with every message. */
    const char *blank;

    /* The shapes of outgoing messages. The first one's branch and method are written anew for each request. */
    pjsip_msg *request, *provisional, *final;
    pjsip_via_hdr *via;
    pjsip_method *method;
    char *branch_text, *method_text, *unprinted;
    size_t max_branch, max_method;

    unsigned char key[32];
};

/* A connection that messages come from. */
struct sipedge_source {
    pjsip_transport *transport;
    /* How every pjsip_rx_data from it begins, from pkt_info.len to msg_info. */
    const char *start;
    /* Its peer as part of the names of transactions, its address, its port. */
    const char *who;
    size_t who_length;
    pj_str_t address;
    int port;
};
