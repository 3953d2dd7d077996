/* What Python sees of the short way. The work is in reading.c, what is done with the bytes in forward.c, who waits for an
 * answer in pending.c, where requests go in ways.c, and what is told of them in lines.c; of others, in pieces.c. */

#include "pieces.h"

#include <string.h>

#include "directory.h"
#include "passing.h"

/* (connection, buffer, start, searched, end, room, time, clock, now): None, or how far it went, outputs, records that have
 * begun and ended, the methods of copies that were absorbed, and what belongs to other workers. */
static PyObject *take(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    size_t sizes[4];
    if (count != 9 || !PyByteArray_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "take takes a connection, a bytearray, four numbers and three times");
    sizes[0] = PyLong_AsSize_t(args[0]);
    for (int i = 1; i < 4; i++)
        sizes[i] = PyLong_AsSize_t(args[i + 1]);
    struct reading reading = {sizes[0], PyLong_AsLong(args[5]), args[6], args[7], NULL, NULL, NULL, PyFloat_AsDouble(args[8]),
                              PyFloat_AsDouble(args[6])};
    if (PyErr_Occurred())
        return NULL;
    if (sizes[1] > sizes[2] || sizes[2] > sizes[3] || sizes[3] > (size_t)PyByteArray_Size(args[1]) || !is_open(sizes[0]))
        return PyErr_Format(PyExc_ValueError, "take asks for bytes outside of the buffer, or no connection's");
    struct span bytes = {PyByteArray_AsString(args[1]) + sizes[1], sizes[3] - sizes[1]};
    reading.begun = PyList_New(0);
    reading.ended = reading.begun ? PyList_New(0) : NULL;
    reading.copies = reading.ended ? PyList_New(0) : NULL;
    Py_ssize_t taken = reading.copies ? read_all(&reading, bytes, sizes[2] - sizes[1]) : -1;
    PyObject *out = outputs(), *passed = passed_on(), *result = NULL;
    if (taken > 0 && out && passed)
        result = Py_BuildValue("nOOOOO", (Py_ssize_t)sizes[1] + taken, out, reading.begun, reading.ended, reading.copies,
                               passed);
    else if (taken == 0 && out && passed)
        result = new_reference(Py_None);
    Py_XDECREF(out);
    Py_XDECREF(passed);
    Py_XDECREF(reading.begun);
    Py_XDECREF(reading.ended);
    Py_XDECREF(reading.copies);
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
    PyObject *via, *uri, *removed, *shown, *hops, *gate;
    static const struct limits any = {LONGEST_HEAD, MOST_LINES, LONGEST_HEAD, LONGEST_HEAD};
    double until;
    int asks;
    if (!PyArg_ParseTuple(args, "ny#nSSSlpdpy#y#OOO", &place, &whole.start, &head_length, &target, &via, &uri, &removed,
                          &hop_count, &poison, &until, &asks, &key.start, &key_length, &source.start, &source_length, &shown, &hops,
                          &gate))
        return NULL;
    whole.length = (size_t)head_length, key.length = (size_t)key_length, source.length = (size_t)source_length;
    if (place < 0 || target < 0 || !is_open((size_t)place) || !is_open((size_t)target))
        return PyErr_Format(PyExc_ValueError, "a way from or to no connection");
    const struct shape *shape = head_read(&head, whole, 0, &any) && !head.status ? shape_find(&head) : NULL;
    if (!shape || shape->is_response)
        return PyErr_Occurred() ? NULL : PyBool_FromLong(0);
    struct way *way = way_new(via, uri, removed, bytes_of(head.method), shown, hops);
    if (!way)
        return NULL;
    way->target = (size_t)target;
    way->edits.hop_count = hop_count;
    way->edits.poison = poison;
    way->until = until;
    way->asks = asks;
    if (!gate_begin(&way->gate, gate)) {
        way_free(way);
        return NULL;
    }
    way->edits.hides = way->gate.hides;
    if (!way_hash(way, key, source))
        return PyErr_Format(PyExc_ValueError, "a key of the loop hash has 1 to %d bytes", BLAKE2S_KEY);
    int kept = way_keep(way, connections[place].seat, &head, shape);
    return kept < 0 ? NULL : PyBool_FromLong(kept);
}

/* (names, is_response, parsed, vias, read, hashed, from, to, call_id, cseq, content_length, max_forwards, (crosses,
 * content_type, dropped, searched, contacts)) */
