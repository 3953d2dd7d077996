/* Every C declaration of pjsip that this program uses: declarations.py gives them to cffi, native/ to the C compiler. */

typedef struct { char *ptr; ssize_t slen; } pj_str_t;
typedef struct { long sec; long msec; } pj_time_val;
typedef struct { char opaque_1[88]; size_t used_count; char opaque_2[808]; } pj_caching_pool;
typedef struct { char bytes[28]; } pj_sockaddr;

typedef struct pjsip_hdr {
    struct pjsip_hdr *prev, *next; int type; pj_str_t name, sname; void *vptr;
} pjsip_hdr;
typedef struct { int id; pj_str_t name; } pjsip_method;
typedef struct { pj_str_t host; int port; } pjsip_host_port;
typedef struct {
    void *prev, *next; int type; pj_str_t name, sname; void *vptr;
    pj_str_t transport; pjsip_host_port sent_by; int ttl_param; int rport_param;
    pj_str_t maddr_param, recvd_param, branch_param; char opaque[64];
} pjsip_via_hdr;
typedef struct {
    void *prev, *next; int type; pj_str_t name, sname; void *vptr; int cseq; pjsip_method method;
} pjsip_cseq_hdr;
typedef struct {
    void *prev, *next; int type; pj_str_t name, sname; void *vptr; void *uri; pj_str_t tag; char opaque[48];
} pjsip_fromto_hdr;
typedef struct { void *prev, *next; int type; pj_str_t name, sname; void *vptr; pj_str_t id; } pjsip_cid_hdr;
typedef struct {
    int type;
    union {
        struct { pjsip_method method; void *uri; } req;
        struct { int code; pj_str_t reason; } status;
    } line;
    pjsip_hdr hdr; void *body;
} pjsip_msg;
typedef struct pjsip_parser_err_report {
    struct pjsip_parser_err_report *prev, *next; int except_code, line, col; pj_str_t hname;
} pjsip_parser_err_report;

typedef struct pjsip_transport pjsip_transport;
typedef struct pjsip_tx_data pjsip_tx_data;
typedef struct pjsip_transaction pjsip_transaction;

struct pjsip_transport {
    char obj_name[32];
    void *pool; void *ref_cnt; void *lock; void *grp_lock; int tracing, is_shutdown, is_destroying;
    struct { long type; pj_sockaddr rem_addr; } key;
    char *type_name; unsigned flag; char *info; int addr_len;
    pj_sockaddr local_addr; pjsip_host_port local_name, remote_name; int dir;
    void *endpt; void *tpmgr; void *factory; char idle_timer[48]; void *data; unsigned initial_timeout;
    int (*send_msg)(pjsip_transport *, pjsip_tx_data *, const void *, int, void *, void *);
    int (*do_shutdown)(pjsip_transport *);
    int (*destroy)(pjsip_transport *);
};
typedef struct {
    struct { void *pool; pjsip_transport *transport; void *tp_data; char op_key[280]; } tp_info;
    struct {
        long timestamp[2]; char packet[4000]; unsigned zero; ssize_t len;
        pj_sockaddr src_addr; int src_addr_len; char src_name[46]; int src_port;
    } pkt_info;
    struct {
        char *msg_buf; int len; pjsip_msg *msg; char *info;
        pjsip_cid_hdr *cid; pjsip_fromto_hdr *from, *to; pjsip_via_hdr *via; pjsip_cseq_hdr *cseq;
        void *max_fwd, *route, *record_route, *ctype, *clen, *require, *supported;
        pjsip_parser_err_report parse_err;
    } msg_info;
    struct { void *mod_data[32]; } endpt_info;
} pjsip_rx_data;
struct pjsip_tx_data {
    void *prev, *next; void *pool; char obj_name[32]; char *info; pj_time_val rx_timestamp; void *mgr;
    char op_key[296]; void *lock; pjsip_msg *msg; void *saved_strict_route;
    struct { char *start, *cur, *end; } buf;
    void *ref_cnt; int is_pending; void *token; void *cb; char opaque[1136];
};
typedef struct {
    void *prev, *next; pj_str_t name; int id; int priority; void *load, *start, *stop, *unload;
    void *on_rx_request, *on_rx_response, *on_tx_request, *on_tx_response;
    void (*on_tsx_state)(pjsip_transaction *, void *);
} pjsip_module;
struct pjsip_transaction {
    void *pool; pjsip_module *tsx_user; void *endpt; int terminating; void *grp_lock; void *mutex_b;
    char obj_name[32]; int role; pjsip_method method; int cseq;
    pj_str_t transaction_key, transaction_key2; unsigned hashed_key, hashed_key2; pj_str_t branch;
    int status_code; pj_str_t status_text; int state; int handle_200resp; int tracing; void *state_handler;
    pjsip_transport *transport; int is_reliable; pj_sockaddr addr; int addr_len; long opaque[9];
    unsigned transport_flag; int transport_err; long tp_sel[2]; void *pending_tx; void *tp_st_key;
    pjsip_tx_data *last_tx; char opaque_2[328];
};
typedef struct {
    int endpt[13];
    struct { unsigned max_count, t1, t2, t4, td; } tsx;
    char opaque[24];
} pjsip_cfg_t;

