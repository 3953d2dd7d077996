#include "reading.h"

#include <string.h>

#include "directory.h"
#include "passing.h"

enum { ADDED = 1024, MOST_TOUCHED = 64 };

struct connection *connections;
size_t places;
const struct sequences *pjsip;
struct limits limits;
PyObject *front, *asked;

static size_t touched[MOST_TOUCHED], touched_count; /* connections of the read at work */

/* A key names requests of all methods: a CANCEL has that of what it cancels. */
int is_taken(const char *key, const char *method, size_t length)
{
    const struct pending *found = pending_by_key(key);
    struct span named = found ? span_of(way_in(found->way)->method) : (struct span){NULL, 0};
    return found && named.length == length && memcmp(named.start, method, length) == 0;
}

struct span span_of(PyObject *bytes)
{
    return (struct span){PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes)};
}

PyObject *bytes_of(struct span text)
{
    return PyBytes_FromStringAndSize(text.start, (Py_ssize_t)text.length);
}

PyObject *new_reference(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

int is_open(size_t place)
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

static PyObject *record_of(const struct reading *reading, const struct way *way, PyObject *hops, struct span head)
{
    PyObject *items[ITEMS] = {
        new_reference(way->shown), new_reference(hops), new_reference(connections[reading->connection].opened), bytes_of(head),
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

/* Takes over record, message and ``back``, which may be NULL with an exception. */
static int begin_request(struct reading *reading, PyObject *capsule, size_t target, unsigned long number, const char *key,
                         PyObject *record, struct span branch, PyObject *sent, PyObject *back)
{
    if (!record || PyList_Append(reading->begun, record) || !send(target, new_reference(sent))) {
        Py_XDECREF(record);
        Py_XDECREF(sent);
        Py_XDECREF(back);
        return -1;
    }
    struct pending *made = pending_add(number, key, branch);
    made->source = reading->connection;
    made->target = target;
    made->begun = reading->begun_at;
    made->way = new_reference(capsule);
    made->record = record;
    made->sent = sent;
    made->back = back;
    connections[target].requests++;
    reading->room--;
    return 1;
}

static int note_copy(const struct reading *reading, const struct head *head)
{
    PyObject *method = bytes_of(head->method);
    int done = method && PyList_Append(reading->copies, method) == 0;
    Py_XDECREF(method);
    return done ? 1 : -1;
}

/* Where a request goes: its connection, and a reference to the hops that Python has for it. As ``forward`` says it. */
static int find_target(const struct reading *reading, const struct way *way, size_t *target, PyObject **hops)
{
    *target = way->target;
    *hops = new_reference(way->hops);
    if (!way->asks)
        return 1;
    PyObject *answer = PyObject_CallFunctionObjArgs(asked, connections[reading->connection].number, way->shown, NULL);
    Py_CLEAR(*hops);
    int is_found = answer && answer != Py_None && PyArg_ParseTuple(answer, "nO", target, hops);
    Py_XINCREF(*hops);
    Py_XDECREF(answer);
    return is_found ? 1 : PyErr_Occurred() ? -1 : 0;
}

/* The header section to be sent: 1, 0 or -1 as ``forward``. A border changes the lines; see gate_request for ``back``. */
static int compose(struct text *text, const struct way *way, struct head *head, const struct shape *shape,
                   const struct own *own, struct span branch, struct span address, PyObject **back)
{
    PyObject *held = NULL;
    int done = way->gate.request ? gate_request(&way->gate, head, shape, address, own, &held, back) : 1;
    if (done > 0)
        write_head(text, head, shape, &way->edits, own, branch, address);
    Py_XDECREF(held);
    return done > 0 && text->failed ? 0 : done;
}

/* 1: it went on; 0: the core has to take it; -1: an exception. */
static int forward(struct reading *reading, struct head *head, const struct shape *shape, struct span whole)
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
    if (!way || !is_open(way->target) || !(reading->time_at < way->until) || !is_sound(head, shape, address, &own))
        return PyErr_Occurred() ? -1 : 0;
    write_branch(&branch, span_of(front), number, head, shape, &way->edits);
    struct span named = {branch.start, branch.length};
    if (branch.failed || !show_pjsip(head->lines[0], head, shape))
        return PyErr_Occurred() ? -1 : 0;
    enum kind kind = pjsip->request(from->source, head->method.start, head->method.length);
    const char *key = kind == NEW ? pjsip->key() : NULL;
    if (kind == ABSORBED)
        return note_copy(reading, head);
    if (!key || pending_by_key(key) || directory_is_elsewhere(key, reading->begun_at))
        return 0;
    size_t target;
    PyObject *hops = NULL, *back = NULL;
    int is_found = compose(&text, way, head, shape, &own, named, address, &back);
    is_found = is_found > 0 ? find_target(reading, way, &target, &hops) : is_found;
    if (is_found <= 0 || !is_open(target) || !touch(target)) {
        Py_XDECREF(hops);
        Py_XDECREF(back);
        return is_found < 0 || PyErr_Occurred() ? -1 : 0;
    }
    struct span body = {whole.start + head->length, whole.length - head->length};
    PyObject *sent = joined((struct span){text.start, text.length}, body);
    PyObject *record = sent ? record_of(reading, way, hops, (struct span){whole.start, head->length}) : NULL;
    Py_DECREF(hops);
    return begin_request(reading, capsule, target, number, key, record, named, sent, back);
}

void forget(struct pending *request)
{
    PyObject *held[] = {request->way, request->record, request->sent, request->back};
    pending_remove(request);
    for (size_t i = 0; i < 4; i++)
        Py_XDECREF(held[i]);
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

/* A response without the edge's own Via; NULL where the core has to take it, or with an exception. */
static PyObject *answered(const struct pending *request, const struct gate *gate, struct head *head,
                          const struct shape *shape, struct span whole)
{
    struct span via = head->lines[shape->vias.at[0]], vias;
    const char *rest = via.start + via.length + 2;
    if (!request->back)
        return joined((struct span){whole.start, (size_t)(via.start - whole.start)},
                      (struct span){rest, (size_t)(whole.start + whole.length - rest)});
    char space[LONGEST_HEAD + ADDED];
    struct text text = {space, 0, sizeof space, 0};
    PyObject *held, *hops = PyList_GetItem(request->record, HOPS);
    if (head->length > LONGEST_HEAD || gate_response(gate, head, shape, hops, request->back, &held, &vias) <= 0)
        return NULL;
    write_answer(&text, head, shape, vias);
    Py_XDECREF(held);
    struct span body = {whole.start + head->length, whole.length - head->length};
    return text.failed ? NULL : joined((struct span){text.start, text.length}, body);
}

/* As ``forward``: a 2xx goes back without the edge's own Via, what belongs to another worker goes there. */
static int answer(struct reading *reading, struct head *head, const struct shape *shape, struct span whole)
{
    struct span branch, via = head->lines[shape->vias.at[0]];
    struct pending *request = NULL;
    if (!branch_of(head, shape, &branch))
        return 0;
    int passed = pass_on(branch, whole);
    if (passed)
        return passed;
    if (head->status >= 200 && head->status < 300)
        request = pending_by_branch(span_of(front), branch);
    if (!request || request->target != reading->connection)
        return 0;
    const struct way *way = way_in(request->way);
    if (shape->vias.count < 2 && !way->gate.hides) /* it was not sent alone */
        return 0;
    if (!is_way_of(way, via, branch) || memcmp(branch.start, request->branch, branch.length) ||
        !names_method(head, shape, span_of(way->method)) || !touch(request->source) ||
        !show_response(&connections[reading->connection], head, shape))
        return PyErr_Occurred() ? -1 : 0;
    PyObject *sent = answered(request, &way->gate, head, shape, whole);
    if (!sent)
        return PyErr_Occurred() ? -1 : 0;
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

Py_ssize_t read_all(struct reading *reading, struct span bytes, size_t searched)
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

PyObject *outputs(void)
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