static PyObject *shape(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *names, *numbers[6];
    int is_response;
    struct shape made = {0};
    if (!PyArg_ParseTuple(args, "SpSSSSbbbbbb(bbSSb)", &names, &is_response, &numbers[0], &numbers[1], &numbers[2], &numbers[3],
                          &made.from, &made.to, &made.call_id, &made.cseq, &made.content_length, &made.max_forwards,
                          &made.crosses, &made.content_type, &numbers[4], &numbers[5], &made.contacts))
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

/* (memory or None, worker): what all workers share; see directory.h. */
static PyObject *share(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    static Py_buffer shared;
    unsigned long worker = count == 2 ? PyLong_AsUnsignedLong(args[1]) : 0;
    if (count != 2 || PyErr_Occurred())
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "share takes memory and a number");
    directory_begin(NULL, 0);
    if (shared.obj)
        PyBuffer_Release(&shared);
    if (args[0] == Py_None)
        Py_RETURN_NONE;
    if (PyObject_GetBuffer(args[0], &shared, PyBUF_WRITABLE))
        return NULL;
    if (shared.len != SLOTS * SLOT_SIZE) {
        PyBuffer_Release(&shared);
        return PyErr_Format(PyExc_ValueError, "the memory that workers share has %d bytes", SLOTS * SLOT_SIZE);
    }
    directory_begin(shared.buf, (unsigned)worker);
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

/* (records, how many of them have lines, number of the next one, space, used, (texts of a way, of a hop, of a party, whole
 * line)): how many have lines now, and what is used; see lines.h. */
static PyObject *lines(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    struct texts texts;
    if (count != 6 || !PyList_Check(args[0]) || !PyByteArray_Check(args[3]) ||
        !PyArg_ParseTuple(args[5], "OOOO", &texts.way, &texts.hop, &texts.party, &texts.whole))
        return PyErr_Format(PyExc_TypeError, "lines takes records, two numbers, space, a number, and four functions");
    Py_ssize_t done = PyLong_AsSsize_t(args[1]);
    unsigned long number = PyLong_AsUnsignedLong(args[2]);
    struct page page = {args[3], PyLong_AsSize_t(args[4])};
    if (!PyErr_Occurred() && (done < 0 || page.used > (size_t)PyByteArray_Size(page.space)))
        PyErr_SetString(PyExc_ValueError, "more is used than there is");
    if (PyErr_Occurred() || (done = lines_put(&page, args[0], done, number, &texts)) < 0)
        return NULL;
    return Py_BuildValue("nn", done, (Py_ssize_t)page.used);
}

/* (pieces, space, used, json): what is used then; None: there is no room. See pieces.h. */
static PyObject *line(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 4 || !PyList_Check(args[0]) || !PyByteArray_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "line takes pieces, space, a number and a function");
    struct page page = {args[1], PyLong_AsSize_t(args[2])};
    if (!PyErr_Occurred() && page.used > (size_t)PyByteArray_Size(page.space))
        PyErr_SetString(PyExc_ValueError, "more is used than there is");
    int done = PyErr_Occurred() ? -1 : pieces_put(&page, args[0], args[3]);
    return done < 0 ? NULL : done ? PyLong_FromSize_t(page.used) : new_reference(Py_None);
}

/* (lines, how much higher, space): what is used of it then; None: there is no room, or these are no lines. */
static PyObject *renumber(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_buffer given;
    if (count != 3 || !PyByteArray_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "renumber takes lines, a number and space");
    struct page page = {args[2], 0};
    long long higher = PyLong_AsLongLong(args[1]);
    if (PyErr_Occurred() || PyObject_GetBuffer(args[0], &given, PyBUF_SIMPLE))
        return NULL;
    int done = lines_renumber(&page, (struct span){given.buf, (size_t)given.len}, higher);
    PyBuffer_Release(&given);
    return done ? PyLong_FromSize_t(page.used) : new_reference(Py_None);
}

static PyObject *forget_lines(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    lines_forget();
    Py_RETURN_NONE;
}

/* (sequences, branches' front, who is asked, ways, header_section, headers, header_line, message): everything is forgotten. */
static PyObject *begin(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *table, *text, *who;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "OSOnnnnn", &table, &text, &who, &most, &limits.header_section, &limits.headers,
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
    Py_XDECREF(asked);
    front = new_reference(text);
    asked = new_reference(who);
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
    {"share", FAST(share)},
    {"find", find, METH_O, NULL},
    {"waiting", waiting, METH_VARARGS, NULL},
    {"give_up", give_up, METH_O, NULL},
    {"line", FAST(line)},
    {"lines", FAST(lines)},
    {"renumber", FAST(renumber)},
    {"forget_lines", forget_lines, METH_NOARGS, NULL},
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
