#include "lines.h"

#include <string.h>

enum { KEPT = 1024, PARTS = 4, DIGITS = 20, ADDED = 512, SPACE = 1 << 17 };

/* Texts that were made, by the objects that they were made of; while those are held no others have their addresses. */
static struct kept {
    PyObject *way, *hop, *texts[PARTS];
} kept_ways[KEPT];

static struct {
    PyObject *opened, *text;
} kept_parties[KEPT];

static const char START[] = "{\"format\":1,\"sequence\":";

static size_t place_of(const void *one, const void *other)
{
    size_t mixed = (size_t)one / 16 * 31 + (size_t)other / 16;
    return (mixed ^ mixed / KEPT) % KEPT;
}

static void forget_way(struct kept *kept)
{
    Py_CLEAR(kept->way);
    Py_CLEAR(kept->hop);
    for (int i = 0; i < PARTS; i++)
        Py_CLEAR(kept->texts[i]);
}

void lines_forget(void)
{
    for (int i = 0; i < KEPT; i++) {
        forget_way(&kept_ways[i]);
        Py_CLEAR(kept_parties[i].opened);
        Py_CLEAR(kept_parties[i].text);
    }
}

/* Borrowed; NULL with an exception. */
static PyObject *const *texts_of_way(PyObject *record, PyObject *hop, const struct texts *texts)
{
    PyObject *way = PyList_GetItem(record, WAY);
    struct kept *kept = &kept_ways[place_of(way, hop)];
    if (kept->way == way && kept->hop == hop)
        return kept->texts;
    forget_way(kept);
    PyObject *made = PyObject_CallFunctionObjArgs(texts->way, record, NULL), **at = kept->texts;
    if (!made)
        return NULL;
    if (PyArg_ParseTuple(made, "SSSS", &at[0], &at[1], &at[2], &at[3])) {
        for (int i = 0; i < PARTS; i++)
            Py_INCREF(at[i]);
        kept->way = new_reference(way);
        kept->hop = new_reference(hop);
    } else {
        memset(kept, 0, sizeof *kept);
    }
    Py_DECREF(made);
    return kept->way ? kept->texts : NULL;
}

static PyObject *text_of_party(PyObject *opened, const struct texts *texts)
{
    size_t place = place_of(opened, NULL);
    if (kept_parties[place].opened == opened)
        return kept_parties[place].text;
    PyObject *made = PyObject_CallFunctionObjArgs(texts->party, opened, NULL);
    if (made && !PyBytes_Check(made)) {
        PyErr_SetString(PyExc_TypeError, "a party's text is bytes");
        Py_CLEAR(made);
    }
    if (!made)
        return NULL;
    Py_XDECREF(kept_parties[place].opened);
    Py_XDECREF(kept_parties[place].text);
    kept_parties[place].opened = new_reference(opened);
    kept_parties[place].text = made;
    return made;
}

static int has_room(struct text *text, size_t more)
{
    if (text->size - text->length >= more)
        return 1;
    size_t size = 2 * text->size + more;
    char *grown = PyMem_Realloc(text->start, size);
    if (!grown)
        return PyErr_NoMemory() != NULL;
    text->start = grown;
    text->size = size;
    return 1;
}

/* The following write into text that has room. */
static void put_bytes(struct text *text, PyObject *bytes)
{
    put_span(text, span_of(bytes));
}

static void put_number(struct text *text, unsigned long long number, int digits)
{
    char space[DIGITS];
    int at = DIGITS;
    for (; at > 0 && (number || DIGITS - at < digits); number /= 10)
        space[--at] = (char)('0' + number % 10);
    put(text, space + at, (size_t)(DIGITS - at));
}

/* Microseconds, with a point in front of the last ``digits``. */
static void put_time(struct text *text, double seconds, unsigned long long unit, int digits)
{
    unsigned long long whole = (unsigned long long)(seconds * 1e6 + 0.5);
    put_number(text, whole / unit, 1);
    put(text, ".", 1);
    put_number(text, whole % unit, digits);
}

/* 0 for what Python has to write: control characters, and all that is not ASCII. */
static int put_quoted(struct text *text, struct span value)
{
    char *to = text->start + text->length;
    *to++ = '"';
    for (size_t i = 0; i < value.length; i++) {
        char c = value.start[i];
        if (c < ' ' || c > '~')
            return 0;
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = c;
    }
    *to++ = '"';
    text->length = (size_t)(to - text->start);
    return 1;
}

