/* The Python side of the short way: whole messages out of a connection's buffer, and what goes to which connection.
 *
 * Here are Python's objects; what is done with the bytes is in forward.h, who waits for an answer in pending.h. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <string.h>

#include "pending.h"
#include "ways.h"

enum { LONGEST_HEAD = 8192, ADDED = 1024, MOST_TOUCHED = 64 };

struct connection {
    const struct sipedge_source *source; /* NULL: nobody is here */
    PyObject *number, *opened;
    unsigned long seat; /* 0: its requests go to the core */
    PyObject *out; /* of the read at work: messages to be written, NULL for none */
    long requests, responses;
};

/* The items of a record, as record.py has them. */
enum { WAY, OPENED, HEAD, TIME, BEGUN, STATUS, REASON, ENDED, ENTRY, ITEMS };

static struct connection *connections;
static size_t places; /* of connections */
static const struct sequences *pjsip;
static struct limits limits;
static PyObject *front; /* of all branches */
static size_t touched[MOST_TOUCHED], touched_count; /* connections of the read at work */

/* A read at work. */
struct reading {
    size_t connection;
    long room; /* for transactions */
    PyObject *time, *clock, *begun, *ended;
    double begun_at;
};

static int is_taken(const char *key)
{
    return pending_by_key(key) != NULL;
}

static struct span span_of(PyObject *bytes)
{
    return (struct span){PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes)};
}

static PyObject *bytes_of(struct span text)
{
    return PyBytes_FromStringAndSize(text.start, (Py_ssize_t)text.length);
}

static PyObject *new_reference(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

static int is_open(size_t place)
{
    return place < places && connections[place].source;
}

/* 0: there is no room to note one connection more. Nothing was done yet. */
static int touch(size_t place)
{
    struct connection *target = &connections[place];
    if (target->out)
        return 1;
    if (touched_count == MOST_TOUCHED || !(target->out = PyList_New(0)))
        return 0;
    touched[touched_count++] = place;
    target->requests = target->responses = 0;
    return 1;
}

/* Takes over the message. */
static int send(size_t place, PyObject *message)
{
    struct connection *target = &connections[place];
    int done = message && PyList_Append(target->out, message) == 0;
    Py_XDECREF(message);
    return done;
}

static PyObject *joined(struct span one, struct span other)
{
    PyObject *made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(one.length + other.length));
    if (made) {
        memcpy(PyBytes_AsString(made), one.start, one.length);
        if (other.length)
            memcpy(PyBytes_AsString(made) + one.length, other.start, other.length);
    }
    return made;
}

static int show_pjsip(struct span start, const struct head *head, const struct shape *shape)
{
    pjsip->text_begin();
    int fits = pjsip->text_line(start.start, start.length);
    for (size_t i = 0; i < shape->parsed.count && fits; i++)
        fits = pjsip->text_line(head->lines[shape->parsed.at[i]].start, head->lines[shape->parsed.at[i]].length);
    return fits && pjsip->text_line("", 0);
}

static PyObject *record_of(const struct reading *reading, const struct way *way, struct span head)
{
    PyObject *items[ITEMS] = {
        new_reference(way->shown), new_reference(connections[reading->connection].opened), bytes_of(head),
        new_reference(reading->time), new_reference(reading->clock),
    };
    PyObject *record = PyList_New(ITEMS);
    for (int i = 0; i < ITEMS; i++) {
        PyObject *item = items[i] ? items[i] : new_reference(Py_None);
        if (record)
            PyList_SetItem(record, i, item);
        else
            Py_DECREF(item);
    }
    return record;
}

static int begin_request(struct reading *reading, PyObject *capsule, const struct way *way, unsigned long number,
                         const char *key, struct span head, struct span branch, PyObject *sent)
{
    PyObject *record = sent ? record_of(reading, way, head) : NULL;
    if (!record || PyList_Append(reading->begun, record) || !send(way->target, new_reference(sent))) {
        Py_XDECREF(record);
        Py_XDECREF(sent);
        return -1;
    }
    struct pending *made = pending_add(number, key, branch);
    made->source = reading->connection;
    made->target = way->target;
    made->begun = reading->begun_at;
    made->way = new_reference(capsule);
    made->record = record;
    made->sent = sent;
    connections[way->target].requests++;
    reading->room--;
    return 1;
}