int pj_init(void);
void pj_shutdown(void);
int pjlib_util_init(void);
void pj_log_set_level(int);
void pj_log_set_decor(unsigned);
void pj_log_set_log_func(void (*)(int, const char *, int));
void pj_caching_pool_init(void *, const void *, size_t);
void pj_caching_pool_destroy(void *);
void *pj_pool_create(void *, const char *, size_t, size_t, void *);
void *pj_pool_alloc(void *, size_t);
void *pj_pool_calloc(void *, size_t, size_t);
void pj_pool_reset(void *);
void pj_pool_release(void *);
int pj_atomic_create(void *, long, void **);
int pj_atomic_destroy(void *);
int pj_lock_create_recursive_mutex(void *, const char *, void **);
int pj_lock_destroy(void *);
int pj_thread_register(const char *, void *, void **);
unsigned pj_timer_heap_poll(void *, pj_time_val *);
void pj_timer_heap_set_lock(void *, void *, int);

extern pjsip_cfg_t pjsip_sip_cfg_var;
int pjsip_endpt_create(void *, const char *, void **);
void pjsip_endpt_destroy(void *);
void *pjsip_endpt_get_tpmgr(void *);
void *pjsip_endpt_get_timer_heap(void *);
int pjsip_endpt_process_rx_data(void *, pjsip_rx_data *, void *, int *);
int pjsip_endpt_create_tdata(void *, pjsip_tx_data **);
void pjsip_tx_data_add_ref(pjsip_tx_data *);
int pjsip_tx_data_dec_ref(pjsip_tx_data *);
int pjsip_tx_data_is_valid(pjsip_tx_data *);
char *pjsip_tx_data_get_info(pjsip_tx_data *);
pjsip_msg *pjsip_parse_rdata(char *, size_t, pjsip_rx_data *);
pjsip_msg *pjsip_parse_msg(void *, char *, size_t, void *);
void *pjsip_msg_find_hdr(pjsip_msg *, int, void *);
int pjsip_transport_register(void *, pjsip_transport *);
int pjsip_transport_shutdown(pjsip_transport *);
int pjsip_transport_add_ref(pjsip_transport *);
int pjsip_transport_dec_ref(pjsip_transport *);
unsigned pjsip_tpmgr_get_transport_count(void *);
int pjsip_tsx_layer_init_module(void *);
unsigned pjsip_tsx_layer_get_tsx_count(void);
void pjsip_tsx_set_timers(unsigned, unsigned, unsigned, unsigned);
int pjsip_tsx_create_uas(pjsip_module *, pjsip_rx_data *, pjsip_transaction **);
int pjsip_tsx_create_uac(pjsip_module *, pjsip_tx_data *, pjsip_transaction **);
void pjsip_tsx_recv_msg(pjsip_transaction *, pjsip_rx_data *);
int pjsip_tsx_send_msg(pjsip_transaction *, pjsip_tx_data *);
int pjsip_tsx_terminate(pjsip_transaction *, int);