static int put_value(struct text *text, const char *key, const struct head *head, size_t line)
{
    struct span value = line ? value_of(head->lines[line]) : (struct span){"", 0};
    put(text, key, strlen(key));
    return put_quoted(text, value);
}

static int put_values(struct text *text, PyObject *head)
{
    struct head read;
    const struct shape *shape = head_read(&read, span_of(head), 0, &limits) ? shape_find(&read) : NULL;
    return shape && put_value(text, ",\"from\":", &read, shape->from) && put_value(text, ",\"to\":", &read, shape->to) &&
           put_value(text, ",\"call_id\":", &read, shape->call_id) && put_value(text, ",\"cseq\":", &read, shape->cseq);
}

static double item_double(PyObject *record, int item)
{
    return PyFloat_AsDouble(PyList_GetItem(record, item));
}

/* 1; 0 where Python has to write it; -1 with an exception. */
static int put_line(struct text *text, PyObject *record, unsigned long number, const struct texts *texts)
{
    PyObject *hops = PyList_GetItem(record, HOPS), *head = PyList_GetItem(record, HEAD), *reason = PyList_GetItem(record, REASON);
    PyObject *hop = hops ? PyTuple_GetItem(hops, 0) : NULL;
    if (!hop || !PyBytes_Check(head) || !PyBytes_Check(reason))
        return PyErr_Occurred() ? -1 : 0;
    PyObject *const *parts = texts_of_way(record, hop, texts);
    PyObject *party = parts ? text_of_party(PyList_GetItem(record, OPENED), texts) : NULL;
    long status = PyLong_AsLong(PyList_GetItem(record, STATUS));
    double took = item_double(record, ENDED) - item_double(record, BEGUN), time = item_double(record, TIME);
    if (!party || PyErr_Occurred())
        return -1;
    size_t longest = 2 * ((size_t)PyBytes_Size(head) + (size_t)PyBytes_Size(reason)) + (size_t)PyBytes_Size(party) + ADDED;
    for (int i = 0; i < PARTS; i++)
        longest += (size_t)PyBytes_Size(parts[i]);
    if (!has_room(text, longest))
        return -1;
    if (!(took >= 0 && took < 1e9 && time >= 0 && time < 1e12) || status < 0)
        return 0;
    put(text, START, sizeof START - 1);
    put_number(text, number, 1);
    put(text, ",\"time\":", 8);
    put_time(text, time, 1000000, 6);
    put(text, ",\"ms\":", 6);
    put_time(text, took, 1000, 3);
    put_bytes(text, parts[0]);
    put_bytes(text, party);
    put_bytes(text, parts[1]);
    if (!put_values(text, head))
        return PyErr_Occurred() ? -1 : 0;
    put_bytes(text, parts[2]);
    put_number(text, (unsigned long)status, 1);
    put_bytes(text, parts[3]);
    put_number(text, (unsigned long)status, 1);
    put(text, ",\"own\":false,\"reason\":", 22);
    if (!put_quoted(text, span_of(reason)))
        return 0;
    put(text, ",\"diagnostics\":[]}\n", 19);
    return 1;
}

/* As ``put_line``, but for 0. */
static int put_whole(struct text *text, PyObject *record, unsigned long number, const struct texts *texts)
{
    PyObject *counted = PyLong_FromUnsignedLong(number);
    PyObject *line = counted ? PyObject_CallFunctionObjArgs(texts->whole, record, counted, NULL) : NULL;
    Py_XDECREF(counted);
    if (line && !PyBytes_Check(line))
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
    int done = line && PyBytes_Check(line) && has_room(text, (size_t)PyBytes_Size(line)) ? 1 : -1;
    if (done > 0)
        put_bytes(text, line);
    Py_XDECREF(line);
    return done;
}

PyObject *lines_of(PyObject *records, unsigned long first, const struct texts *texts)
{
    static struct text text; /* stays allocated: what one read brings is bounded */
    text.length = 0;
    int done = has_room(&text, SPACE) ? 1 : -1;
    for (Py_ssize_t i = 0; done > 0 && i < PyList_Size(records); i++) {
        PyObject *record = PyList_GetItem(records, i);
        size_t before = text.length;
        done = put_line(&text, record, first + (unsigned long)i, texts);
        if (!done) {
            text.length = before;
            done = put_whole(&text, record, first + (unsigned long)i, texts);
        }
    }
    PyObject *made = done > 0 ? bytes_of((struct span){text.start, text.length}) : NULL;
    return made;
}