/* 1: it went on; 0: the core has to take it; -1: an exception. */
static int forward(struct reading *reading, const struct head *head, const struct shape *shape, struct span whole)
{
    const struct connection *from = &connections[reading->connection];
    char space[LONGEST_HEAD + ADDED], branch_space[LONGEST_BRANCH];
    struct text text = {space, 0, sizeof space, 0}, branch = {branch_space, 0, sizeof branch_space, 0};
    struct own own;
    struct span address = {from->source->address.ptr, (size_t)from->source->address.slen};
    unsigned long number = pending_number();
    if (!from->seat || reading->room <= 0 || !number || head->length > LONGEST_HEAD)
        return 0;
    PyObject *capsule = way_find(from->seat, head, shape);
    const struct way *way = capsule ? way_in(capsule) : NULL;
    if (!way || !is_open(way->target) || !is_sound(head, shape, address, &own))
        return PyErr_Occurred() ? -1 : 0;
    write_branch(&branch, span_of(front), number, head, shape, &way->edits);
    struct span named = {branch.start, branch.length};
    write_head(&text, head, shape, &way->edits, &own, named, address);
    if (text.failed || branch.failed || !show_pjsip(head->lines[0], head, shape) || !touch(way->target))
        return PyErr_Occurred() ? -1 : 0;
    enum kind kind = pjsip->request(from->source, head->method.start, head->method.length);
    const char *key = kind == NEW ? pjsip->key() : NULL;
    if (kind == ABSORBED || !key)
        return kind == ABSORBED;
    struct span body = {whole.start + head->length, whole.length - head->length};
    PyObject *sent = joined((struct span){text.start, text.length}, body);
    return begin_request(reading, capsule, way, number, key, (struct span){whole.start, head->length}, named, sent);
}

static void forget(struct pending *request)
{
    PyObject *held[] = {request->way, request->record, request->sent};
    pending_remove(request);
    for (size_t i = 0; i < 3; i++)
        Py_DECREF(held[i]);
}

/* Takes over the values. */
static int conclude(const struct reading *reading, PyObject *record, PyObject *status, PyObject *reason)
{
    if (!status || !reason) {
        Py_XDECREF(status);
        Py_XDECREF(reason);
        return 0;
    }
    PyList_SetItem(record, STATUS, status);
    PyList_SetItem(record, REASON, reason);
    PyList_SetItem(record, ENDED, new_reference(reading->clock));
    return PyList_Append(reading->ended, record) == 0;
}

static int is_way_of(const struct way *way, struct span via, struct span branch)
{
    size_t length = way->edits.via.length;
    return via.length >= length && memcmp(via.start, way->edits.via.start, length) == 0 && via.start + length == branch.start;
}

static int show_response(struct connection *from, const struct head *head, const struct shape *shape)
{
    char start[] = "SIP/2.0 200 -";
    pj_str_t method, branch;
    for (int i = 0, value = head->status; i < 3; i++, value /= 10)
        start[10 - i] = (char)('0' + value % 10);
    return show_pjsip((struct span){start, sizeof start - 1}, head, shape) &&
           pjsip->response(from->source, &method, &branch) == READ;
}

/* As ``forward``: a 2xx goes back without the edge's own Via. */
static int answer(struct reading *reading, const struct head *head, const struct shape *shape, struct span whole)
{
    struct span branch, via = head->lines[shape->vias.at[0]];
    struct pending *request = NULL;
    if (head->status >= 200 && head->status < 300 && branch_of(head, shape, &branch))
        request = pending_by_branch(span_of(front), branch);
    if (!request || request->target != reading->connection)
        return 0;
    const struct way *way = way_in(request->way);
    if (!is_way_of(way, via, branch) || memcmp(branch.start, request->branch, branch.length) ||
        !names_method(head, shape, span_of(way->method)) || !touch(request->source) ||
        !show_response(&connections[reading->connection], head, shape))
        return PyErr_Occurred() ? -1 : 0;
    const char *rest = via.start + via.length + 2;
    PyObject *sent = joined((struct span){whole.start, (size_t)(via.start - whole.start)},
                            (struct span){rest, (size_t)(whole.start + whole.length - rest)});
    struct span reason = head->reason;
    int done = send(request->source, sent) && conclude(reading, request->record, PyLong_FromLong(head->status),
                                                       bytes_of(reason));
    connections[request->source].responses++;
    forget(request);
    return done ? 1 : -1;
}

/* Of a message that is whole; 0 where it is not, or not usual. */
static size_t length_of(const struct head *head, const struct shape *shape, size_t available)
{
    size_t stated;
    if (!shape || !content_length_of(value_of(head->lines[shape->content_length]), &stated))
        return 0;
    size_t length = head->length + stated;
    return length <= limits.message && length <= available ? length : 0;
}

/* Bytes of the messages that went on; those of the first one that did not, and of all behind it, are not among them. */
static Py_ssize_t read_all(struct reading *reading, struct span bytes, size_t searched)
{
    size_t at = 0;
    struct head head;
    for (int done = 1; at < bytes.length && done; searched = at) {
        struct span rest = {bytes.start + at, bytes.length - at};
        if (!head_read(&head, rest, searched - at, &limits))
            break;
        const struct shape *shape = shape_find(&head);
        rest.length = length_of(&head, shape, rest.length);
        if (!rest.length || (head.status != 0) != shape->is_response)
            break;
        done = (head.status ? answer : forward)(reading, &head, shape, rest);
        if (done < 0)
            return -1;
        at += done ? rest.length : 0;
    }
    return PyErr_Occurred() ? -1 : (Py_ssize_t)at;
}

/* (connection, messages, requests, responses) for each that has something to send. */
static PyObject *outputs(void)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; i < touched_count; i++) {
        struct connection *target = &connections[touched[i]];
        if (list && PyList_Size(target->out) > 0) {
            PyObject *item = Py_BuildValue("OOll", target->number, target->out, target->requests, target->responses);
            if (!item || PyList_Append(list, item))
                Py_CLEAR(list);
            Py_XDECREF(item);
        }
        Py_CLEAR(target->out);
    }
    touched_count = 0;
    return list;
}

/* (connection, buffer, start, searched, end, room, time, clock, now): None, or how far it went, outputs, and records that
 * have begun and ended. */
static PyObject *take(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    size_t sizes[4];
    if (count != 9 || !PyByteArray_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "take takes a connection, a bytearray, four numbers and three times");
    sizes[0] = PyLong_AsSize_t(args[0]);
    for (int i = 1; i < 4; i++)
        sizes[i] = PyLong_AsSize_t(args[i + 1]);
    struct reading reading = {sizes[0], PyLong_AsLong(args[5]), args[6], args[7], NULL, NULL, PyFloat_AsDouble(args[8])};
    if (PyErr_Occurred())
        return NULL;
    if (sizes[1] > sizes[2] || sizes[2] > sizes[3] || sizes[3] > (size_t)PyByteArray_Size(args[1]) || !is_open(sizes[0]))
        return PyErr_Format(PyExc_ValueError, "take asks for bytes outside of the buffer, or no connection's");
    struct span bytes = {PyByteArray_AsString(args[1]) + sizes[1], sizes[3] - sizes[1]};
    reading.begun = PyList_New(0);
    reading.ended = reading.begun ? PyList_New(0) : NULL;
    Py_ssize_t taken = reading.ended ? read_all(&reading, bytes, sizes[2] - sizes[1]) : -1;
    PyObject *out = outputs(), *result = NULL;
    if (taken > 0 && out)
        result = Py_BuildValue("nOOO", (Py_ssize_t)sizes[1] + taken, out, reading.begun, reading.ended);
    else if (taken == 0 && out)
        result = new_reference(Py_None);
    Py_XDECREF(out);
    Py_XDECREF(reading.begun);
    Py_XDECREF(reading.ended);
    return result;
}

static int make_place(size_t *place)
{
    for (*place = 0; *place < places; (*place)++)
        if (!connections[*place].source)
            return 1;
    size_t more = places ? 2 * places : 64;
    struct connection *grown = PyMem_Realloc(connections, more * sizeof *grown);
    if (!grown)
        return PyErr_NoMemory() != NULL;
    memset(grown + places, 0, (more - places) * sizeof *grown);
    connections = grown;
    places = more;
    return 1;
}

/* (source, number, opened): the connection's place. */
static PyObject *open_connection(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    size_t place;
    const struct sipedge_source *source = count == 3 ? PyLong_AsVoidPtr(args[0]) : NULL;
    if (!source)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "open takes a source, a number and what it is");
    if (!make_place(&place))
        return NULL;
    connections[place] = (struct connection){source, new_reference(args[1]), new_reference(args[2]), 0, NULL, 0, 0};
    return PyLong_FromSize_t(place);
}

static size_t place_of(PyObject *object)
{
    size_t place = PyLong_AsSize_t(object);
    if (!PyErr_Occurred() && !is_open(place))
        PyErr_Format(PyExc_ValueError, "there is no connection in place %zu", place);
    return place;
}

static PyObject *close_connection(PyObject *module, PyObject *place)
{
    (void)module;
    size_t at = place_of(place);
    if (PyErr_Occurred())
        return NULL;
    struct connection old = connections[at];
    for (size_t i = 0; i < MOST_PENDING; i++) /* somebody else has taken them over, as a rule */
        if (pending_at(i)->number && (pending_at(i)->source == at || pending_at(i)->target == at))
            forget(pending_at(i));
    memset(&connections[at], 0, sizeof old);
    Py_DECREF(old.number);
    Py_DECREF(old.opened);
    Py_RETURN_NONE;
}

/* (connection, seat) */
static PyObject *seat(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    size_t place = count == 2 ? place_of(args[0]) : 0;
    unsigned long number = count == 2 ? PyLong_AsUnsignedLong(args[1]) : 0;
    if (PyErr_Occurred() || count != 2)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "seat takes a connection and a number");
    connections[place].seat = number;
    Py_RETURN_NONE;
}

/* What forward.c needs to know of a way; see ways.h. */
static PyObject *learn(PyObject *module, PyObject *args)
{
    (void)module;
    struct head head;
    struct span whole, key, source;
    int poison;
    long hop_count;
    Py_ssize_t place, target, head_length, key_length, source_length;
    PyObject *via, *uri, *removed, *shown;
    static const struct limits any = {LONGEST_HEAD, MOST_LINES, LONGEST_HEAD, LONGEST_HEAD};
    if (!PyArg_ParseTuple(args, "ny#nSSSlpy#y#O", &place, &whole.start, &head_length, &target, &via, &uri, &removed,
                          &hop_count, &poison, &key.start, &key_length, &source.start, &source_length, &shown))
        return NULL;
    whole.length = (size_t)head_length, key.length = (size_t)key_length, source.length = (size_t)source_length;
    if (place < 0 || target < 0 || !is_open((size_t)place) || !is_open((size_t)target))
        return PyErr_Format(PyExc_ValueError, "a way from or to no connection");
    const struct shape *shape = head_read(&head, whole, 0, &any) && !head.status ? shape_find(&head) : NULL;
    if (!shape || shape->is_response)
        return PyErr_Occurred() ? NULL : PyBool_FromLong(0);
    struct way *way = way_new(via, uri, removed, bytes_of(head.method), shown);
    if (!way)
        return NULL;
    way->target = (size_t)target;
    way->edits.hop_count = hop_count;
    way->edits.poison = poison;
    if (!way_hash(way, key, source))
        return PyErr_Format(PyExc_ValueError, "a key of the loop hash has 1 to %d bytes", BLAKE2S_KEY);
    int kept = way_keep(way, connections[place].seat, &head, shape);
    return kept < 0 ? NULL : PyBool_FromLong(kept);
}

/* (names, is_response, parsed, vias, read, hashed, from, cseq, content_length, max_forwards) */
static PyObject *shape(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *names, *numbers[4];
    int is_response;
    struct shape made = {0};
    if (!PyArg_ParseTuple(args, "SpSSSSbbbb", &names, &is_response, &numbers[0], &numbers[1], &numbers[2], &numbers[3],
                          &made.from, &made.cseq, &made.content_length, &made.max_forwards))
        return NULL;
    made.is_response = (unsigned char)is_response;
    return shape_keep(&made, names, numbers) ? new_reference(Py_None) : NULL;
}

static PyObject *forget_ways(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    ways_forget();
    for (size_t i = 0; i < places; i++)
        connections[i].seat = 0;
    Py_RETURN_NONE;
}

/* The number of the request that was sent with a branch; 0: it is none of these. */
static PyObject *find(PyObject *module, PyObject *branch)
{
    (void)module;
    if (!PyBytes_Check(branch))
        return PyErr_Format(PyExc_TypeError, "find takes a branch");
    const struct pending *found = pending_by_branch(span_of(front), span_of(branch));
    return PyLong_FromUnsignedLong(found ? found->number : 0);
}

/* (connection or -1 for all, time): the numbers of requests that came or went on it and began before. */
static PyObject *waiting(PyObject *module, PyObject *args)
{
    (void)module;
    Py_ssize_t place;
    double clock;
    if (!PyArg_ParseTuple(args, "nd", &place, &clock))
        return NULL;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < MOST_PENDING; i++) {
        const struct pending *each = pending_at(i);
        int is_meant = each->number && each->begun < clock &&
                       (place < 0 || each->source == (size_t)place || each->target == (size_t)place);
        PyObject *number = is_meant ? PyLong_FromUnsignedLong(each->number) : NULL;
        if (is_meant && (!number || PyList_Append(list, number)))
            Py_CLEAR(list);
        Py_XDECREF(number);
    }
    return list;
}

/* Hand a request over: (source, target, record, what was sent, branch, when it came), None when it is not there any more. */
static PyObject *give_up(PyObject *module, PyObject *number)
{
    (void)module;
    unsigned long wanted = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred())
        return NULL;
    struct pending *found = pending_at(wanted);
    if (!wanted || found->number != wanted)
        Py_RETURN_NONE;
    PyObject *result = Py_BuildValue("OOOOy#d", connections[found->source].number, connections[found->target].number,
                                     found->record, found->sent, found->branch, (Py_ssize_t)found->branch_length,
                                     found->begun);
    forget(found);
    return result;
}

/* (sequences, branches' front, ways, header_section, headers, header_line, message): everything is forgotten. */
static PyObject *begin(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *table, *text;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OSnnnnn", &table, &text, &most, &limits.header_section, &limits.headers,
                          &limits.header_line, &limits.message))
        return NULL;
    pjsip = PyLong_AsVoidPtr(table);
    if (!pjsip || !ways_begin(most))
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "there are no sequences");
    for (size_t i = 0; i < MOST_PENDING; i++)
        if (pending_at(i)->number)
            forget(pending_at(i));
    for (size_t i = 0; i < places; i++) {
        Py_XDECREF(connections[i].number);
        Py_XDECREF(connections[i].opened);
    }
    if (places)
        memset(connections, 0, places * sizeof *connections);
    pending_begin();
    Py_XDECREF(front);
    front = new_reference(text);
    pjsip->watch(is_taken);
    Py_RETURN_NONE;
}

#define FAST(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL
static PyMethodDef METHODS[] = {
    {"begin", begin, METH_VARARGS, NULL},
    {"open", FAST(open_connection)},
    {"close", close_connection, METH_O, NULL},
    {"seat", FAST(seat)},
    {"shape", shape, METH_VARARGS, NULL},
    {"learn", learn, METH_VARARGS, NULL},
    {"forget", forget_ways, METH_NOARGS, NULL},
    {"take", FAST(take)},
    {"find", find, METH_O, NULL},
    {"waiting", waiting, METH_VARARGS, NULL},
    {"give_up", give_up, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_ways", "Requests that go on without the core.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__ways(void)
{
    PyObject *module = PyModule_Create(&MODULE);
    if (module && PyModule_AddStringConstant(module, "SOURCES", SIPEDGE_SOURCES)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
